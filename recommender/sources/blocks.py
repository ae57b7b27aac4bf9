"""Lines of a log in blocks that DuckDB scans, with their numbers and what was quarantined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

    from recommender.model.accounting import Quarantined
    from recommender.sources.texts import Text

#: Longest line that is read; a longer one is quarantined.
MAX_LINE: Final = 4 << 20
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


def is_utf8(line: bytes | bytearray) -> bool:
    """Whether some bytes are text."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
