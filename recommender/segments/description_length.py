"""How many bits a partition and the edges given it take: a partition that explains takes few.

The code tells the partition, which blocks have edges and how many, and then which ends each edge
of a block joins, knowing how much each end calls and is called (the degree-corrected block model,
after Karrer and Newman, https://arxiv.org/abs/1008.3926, in the spirit of Peixoto's microcanonical
form, https://arxiv.org/abs/1705.10225). Without that knowledge, busy and quiet workloads of one
role would be taken for two roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.blocks import block_table
from recommender.segments.counting import ln_factorial, log2_choose, times_log
from recommender.segments.metadata import MetadataCounts

if TYPE_CHECKING:
    from recommender.segments.blocks import BlockTable
    from recommender.segments.traffic import Floats, Ints, Traffic

_LN2 = float(np.log(2.0))


def partition_bits(sizes: Ints | Floats) -> float:
    """Bits of a partition with groups of these sizes."""
    members, groups = float(np.sum(sizes)), len(sizes)
    if groups == 0:
        return 0.0
    orders = float(ln_factorial(members) - np.sum(ln_factorial(sizes))) / _LN2
    return orders + log2_choose(members - 1, groups - 1)


def model_bits(groups: int, services: int, blocks: int, edges: int) -> float:
    """Bits that say which blocks have edges, and how many."""
    possible = float(groups) ** 2 * max(services, 1)
    return log2_choose(possible, blocks) + log2_choose(edges - 1, blocks - 1)


def edge_bits(table: BlockTable) -> float:
    """Bits of the edges given the blocks and each end's degree, up to what no partition changes."""
    called = np.bincount(table.destination, weights=table.edges, minlength=table.groups)
    calling = np.bincount(table.source, weights=table.edges, minlength=table.groups)
    joint = times_log(table.edges).sum()
    return float(times_log(called).sum() + times_log(calling).sum() - joint)


@dataclass(frozen=True)
class Description:
    """What the bits of a partition of the workloads are made of.

    Attributes:
        table: The edges, grouped by the partition.
    """

    table: BlockTable

    @cached_property
    def metadata(self) -> MetadataCounts:
        """The metadata, grouped as well."""
        return MetadataCounts(self.table.traffic, self.table.labels)

    @cached_property
    def bits(self) -> float:
        """Bits of the partition, and of the edges and the metadata given it."""
        table, traffic = self.table, self.table.traffic
        bits = partition_bits(table.sizes[: table.inner]) + edge_bits(table)
        bits += self.metadata.bits()
        return bits + model_bits(table.groups, traffic.services, len(table.edges), traffic.edges)


def description_length(traffic: Traffic, labels: Ints) -> float:
    """Bits of a partition of the workloads, and of the edges and the metadata given it."""
    return Description(block_table(traffic, labels)).bits
