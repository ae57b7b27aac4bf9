"""What a workload does, as a sparse row of weighted yes-or-no features.

Who it meets on which port, in which namespace, on which port at all, each in both directions, and
what its metadata says. A feature weighs the more the fewer workloads have it; one that a single
workload has tells nothing on likeness and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from recommender.segments.traffic import Floats, Ints, Matrix, Traffic


def feature_matrix(traffic: Traffic) -> tuple[Matrix, Floats]:
    """Features of the workloads.

    Returns:
        A sparse matrix of zeros and ones with a row a workload, and the weight of each column.
    """
    from scipy import sparse

    parts = [*_met(traffic), *_own(traffic)]
    rows, columns, offset = [], [], 0
    for row, code in parts:
        values, column = np.unique(code, return_inverse=True)
        rows.append(row)
        columns.append(column.reshape(-1) + offset)
        offset += len(values)
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (traffic.workloads, offset)
    matrix = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return weighted(matrix)


def weighted(matrix: Matrix) -> tuple[Matrix, Floats]:
    """Leave out columns that tell nothing; weigh the others by their rarity."""
    count = np.asarray(matrix.sum(axis=0)).reshape(-1)
    useful = np.flatnonzero(count > 1)
    weights: Floats = np.log((matrix.shape[0] + 1) / count[useful])
    return matrix[:, useful].tocsr(), weights


def _met(traffic: Traffic) -> list[tuple[Ints, Ints]]:
    """Workload and code of the feature, for each direction and each thing met."""
    out = []
    services, places = max(traffic.services, 1), int(traffic.place.max(initial=0)) + 2
    for me, peer in (
        (traffic.source, traffic.destination),
        (traffic.destination, traffic.source),
    ):
        grouped = me < traffic.workloads
        mine, other, service = me[grouped], peer[grouped], traffic.service[grouped]
        out.append((mine, other * services + service))
        out.append((mine, (traffic.place[other] % places) * services + service))
        out.append((mine, service))
    out.append((traffic.own[:, 0], traffic.own[:, 1]))
    return out


def _own(traffic: Traffic) -> list[tuple[Ints, Ints]]:
    """Workload and code of the feature, for its namespace and what else is known of it."""
    everyone = np.arange(traffic.workloads, dtype=np.int64)
    out = [(everyone, traffic.place[: traffic.workloads])]
    for values in traffic.metadata.values():
        known = np.flatnonzero(values >= 0)
        out.append((known, values[known]))
    return out
