"""Merge groups while that makes the description shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from recommender.segments.blocks import block_table
from recommender.segments.description_length import (
    description_length,
    log2_choose,
    model_bits,
    times_log,
)
from recommender.segments.traffic import renumber

if TYPE_CHECKING:
    from recommender.segments.blocks import BlockTable
    from recommender.segments.traffic import Flags, Ints, Matrix, Traffic

_NEAREST: Final = 8
_ROUNDS: Final = 30


def merge_groups(traffic: Traffic, labels: Ints, fixed: Flags, zone: Ints | None = None) -> Ints:
    """Merge pairs of groups with like traffic, the most saving first, until none saves bits.

    Args:
        traffic: The edges.
        labels: Group of each workload.
        fixed: Workloads whose groups are left alone.
        zone: Zone of each workload; where given, groups of different zones stay apart.
    """
    length = description_length(traffic, labels)
    for _ in range(_ROUNDS):
        table = block_table(traffic, labels)
        groups = int(labels.max(initial=-1)) + 1
        locked = np.zeros(groups, dtype=bool)
        locked[labels[fixed]] = True
        of_group = np.zeros(groups, dtype=np.int64)
        if zone is not None:
            of_group[labels] = zone
        pairs = _alike(table, traffic.services, locked, of_group)
        totals = Totals(table, traffic.services, groups)
        saved = sorted((_change(table, traffic.services, totals, pair), pair) for pair in pairs)
        target, used = np.arange(groups), set[int]()
        for change, (first, second) in saved:
            if change >= 0:
                break
            if used & {first, second}:
                continue
            used |= {first, second}
            target[second] = first
        if not used:
            return labels
        merged = renumber(target[labels])
        shorter = description_length(traffic, merged)
        if shorter >= length:
            return labels
        labels, length = merged, shorter
    return labels


def _alike(table: BlockTable, services: int, locked: Flags, zone: Ints) -> list[tuple[int, int]]:
    """Pairs of groups with the likest profiles: those with which a group meets the same others."""
    groups = len(locked)
    profile = _profile(table, services, groups)
    norm = np.sqrt(np.asarray(profile.multiply(profile).sum(axis=1)).reshape(-1))
    scale = sparse.diags(1.0 / np.maximum(norm, 1e-12))
    cosine = np.asarray(((scale @ profile) @ (scale @ profile).T).todense())
    np.fill_diagonal(cosine, -1.0)
    cosine[locked, :] = -1.0
    cosine[:, locked] = -1.0
    cosine[zone[:, None] != zone[None, :]] = -1.0
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :_NEAREST]
    return sorted(
        {
            (min(mine, other), max(mine, other))
            for mine in range(groups)
            for other in near[mine].tolist()
            if cosine[mine, other] > 0
        }
    )


def _profile(table: BlockTable, services: int, groups: int) -> Matrix:
    """Density of each group's blocks, both directions, a row a group."""
    services = max(services, 1)
    ways = table.groups * services
    density = np.sqrt(table.edges / table.trials)
    out, back = table.source < groups, table.destination < groups
    rows = np.concatenate([table.source[out], table.destination[back]])
    columns = np.concatenate(
        [
            table.destination[out] * services + table.service[out],
            ways + table.source[back] * services + table.service[back],
        ]
    )
    values = np.concatenate([density[out], density[back]])
    return sparse.csr_matrix((values, (rows, columns)), shape=(groups, 2 * ways))


def _change(table: BlockTable, services: int, totals: Totals, pair: tuple[int, int]) -> float:
    """Bits that merging two groups adds (negative: saves)."""
    first, second = pair
    touched = totals.touching(pair)
    source = np.where(table.source[touched] == second, first, table.source[touched])
    there = np.where(table.destination[touched] == second, first, table.destination[touched])
    code = (source * table.groups + there) * max(services, 1) + table.service[touched]
    values, where = np.unique(code, return_inverse=True)
    edges = np.bincount(where.reshape(-1), weights=table.edges[touched])
    bits = times_log(table.edges[touched]).sum() - times_log(edges).sum()
    for total in (totals.calling, totals.called):
        both = total[list(pair)]
        bits += times_log(both.sum()) - times_log(both).sum()
    fewer = len(touched) - len(values)
    return float(bits) + totals.saved(pair, fewer)


class Totals:
    """What the change of bits needs of all groups, computed once a round."""

    def __init__(self, table: BlockTable, services: int, groups: int) -> None:
        edges = table.edges.astype(np.float64)
        self.calling = np.bincount(table.source, weights=edges, minlength=table.groups)
        self.called = np.bincount(table.destination, weights=edges, minlength=table.groups)
        self._sizes = table.sizes[:groups]
        self._shape = (table.groups, services, len(edges), int(edges.sum()))
        self._model = model_bits(*self._shape)
        order = np.argsort(np.concatenate([table.source, table.destination]), kind="stable")
        ends = np.concatenate([table.source, table.destination])[order]
        self._block = order % max(len(edges), 1)
        self._start = np.searchsorted(ends, np.arange(table.groups + 1))

    def touching(self, pair: tuple[int, int]) -> Ints:
        """Blocks with one of two groups on a side."""
        parts = [self._block[self._start[end] : self._start[end + 1]] for end in pair]
        return np.unique(np.concatenate(parts))

    def saved(self, pair: tuple[int, int], fewer: int) -> float:
        """Change of the bits of the partition, and of which blocks have edges."""
        groups, services, blocks, edges = self._shape
        model = model_bits(groups - 1, services, blocks - fewer, edges) - self._model
        first, second = self._sizes[list(pair)].tolist()
        members, count = float(self._sizes.sum()), len(self._sizes)
        orders = log2_choose(first + second, first)
        return (
            model
            - orders
            + log2_choose(members - 1, count - 2)
            - log2_choose(members - 1, count - 1)
        )
