"""Canonical flows as a frame, for people who want to look at single records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from recommender.sources.canonical import NO_RECORD
from recommender.sources.cutting import cut_block
from recommender.sources.discovery import find_inputs
from recommender.sources.endpoint import EndClass
from recommender.sources.engine import open_engine
from recommender.sources.formats import decode, format_of
from recommender.sources.options import AS_FOUND
from recommender.sources.reader import FileEnd, read_parts

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    import duckdb

    from recommender.sources.blocks import Block
    from recommender.sources.layout import Layout
    from recommender.sources.options import ReadOptions

_COLUMNS: Final = (
    "start",
    "src_ip",
    "dst_ip",
    "src_port",
    "dst_port",
    "protocol",
    "verdict",
    "aside",
    "reply",
    "observer",
    "direction",
    "count",
    "bytes",
    "line",
)
_IDENTITY: Final = ("class", "namespace", "pod", "workload_kind", "workload", "labels")


def read_flows(
    paths: Iterable[str | os.PathLike[str]],
    *,
    limit: int | None = None,
    options: ReadOptions = AS_FOUND,
) -> pd.DataFrame:
    """Read logs into canonical flows, one row a record that is a flow.

    Args:
        paths: Files, folders, globs, or ``-``.
        limit: Most rows to return, None for all; reading stops once they are there.
        options: What the user said about the logs.

    Returns:
        A frame with the columns of :mod:`recommender.sources.canonical` that a person reads
        (``start`` in UTC), ``file``, and for each end ``src_``/``dst_`` with ``class``,
        ``namespace``, ``pod``, ``workload_kind``, ``workload`` and ``labels`` (a dict).

    Raises:
        InputError: An input cannot be used.
        PartialInputError: A file ends early or is corrupt.
    """
    frames: list[pd.DataFrame] = []
    wanted = limit
    with open_engine() as connection:
        for name, layout, block in _blocks(paths, options):
            frame = _block(connection, layout, block, wanted)
            frame["file"] = name
            frames.append(frame)
            if wanted is not None:
                wanted -= len(frame)
                if wanted <= 0:
                    break
    if not frames:
        return pd.DataFrame(columns=[*_COLUMNS, *_ends("src"), *_ends("dst"), "file"])
    return pd.concat(frames, ignore_index=True)


def _blocks(
    paths: Iterable[str | os.PathLike[str]], options: ReadOptions
) -> Iterator[tuple[str, Layout, Block]]:
    """Blocks that fit in memory, whose lines are numbered as in their files."""
    lines = 0
    for part in read_parts(find_inputs(paths), options):
        if isinstance(part.part, FileEnd):
            lines = 0
            if part.part.problem is not None:
                raise part.part.problem
        elif part.part.lines is not None:
            yield part.file.name, part.layout, part.part
        else:
            for block in cut_block(replace(part.part, first_line=lines + 1)):
                yield part.file.name, part.layout, block
                lines = block.first_line - 1 + (block.lines or 0)


def _ends(side: str) -> list[str]:
    return [f"{side}_{name}" for name in _IDENTITY]


def _block(
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    block: Block,
    limit: int | None,
) -> pd.DataFrame:
    table, _ = block.examine()
    connection.register("lines", table)
    canonical = format_of(layout).lines_sql(layout, "lines")
    columns = ", ".join(_COLUMNS)
    query = f"""
        SELECT {columns}, coalesce(src, '') AS src, coalesce(dst, '') AS dst
        FROM ({canonical})
        WHERE malformed IS NULL AND aside IS DISTINCT FROM '{NO_RECORD}' ORDER BY line LIMIT ?
    """
    frame = connection.execute(query, [2**62 if limit is None else limit]).df()
    frame["start"] = frame["start"].dt.tz_localize("UTC")
    for side in ("src", "dst"):
        texts = frame.pop(side)
        known: dict[str, dict[str, Any]] = {text: _identity(text) for text in texts.unique()}
        for name in _IDENTITY:
            frame[f"{side}_{name}"] = texts.map({text: known[text][name] for text in known})
    return frame


def _identity(text: str) -> dict[str, Any]:
    end = decode(text)
    return {
        "class": EndClass(end.kind).name.lower(),
        "namespace": end.namespace,
        "pod": end.pod,
        "workload_kind": end.workload_kind,
        "workload": end.workload,
        "labels": dict(end.labels),
    }
