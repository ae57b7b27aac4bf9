"""Other ways to group workloads, to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.codes import renumber
from recommender.segments.features import feature_matrix

if TYPE_CHECKING:
    from recommender.segments.tables import Table
    from recommender.segments.traffic import Floats, Ints

#: Beyond this no matrix of all pairs is made.
MOST_FOR_PAIRS = 3000


def namespaces(table: Table) -> Ints:
    """Each namespace is a segment."""
    return renumber(table.traffic.place[: table.traffic.workloads])


def namespaces_and_components(table: Table) -> Ints:
    """Each component label within a namespace is a segment; workloads without one are together."""
    component = table.traffic.metadata["component"]
    place = table.traffic.place[: table.traffic.workloads]
    return renumber(place * (int(component.max(initial=0)) + 2) + component + 1)


def average_linkage(table: Table) -> Ints:
    """Agglomerative clustering with average linkage, weighted Jaccard distance under 0.5."""
    from sklearn.cluster import AgglomerativeClustering

    clusterer = AgglomerativeClustering(
        n_clusters=None, distance_threshold=0.5, metric="precomputed", linkage="average"
    )
    return renumber(clusterer.fit_predict(_distances(table)).astype(np.int64))


def hdbscan(table: Table) -> Ints:
    """HDBSCAN on the same distances; what it calls noise is alone."""
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(min_cluster_size=3, metric="precomputed", copy=True).fit_predict(
        _distances(table)
    )
    alone = found.max() + 1 + np.arange(len(found))
    return renumber(np.where(found < 0, alone, found).astype(np.int64))


def _distances(table: Table) -> Floats:
    """Weighted Jaccard distances between the features of all workloads."""
    matrix, weights = feature_matrix(table.traffic)
    heavy = matrix.multiply(weights).tocsr()
    shared = (heavy @ matrix.T).toarray()
    total = np.asarray(heavy.sum(axis=1)).reshape(-1)
    union = total[:, None] + total[None, :] - shared
    out: Floats = 1.0 - np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    np.fill_diagonal(out, 0.0)
    return np.clip((out + out.T) / 2, 0.0, 1.0)
