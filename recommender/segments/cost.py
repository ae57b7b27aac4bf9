"""Policy cost of a partition: the rules that it would take under the admission rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.segments.evidence import weigh
from recommender.segments.types import SegmentSettings

if TYPE_CHECKING:
    from recommender.segments.traffic import Ints, Traffic


def policy_cost(
    traffic: Traffic, labels: Ints, settings: SegmentSettings | None = None
) -> tuple[int, int]:
    """How many block rules and how many exact rules a partition takes."""
    weighed = weigh(traffic, labels, settings or SegmentSettings())
    return int(weighed.admitted.sum()), int(weighed.paired.sum())
