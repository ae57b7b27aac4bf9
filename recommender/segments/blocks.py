"""Edges grouped by the segments of their ends and the service: blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.traffic import side_labels

if TYPE_CHECKING:
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic


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
    values, of_edge, edges = np.unique(
        code + traffic.service, return_inverse=True, return_counts=True
    )
    of_edge = of_edge.reshape(-1)
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


def distinct(block: Ints, end: Ints, ends: int, blocks: int) -> Ints:
    """How many distinct ends each block has."""
    codes = np.unique(block * max(ends, 1) + end)
    return np.bincount(codes // max(ends, 1), minlength=blocks)


def supported(table: BlockTable, least: float) -> Flags:
    """Blocks in which a share of the members on both sides takes part."""
    ahead, behind = table.coverage
    return np.minimum(ahead, behind) >= least
