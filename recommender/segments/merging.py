"""Merge groups while that makes the description shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.blocks import block_table
from recommender.segments.counting import ln_choose, log2_choose, times_log
from recommender.segments.description_length import description_length, model_bits
from recommender.segments.matrices import mapped, matrix, overlaps, paired, row_sums
from recommender.segments.metadata import MetadataCounts
from recommender.segments.traffic import renumber

if TYPE_CHECKING:
    from recommender.segments.blocks import BlockTable
    from recommender.segments.traffic import Flags, Floats, Ints, Matrix, Traffic

_NEAREST: Final = 8
_ROUNDS: Final = 30
_LN2: Final = float(np.log(2.0))


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
        pairs, change = _changes(traffic, labels, fixed, zone)
        chosen = _disjoint(pairs, change)
        # Each change is told as if it were the only one: where all are too many, the best alone.
        for some in (chosen, chosen[:1]):
            merged = _merged(labels, some)
            shorter = description_length(traffic, merged)
            if some and shorter < length:
                labels, length = merged, shorter
                break
        else:
            break
    return labels


def _changes(
    traffic: Traffic, labels: Ints, fixed: Flags, zone: Ints | None
) -> tuple[Ints, Floats]:
    """Pairs of groups that may merge, and the bits that each merge adds (negative: saves)."""
    table = block_table(traffic, labels)
    groups = int(labels.max(initial=-1)) + 1
    locked = np.zeros(groups, dtype=bool)
    locked[labels[fixed]] = True
    of_group = np.zeros(groups, dtype=np.int64)
    if zone is not None:
        of_group[labels] = zone
    ways = _ways(table, traffic.services, groups)
    pairs = _alike(ways, locked, of_group)
    if len(pairs) == 0:
        return pairs, np.zeros(0)
    change = _edge_change(ways, pairs, table.groups * max(traffic.services, 1))
    change += _partition_change(table, ways, pairs, traffic)
    return pairs, change + MetadataCounts(traffic, labels).changes(pairs)


def _disjoint(pairs: Ints, change: Floats) -> list[tuple[int, int]]:
    """Pairs whose merge saves bits, the most saving first, each group once."""
    used: set[int] = set()
    out = []
    for number in np.lexsort((pairs[:, 1], pairs[:, 0], change)).tolist():
        if change[number] >= 0:
            break
        first, second = (int(end) for end in pairs[number])
        if not used & {first, second}:
            used |= {first, second}
            out.append((first, second))
    return out


def _merged(labels: Ints, pairs: list[tuple[int, int]]) -> Ints:
    target = np.arange(int(labels.max(initial=-1)) + 1)
    for first, second in pairs:
        target[second] = first
    return renumber(target[labels])


def _ways(table: BlockTable, services: int, groups: int) -> Matrix:
    """Edges of each group by the other group and the service, both directions; a row a group."""
    services = max(services, 1)
    ways = table.groups * services
    out, back = table.source < groups, table.destination < groups
    rows = np.concatenate([table.source[out], table.destination[back]])
    columns = np.concatenate(
        [
            table.destination[out] * services + table.service[out],
            ways + table.source[back] * services + table.service[back],
        ]
    )
    values = np.concatenate([table.edges[out], table.edges[back]]).astype(np.float64)
    return matrix(values, rows, columns, (groups, 2 * ways))


def _alike(ways: Matrix, locked: Flags, zone: Ints) -> Ints:
    """Pairs of groups with the likest profiles: those that meet the same others."""
    groups = len(locked)
    profile = mapped(ways, np.sqrt)
    norm = np.maximum(np.sqrt(row_sums(ways)), 1e-12)
    cosine = overlaps(profile, profile) / (norm[:, None] * norm[None, :])
    np.fill_diagonal(cosine, -1.0)
    cosine[locked, :] = -1.0
    cosine[:, locked] = -1.0
    cosine[zone[:, None] != zone[None, :]] = -1.0
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :_NEAREST]
    mine = np.broadcast_to(np.arange(groups)[:, None], near.shape)
    close = np.take_along_axis(cosine, near, axis=1) > 0
    code = np.minimum(mine, near)[close] * groups + np.maximum(mine, near)[close]
    return np.column_stack(np.divmod(np.unique(code), groups))


def _edge_change(ways: Matrix, pairs: Ints, half: int) -> Floats:
    """Bits of the edges that each merge adds, as if the two groups did not meet each other."""
    bits = row_sums(mapped(ways, times_log))
    both = mapped(ways[pairs[:, 0]] + ways[pairs[:, 1]], times_log)
    change: Floats = bits[pairs].sum(axis=1) - row_sums(both)
    for side in (ways[:, :half], ways[:, half:]):
        total = row_sums(side)
        change += times_log(total[pairs].sum(axis=1)) - times_log(total[pairs]).sum(axis=1)
    return change


def _partition_change(table: BlockTable, ways: Matrix, pairs: Ints, traffic: Traffic) -> Floats:
    """Change of the bits of the partition, and of those that say which blocks have edges."""
    blocks, groups, sizes = len(table.edges), table.groups, table.sizes[: ways.shape[0]]
    present = mapped(ways, np.sign)
    common = paired(present[pairs[:, 0]], present[pairs[:, 1]])
    fewer = np.minimum(common, blocks - 1)
    before = model_bits(groups, traffic.services, blocks, traffic.edges)
    steps = np.unique(fewer)
    after = [model_bits(groups - 1, traffic.services, blocks - n, traffic.edges) for n in steps]
    model = np.array(after)[np.searchsorted(steps, fewer)] - before
    first, second = sizes[pairs[:, 0]], sizes[pairs[:, 1]]
    orders = ln_choose(first + second, first) / _LN2
    members, count = float(sizes.sum()), len(sizes)
    fixed = log2_choose(members - 1, count - 2) - log2_choose(members - 1, count - 1)
    change: Floats = model - orders + fixed
    return change
