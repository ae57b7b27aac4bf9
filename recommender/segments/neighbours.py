"""Nearest neighbours by weighted Jaccard similarity, and the communities of their graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from recommender.segments.traffic import Floats, Ints, Matrix

_ROWS: Final = 512
#: Columns that more than this share of the workloads has cost much and tell little.
_COMMON: Final = 0.5


def neighbour_graph(matrix: Matrix, weights: Floats, neighbours: int) -> tuple[Ints, Ints, Floats]:
    """Each workload with those most like it.

    Rows are compared in blocks, so that no matrix of all pairs is ever held.

    Args:
        matrix: Features, zeros and ones, a row a workload.
        weights: Weight of each column.
        neighbours: How many neighbours of each.

    Returns:
        Both ends of each pair, the smaller number first, and their similarity; sorted.
    """
    count = matrix.shape[0]
    rare = np.flatnonzero(np.asarray(matrix.sum(axis=0)).reshape(-1) <= _COMMON * count)
    heavy = matrix.multiply(weights).tocsr()
    total = np.asarray(heavy.sum(axis=1)).reshape(-1)
    left, right = heavy[:, rare], matrix[:, rare].T.tocsr()
    first, second, likeness = [], [], []
    for start in range(0, count, _ROWS):
        shared = (left[start : start + _ROWS] @ right).toarray()
        rows = np.arange(start, start + shared.shape[0])
        union = total[rows][:, None] + total[None, :] - shared
        jaccard = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        jaccard[np.arange(len(rows)), rows] = -1.0
        near = _largest(jaccard, neighbours)
        value = np.take_along_axis(jaccard, near, axis=1)
        kept = value > 0
        mine = np.broadcast_to(rows[:, None], near.shape)[kept]
        first.append(np.minimum(mine, near[kept]))
        second.append(np.maximum(mine, near[kept]))
        likeness.append(value[kept])
    code = np.concatenate(first) * count + np.concatenate(second)
    code, where = np.unique(code, return_index=True)
    return code // count, code % count, np.concatenate(likeness)[where]


def _largest(values: Floats, many: int) -> Ints:
    """Columns of the largest values of each row, ascending."""
    many = min(many, values.shape[1])
    best = np.argpartition(values, values.shape[1] - many, axis=1)[:, values.shape[1] - many :]
    best.sort(axis=1)
    return best


def communities(count: int, graph: tuple[Ints, Ints, Floats], resolution: float, seed: int) -> Ints:
    """Groups of a graph that are linked more within than by chance (Louvain).

    Args:
        count: How many nodes.
        graph: Both ends of each link, and its weight.
        resolution: The higher, the smaller the groups.
        seed: Order in which nodes are looked at.

    Returns:
        Group of each node.
    """
    import networkx as nx

    network = nx.Graph()
    network.add_nodes_from(range(count))
    network.add_weighted_edges_from(zip(*(part.tolist() for part in graph), strict=True))
    found = nx.community.louvain_communities(network, resolution=resolution, seed=seed)
    labels = np.zeros(count, dtype=np.int64)
    for number, members in enumerate(sorted(found, key=min)):
        labels[sorted(members)] = number
    return labels
