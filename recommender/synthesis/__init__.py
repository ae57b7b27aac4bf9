"""Drafting: typed least-privilege policies from edges and an inventory.

``synthesize.synthesize`` is the way in. Everything here is a pure function of its arguments.
"""
