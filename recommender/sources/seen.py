"""Text that is looked at while it is read, so that nobody reads it twice."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Final

from recommender.sources.lines import MAX_LINE, count_lines, has_long_line

if TYPE_CHECKING:
    from recommender.sources.texts import Text

# Bytes of a buffer that are looked at at a time: what fits the processor's cache.
_LOOKED_AT: Final = 1 << 20
# To load numpy takes longer than to count the lines of so little text without it.
_LITTLE: Final = 8 << 20


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
        self._count = count_lines if text.size > _LITTLE else _count_few

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._text.size

    @property
    def sound_lines(self) -> int | None:
        """How many lines there are; None where any is no text or too long, or not all was seen."""
        open_end = self.size - self._line_begin > MAX_LINE or self._decoder.getstate()[0]
        if self._seen < self.size or not self._sound or open_end:
            return None
        return self._newlines + (self._line_begin < self.size)

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on; fewer at the end."""
        data = self._text.read(offset, size)
        self._look(offset, data)
        return data

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from an offset on; how many there were."""
        filled = self._text.read_into(offset, buffer)
        for begin in range(0, filled, _LOOKED_AT):
            self._look(offset + begin, bytes(buffer[begin : min(filled, begin + _LOOKED_AT)]))
        return filled

    def part(self, begin: int, end: int) -> Text:
        """The text between two offsets, without a copy; nobody looks at it."""
        return self._text.part(begin, end)

    def _look(self, offset: int, data: bytes) -> None:
        begin = self._seen - offset
        if 0 <= begin < len(data):
            self._look_at(data[begin:] if begin else data)

    def _look_at(self, data: bytes) -> None:
        first, last = data.find(b"\n"), data.rfind(b"\n")
        # The line that goes on, those that begin and end here, and the one that goes on from here.
        length = self._seen + (len(data) if first < 0 else first) - self._line_begin
        self._sound = self._sound and length <= MAX_LINE and self._is_text(data)
        self._sound = self._sound and (len(data) <= MAX_LINE or not has_long_line(data))
        if last >= 0:
            self._newlines += self._count(data)
            self._line_begin = self._seen + last + 1
        self._seen += len(data)

    def _is_text(self, data: bytes) -> bool:
        if data.isascii() and not self._decoder.getstate()[0]:
            return True
        try:
            self._decoder.decode(data)
        except UnicodeDecodeError:
            return False
        return True


def _count_few(data: bytes) -> int:
    return data.count(b"\n")
