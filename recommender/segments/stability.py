"""How sure a segment is: whether it is found again when other days had been seen.

Days are drawn anew with replacement, and the workloads grouped again. An edge is known by the
number of its days, not by the days themselves, so that each edge is drawn by itself: seen on ``k``
of ``T`` days, it is missing from a draw of ``T`` days with probability ``(1 - k/T)^T``. What is
lost by that is that edges of one day come and go together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.candidates import Starts
from recommender.segments.hubs import hub_groups
from recommender.segments.partition import attempt

if TYPE_CHECKING:
    from recommender.segments.partition import Attempt
    from recommender.segments.traffic import Floats, Ints, Traffic
    from recommender.segments.types import SegmentSettings

_FEWEST_DRAWS: Final = 3
#: Up to so many workloads all the draws asked for are made; fewer beyond.
_ALL_DRAWS: Final = 1500


def stability(traffic: Traffic, found: Attempt, settings: SegmentSettings) -> Floats | None:
    """Mean Jaccard overlap of each group with the likest group of each draw (Hennig 2007).

    Returns:
        A number in ``[0, 1]`` a group; None where nothing can be drawn: a single day, or no draws
        asked for.
    """
    draws = settings.bootstraps
    if draws < 1 or traffic.window < settings.min_window_days or traffic.workloads < 2:  # noqa: PLR2004
        return None
    if traffic.workloads > _ALL_DRAWS:
        draws = max(min(draws, _FEWEST_DRAWS), draws * _ALL_DRAWS // traffic.workloads)
    generator = np.random.default_rng(settings.seed)
    recipe = found.recipe
    total = np.zeros(int(found.labels.max(initial=-1)) + 1)
    for _ in range(draws):
        drawn = resample(traffic, generator)
        starts = Starts(drawn, hub_groups(drawn), settings.seed)
        again = attempt(drawn, starts, recipe, settings)
        total += overlap(found.labels, again.labels)
    return total / draws


def resample(traffic: Traffic, generator: np.random.Generator) -> Traffic:
    """The traffic of as many days drawn with replacement."""
    share = np.minimum(traffic.days / max(traffic.window, 1), 1.0)
    days = generator.binomial(max(traffic.window, 1), share)
    return replace(traffic, days=days.astype(np.int64)).keep(days > 0)


def overlap(labels: Ints, others: Ints) -> Floats:
    """Jaccard overlap of each group with the likest of other groups."""
    width = int(others.max(initial=-1)) + 1
    codes, shared = np.unique(labels * width + others, return_counts=True)
    mine, theirs = np.divmod(codes, max(width, 1))
    union = np.bincount(labels)[mine] + np.bincount(others)[theirs] - shared
    best = np.zeros(int(labels.max(initial=-1)) + 1)
    np.maximum.at(best, mine, shared / union)
    return best
