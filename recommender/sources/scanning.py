"""Plain files, cut into blocks of whole lines whose text stays in the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from recommender.sources.blocks import MAX_LINE, Block, is_utf8
from recommender.sources.cutting import cut_blocks
from recommender.sources.texts import FileText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.sources.texts import PlainFile

#: Text of a block that stays in its file until it is parsed.
FILE_BLOCK_BYTES: Final = 64 << 20

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
    file.seek(begin)
    while piece := file.read(_READ):
        scan.add(piece)
        if scan.quiet > _MOST_QUIET:
            # Perhaps an endless line: from here on nothing but whole lines is kept.
            file.seek(scan.begin)
            rest = iter(partial(file.read, _READ), b"")
            yield from cut_blocks(name, rest, scan.first_line)
            return
        if scan.line_end - scan.begin >= FILE_BLOCK_BYTES:
            yield scan.block(name, file)
    if scan.end > scan.begin:
        yield scan.block(name, file, last=True)


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
            self.lines += piece.count(b"\n")
        self.quiet = 0 if newline else self.quiet + 1
        self.ascii = self.ascii and piece.isascii()
        self.end += len(piece)

    def block(self, name: str, file: PlainFile, *, last: bool = False) -> Block:
        end = self.end if last else self.line_end
        text = FileText(file, self.begin, end)
        lines = self.lines + (last and self.line_end < end)
        sound = self.ascii or is_utf8(text.read(0, text.size))
        block = Block(name, text, self.first_line, lines, sound)
        self.begin, self.first_line, self.lines = end, self.first_line + lines, 0
        rest = FileText(file, end, self.end)
        self.ascii = self.ascii or rest.read(0, rest.size).isascii()
        return block
