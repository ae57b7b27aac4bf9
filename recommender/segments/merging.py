"""Merge groups while that makes the description shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.blocks import block_table
from recommender.segments.codes import grouped, renumber
from recommender.segments.counting import ln_choose, log2_choose, times_log
from recommender.segments.description_length import Description, model_bits
from recommender.segments.matrices import mapped, matrix, overlaps, paired, row_sums

if TYPE_CHECKING:
    from recommender.segments.blocks import BlockTable
    from recommender.segments.traffic import Flags, Floats, Ints, Matrix

_NEAREST: Final = 8
_ROUNDS: Final = 30
_LN2: Final = float(np.log(2.0))


def merge_groups(table: BlockTable, fixed: Flags, zone: Ints | None = None) -> BlockTable:
    """Merge pairs of groups with like traffic, the most saving first, until none saves bits.

    Args:
        table: The edges, and the groups to start from.
        fixed: Workloads whose groups are left alone.
        zone: Zone of each workload; where given, groups of different zones stay apart.

    Returns:
        The edges, and the groups merged.
    """
    found = Description(table)
    for _ in range(_ROUNDS):
        shorter = _shorter(found, _disjoint(*_changes(found, fixed, zone)))
        if shorter is None:
            break
        found = shorter
    return found.table


def _shorter(found: Description, chosen: list[tuple[int, int]]) -> Description | None:
    """What the merges of some pairs come to, where that takes fewer bits."""
    # Each change is told as if it were the only one: where all are too many, the best alone.
    tries = (chosen, chosen[:1]) if len(chosen) > 1 else (chosen,) * len(chosen)
    for some in tries:
        labels = _merged(found.table.labels, some)
        merged = Description(block_table(found.table.traffic, labels))
        if merged.bits < found.bits:
            return merged
    return None


def _changes(found: Description, fixed: Flags, zone: Ints | None) -> tuple[Ints, Floats]:
    """Pairs of groups that may merge, and the bits that each merge adds (negative: saves)."""
    table = found.table
    locked = np.zeros(table.inner, dtype=bool)
    locked[table.labels[fixed]] = True
    of_group = np.zeros(table.inner, dtype=np.int64)
    if zone is not None:
        of_group[table.labels] = zone
    ways, half = _ways(table)
    pairs = _alike(ways, locked, of_group)
    if len(pairs) == 0:
        return pairs, np.zeros(0)
    change = _edge_change(ways, pairs, half)
    change += _partition_change(table, ways, pairs)
    return pairs, change + found.metadata.changes(pairs)


def _disjoint(pairs: Ints, change: Floats) -> list[tuple[int, int]]:
    """Pairs whose merge saves bits, the most saving first, each group once."""
    used: set[int] = set()
    out = []
    order = np.lexsort((pairs[:, 1], pairs[:, 0], change))
    for first, second in pairs[order[change[order] < 0]].tolist():
        if not used & {first, second}:
            used |= {first, second}
            out.append((first, second))
    return out


def _merged(labels: Ints, pairs: list[tuple[int, int]]) -> Ints:
    target = np.arange(int(labels.max(initial=-1)) + 1)
    for first, second in pairs:
        target[second] = first
    return renumber(target[labels])


def _ways(table: BlockTable) -> tuple[Matrix, int]:
    """Edges of each group by the other group and the service, a column for each of these met.

    Returns:
        A row a group; and how many of the columns, the first ones, are of what groups call. The
        others are of what calls them.
    """
    out, back = table.outward, table.inward
    rows = np.concatenate([out.group, back.group])
    columns = np.concatenate([out.way, back.way + out.count])
    values = np.concatenate([out.edges, back.edges])
    return matrix(values, rows, columns, (table.inner, out.count + back.count)), out.count


def _alike(ways: Matrix, locked: Flags, zone: Ints) -> Ints:
    """Pairs of groups with the likest profiles: those that meet the same others."""
    groups = len(locked)
    profile = mapped(ways, np.sqrt)
    norm = np.maximum(np.sqrt(row_sums(ways)), 1e-12)
    cosine = overlaps(profile, profile) / (norm[:, None] * norm[None, :])
    cosine.flat[:: groups + 1] = -1.0
    cosine[locked, :] = -1.0
    cosine[:, locked] = -1.0
    cosine[zone[:, None] != zone[None, :]] = -1.0
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :_NEAREST]
    mine = np.arange(groups)[:, None]
    close = cosine[mine, near] > 0
    code = (np.minimum(mine, near) * groups + np.maximum(mine, near))[close]
    pairs: Ints = np.array(np.divmod(grouped(code)[0], groups)).T
    return pairs


def _edge_change(ways: Matrix, pairs: Ints, half: int) -> Floats:
    """Bits of the edges that each merge adds, as if the two groups did not meet each other."""
    bits = row_sums(mapped(ways, times_log))
    both = mapped(ways[pairs[:, 0]] + ways[pairs[:, 1]], times_log)
    change: Floats = bits[pairs].sum(axis=1) - row_sums(both)
    for side in (ways[:, :half], ways[:, half:]):
        total = row_sums(side)
        change += times_log(total[pairs].sum(axis=1)) - times_log(total[pairs]).sum(axis=1)
    return change


def _partition_change(table: BlockTable, ways: Matrix, pairs: Ints) -> Floats:
    """Change of the bits of the partition, and of those that say which blocks have edges."""
    blocks, groups, sizes = len(table.edges), table.groups, table.sizes[: table.inner]
    services, edges = table.traffic.services, table.traffic.edges
    present = mapped(ways, np.sign)
    common = paired(present[pairs[:, 0]], present[pairs[:, 1]])
    steps, step, _ = grouped(np.minimum(common, blocks - 1).astype(np.int64))
    before = model_bits(groups, services, blocks, edges)
    after = [model_bits(groups - 1, services, blocks - n, edges) for n in steps.tolist()]
    model = np.array(after)[step] - before
    first, second = sizes[pairs[:, 0]], sizes[pairs[:, 1]]
    orders = ln_choose(first + second, first) / _LN2
    members, count = float(sizes.sum()), len(sizes)
    fixed = log2_choose(members - 1, count - 2) - log2_choose(members - 1, count - 1)
    change: Floats = model - orders + fixed
    return change
