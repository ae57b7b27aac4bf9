"""Which of the compared partitions holds when days are drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.cost import policy_cost
from recommender.segments.stability import consensus, draws, stability

if TYPE_CHECKING:
    from recommender.segments.partition import Attempt, Partition
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic
    from recommender.segments.types import SegmentSettings

#: Partitions looked at, where unstable segments make the first one dear.
_MOST_LOOKS: Final = 2
#: Beyond so many workloads one partition is looked at, for time.
_SMALL: Final = 3000
#: What unstable segments may cost beyond the rules without that gate.
_DEARER: Final = 0.25


@dataclass(frozen=True)
class Assured:
    """A partition with how sure each of its groups is.

    Attributes:
        attempt: The partition that it comes from.
        labels: Group of each workload; unsure groups may be split where draws disagree.
        stability: Stability of each group; None where it was not judged.
        rules: Block and exact rules, where unstable groups get exact ones only.
    """

    attempt: Attempt
    labels: Ints
    stability: Floats | None
    rules: tuple[int, int]


def assure(traffic: Traffic, found: Partition, settings: SegmentSettings) -> Assured:
    """The partition with the fewest rules once unstable segments get exact rules only.

    The chosen one is taken unless that makes it much dearer; then the next cheapest are looked at.
    """
    looked: list[Assured] = []
    enough = (1 + _DEARER) * found.attempts[0].rules
    looks = _MOST_LOOKS if traffic.workloads <= _SMALL else 1
    for attempt in _different(found.attempts)[:looks]:
        drawn = draws(traffic, attempt, settings)
        split = consensus(attempt.labels, drawn, settings.min_stability)
        kinds = (attempt.labels,) if split is attempt.labels else (attempt.labels, split)
        for labels in kinds:
            sure = stability(labels, drawn)
            exact = unstable(labels, sure, settings)
            rules = policy_cost(traffic, labels, settings, exact)
            looked.append(Assured(attempt, labels, sure, rules))
        if min(sum(one.rules) for one in looked) <= enough:
            break
    return min(looked, key=lambda one: sum(one.rules))


def _different(attempts: tuple[Attempt, ...]) -> list[Attempt]:
    """The attempts without those that came to the same partition as an earlier one."""
    known: dict[bytes, Attempt] = {}
    for attempt in attempts:
        known.setdefault(attempt.labels.tobytes(), attempt)
    return list(known.values())


def unstable(labels: Ints, sure: Floats | None, settings: SegmentSettings) -> Flags | None:
    """Groups of several workloads that are not sure enough for a rule of their own."""
    if sure is None:
        return None
    return (sure < settings.min_stability) & (np.bincount(labels) > 1)
