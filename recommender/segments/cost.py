"""Policy cost of a partition: the rules that it would take under the admission rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.segments.evidence import weigh

if TYPE_CHECKING:
    from recommender.segments.traffic import Flags, Ints, Traffic
    from recommender.segments.types import SegmentSettings


def policy_cost(
    traffic: Traffic, labels: Ints, settings: SegmentSettings, exact: Flags | None = None
) -> tuple[int, int]:
    """How many block rules and how many exact rules a partition takes.

    Args:
        traffic: The edges.
        labels: Group of each workload.
        settings: The thresholds.
        exact: Groups that get exact rules only.
    """
    weighed = weigh(traffic, labels, settings, exact)
    return int(weighed.admitted.sum()), int(weighed.paired.sum())
