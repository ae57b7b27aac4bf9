"""The partition of the workloads with the least policy cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.segments.candidates import Recipe, Starts
from recommender.segments.cost import policy_cost
from recommender.segments.cuts import cut, zones
from recommender.segments.description_length import description_length
from recommender.segments.doubtful import set_apart
from recommender.segments.hubs import hub_groups
from recommender.segments.refine import refine

if TYPE_CHECKING:
    from recommender.segments.traffic import Flags, Ints, Traffic
    from recommender.segments.types import SegmentSettings

#: What costs no more than this share above the cheapest is about as cheap.
_ABOUT: Final = 0.125


@dataclass(frozen=True)
class Attempt:
    """One partition that was compared.

    Attributes:
        recipe: What it started from.
        labels: Group of each workload.
        blocks: Block rules that it takes.
        pairs: Exact rules that it takes.
        bits: Its description length.
    """

    recipe: Recipe
    labels: Ints
    blocks: int
    pairs: int
    bits: float

    @property
    def rules(self) -> int:
        """Policy cost."""
        return self.blocks + self.pairs

    @property
    def order(self) -> tuple[int, int, str]:
        """Cheapest first; of equals the one with more groups."""
        return (self.rules, -int(self.labels.max(initial=-1)), self.recipe.name)


@dataclass(frozen=True)
class Partition:
    """The cheapest partition, those it was compared with, and the hubs.

    Attributes:
        attempts: All that were compared: the chosen one, then the cheapest first.
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
    attempts = [attempt(traffic, starts, recipe, settings) for recipe in starts.recipes()]
    attempts.sort(key=lambda one: one.order)
    chosen = _chosen(attempts)
    others = (one for one in attempts if one is not chosen)
    return Partition((chosen, *others), hubs >= 0)


def _chosen(attempts: list[Attempt]) -> Attempt:
    """The cheapest; of those about as cheap, the one that explains the traffic in fewest bits.

    Cost alone rewards merging two roles that share their peers.
    """
    most = (1 + _ABOUT) * attempts[0].rules
    return min(
        (one for one in attempts if one.rules <= most), key=lambda one: (one.bits, one.order)
    )


def attempt(
    traffic: Traffic,
    starts: Starts,
    recipe: Recipe,
    settings: SegmentSettings,
) -> Attempt:
    """Make a partition by a recipe, and weigh it."""
    labels = groups(traffic, starts, recipe, zones(traffic, settings))
    blocks, pairs = policy_cost(traffic, labels, settings)
    return Attempt(recipe, labels, blocks, pairs, description_length(traffic, labels))


def groups(traffic: Traffic, starts: Starts, recipe: Recipe, zone: Ints) -> Ints:
    """Improve a partition, cut it at the borders of zones, and improve it within them.

    Returns:
        Group of each workload.
    """
    labels = starts.make(recipe)
    fixed = starts.fixed(recipe) >= 0
    labels = cut(refine(traffic, labels, fixed), zone)
    labels = refine(traffic, labels, fixed, zone)
    return set_apart(traffic, labels, zone, fixed)
