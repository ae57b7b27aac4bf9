"""What metadata says of a partition: how many bits it takes to tell it, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.codes import crossed
from recommender.segments.counting import ln_choose, ln_factorial

if TYPE_CHECKING:
    from recommender.segments.traffic import Floats, Ints, Traffic

_LN2 = float(np.log(2.0))


class MetadataCounts:
    """How often each value of each kind of metadata is there in each group.

    Args:
        traffic: The workloads.
        labels: Group of each workload.
    """

    def __init__(self, traffic: Traffic, labels: Ints) -> None:
        groups = int(labels.max(initial=-1)) + 1
        self._tables: list[tuple[Ints, Floats]] = []
        for values in traffic.metadata.values():
            kinds = int(values.max(initial=-1)) + 1
            if kinds < 2:  # noqa: PLR2004 - one value tells nothing apart
                continue
            known = values >= 0
            table = crossed(labels[known], values[known], (groups, kinds))
            self._tables.append((table, value_bits(table)))

    def bits(self) -> float:
        """Bits of all groups."""
        return sum(float(alone.sum()) for _, alone in self._tables)

    def changes(self, pairs: Ints) -> Floats:
        """Bits that merging each pair of groups adds (negative: saves)."""
        change = np.zeros(len(pairs))
        for table, alone in self._tables:
            both = value_bits(table[pairs[:, 0]] + table[pairs[:, 1]])
            change += both - alone[pairs].sum(axis=1)
        return change


def value_bits(table: Ints) -> Floats:
    """Bits of each row: which values there are, how often each, and who has which."""
    count, kinds = table.sum(axis=1), (table > 0).sum(axis=1)
    which = kinds * np.log2(max(table.shape[1], 1))
    # A group of which nothing is known has one way to have nothing.
    many = ln_choose(count - 1, kinds - 1)
    orders = ln_factorial(count) - ln_factorial(table).sum(axis=1)
    bits: Floats = which + (many + orders) / _LN2
    return bits
