"""Plain files, cut into blocks of whole lines whose text stays in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.sources.blocks import Block
from recommender.sources.engine import WORKERS
from recommender.sources.seen import SeenText
from recommender.sources.texts import FileText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.sources.texts import PlainFile

#: Most text of a block that stays in its file until it is parsed. What a block costs beside its
#: text is much the same for any size, so that few large ones are cheaper than many small ones.
MOST_BYTES: Final = 512 << 20
#: The same of a cloud's log, whose records are columns in memory until the block is done.
MOST_BYTES_OF_CLOUDS: Final = 256 << 20
#: Least text that is worth a worker of its own.
LEAST_BYTES: Final = 8 << 20
#: Text of the first block, which goes alone: it tells the ends that the others meet again.
FIRST_BYTES: Final = 4 << 20

_READ: Final = 1 << 16


def cut_file(name: str, file: PlainFile, begin: int, *, cloud: bool = False) -> Iterator[Block]:
    """Blocks of whole lines of a plain file, of which nothing but where lines end was looked for.

    They stay in the file until they are parsed, and are counted and looked at then.

    Args:
        name: The file as the user named it, for quarantined lines.
        file: The file.
        begin: Where the text begins, behind a byte order mark.
        cloud: Whether a cloud wrote it.
    """
    size, most = file.size, MOST_BYTES_OF_CLOUDS if cloud else MOST_BYTES
    share, later = FIRST_BYTES, _share_of(size - begin - FIRST_BYTES, most)
    while begin < size:
        end = _line_end(file, begin + share, size)
        yield Block(name, SeenText(FileText(file, begin, end)), 1, None, None)
        begin, share = end, later


def _line_end(file: PlainFile, offset: int, size: int) -> int:
    """Where the line ends that an offset lies in."""
    for begin in range(offset, size, _READ):
        newline = file.read_at(begin, _READ).find(b"\n")
        if newline >= 0:
            return begin + newline + 1
    return size


def _share_of(size: int, most: int) -> int:
    """Text of each block of so much text: as much for every worker, and at most so much."""
    rounds = -(-size // (most * WORKERS))
    return max(LEAST_BYTES, -(-size // (max(1, rounds) * WORKERS)))
