"""From edges to segments and the rules between them: the whole way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.segments.admission import admit
from recommender.segments.assurance import assure, unstable
from recommender.segments.describing import describe
from recommender.segments.frames import edge_table, workload_table
from recommender.segments.naming import segment_names
from recommender.segments.partition import partition
from recommender.segments.tables import Table, table
from recommender.segments.threads import one_thread
from recommender.segments.types import Candidate, Segmentation, SegmentSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.segments.partition import Partition


def segment_edges(
    edges: Iterable[Edge],
    inventory: Inventory,
    settings: SegmentSettings | None = None,
    *,
    previous: Mapping[str, str] | None = None,
) -> Segmentation:
    """Find the segments of the workloads of a cluster.

    Args:
        edges: Edges of whatever verdict; accepted ones between known ends count.
        inventory: The workloads.
        settings: Thresholds.
        previous: Name of the segment of each workload in an earlier run.
    """
    return segment_tables(edge_table(edges), workload_table(inventory), settings, previous=previous)


def segment_tables(
    edges: pd.DataFrame,
    workloads: pd.DataFrame,
    settings: SegmentSettings | None = None,
    *,
    previous: Mapping[str, str] | None = None,
) -> Segmentation:
    """Find the segments of the workloads of a table.

    Args:
        edges: See :func:`recommender.segments.tables.table`.
        workloads: As well.
        settings: Thresholds.
        previous: Name of the segment of each workload in an earlier run.

    Raises:
        InputError: A column is missing or a value cannot be used.
    """
    chosen = settings or SegmentSettings()
    arrays = table(edges, workloads, chosen)
    with one_thread():
        found = partition(arrays.traffic, chosen)
        return _segmentation(arrays, found, chosen, previous)


def _segmentation(
    arrays: Table,
    found: Partition,
    settings: SegmentSettings,
    previous: Mapping[str, str] | None,
) -> Segmentation:
    traffic = arrays.traffic
    assured = assure(traffic, found, settings)
    labels, sure = assured.labels, assured.stability
    names = segment_names(arrays, labels, previous)
    segments = describe(arrays, labels, names, stability=sure, hubs=found.hubs, settings=settings)
    exact = unstable(labels, sure, settings)
    candidates = [
        Candidate(
            one.recipe.name,
            int(one.labels.max(initial=-1)) + 1,
            one.blocks,
            one.pairs,
            chosen=one is assured.attempt,
        )
        for one in sorted(found.attempts, key=lambda one: one.order)
    ]
    return Segmentation(
        segments=tuple(sorted(segments, key=lambda segment: segment.name)),
        admission=admit(arrays, labels, segments, settings, exact),
        window_days=traffic.window,
        candidates=tuple(candidates),
        texts=dict(zip(arrays.entities, arrays.texts, strict=True)),
    )
