"""Every line of a block by itself: which may be a record, and which are quarantined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.text import clean
from recommender.sources.blocks import EXCERPT, NOT_UTF8, OVERSIZED
from recommender.sources.lines import MAX_LINE, is_utf8

if TYPE_CHECKING:
    from recommender.sources.blocks import Block

# DuckDB scans record batches in parallel; its vectors hold 2,048 rows.
_BATCH_ROWS: Final = 2048
_SLICE: Final = 1 << 18


def examine(block: Block) -> tuple[pa.Table, list[Quarantined]]:
    """Look at every line.

    Returns:
        An Arrow table with the columns ``line`` (int64, from 1) and ``text`` (string) of the
        lines that may be records, and the quarantined ones with the reason. Blank lines are
        in neither.
    """
    data = bytearray(block.text.read(0, block.text.size))
    if not data.endswith(b"\n"):
        data += b"\n"
    offsets = _line_offsets(data)
    numbers = np.arange(block.first_line, block.first_line + len(offsets) - 1, dtype=np.int64)
    blank, large, broken = _unfit(data, offsets)
    quarantined = [
        *block.early,
        *(_quarantined(block, OVERSIZED, data, offsets, i) for i in large),
        *(_quarantined(block, NOT_UTF8, data, offsets, i) for i in np.setdiff1d(broken, large)),
    ]
    unfit = np.concatenate((blank, large, broken))
    return _table(data, offsets, numbers, unfit), quarantined


def _quarantined(
    block: Block, reason: str, data: bytearray, offsets: np.ndarray, i: int
) -> Quarantined:
    start = data[offsets[i] : min(offsets[i] + EXCERPT, offsets[i + 1])]
    excerpt = clean(start.decode("utf-8", "replace").strip(), limit=EXCERPT)
    return Quarantined(Record(block.name, block.first_line + int(i)), reason, excerpt)


def _line_offsets(data: bytearray) -> np.ndarray:
    """Where every line begins, and where the last one ends; the data ends in a newline."""
    view = np.frombuffer(data, dtype=np.uint8)
    # Slices that fit the processor's cache; a mask over the whole block would not.
    ends = [
        np.flatnonzero(view[start : start + _SLICE] == ord("\n")) + (start + 1)
        for start in range(0, len(view), _SLICE)
    ]
    return np.concatenate([np.zeros(1, dtype=np.int64), *ends]).astype(np.int32)


def _unfit(data: bytearray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of blank, of oversized and of undecodable lines."""
    lengths = np.diff(offsets) - 1
    large = np.flatnonzero(lengths > MAX_LINE)
    return _blank(data, offsets), large, _broken_utf8(data, offsets)


def _blank(data: bytearray, offsets: np.ndarray) -> np.ndarray:
    view, starts = np.frombuffer(data, dtype=np.uint8), offsets[:-1]
    # Only a line that begins with a space, or with its own end, can be blank.
    if not (view[starts] <= ord(" ")).any():
        return np.empty(0, dtype=np.int64)
    ink = (view > ord(" ")) | (view < ord("\t"))
    return np.flatnonzero(~np.logical_or.reduceat(ink, starts))


def _broken_utf8(data: bytearray, offsets: np.ndarray) -> np.ndarray:
    if data.isascii():
        return np.empty(0, dtype=np.int64)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return np.fromiter(
            (i for i in range(len(offsets) - 1) if not is_utf8(data[offsets[i] : offsets[i + 1]])),
            dtype=np.int64,
        )
    return np.empty(0, dtype=np.int64)


def _table(
    data: bytearray, offsets: np.ndarray, numbers: np.ndarray, unfit: np.ndarray
) -> pa.Table:
    buffer = pa.py_buffer(data)
    # Undecodable text must never reach the engine: it becomes null before the cut.
    valid = np.ones(len(numbers), dtype=bool)
    valid[unfit] = False
    bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    text = pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), buffer, bitmap)
    table = pa.table({"line": pa.array(numbers), "text": text})
    if len(unfit):
        table = table.filter(pa.array(valid))
    batches = table.combine_chunks().to_batches(max_chunksize=_BATCH_ROWS)
    return pa.Table.from_batches(batches, schema=table.schema)
