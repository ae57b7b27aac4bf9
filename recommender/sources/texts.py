"""Where the text of a block lies: in memory, or still in its file."""

from __future__ import annotations

import io
import os
from typing import Protocol


class Text(Protocol):
    """Some bytes that can be read from any place."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on; fewer at the end."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from an offset on; how many there were."""
        ...

    def part(self, begin: int, end: int) -> Text:
        """The text between two offsets, without a copy."""
        ...


class MemoryText:
    """Text that is in memory."""

    def __init__(self, data: bytearray | memoryview) -> None:
        """Keep the data, without a copy."""
        self._view = memoryview(data)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._view)

    def read(self, offset: int, size: int) -> bytes:
        """At most so many bytes from an offset on."""
        return bytes(self._view[offset : offset + size])

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from an offset on; how many there were."""
        piece = self._view[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def part(self, begin: int, end: int) -> MemoryText:
        """The text between two offsets."""
        return MemoryText(self._view[begin:end])


class PlainFile:
    """An open file that several parts share; it closes when the last of them is gone."""

    def __init__(self, path: str) -> None:
        """Open the file and stand at its beginning.

        Raises:
            OSError: It cannot be opened.
        """
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self._position = 0

    def __del__(self) -> None:
        """Close the file."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    @property
    def size(self) -> int:
        """How many bytes it has by now."""
        return os.fstat(self._descriptor).st_size

    def seek(self, offset: int) -> None:
        """Go to an offset."""
        self._position = offset

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end."""
        piece = self.read_at(self._position, size)
        self._position += len(piece)
        return piece

    def read_at(self, offset: int, size: int) -> bytes:
        """Bytes from an offset on, wherever the file stands; safe in several threads."""
        return os.pread(self._descriptor, size, offset)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from an offset on; safe in several threads."""
        return os.preadv(self._descriptor, [buffer], offset)


class FileText:
    """A part of a plain file, which the system's own cache holds better than a copy would."""

    def __init__(self, file: PlainFile, begin: int, end: int) -> None:
        """Remember the part.

        Args:
            file: The file; several parts share it.
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
        return self._file.read_at(begin, max(0, min(size, self._end - begin)))

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from an offset on; how many there were."""
        begin = self._begin + offset
        most = max(0, min(len(buffer), self._end - begin))
        return self._file.read_into(begin, buffer[:most]) if most else 0

    def part(self, begin: int, end: int) -> FileText:
        """The text between two offsets."""
        return FileText(self._file, self._begin + begin, min(self._begin + end, self._end))


class TextFile(io.RawIOBase):
    """A text as a file object that is read from the beginning on."""

    def __init__(self, text: Text, piece: int | None = None) -> None:
        """Stand at the beginning.

        Args:
            text: The text.
            piece: Most bytes that one read gives; as many as are asked for where not given.
        """
        super().__init__()
        self._text = text
        self._piece = text.size if piece is None else piece
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
        """The next bytes: at most so many, and at most a piece; none at the end."""
        most = self._piece if size < 0 else min(size, self._piece)
        piece = self._text.read(self._position, most)
        self._position += len(piece)
        return piece
