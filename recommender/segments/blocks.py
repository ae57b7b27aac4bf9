"""Edges grouped by the segments of their ends and the service: blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.codes import distinct, grouped
from recommender.segments.traffic import side_labels

if TYPE_CHECKING:
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic


@dataclass(frozen=True)
class Ways:
    """Blocks of groups of workloads, seen from these groups in one direction.

    Attributes:
        group: The group that each block is seen from.
        way: Number of the other group and service of each block; only those that are met have one.
        edges: Edges of each block.
        count: How many ways there are.
        blocks: Number of each block in the table.
    """

    group: Ints
    way: Ints
    edges: Floats
    count: int
    blocks: Ints


@dataclass(frozen=True)
class BlockTable:
    """All blocks with an edge, under one partition of the workloads.

    Attributes:
        traffic: The edges.
        labels: Group of each workload, from 0 without a gap.
        side: Group of every end: ends that are no workloads are groups of their own.
        groups: How many groups there are, ends that are no workloads included.
        sizes: Members of each group.
        source: Calling group of each block.
        destination: Called group of each block.
        service: Service of each block.
        edges: Edges of each block.
        of_edge: Block of each edge.
    """

    traffic: Traffic
    labels: Ints
    side: Ints
    groups: int
    sizes: Ints
    source: Ints
    destination: Ints
    service: Ints
    edges: Ints
    of_edge: Ints

    @property
    def inner(self) -> int:
        """How many groups of workloads there are: the first ones."""
        return self.groups - self.traffic.ends + self.traffic.workloads

    @cached_property
    def trials(self) -> Ints:
        """Pairs that each block speaks of: callers times called, none with itself."""
        pairs = self.sizes[self.source] * self.sizes[self.destination]
        itself = np.where(self.source == self.destination, self.sizes[self.source], 0)
        trials: Ints = np.maximum(pairs - itself, self.edges)
        return trials

    @cached_property
    def covered_source(self) -> Ints:
        """Callers that take part in each block."""
        return distinct(self.of_edge, self.traffic.source, self.traffic.ends, len(self.edges))

    @cached_property
    def covered_destination(self) -> Ints:
        """Called ends that take part in each block."""
        return distinct(self.of_edge, self.traffic.destination, self.traffic.ends, len(self.edges))

    @cached_property
    def coverage(self) -> tuple[Floats, Floats]:
        """Share of the callers and of the called that take part in each block."""
        return (
            self.covered_source / self.sizes[self.source],
            self.covered_destination / self.sizes[self.destination],
        )

    def keep(self, blocks: Flags) -> BlockTable:
        """The same groups with some of the blocks, and their edges alone."""
        if blocks.all():
            return self
        edges = blocks[self.of_edge]
        place = np.cumsum(blocks) - 1
        return replace(
            self,
            traffic=self.traffic.keep(edges),
            source=self.source[blocks],
            destination=self.destination[blocks],
            service=self.service[blocks],
            edges=self.edges[blocks],
            of_edge=place[self.of_edge[edges]],
        )

    @cached_property
    def outward(self) -> Ways:
        """What groups of workloads call."""
        return self._ways(self.source, self.destination)

    @cached_property
    def inward(self) -> Ways:
        """By whom groups of workloads are called."""
        return self._ways(self.destination, self.source)

    def _ways(self, mine: Ints, other: Ints) -> Ways:
        blocks = np.flatnonzero(mine < self.inner)
        codes = other[blocks] * max(self.traffic.services, 1) + self.service[blocks]
        met, way, _ = grouped(codes)
        return Ways(mine[blocks], way, self.edges[blocks].astype(np.float64), len(met), blocks)


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
    return BlockTable(
        traffic, labels, side, groups, sizes, source, destination, service, edges, of_edge
    )


def supported(table: BlockTable, least: float) -> Flags:
    """Blocks in which a share of the members on both sides takes part."""
    ahead, behind = table.coverage
    return np.minimum(ahead, behind) >= least
