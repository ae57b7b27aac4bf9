"""Lines of a log in blocks that DuckDB scans, with their numbers and what was quarantined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from recommender.model.accounting import Quarantined
    from recommender.sources.texts import Text

#: Longest line that is read; a longer one is quarantined.
MAX_LINE: Final = 4 << 20
#: Most text that is looked at line by line at a time, in memory.
PIECE_BYTES: Final = 64 << 20
_NEWLINE: Final = ord("\n")
# Bytes that are compared at a time: more take memory that the system has to clear first.
_COUNTED: Final = 1 << 20
_LEAST_PIECE: Final = 4 << 20
#: Characters of a quarantined line that are kept.
EXCERPT: Final = 120

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
        early: Lines before it that were too long to be held.
    """

    name: str
    text: Text
    first_line: int
    lines: int
    sound: bool
    early: list[Quarantined] = field(default_factory=list)

    def examine(self) -> tuple[pa.Table, list[Quarantined]]:
        """Look at every line; see :func:`recommender.sources.examining.examine`."""
        from recommender.sources.examining import examine  # a sound log never gets here

        return examine(self)

    @property
    def is_large(self) -> bool:
        """Whether it is too large to be looked at line by line as a whole."""
        return self.text.size > PIECE_BYTES

    @property
    def is_small(self) -> bool:
        """Whether cutting it any further would not help."""
        return self.text.size <= _LEAST_PIECE or self.lines <= 1

    def pieces(self) -> Iterator[Block]:
        """The block in pieces of whole lines: each a fourth of it, or what fits in memory."""
        begin, line = 0, self.first_line
        most = min(PIECE_BYTES, max(1, self.text.size // 4))
        while begin < self.text.size:
            size, data = most, self.text.read(begin, most)
            while begin + size < self.text.size and b"\n" not in data:
                size *= 2
                data = self.text.read(begin, size)
            if begin + len(data) < self.text.size:
                data = data[: data.rindex(b"\n") + 1]
            end = begin + len(data)
            lines = count_lines(data) + (not data.endswith(b"\n"))
            sound = self.sound or is_sound(data)
            early = [] if begin else self.early
            yield Block(self.name, self.text.part(begin, end), line, lines, sound, early)
            begin, line = end, line + lines


def count_lines(data: bytes | bytearray) -> int:
    """How many newlines some text has."""
    import numpy as np  # what does not read needs none

    return sum(
        int(np.count_nonzero(np.frombuffer(data, np.uint8, size, begin) == _NEWLINE))
        for begin in range(0, len(data), _COUNTED)
        if (size := min(_COUNTED, len(data) - begin))
    )


def is_utf8(line: bytes | bytearray) -> bool:
    """Whether some bytes are text."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_sound(data: bytes | bytearray) -> bool:
    """Whether every line is valid text of acceptable length."""
    return not _has_long_line(data) and (data.isascii() or is_utf8(data))


def _has_long_line(data: bytes | bytearray) -> bool:
    """Whether a line is longer than the limit; such a line covers a multiple of the limit."""
    for position in range(0, len(data), MAX_LINE):
        begin = data.rfind(b"\n", 0, position) + 1
        if data.find(b"\n", position) - begin > MAX_LINE:
            return True
    return False
