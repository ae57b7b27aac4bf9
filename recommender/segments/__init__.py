"""Segments: workloads that share a policy, how sure that is, and the rules between them."""
