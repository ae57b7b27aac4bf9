"""SegmentClusterer is a scikit-learn estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from segments.clusters import made
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from recommender.segments import SegmentClusterer
from recommender.segments.tables import table
from recommender.segments.types import SegmentSettings

if TYPE_CHECKING:
    from collections.abc import Callable

#: Checks that do not apply, and why.
NOT_APPLYING = {
    "check_clustering": "clusters points by their distance; here a peer is met or it is not",
}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [SegmentClusterer(bootstraps=0)], expected_failed_checks=lambda _: NOT_APPLYING
)
def test_it_keeps_to_the_conventions_of_estimators(
    estimator: SegmentClusterer, check: Callable[[SegmentClusterer], None]
) -> None:
    check(estimator)


def test_workloads_with_the_same_peers_are_together() -> None:
    random = np.random.default_rng(0)
    blocks = np.kron(np.eye(3, dtype=int), np.ones((12, 6), dtype=int))
    days = blocks * random.integers(1, 8, blocks.shape)
    labels = SegmentClusterer().fit(days).labels_
    assert labels.tolist() == [0] * 12 + [1] * 12 + [2] * 12


def test_stability_is_told_for_each_workload() -> None:
    days = np.kron(np.eye(2, dtype=int), np.full((10, 5), 7))
    assert SegmentClusterer(bootstraps=2).fit(days).stability_.tolist() == [1.0] * 20


def test_it_takes_the_arrays_of_tables_too() -> None:
    cluster = made()
    arrays = table(cluster.edges, cluster.workloads, SegmentSettings())
    labels = SegmentClusterer(bootstraps=0).fit(arrays.traffic).labels_
    truth = [cluster.truth[text] for text in arrays.texts[: len(labels)]]
    assert adjusted_rand_score(truth, labels) > 0.9
