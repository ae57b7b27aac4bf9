"""The partition of the workloads with the least policy cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.candidates import MOST_FOR_WARD, Recipe, Starts
from recommender.segments.cost import policy_cost
from recommender.segments.cuts import cut, zones
from recommender.segments.hubs import hub_groups
from recommender.segments.refine import refine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.segments.traffic import Flags, Ints, Traffic
    from recommender.segments.types import SegmentSettings


@dataclass(frozen=True)
class Attempt:
    """One partition that was compared.

    Attributes:
        recipe: What it started from.
        labels: Group of each workload.
        blocks: Block rules that it takes.
        pairs: Exact rules that it takes.
    """

    recipe: Recipe
    labels: Ints
    blocks: int
    pairs: int

    @property
    def order(self) -> tuple[int, int, str]:
        """Cheapest first; of equals the one with fewer groups."""
        return (self.blocks + self.pairs, int(self.labels.max(initial=-1)), self.recipe.name)


@dataclass(frozen=True)
class Partition:
    """The cheapest partition, those it was compared with, and the hubs.

    Attributes:
        attempts: All that were compared, the cheapest first.
        hubs: Which workloads are hubs.
    """

    attempts: tuple[Attempt, ...]
    hubs: Flags

    @property
    def labels(self) -> Ints:
        """Group of each workload."""
        return self.attempts[0].labels


def partition(traffic: Traffic, settings: SegmentSettings) -> Partition:
    """Group the workloads.

    Args:
        traffic: The edges.
        settings: The thresholds that policy cost is counted under, and where segments end.
    """
    hubs = hub_groups(traffic)
    starts = Starts(traffic, hubs, settings.seed)
    attempts = [
        attempt(traffic, starts, recipe, settings) for recipe in _recipes(traffic, starts, hubs)
    ]
    return Partition(tuple(sorted(attempts, key=lambda one: one.order)), hubs >= 0)


def attempt(
    traffic: Traffic,
    starts: Starts,
    recipe: Recipe,
    settings: SegmentSettings,
) -> Attempt:
    """Improve a partition, cut it at the borders of zones, improve it within them, and weigh it."""
    zone = zones(traffic, settings)
    labels = starts.make(recipe)
    fixed = starts.fixed(recipe) >= 0
    labels = cut(refine(traffic, labels, fixed), zone)
    labels = refine(traffic, labels, fixed, zone)
    blocks, pairs = policy_cost(traffic, labels, settings)
    return Attempt(recipe, labels, blocks, pairs)


def _recipes(traffic: Traffic, starts: Starts, hubs: Ints) -> Iterator[Recipe]:
    methods = ["graph"] if traffic.workloads > MOST_FOR_WARD else ["ward", "graph"]
    for apart in (True, False) if np.any(hubs >= 0) else (False,):
        for method in methods:
            yield starts.best(method, hubs=apart)
