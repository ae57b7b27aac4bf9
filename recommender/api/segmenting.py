"""Find segments, in logs or in plain tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.api.arguments import (
    Paths,
    Table,
    corrections_of,
    inventory_of,
    several,
)
from recommender.sources.options import AS_FOUND, ReadOptions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import pandas as pd

    from recommender.inventory.types import Inventory
    from recommender.segments.corrections import Corrections
    from recommender.segments.types import Segmentation, SegmentSettings


def segment(
    edges: Table,
    workloads: Table,
    *,
    settings: SegmentSettings | None = None,
    corrections: Corrections | str | os.PathLike[str] | None = None,
    previous: Mapping[str, str] | None = None,
) -> Segmentation:
    """Find segments: workloads that share a policy, and the rules between them.

    Args:
        edges: A frame or a CSV file with the columns ``src``, ``dst``, ``protocol``, ``port``,
            ``flows``, ``days_active``, ``first_day``, ``last_day``.
        workloads: A frame or a CSV file with the columns ``workload``, ``namespace``, ``kind``,
            ``replicas``, ``service_account``, ``image``, ``labels`` (JSON).
        settings: Thresholds of the rules.
        corrections: What a reviewer has settled, or the segments file that says so.
        previous: Name of the segment of each workload in an earlier run; segments that are still
            the same keep their names.

    Raises:
        InputError: A file cannot be read, a column is missing, or a value cannot be used.
    """
    from recommender.segments.reading import read_table
    from recommender.segments.segmenting import segment_tables

    return segment_tables(
        read_table(edges),
        read_table(workloads),
        settings,
        previous=previous,
        corrections=corrections_of(corrections),
    )


def segment_flows(  # noqa: PLR0913 - a caller chooses what the command's options choose
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    settings: SegmentSettings | None = None,
    corrections: Corrections | str | os.PathLike[str] | None = None,
    previous: Mapping[str, str] | None = None,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> Segmentation:
    """Find the segments that flow logs show; see :func:`segment`.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: manifests or kubectl dumps.
        settings: Thresholds of the rules.
        corrections: What a reviewer has settled, or the segments file that says so.
        previous: Name of the segment of each workload in an earlier run.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Raises:
        InputError: An input cannot be used.
    """
    tables = flow_tables(paths, inventory, options=options, progress=progress)
    return segment(*tables, settings=settings, corrections=corrections, previous=previous)


def flow_tables(
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plain tables that segments are found from: accepted edges, and workloads.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: manifests or kubectl dumps.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.inventory.combine import combine
    from recommender.segments.frames import edge_table, workload_table

    known = inventory_of(inventory)
    found = connect(several(paths), inventory=known, options=options, progress=progress)
    return edge_table(found.edges), workload_table(combine(known, found.inventory))


def segment_tradeoff(
    edges: Table,
    workloads: Table,
    *,
    settings: SegmentSettings | None = None,
) -> pd.DataFrame:
    """Rules, pairs never seen and later denials under several thresholds, one row each.

    Args:
        edges: As for :func:`segment`.
        workloads: As well.
        settings: All other thresholds.

    Raises:
        InputError: A file cannot be read, a column is missing, or a value cannot be used.
    """
    from recommender.segments.reading import read_table
    from recommender.segments.tradeoff import as_frame, tradeoff

    return as_frame(tradeoff(read_table(edges), read_table(workloads), settings))
