"""From edges to segments and the rules between them: the whole way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.admission import admit
from recommender.segments.assurance import assure, unstable
from recommender.segments.corrections import Corrections, corrected, named, pinned
from recommender.segments.cuts import zones
from recommender.segments.describing import describe
from recommender.segments.frames import edge_columns, workload_columns
from recommender.segments.naming import segment_names
from recommender.segments.partition import partition
from recommender.segments.tables import Table, arrange, table
from recommender.segments.threads import one_thread
from recommender.segments.types import Candidate, Segmentation, SegmentSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.segments.assurance import Assured
    from recommender.segments.partition import Partition
    from recommender.segments.traffic import Floats, Ints


def segment_edges(
    edges: Iterable[Edge],
    inventory: Inventory,
    settings: SegmentSettings | None = None,
    *,
    previous: Mapping[str, str] | None = None,
    corrections: Corrections | None = None,
) -> Segmentation:
    """Find the segments of the workloads of a cluster.

    Args:
        edges: Edges of whatever verdict; accepted ones between known ends count.
        inventory: The workloads.
        settings: Thresholds.
        previous: Name of the segment of each workload in an earlier run.
        corrections: What a reviewer has settled.
    """
    chosen = settings or SegmentSettings()
    arrays = arrange(edge_columns(edges), workload_columns(inventory), chosen)
    return _segment(arrays, chosen, corrections or Corrections(), previous)


def segment_tables(
    edges: pd.DataFrame,
    workloads: pd.DataFrame,
    settings: SegmentSettings | None = None,
    *,
    previous: Mapping[str, str] | None = None,
    corrections: Corrections | None = None,
) -> Segmentation:
    """Find the segments of the workloads of a table.

    Args:
        edges: See :func:`recommender.segments.tables.table`.
        workloads: As well.
        settings: Thresholds.
        previous: Name of the segment of each workload in an earlier run.
        corrections: What a reviewer has settled.

    Raises:
        InputError: A column is missing or a value cannot be used.
    """
    chosen = settings or SegmentSettings()
    arrays = table(edges, workloads, chosen)
    return _segment(arrays, chosen, corrections or Corrections(), previous)


def _segment(
    arrays: Table,
    chosen: SegmentSettings,
    wishes: Corrections,
    previous: Mapping[str, str] | None,
) -> Segmentation:
    arrays = pinned(arrays, wishes, zones(arrays.traffic, chosen))
    with one_thread():
        found = partition(arrays.traffic, chosen)
        assured = assure(arrays.traffic, found, chosen)
        labels, settled = corrected(arrays, assured.labels, wishes, zones(arrays.traffic, chosen))
    names = segment_names(arrays, labels, previous, named(arrays, labels, wishes))
    sure = _sure(assured, labels)
    segments = describe(arrays, labels, names, stability=sure, hubs=found.hubs, settings=chosen)
    exact = unstable(labels, sure, chosen)
    if exact is not None:
        # What a person has settled needs no second opinion.
        exact[labels[settled]] = False
    return Segmentation(
        segments=tuple(sorted(segments, key=lambda segment: segment.name)),
        admission=admit(arrays, labels, segments, chosen, exact),
        window_days=arrays.traffic.window,
        candidates=_candidates(found, assured),
        texts=dict(zip(arrays.entities, arrays.texts, strict=True)),
    )


def _sure(assured: Assured, labels: Ints) -> Floats | None:
    """Stability of each group after corrections: the mean of what its members had."""
    if assured.stability is None:
        return None
    total = np.bincount(labels, weights=assured.stability[assured.labels])
    sure: Floats = total / np.bincount(labels)
    return sure


def _candidates(found: Partition, assured: Assured) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            one.recipe.name,
            int(one.labels.max(initial=-1)) + 1,
            one.blocks,
            one.pairs,
            chosen=one is assured.attempt,
        )
        for one in sorted(found.attempts, key=lambda one: one.order)
    )
