"""Edges grouped by the segments of their ends and the service: blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.traffic import side_labels

if TYPE_CHECKING:
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic

#: Codes below this are counted, others sorted.
_DENSE: Final = 8_000_000


@dataclass(frozen=True)
class BlockTable:
    """All blocks with an edge.

    Attributes:
        groups: How many groups there are, ends that are no workloads included.
        sizes: Members of each group.
        source: Calling group of each block.
        destination: Called group of each block.
        service: Service of each block.
        edges: Edges of each block.
        trials: Pairs that a block speaks of: callers times called, none with itself.
        of_edge: Block of each edge.
        covered_source: Callers that take part in each block.
        covered_destination: Called ends that take part in each block.
    """

    groups: int
    sizes: Ints
    source: Ints
    destination: Ints
    service: Ints
    edges: Ints
    trials: Ints
    of_edge: Ints
    covered_source: Ints
    covered_destination: Ints

    @property
    def coverage(self) -> tuple[Floats, Floats]:
        """Share of the callers and of the called that take part in each block."""
        return (
            self.covered_source / self.sizes[self.source],
            self.covered_destination / self.sizes[self.destination],
        )


def block_table(traffic: Traffic, labels: Ints) -> BlockTable:
    """Group the edges by blocks.

    Args:
        traffic: The edges.
        labels: Group of each workload, from 0 without a gap.
    """
    side = side_labels(traffic, labels)
    groups = int(side.max(initial=-1)) + 1
    sizes = np.bincount(side, minlength=groups)
    code = (side[traffic.source] * groups + side[traffic.destination]) * max(traffic.services, 1)
    values, of_edge, edges = grouped(code + traffic.service)
    pairs, service = np.divmod(values, max(traffic.services, 1))
    source, destination = np.divmod(pairs, max(groups, 1))
    trials = sizes[source] * sizes[destination]
    trials = np.maximum(trials - np.where(source == destination, sizes[source], 0), edges)
    return BlockTable(
        groups,
        sizes,
        source,
        destination,
        service,
        edges,
        trials,
        of_edge,
        distinct(of_edge, traffic.source, traffic.ends, len(values)),
        distinct(of_edge, traffic.destination, traffic.ends, len(values)),
    )


def grouped(codes: Ints) -> tuple[Ints, Ints, Ints]:
    """Distinct codes ascending, for each code its place among them, and how often each is there."""
    most = int(codes.max(initial=-1)) + 1
    if most > _DENSE:
        values, place, times = np.unique(codes, return_inverse=True, return_counts=True)
        return values, place.reshape(-1), times
    # Counting is several times as fast as sorting, as long as the counts fit into the cache.
    counts = np.bincount(codes, minlength=most)
    values = np.flatnonzero(counts)
    place = np.zeros(most, dtype=np.int64)
    place[values] = np.arange(len(values))
    return values, place[codes], counts[values]


def distinct(block: Ints, end: Ints, ends: int, blocks: int) -> Ints:
    """How many distinct ends each block has."""
    codes = np.sort(block * max(ends, 1) + end)
    first = np.ones(len(codes), dtype=bool)
    first[1:] = codes[1:] != codes[:-1]
    return np.bincount(codes[first] // max(ends, 1), minlength=blocks)


def supported(table: BlockTable, least: float) -> Flags:
    """Blocks in which a share of the members on both sides takes part."""
    ahead, behind = table.coverage
    return np.minimum(ahead, behind) >= least
