"""Lines of a log in blocks that DuckDB scans, with their numbers and what was quarantined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.errors import PartialInputError
from recommender.model.text import clean
from recommender.sources.texts import FileText, MemoryText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from recommender.sources.texts import PlainFile, Text

#: Longest line that is read; a longer one is quarantined.
MAX_LINE: Final = 4 << 20
#: Text of a block of a stream; a few of them are in memory at a time.
BLOCK_BYTES: Final = 40 << 20
#: Text of a block that stays in its file until it is parsed.
FILE_BLOCK_BYTES: Final = 64 << 20
# DuckDB scans record batches in parallel; its vectors hold 2,048 rows.
_BATCH_ROWS: Final = 2048
_EXCERPT: Final = 120
_SLICE: Final = 1 << 18

OVERSIZED: Final = "oversized"
NOT_UTF8: Final = "not-utf8"


@dataclass(slots=True)
class Block:
    """Some consecutive lines of one file.

    Attributes:
        name: The file as the user named it.
        text: The text; only the last line of a file may lack its newline.
        first_line: Number of the first line, from 1.
        lines: How many lines it has.
        sound: Whether all lines are valid text of acceptable length. If none is blank, then line
            ``n`` of the text is record ``n`` of the block.
    """

    name: str
    text: Text
    first_line: int
    lines: int
    sound: bool
    _early: list[Quarantined] = field(default_factory=list)

    def examine(self) -> tuple[pa.Table, list[Quarantined]]:
        """Look at every line.

        Returns:
            An Arrow table with the columns ``line`` (int64, from 1) and ``text`` (string) of the
            lines that may be records, and the quarantined ones with the reason. Blank lines are
            in neither.
        """
        data = bytearray(self.text.read(0, self.text.size))
        if not data.endswith(b"\n"):
            data += b"\n"
        offsets = _line_offsets(data)
        numbers = np.arange(self.first_line, self.first_line + len(offsets) - 1, dtype=np.int64)
        blank, large, broken = _unfit(data, offsets)
        quarantined = [
            *self._early,
            *(self._quarantined(OVERSIZED, data, offsets, i) for i in large),
            *(self._quarantined(NOT_UTF8, data, offsets, i) for i in np.setdiff1d(broken, large)),
        ]
        unfit = np.concatenate((blank, large, broken))
        return _table(data, offsets, numbers, unfit), quarantined

    def _quarantined(
        self, reason: str, data: bytearray, offsets: np.ndarray, i: int
    ) -> Quarantined:
        start = data[offsets[i] : min(offsets[i] + _EXCERPT, offsets[i + 1])]
        excerpt = clean(start.decode("utf-8", "replace").strip(), limit=_EXCERPT)
        return Quarantined(Record(self.name, self.first_line + int(i)), reason, excerpt)


class _Cutter:
    """Cuts a stream of bytes into blocks of whole lines, never holding an endless one."""

    def __init__(self, name: str, first_line: int = 1) -> None:
        self._name = name
        self._data = bytearray()
        self._next_line = first_line
        self._skipping = False
        self._early: list[Quarantined] = []

    def feed(self, chunk: bytes) -> Block | None:
        """Take some more bytes; a block of the whole lines so far once there are enough."""
        self._data += chunk
        return self.cut() if len(self._data) >= BLOCK_BYTES else None

    def cut(self) -> Block | None:
        """A block of the whole lines so far, or None while there is none."""
        data = self._data
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        block = None
        if end:
            del data[end:]
            block = self._block(data)
        if len(rest) > MAX_LINE:
            if not self._skipping:
                self._oversized(rest)
            self._skipping, rest = True, bytearray()
        self._data = rest
        return block

    def finish(self) -> Block | None:
        """The last line, when it has no newline."""
        if not self._data and not self._early:
            return None
        return self._block(self._data + b"\n")

    def _oversized(self, start: bytearray) -> None:
        excerpt = clean(start[:_EXCERPT].decode("utf-8", "replace"), limit=_EXCERPT)
        record = Record(self._name, self._next_line)
        self._early.append(Quarantined(record, OVERSIZED, excerpt))

    def _block(self, data: bytearray) -> Block:
        if self._skipping:
            # The rest of a line that was already quarantined.
            del data[: data.index(b"\n") + 1]
            self._next_line += 1
            self._skipping = False
        early, self._early = self._early, []
        first, count = self._next_line, _count_lines(data)
        self._next_line += count
        return Block(
            self._name, MemoryText(data), first, count, not early and _is_sound(data), early
        )


def _count_lines(data: bytes | bytearray) -> int:
    view = np.frombuffer(data, dtype=np.uint8)
    return sum(
        int(np.count_nonzero(view[start : start + _SLICE] == ord("\n")))
        for start in range(0, len(view), _SLICE)
    )


def _is_sound(data: bytearray) -> bool:
    """Whether every line is valid text of acceptable length."""
    return not _has_long_line(data) and (data.isascii() or _is_utf8(data))


def _has_long_line(data: bytearray) -> bool:
    """Whether a line is longer than the limit; such a line covers a multiple of the limit."""
    for position in range(0, len(data), MAX_LINE):
        begin = data.rfind(b"\n", 0, position) + 1
        if data.find(b"\n", position) - begin > MAX_LINE:
            return True
    return False


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
            (i for i in range(len(offsets) - 1) if not _is_utf8(data[offsets[i] : offsets[i + 1]])),
            dtype=np.int64,
        )
    return np.empty(0, dtype=np.int64)


def _is_utf8(line: bytes | bytearray) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _table(
    data: bytearray, offsets: np.ndarray, numbers: np.ndarray, unfit: np.ndarray
) -> pa.Table:
    import pyarrow as pa  # a sound log never gets here

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
    broken: PartialInputError | None = None
    try:
        for chunk in chunks:
            block = cutter.feed(chunk)
            if block is not None:
                yield block
    except PartialInputError as error:
        broken = error
    for block in (cutter.cut(), cutter.finish()):
        if block is not None:
            yield block
    if broken is not None:
        raise broken


def cut_file(name: str, file: PlainFile, begin: int) -> Iterator[Block]:
    """Blocks of whole lines of a plain file, which stay in the file until they are parsed.

    Args:
        name: The file as the user named it, for quarantined lines.
        file: The file.
        begin: Where the text begins, behind a byte order mark.
    """
    scan = _Scan(begin)
    file.seek(begin)
    while piece := file.read(_READ):
        scan.add(piece)
        if scan.quiet > _MOST_QUIET:
            # Perhaps an endless line: from here on nothing but whole lines is kept.
            yield from _cut_rest(name, file, scan)
            return
        if scan.line_end - scan.begin >= FILE_BLOCK_BYTES:
            yield scan.block(name, file)
    if scan.end > scan.begin:
        yield scan.block(name, file, last=True)


_READ: Final = 1 << 20
# A line of over 4 MiB covers at least three of the pieces that are read, without a newline.
_MOST_QUIET: Final = MAX_LINE // _READ - 2


@dataclass(slots=True)
class _Scan:
    """What is known of the text since the last block.

    Attributes:
        begin: Where it begins in the file.
        end: Where it ends.
        line_end: Where its last whole line ends.
        first_line: Number of its first line.
        lines: Newlines in it.
        ascii: Whether it is plain ASCII up to here.
        quiet: Pieces since the last one with a newline.
    """

    begin: int
    end: int = 0
    line_end: int = 0
    first_line: int = 1
    lines: int = 0
    ascii: bool = True
    quiet: int = 0

    def __post_init__(self) -> None:
        self.end = self.line_end = self.begin

    def add(self, piece: bytes) -> None:
        newline = piece.rfind(b"\n") + 1
        if newline:
            self.line_end = self.end + newline
            self.lines += _count_lines(piece)
        self.quiet = 0 if newline else self.quiet + 1
        self.ascii = self.ascii and piece.isascii()
        self.end += len(piece)

    def block(self, name: str, file: PlainFile, *, last: bool = False) -> Block:
        end = self.end if last else self.line_end
        text = FileText(file, self.begin, end)
        lines = self.lines + (last and self.line_end < end)
        sound = self.ascii or _is_utf8(text.read(0, text.size))
        block = Block(name, text, self.first_line, lines, sound)
        self.begin, self.first_line, self.lines = end, self.first_line + lines, 0
        rest = FileText(file, end, self.end)
        self.ascii = self.ascii or rest.read(0, rest.size).isascii()
        return block


def _cut_rest(name: str, file: PlainFile, scan: _Scan) -> Iterator[Block]:
    cutter = _Cutter(name, scan.first_line)
    file.seek(scan.begin)
    while chunk := file.read(_READ):
        block = cutter.feed(chunk)
        if block is not None:
            yield block
    for block in (cutter.cut(), cutter.finish()):
        if block is not None:
            yield block
