"""Partitions to start from: cuts of a Ward tree, and communities of a nearest-neighbour graph."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.codes import renumber
from recommender.segments.description_length import description_length
from recommender.segments.features import feature_matrix
from recommender.segments.neighbours import communities, neighbour_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.segments.traffic import Floats, Ints, Matrix, Traffic

#: Up to so many workloads, each starts alone: merging compares them all, and to load what would
#: group them first takes longer than all the rest.
FEW: Final = 32
#: Beyond this Ward's tree is left out: its distances take memory with the square of the number.
MOST_FOR_WARD: Final = 10_000
#: The higher, the smaller the communities.
RESOLUTIONS: Final = (8.0, 16.0)
_COMPONENTS: Final = 64
_EXACT: Final = 500
_NEIGHBOURS: Final = 10
#: A fine cut has groups of about so many workloads.
_FINE: Final = 8
#: No cut has more groups.
_MOST_GROUPS: Final = 500
#: Up to so many workloads, a partition is tried without hubs set apart as well.
_BOTH_WAYS: Final = 3000
_STEP: Final = 1.25
_LARGEST_CUT: Final = 0.4


@dataclass(frozen=True)
class Part:
    """One way to group.

    Attributes:
        method: ``alone``, ``ward`` or ``graph``.
        size: Number of groups of the cut, or resolution of the communities.
    """

    method: str
    size: float

    @property
    def name(self) -> str:
        """Words for it."""
        if self.method == "alone":
            return "each alone"
        if self.method == "ward":
            return f"Ward cut at {self.size:.0f}"
        return f"neighbours at {self.size:g}"


_ALONE: Final = Part("alone", 1)


@dataclass(frozen=True)
class Recipe:
    """How a partition to start from is made: enough to make it again of other edges.

    Attributes:
        parts: Ways to group; of several, workloads are together that all put together.
        hubs: Whether hubs are set apart first.
    """

    parts: tuple[Part, ...]
    hubs: bool

    @property
    def name(self) -> str:
        """Words for it."""
        return " and ".join(part.name for part in self.parts) + (", hubs apart" * self.hubs)


class Starts:
    """Makes partitions to start from.

    Args:
        traffic: The edges.
        hubs: Number of the hub of each workload, -1 for all others.
        seed: For what is drawn at random.
    """

    def __init__(self, traffic: Traffic, hubs: Ints, seed: int) -> None:
        self._traffic = traffic
        self._seed = seed
        none = np.full(traffic.workloads, -1, dtype=np.int64)
        pins = traffic.pinned if len(traffic.pinned) else none
        self._apart = bool(np.any((hubs >= 0) & (pins < 0)))
        self._plain = pins
        self._hubs = np.where(pins >= 0, pins, np.where(hubs < 0, -1, hubs + pins.max() + 1))
        self._kept: dict[tuple[Part, bool], Ints] = {}
        self._trees: dict[bool, Floats] = {}
        self._graphs: dict[bool, tuple[Ints, Ints, Floats]] = {}

    @cached_property
    def _features(self) -> tuple[Matrix, Floats]:
        return feature_matrix(self._traffic)

    def fixed(self, recipe: Recipe) -> Ints:
        """Groups that the recipe sets apart, and those that are pinned; -1 for all others."""
        return self._hubs if recipe.hubs else self._plain

    def make(self, recipe: Recipe) -> Ints:
        """Group of each workload under a recipe."""
        free = self.fixed(recipe)
        rest = np.flatnonzero(free < 0)
        labels = np.zeros(len(rest), dtype=np.int64)
        for part in recipe.parts:
            found = self._made(part, rest, apart=recipe.hubs)
            labels = renumber(labels * (int(found.max(initial=0)) + 1) + found)
        return _with(free, rest, labels)

    def recipes(self) -> tuple[Recipe, ...]:
        """What to start from: many small groups, since refining merges and does not split."""
        if self._traffic.workloads <= FEW:
            return tuple(Recipe((_ALONE,), hubs) for hubs in sorted({self._apart, False}))
        graph = [Part("graph", size) for size in RESOLUTIONS]
        apart = self._apart
        plain = [Recipe((part,), apart) for part in graph]
        if apart and self._traffic.workloads <= _BOTH_WAYS:
            plain.append(Recipe((graph[0],), hubs=False))
        if self._traffic.workloads > MOST_FOR_WARD:
            return tuple(plain)
        best = self._best_cut(apart=apart)
        fine = Part("ward", min(_MOST_GROUPS, max(2, self._traffic.workloads // _FINE)))
        ways = ((best,), (fine,), (graph[0], best))
        return (*plain, *(Recipe(parts, apart) for parts in dict.fromkeys(ways)))

    def _best_cut(self, *, apart: bool) -> Part:
        """The cut with the least description length."""
        cuts = [Part("ward", size) for size in self._cuts()]
        return min(
            cuts,
            key=lambda part: description_length(self._traffic, self.make(Recipe((part,), apart))),
        )

    def _cuts(self) -> Iterator[int]:
        most = min(_MOST_GROUPS, max(2, int(_LARGEST_CUT * self._traffic.workloads)))
        groups = 2
        while groups <= most:
            yield groups
            groups = max(groups + 1, int(groups * _STEP))

    def _made(self, part: Part, rest: Ints, *, apart: bool) -> Ints:
        key = (part, apart)
        if key not in self._kept:
            self._kept[key] = self._make(part, rest, apart=apart)
        return self._kept[key]

    def _make(self, part: Part, rest: Ints, *, apart: bool) -> Ints:
        if part == _ALONE or len(rest) < 3:  # noqa: PLR2004 - nothing to group
            return np.arange(len(rest), dtype=np.int64)
        if part.method == "ward":
            from scipy.cluster.hierarchy import fcluster

            labels = fcluster(self._tree(rest, apart=apart), part.size, "maxclust")
            groups: Ints = labels.astype(np.int64) - 1
            return groups
        return communities(len(rest), self._graph(rest, apart=apart), part.size, self._seed)

    def _tree(self, rest: Ints, *, apart: bool) -> Floats:
        from scipy.cluster.hierarchy import linkage

        if apart not in self._trees:
            matrix, weights = self._features
            vectors = _vectors(matrix[rest], weights, self._seed)
            self._trees[apart] = linkage(vectors, method="ward")
        return self._trees[apart]

    def _graph(self, rest: Ints, *, apart: bool) -> tuple[Ints, Ints, Floats]:
        if apart not in self._graphs:
            matrix, weights = self._features
            self._graphs[apart] = neighbour_graph(matrix[rest], weights, _NEIGHBOURS)
        return self._graphs[apart]


def _vectors(matrix: Matrix, weights: Floats, seed: int) -> Floats:
    """Singular vectors of the features, each workload's row scaled to one."""
    heavy = matrix.multiply(weights).tocsr()
    lengths = np.sqrt(np.asarray(heavy.multiply(heavy).sum(axis=1)).ravel())
    heavy = heavy.multiply(1.0 / np.where(lengths > 0, lengths, 1.0)[:, None]).tocsr()
    size = min(_COMPONENTS, heavy.shape[0] - 1, heavy.shape[1] - 1)
    if size < 1:
        dense: Floats = heavy.toarray()
        return dense if dense.shape[1] else np.zeros((heavy.shape[0], 1))
    if min(heavy.shape) <= _EXACT:
        # So few take no estimate, and loading what estimates takes longer than all the rest.
        left, values, _ = np.linalg.svd(heavy.toarray(), full_matrices=False)
        exact: Floats = left[:, :size] * values[:size]
        return exact
    from sklearn.utils.extmath import randomized_svd

    left, values, _ = randomized_svd(heavy, size, random_state=seed)
    vectors: Floats = left * values
    return vectors


def _with(free: Ints, rest: Ints, labels: Ints) -> Ints:
    """The whole partition: the groups that are fixed, and those found for the rest."""
    whole = free.copy()
    whole[rest] = labels + int(free.max(initial=-1)) + 1
    return renumber(whole)
