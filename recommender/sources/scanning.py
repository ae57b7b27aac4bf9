"""Plain files, cut into blocks of whole lines whose text stays in the file."""

from __future__ import annotations

from codecs import getincrementaldecoder
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from recommender.sources.blocks import MAX_LINE, Block, count_lines
from recommender.sources.cutting import cut_blocks
from recommender.sources.engine import WORKERS
from recommender.sources.texts import FileText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.sources.texts import PlainFile

#: Most text of a block that stays in its file until it is parsed. What a block costs beside its
#: text is much the same for any size, so that few large ones are cheaper than many small ones.
MOST_BYTES: Final = 256 << 20
#: Least text that is worth a worker of its own.
LEAST_BYTES: Final = 8 << 20
#: Text of the first block, which goes alone: it tells the ends that the others meet again.
FIRST_BYTES: Final = 4 << 20

_READ: Final = 1 << 20
# A line of over 4 MiB covers at least three of the pieces that are read, without a newline.
_MOST_QUIET: Final = MAX_LINE // _READ - 2


def cut_file(name: str, file: PlainFile, begin: int) -> Iterator[Block]:
    """Blocks of whole lines of a plain file, which stay in the file until they are parsed.

    Args:
        name: The file as the user named it, for quarantined lines.
        file: The file.
        begin: Where the text begins, behind a byte order mark.
    """
    scan = _Scan(begin)
    share = FIRST_BYTES
    file.seek(begin)
    while piece := file.read(_READ):
        scan.add(piece)
        if scan.quiet > _MOST_QUIET:
            # Perhaps an endless line: from here on nothing but whole lines is kept.
            file.seek(scan.begin)
            rest = iter(partial(file.read, _READ), b"")
            yield from cut_blocks(name, rest, scan.first_line)
            return
        if scan.line_end - scan.begin >= share:
            yield scan.block(name, file)
            share = share_of(file.size - begin)
    if scan.end > scan.begin:
        yield scan.block(name, file, last=True)


def share_of(size: int) -> int:
    """Text of each block of a file of this size: as much for every worker."""
    rounds = -(-size // (MOST_BYTES * WORKERS))
    return max(LEAST_BYTES, -(-size // (max(1, rounds) * WORKERS)))


def _is_utf8(text: FileText) -> bool:
    """Whether a text of any size is text."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for offset in range(0, text.size, _READ):
            decoder.decode(text.read(offset, _READ))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


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
            self.lines += count_lines(piece)
        self.quiet = 0 if newline else self.quiet + 1
        self.ascii = self.ascii and piece.isascii()
        self.end += len(piece)

    def block(self, name: str, file: PlainFile, *, last: bool = False) -> Block:
        end = self.end if last else self.line_end
        text = FileText(file, self.begin, end)
        lines = self.lines + (last and self.line_end < end)
        sound = self.ascii or _is_utf8(text)
        block = Block(name, text, self.first_line, lines, sound)
        self.begin, self.first_line, self.lines = end, self.first_line + lines, 0
        rest = FileText(file, end, self.end)
        self.ascii = self.ascii or rest.read(0, rest.size).isascii()
        return block
