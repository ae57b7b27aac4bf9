"""Improve a partition: drop chance edges, reassign workloads to likelier groups, merge groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.blocks import block_table, supported
from recommender.segments.codes import crossed, renumber
from recommender.segments.matrices import matrix, overlaps
from recommender.segments.merging import merge_groups

if TYPE_CHECKING:
    from recommender.segments.blocks import BlockTable, Ways
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic

#: Edges of blocks with less support are taken for chance while a partition is improved.
TRIM: Final = 0.3
_ROUNDS: Final = 6
_SWEEPS: Final = 5
#: Share of edges, and of labels, that are taken to say nothing: no single one decides alone.
STRAY: Final = 0.05


def refine(traffic: Traffic, labels: Ints, fixed: Flags, zone: Ints | None = None) -> Ints:
    """Alternate reassigning and merging until neither changes anything.

    Without dropping the edges of unsupported blocks first, chance edges make everything look
    alike in large clusters, and all merges.

    Args:
        traffic: The edges.
        labels: Group of each workload to start from.
        fixed: Workloads that keep to their group, to which no others come.
        zone: Zone of each workload; where given, each group lies in one zone and stays in it.

    Returns:
        Group of each workload.
    """
    labels, merged = renumber(labels), None
    for _ in range(_ROUNDS):
        before = labels
        table = trim(block_table(traffic, labels))
        settled = _settle(table, fixed, zone)
        if settled is not labels:
            table = trim(block_table(traffic, settled))
        elif merged is not None and table.traffic.has_edges_of(merged.traffic):
            break  # Merging would look at the same once more.
        merged = merge_groups(table, fixed, zone)
        labels = merged.labels
        if np.array_equal(before, labels):
            break
    return labels


def trim(table: BlockTable) -> BlockTable:
    """The blocks in which enough members of both sides take part."""
    return table.keep(supported(table, TRIM))


def _settle(table: BlockTable, fixed: Flags, zone: Ints | None) -> Ints:
    """The groups once workloads stay where they are; the same object where none has moved."""
    for _ in range(_SWEEPS):
        moved = reassign(table, fixed, zone)
        if moved is table.labels:
            break
        table = block_table(table.traffic, moved)
    return table.labels


def reassign(table: BlockTable, fixed: Flags, zone: Ints | None) -> Ints:
    """Put each workload into the group to which its edges and metadata are likeliest.

    Returns:
        Group of each workload; the same object where none has moved.
    """
    labels = table.labels
    score = likelihood(table)
    score[:, labels[fixed]] = -np.inf
    if zone is not None:
        of_group = np.zeros(table.inner, dtype=np.int64)
        of_group[labels] = zone
        score[zone[:, None] != of_group[None, :]] = -np.inf
    # A tie stays where it is, so that the order of groups decides nothing.
    score[np.arange(len(labels)), labels] += 1e-9
    likeliest = np.where(fixed, labels, np.argmax(score, axis=1))
    return labels if np.array_equal(likeliest, labels) else renumber(likeliest)


def likelihood(table: BlockTable) -> Floats:
    """Logarithm of the likelihood of each workload's edges and metadata in each group.

    How many edges a workload has says nothing here; only with whom they are.
    """
    score = np.log(table.sizes[: table.inner] / table.traffic.workloads)[None, :]
    score = score + _one_way(table, table.outward, table.traffic.source)
    score += _one_way(table, table.inward, table.traffic.destination)
    return score + _metadata(table)


def _one_way(table: BlockTable, ways: Ways, end: Ints) -> Floats:
    """What the edges in one direction say of each group, as seen from one end of each."""
    of_block = np.full(len(table.edges), -1, dtype=np.int64)
    of_block[ways.blocks] = ways.way
    way = of_block[table.of_edge]
    met = way >= 0
    me, way = end[met], way[met]
    counts = matrix(np.ones(len(me)), me, way, (table.traffic.workloads, ways.count))
    usual = np.bincount(way, minlength=ways.count) / max(1, len(way))
    total = np.bincount(ways.group, weights=ways.edges, minlength=table.inner)
    share = ways.edges / total[ways.group]
    gain = np.log1p((1 - STRAY) / STRAY * share / usual[ways.way])
    return overlaps(counts, matrix(gain, ways.group, ways.way, (table.inner, ways.count)))


def _metadata(table: BlockTable) -> Floats:
    """What metadata adds: how usual each workload's values are in each group."""
    traffic, labels = table.traffic, table.labels
    score = np.zeros((traffic.workloads, table.inner))
    everything = {"place": traffic.place[: traffic.workloads], **traffic.metadata}
    for values in everything.values():
        kinds = int(values.max(initial=-1)) + 1
        if kinds < 2:  # noqa: PLR2004 - one value tells nothing apart
            continue
        known = values >= 0
        value = values[known]
        times = crossed(labels[known], value, (table.inner, kinds))
        usual = np.bincount(value, minlength=kinds) / max(1, len(value))
        share = times / np.maximum(times.sum(axis=1, keepdims=True), 1.0)
        gain = np.log1p((1 - STRAY) / STRAY * share / np.maximum(usual, 1e-12)[None, :])
        score[known] += gain[:, value].T
    return score
