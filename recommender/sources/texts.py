"""Where the text of a block lies: in memory, or still in its file."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import BinaryIO


class Text(Protocol):
    """Some bytes that can be read from any place."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on; fewer at the end."""
        ...


class MemoryText:
    """Text that is in memory."""

    def __init__(self, data: bytearray) -> None:
        """Keep the data, without a copy."""
        self._view = memoryview(data)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._view)

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on."""
        return bytes(self._view[offset : offset + size])


class FileText:
    """A part of a plain file, which the system's own cache holds better than a copy would."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        """Remember the part.

        Args:
            file: The file, open; several parts may share it.
            begin: Offset of the first byte.
            end: Offset behind the last byte.
        """
        self._file = file
        self._begin, self._end = begin, end

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._end - self._begin

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on."""
        begin = self._begin + offset
        return os.pread(self._file.fileno(), max(0, min(size, self._end - begin)), begin)


class TextFile(io.RawIOBase):
    """A text as a file object that is read from the beginning on."""

    def __init__(self, text: Text) -> None:
        """Stand at the beginning."""
        super().__init__()
        self._text = text
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The offset of the next byte to be read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._text.size}
        self._position = start[whence] + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._text.read(self._position, self._text.size if size < 0 else size)
        self._position += len(piece)
        return piece
