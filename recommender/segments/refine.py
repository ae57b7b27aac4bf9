"""Improve a partition: drop chance edges, reassign workloads to likelier groups, merge groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.blocks import block_table, supported
from recommender.segments.matrices import matrix, overlaps
from recommender.segments.merging import merge_groups
from recommender.segments.traffic import renumber, side_labels

if TYPE_CHECKING:
    from recommender.segments.blocks import BlockTable
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
    labels = renumber(labels)
    for _ in range(_ROUNDS):
        before = labels
        trimmed = trim(traffic, labels)
        for _ in range(_SWEEPS):
            moved = reassign(trimmed, labels, fixed, zone)
            if np.array_equal(moved, labels):
                break
            labels = moved
        labels = merge_groups(trim(traffic, labels), labels, fixed, zone)
        if np.array_equal(before, labels):
            break
    return labels


def trim(traffic: Traffic, labels: Ints) -> Traffic:
    """The edges of blocks in which enough members of both sides take part."""
    table = block_table(traffic, labels)
    return traffic.keep(supported(table, TRIM)[table.of_edge])


def reassign(traffic: Traffic, labels: Ints, fixed: Flags, zone: Ints | None) -> Ints:
    """Put each workload into the group to which its edges and metadata are likeliest."""
    table = block_table(traffic, labels)
    score = likelihood(traffic, labels, table)
    score[:, np.unique(labels[fixed])] = -np.inf
    if zone is not None:
        of_group = np.zeros(score.shape[1], dtype=np.int64)
        of_group[labels] = zone
        score[zone[:, None] != of_group[None, :]] = -np.inf
    # A tie stays where it is, so that the order of groups decides nothing.
    score[np.arange(traffic.workloads), labels] += 1e-9
    return renumber(np.where(fixed, labels, np.argmax(score, axis=1)))


def likelihood(traffic: Traffic, labels: Ints, table: BlockTable) -> Floats:
    """Logarithm of the likelihood of each workload's edges and metadata in each group.

    How many edges a workload has says nothing here; only with whom they are.
    """
    groups = int(labels.max(initial=-1)) + 1
    side = side_labels(traffic, labels)
    score = np.log(table.sizes[:groups] / traffic.workloads)[None, :]
    score = score + _one_way(traffic, table, side, groups, outward=True)
    score += _one_way(traffic, table, side, groups, outward=False)
    return score + _metadata(traffic, labels, groups)


def _one_way(
    traffic: Traffic, table: BlockTable, side: Ints, groups: int, *, outward: bool
) -> Floats:
    """What the edges in one direction say of each group."""
    me, peer = traffic.source, traffic.destination
    mine, other = table.source, table.destination
    if not outward:
        me, peer, mine, other = peer, me, other, mine
    services = max(traffic.services, 1)
    ways = table.groups * services
    grouped = me < traffic.workloads
    met = side[peer[grouped]] * services + traffic.service[grouped]
    shape = (traffic.workloads, ways)
    counts = matrix(np.ones(len(met)), me[grouped], met, shape)
    usual = np.bincount(met, minlength=ways) / max(1, len(met))
    within = mine < groups
    way = other[within] * services + table.service[within]
    edges = table.edges[within].astype(np.float64)
    total = np.bincount(mine[within], weights=edges, minlength=groups)
    share = edges / total[mine[within]]
    gain = np.log1p((1 - STRAY) / STRAY * share / np.maximum(usual[way], 1e-12))
    return overlaps(counts, matrix(gain, mine[within], way, (groups, ways)))


def _metadata(traffic: Traffic, labels: Ints, groups: int) -> Floats:
    """What metadata adds: how usual each workload's values are in each group."""
    score = np.zeros((traffic.workloads, groups))
    everything = {"place": traffic.place[: traffic.workloads], **traffic.metadata}
    for values in everything.values():
        kinds = int(values.max(initial=-1)) + 1
        known = values >= 0
        if kinds < 2:  # noqa: PLR2004 - one value tells nothing apart
            continue
        table = np.zeros((groups, kinds))
        np.add.at(table, (labels[known], values[known]), 1.0)
        usual = np.bincount(values[known], minlength=kinds) / max(1, int(known.sum()))
        share = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
        gain = np.log1p((1 - STRAY) / STRAY * share / np.maximum(usual, 1e-12)[None, :])
        score[known] += gain[:, values[known]].T
    return score
