"""Streams of bytes, cut into blocks of whole lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.errors import PartialInputError
from recommender.model.text import clean
from recommender.sources.blocks import EXCERPT, OVERSIZED, Block
from recommender.sources.lines import MAX_LINE, count_lines, is_sound
from recommender.sources.texts import MemoryText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Some whole lines, and how many there are.
Lines = tuple[bytes, int]

#: Text of a block of a stream; a few of them are in memory at a time.
BLOCK_BYTES: Final = 40 << 20
_READ: Final = 1 << 20
# A block of counted lines that did not fit is cut in so many.
_PARTS: Final = 4


class _Cutter:
    """Cuts a stream of bytes into blocks of whole lines, never holding an endless one."""

    def __init__(self, name: str, first_line: int, size: int) -> None:
        self._name = name
        self._size = size
        self._data = bytearray()
        self._next_line = first_line
        self._skipping = False
        self._early: list[Quarantined] = []

    def feed(self, chunk: bytes) -> Block | None:
        """Take some more bytes; a block of the whole lines so far once there are enough."""
        self._data += chunk
        return self.cut() if len(self._data) >= self._size else None

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
        excerpt = clean(start[:EXCERPT].decode("utf-8", "replace"), limit=EXCERPT)
        record = Record(self._name, self._next_line)
        self._early.append(Quarantined(record, OVERSIZED, excerpt))

    def _block(self, data: bytearray) -> Block:
        if self._skipping:
            # The rest of a line that was already quarantined.
            del data[: data.index(b"\n") + 1]
            self._next_line += 1
            self._skipping = False
        early, self._early = self._early, []
        first, count = self._next_line, count_lines(data)
        self._next_line += count
        return Block(
            self._name, MemoryText(data), first, count, not early and is_sound(data), early
        )


def cut_block(block: Block) -> Iterator[Block]:
    """A block in smaller ones, whose lines are counted and numbered as in it."""
    text = block.text.part(0, block.text.size)
    chunks = (text.read(offset, _READ) for offset in range(0, text.size, _READ))
    size = BLOCK_BYTES if block.lines is None else max(1, text.size // _PARTS)
    early = block.early
    for part in cut_blocks(block.name, chunks, block.first_line, size):
        yield replace(part, early=early + part.early, sound=part.sound and not early)
        early = []


def cut_blocks(
    name: str, chunks: Iterable[bytes], first_line: int = 1, size: int | None = None
) -> Iterator[Block]:
    """Blocks of whole lines of one file.

    Args:
        name: The file as the user named it, for quarantined lines.
        chunks: Its unpacked content.
        first_line: Number of the line that the content begins with.
        size: Text of each block, where it is not to be that of a stream.

    Raises:
        PartialInputError: As the chunks raise it, after the last block.
    """
    cutter = _Cutter(name, first_line, BLOCK_BYTES if size is None else size)
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


def join_blocks(name: str, pieces: Iterable[Lines]) -> Iterator[Block]:
    """Blocks of lines that were made, so that nobody has to look for their ends.

    Args:
        name: The file as the user named it.
        pieces: Its lines.

    Raises:
        PartialInputError: As the pieces raise it, after the last block.
    """
    data, lines, first = bytearray(), 0, 1
    broken: PartialInputError | None = None
    try:
        for text, count in pieces:
            data += text
            lines += count
            if len(data) >= BLOCK_BYTES:
                yield Block(name, MemoryText(data), first, lines, is_sound(data))
                data, lines, first = bytearray(), 0, first + lines
    except PartialInputError as error:
        broken = error
    if data:
        yield Block(name, MemoryText(data), first, lines, is_sound(data))
    if broken is not None:
        raise broken
