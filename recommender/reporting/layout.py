"""Plain text laid out for a terminal: columns, wrapping and a little colour.

Everything that comes from outside passes through ``recommender.model.text.clean`` on its way in,
so the only escape sequences in the result are the ones made here.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TextIO

from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CODES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_GAP: Final = "  "
_LEAST_WIDTH: Final = 20
_WIDE: Final = frozenset("WF")
_NO_WIDTH: Final = frozenset({"Mn", "Me"})


@dataclass(frozen=True, slots=True)
class Style:
    """Whether to colour; without colour every method hands its text back."""

    colour: bool = False

    def __call__(self, name: str, text: str) -> str:
        """The text in ``bold``, ``dim``, ``red``, ``green`` or ``yellow``."""
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.colour and text else text


def wants_colour(stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a stream is a terminal whose user did not opt out (https://no-color.org)."""
    known = os.environ if environment is None else environment
    return stream.isatty() and not known.get("NO_COLOR") and known.get("TERM") != "dumb"


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes; wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in _NO_WIDTH
        else 1 + (unicodedata.east_asian_width(character) in _WIDE)
        for character in text
    )


def fit(text: str, width: int) -> str:
    """A text cut to at most so many columns; what is cut is marked by an ellipsis."""
    if columns_of(text) <= width:
        return text
    kept = ""
    for character in text:
        if columns_of(kept + character) > width - 1:
            break
        kept += character
    return f"{kept}…"


def pad(text: str, width: int) -> str:
    """A text filled with spaces to so many columns."""
    return text + " " * max(0, width - columns_of(text))


def wrap(text: object, width: int, *, first: str = "", rest: str = "") -> Iterator[str]:
    """Cleaned text in lines of at most ``width`` columns, broken at spaces.

    Args:
        text: What to show.
        width: Columns of the terminal.
        first: What stands before the first line.
        rest: What stands before the others.
    """
    line, start = "", first
    for word in clean(text, limit=1000).split(" "):
        room = max(_LEAST_WIDTH, width - columns_of(start))
        candidate = f"{line} {word}" if line else word
        if line and columns_of(candidate) > room:
            yield f"{start}{line}".rstrip()
            line, start = word, rest
        else:
            line = candidate
    yield f"{start}{line}".rstrip()


def table(rows: Sequence[Sequence[object]], width: int, *, right: frozenset[int]) -> list[str]:
    """Cleaned cells in aligned columns, indented; what does not fit is cut.

    No column but the last takes more than half of the width.

    Args:
        rows: Rows of equally many cells.
        width: Columns of the terminal.
        right: Positions of the columns to align to the right.
    """
    most = max(_LEAST_WIDTH, width // 2)
    cells = [
        [*(fit(clean(cell), most) for cell in head), clean(last, limit=1000)]
        for *head, last in rows
    ]
    widest = [max(map(columns_of, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        parts = [
            cell.rjust(size) if position in right else pad(cell, size)
            for position, (cell, size) in enumerate(zip(row, widest, strict=True))
        ]
        lines.append(fit(_GAP + _GAP.join(parts).rstrip(), max(_LEAST_WIDTH, width)))
    return lines
