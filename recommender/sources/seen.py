"""Text that is looked at while it is read, so that nobody reads it twice."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Final

from recommender.sources.lines import MAX_LINE, NEWLINE

if TYPE_CHECKING:
    from recommender.sources.texts import Text

# Bytes that are looked at at a time: what fits the processor's cache, and less than a long line.
_LOOKED_AT: Final = 1 << 20


class SeenText:
    """A text of which is known, once it was read through, whether its lines can be taken at once.

    It may be read in any way. Only what is read in order, or again, is looked at; where something
    was passed over, nothing is said.
    """

    def __init__(self, text: Text) -> None:
        """Have seen nothing yet."""
        self._text = text
        self._seen = 0
        self._newlines = 0
        self._line_begin = 0
        self._sound = True
        self._decoder = getincrementaldecoder("utf-8")()

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._text.size

    @property
    def sound_lines(self) -> int | None:
        """How many lines there are; None where any is no text or too long, or not all was seen."""
        cut = self._decoder.getstate()[0]
        if self._seen < self.size or not self._sound or cut:
            return None
        return self._newlines + (self._line_begin < self.size)

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on; fewer at the end."""
        data = self._text.read(offset, size)
        self._look(offset, memoryview(data))
        return data

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from an offset on; how many there were."""
        filled = self._text.read_into(offset, buffer)
        self._look(offset, buffer[:filled])
        return filled

    def part(self, begin: int, end: int) -> Text:
        """The text between two offsets, without a copy; nobody looks at it."""
        return self._text.part(begin, end)

    def _look(self, offset: int, data: memoryview) -> None:
        begin = self._seen - offset
        if begin >= 0:
            for at in range(begin, len(data), _LOOKED_AT):
                self._look_at(data[at : at + _LOOKED_AT])

    def _look_at(self, piece: memoryview) -> None:
        import numpy as np  # what does not read needs none

        values = np.frombuffer(piece, np.uint8)
        ends = values == NEWLINE
        count = int(np.count_nonzero(ends))
        # No line begins and ends within a piece and is too long.
        first = self._seen + (int(ends.argmax()) if count else len(piece))
        self._sound = self._sound and first - self._line_begin <= MAX_LINE
        self._sound = self._sound and self._is_text(piece, ascii_only=int(values.max()) < 1 << 7)
        self._seen += len(piece)
        if count:
            self._newlines += count
            self._line_begin = self._seen - int(ends[::-1].argmax())

    def _is_text(self, piece: memoryview, *, ascii_only: bool) -> bool:
        if ascii_only and not self._decoder.getstate()[0]:
            return True
        try:
            self._decoder.decode(piece)
        except UnicodeDecodeError:
            return False
        return True
