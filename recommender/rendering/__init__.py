"""Typed policies become files: one module per dialect and tree layout."""
