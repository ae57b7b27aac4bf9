"""Segments: workloads that share a policy, how sure that is, and the rules between them.

The estimator `SegmentClusterer` is handed on from here when it is first used, so that importing
the package loads no scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.segments.clusterer import SegmentClusterer

__all__ = ["SegmentClusterer"]


def __getattr__(name: str) -> object:
    """Import the estimator when it is first used (PEP 562)."""
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module("recommender.segments.clusterer"), name)
    globals()[name] = value
    return value
