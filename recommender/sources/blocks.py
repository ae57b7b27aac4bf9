"""Lines of a log in blocks that DuckDB scans, with their numbers and what was quarantined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.errors import PartialInputError
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Longest line that is read; a longer one is quarantined.
MAX_LINE: Final = 4 << 20
#: Text of a block; a few of them are in memory at a time.
BLOCK_BYTES: Final = 16 << 20
# DuckDB scans record batches in parallel; its vectors hold 2,048 rows.
_BATCH_ROWS: Final = 2048
_EXCERPT: Final = 120

OVERSIZED: Final = "oversized"
NOT_UTF8: Final = "not-utf8"


@dataclass(slots=True)
class Block:
    """Some consecutive lines of one file.

    Attributes:
        table: Arrow table with the columns ``line`` (int64, from 1) and ``text`` (string);
            blank and quarantined lines are not in it.
        size: Bytes of text.
        quarantined: Lines that cannot be text of a record, with the reason.
    """

    table: pa.Table
    size: int
    quarantined: list[Quarantined] = field(default_factory=list)


class _Cutter:
    """Cuts a stream of bytes into blocks of whole lines, never holding an endless one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = b""
        self._next_line = 1
        self._skipping = False
        self._early: list[Quarantined] = []

    def feed(self, chunk: bytes) -> Block | None:
        """A block of the whole lines so far, or None while there is none."""
        data = self._rest + chunk
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        block = self._cut(data[:end]) if end else None
        if len(self._rest) > MAX_LINE:
            if not self._skipping:
                self._oversized(self._rest)
            self._skipping, self._rest = True, b""
        return block

    def finish(self) -> Block | None:
        """The last line, when it has no newline."""
        return self._cut(self._rest + b"\n") if self._rest or self._early else None

    def _oversized(self, start: bytes) -> None:
        excerpt = clean(start[:_EXCERPT].decode("utf-8", "replace"), limit=_EXCERPT)
        record = Record(self._name, self._next_line)
        self._early.append(Quarantined(record, OVERSIZED, excerpt))

    def _cut(self, data: bytes) -> Block:
        if self._skipping:
            # The rest of a line that was already quarantined.
            data = data[data.index(b"\n") + 1 :]
            self._next_line += 1
            self._skipping = False
        quarantined, self._early = self._early, []
        lengths = np.fromiter(map(len, data.split(b"\n")), dtype=np.int64)[:-1]
        offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
        np.cumsum(lengths + 1, out=offsets[1:])
        numbers = np.arange(self._next_line, self._next_line + len(lengths), dtype=np.int64)
        self._next_line += len(lengths)
        unfit = self._unfit(data, offsets, lengths, numbers, quarantined)
        table = _table(data, offsets, numbers, unfit)
        return Block(table, len(data), quarantined)

    def _unfit(
        self,
        data: bytes,
        offsets: np.ndarray,
        lengths: np.ndarray,
        numbers: np.ndarray,
        quarantined: list[Quarantined],
    ) -> np.ndarray:
        """Positions of blank, oversized and undecodable lines; the latter are quarantined."""
        # No record is shorter than this, so only such lines can be blank.
        short = np.flatnonzero(lengths < 8)  # noqa: PLR2004
        blank = [i for i in short if not data[offsets[i] : offsets[i + 1]].strip()]
        large = np.flatnonzero(lengths > MAX_LINE)
        broken = _broken_utf8(data, offsets)
        for reason, positions in ((OVERSIZED, large), (NOT_UTF8, broken)):
            for i in positions:
                if reason == NOT_UTF8 and lengths[i] > MAX_LINE:
                    continue
                start = data[offsets[i] : min(offsets[i] + _EXCERPT, offsets[i + 1])]
                excerpt = clean(start.decode("utf-8", "replace").strip(), limit=_EXCERPT)
                record = Record(self._name, int(numbers[i]))
                quarantined.append(Quarantined(record, reason, excerpt))
        return np.unique(np.concatenate((np.array(blank, dtype=np.int64), large, broken)))


def _broken_utf8(data: bytes, offsets: np.ndarray) -> np.ndarray:
    if data.isascii():
        return np.empty(0, dtype=np.int64)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return np.fromiter(
            (i for i in range(len(offsets) - 1) if not _is_utf8(data[offsets[i] : offsets[i + 1]])),
            dtype=np.int64,
        )
    return np.empty(0, dtype=np.int64)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _table(data: bytes, offsets: np.ndarray, numbers: np.ndarray, unfit: np.ndarray) -> pa.Table:
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


def cut_blocks(name: str, chunks: Iterable[bytes]) -> Iterator[Block]:
    """Blocks of whole lines of one file.

    Args:
        name: The file as the user named it, for quarantined lines.
        chunks: Its unpacked content.

    Raises:
        PartialInputError: As the chunks raise it, after the last block.
    """
    cutter = _Cutter(name)
    pending: list[bytes] = []
    size = 0
    broken: PartialInputError | None = None
    try:
        for chunk in chunks:
            pending.append(chunk)
            size += len(chunk)
            if size >= BLOCK_BYTES:
                block = cutter.feed(b"".join(pending))
                pending, size = [], 0
                if block is not None:
                    yield block
    except PartialInputError as error:
        broken = error
    for block in (cutter.feed(b"".join(pending)), cutter.finish()):
        if block is not None:
            yield block
    if broken is not None:
        raise broken
