"""Exact NetworkPolicy semantics: what policies allow, and what the API server says to them."""
