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
from recommender.segments.codes import renumber
from recommender.segments.cuts import zones
from recommender.segments.hubs import hub_groups
from recommender.segments.partition import groups

if TYPE_CHECKING:
    from recommender.segments.partition import Attempt
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic
    from recommender.segments.types import SegmentSettings

_FEWEST_DRAWS: Final = 3
#: Up to so many workloads all the draws asked for are made; fewer beyond.
_ALL_DRAWS: Final = 1500
#: Larger groups are not split, for memory.
_MOST_TO_SPLIT: Final = 2000


def draws(traffic: Traffic, found: Attempt, settings: SegmentSettings) -> list[Ints]:
    """Groups of the workloads in each draw; none where nothing can be drawn.

    That is so in a window of a single day, or where no draws are asked for.
    """
    many = settings.bootstraps
    if many < 1 or traffic.window < settings.min_window_days or traffic.workloads < 2:  # noqa: PLR2004
        return []
    if traffic.workloads > _ALL_DRAWS:
        many = max(min(many, _FEWEST_DRAWS), many * _ALL_DRAWS // traffic.workloads)
    generator, zone = np.random.default_rng(settings.seed), zones(traffic, settings)
    out = []
    for _ in range(many):
        drawn = resample(traffic, generator)
        starts = Starts(drawn, hub_groups(drawn), settings.seed)
        out.append(groups(drawn, starts, found.recipe, zone))
    return out


def stability(labels: Ints, drawn: list[Ints]) -> Floats | None:
    """Mean Jaccard overlap of each group with the likest group of each draw (Hennig 2007).

    Returns:
        A number in ``[0, 1]`` a group; None without any draw.
    """
    if not drawn:
        return None
    total: Floats = np.mean([overlap(labels, others) for others in drawn], axis=0)
    return total


def consensus(labels: Ints, drawn: list[Ints], least: float) -> Ints:
    """Split each unsure group where draws disagree: who is together in most draws stays so.

    Args:
        labels: Group of each workload.
        drawn: Groups in each draw.
        least: Groups at least this stable are left alone; and the share of draws in which two
            workloads must be together.

    Returns:
        Group of each workload; the same object where no group is split.
    """
    sure = stability(labels, drawn)
    if sure is None:
        return labels
    out, next_group = labels.copy(), int(labels.max(initial=-1)) + 1
    sizes = np.bincount(labels)
    unsure = np.flatnonzero((sure < least) & (sizes > 1) & (sizes <= _MOST_TO_SPLIT)).tolist()
    for group in unsure:
        members = np.flatnonzero(labels == group)
        together = np.zeros((len(members), len(members)))
        for others in drawn:
            mine = others[members]
            together += mine[:, None] == mine[None, :]
        out[members] = next_group + linked(together >= least * len(drawn))
        next_group += len(members)
    return renumber(out) if unsure else labels


def linked(close: Flags) -> Ints:
    """For each row the first one that it is linked to, be it over others.

    Args:
        close: Whether two are next to each other; symmetric, each next to itself.
    """
    first = np.arange(len(close))
    while True:
        nearer = np.where(close, first, len(first)).min(axis=1, initial=len(first))
        if np.array_equal(nearer, first):
            return first
        first = nearer


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
    first = np.flatnonzero(np.diff(mine, prepend=-1))
    best: Floats = np.maximum.reduceat(shared / union, first)
    return best
