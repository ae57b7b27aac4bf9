"""Segments as a scikit-learn estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_non_negative, validate_data

from recommender.segments.assurance import assure
from recommender.segments.partition import partition
from recommender.segments.threads import one_thread
from recommender.segments.traffic import Traffic
from recommender.segments.types import SegmentSettings

if TYPE_CHECKING:
    from recommender.segments.traffic import Matrix


class SegmentClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Group workloads that meet the same peers on the same ports.

    Args:
        min_coverage: Least share of the members on both sides that take part in a rule.
        max_p_value: Largest probability that the edges of a rule are there by chance.
        min_days: Days on which an edge without the support of its segment must be seen.
        min_stability: Segments below it count as unsure: they get exact rules only.
        bootstraps: How often days are drawn anew to judge stability; 0 judges nothing.
        random_state: For all that is drawn at random.

    Attributes:
        labels_: Array of shape (n_samples,): segment of each workload, from 0 in the order of their
            first members.
        stability_: Array of shape (n_samples,): stability of the segment of each workload; NaN
            where nothing could be judged.
        n_features_in_: Columns seen by `fit`, where it was given a matrix.

    Example:
        >>> from recommender.segments import SegmentClusterer
        >>> days = [[5, 5, 0, 0], [5, 4, 0, 0], [0, 0, 5, 5], [0, 0, 4, 5]]
        >>> SegmentClusterer(bootstraps=0).fit(days).labels_.tolist()
        [0, 0, 1, 1]
    """

    def __init__(  # noqa: PLR0913 - parameters of an estimator stand in its constructor
        self,
        *,
        min_coverage: float = 0.5,
        max_p_value: float = 1e-6,
        min_days: int = 2,
        min_stability: float = 0.75,
        bootstraps: int = 8,
        random_state: int = 0,
    ) -> None:
        self.min_coverage = min_coverage
        self.max_p_value = max_p_value
        self.min_days = min_days
        self.min_stability = min_stability
        self.bootstraps = bootstraps
        self.random_state = random_state

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ANN401, N803, ARG002 - as every estimator
        """Find the segments.

        Args:
            X: Edges as arrays (:class:`recommender.segments.traffic.Traffic`); or an array or
                sparse matrix of shape (n_samples, n_features): a row a workload and a column for
                each peer and port that is met, with the number of days on which it was.
            y: Ignored; there for the convention.

        Returns:
            The fitted estimator.
        """
        if isinstance(X, Traffic):
            traffic = X
        else:
            X = validate_data(self, X, accept_sparse="csr", ensure_min_samples=2)  # noqa: N806
            check_non_negative(X, whom="SegmentClusterer")
            traffic = from_matrix(X)
        settings = SegmentSettings(
            min_coverage=self.min_coverage,
            max_p_value=self.max_p_value,
            min_days=self.min_days,
            min_stability=self.min_stability,
            bootstraps=self.bootstraps,
            seed=self.random_state,
        )
        with one_thread():
            assured = assure(traffic, partition(traffic, settings), settings)
        self.labels_ = assured.labels
        judged = assured.stability
        self.stability_ = (
            np.full(len(self.labels_), np.nan) if judged is None else judged[self.labels_]
        )
        return self

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - sklearn has no types
        """What the estimator takes: sparse matrices too, and counts, which are never negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        return tags


def from_matrix(matrix: Matrix) -> Traffic:
    """Edges of workloads to peers that are never grouped: one a column, each with its own port."""
    days = sparse.coo_matrix(matrix)
    kept = days.data > 0
    source, column = days.row[kept].astype(np.int64), days.col[kept].astype(np.int64)
    seen = np.maximum(np.ceil(days.data[kept]), 1).astype(np.int64)
    order = np.lexsort((column, source))
    rows, columns = days.shape
    return Traffic(
        workloads=rows,
        ends=rows + columns,
        services=1,
        source=source[order],
        destination=column[order] + rows,
        service=np.zeros(len(source), dtype=np.int64),
        days=seen[order],
        window=int(seen.max(initial=1)),
        own=np.zeros((0, 2), dtype=np.int64),
        place=np.concatenate([np.zeros(rows, dtype=np.int64), np.full(columns, -1)]),
    )
