"""Lines of a log in blocks that DuckDB scans, with their numbers and what was quarantined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.sources.seen import SeenText

if TYPE_CHECKING:
    import pyarrow as pa

    from recommender.model.accounting import Quarantined
    from recommender.sources.texts import Text

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
        first_line: Number of the first line: in its file, or from 1 where nobody has counted yet.
        lines: How many lines it has; None where nobody has counted yet.
        sound: Whether all lines are valid text of acceptable length; None where nobody has
            looked yet. If none is blank, then line ``n`` of the text is record ``n`` of the block.
        early: Lines before it that were too long to be held.
    """

    name: str
    text: Text
    first_line: int
    lines: int | None
    sound: bool | None
    early: list[Quarantined] = field(default_factory=list)

    def examine(self) -> tuple[pa.Table, list[Quarantined]]:
        """Look at every line; see :func:`recommender.sources.examining.examine`."""
        from recommender.sources.examining import examine  # a sound log never gets here

        return examine(self)

    @property
    def sound_lines(self) -> int | None:
        """How many lines it has, once it was read through; None where any of them is not sound."""
        if self.lines is not None:
            return self.lines if self.sound else None
        return self.text.sound_lines if isinstance(self.text, SeenText) else None

    @property
    def is_small(self) -> bool:
        """Whether cutting it any further would not help."""
        return self.text.size <= _LEAST_PIECE or self.lines == 1
