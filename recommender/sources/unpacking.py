"""Archives unpacked as a stream, guarded against bombs and broken ends."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from recommender.model.errors import BombError, PartialInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a gzip archive begins with.
GZIP: Final = b"\x1f\x8b"
#: What a zstd archive begins with.
ZSTD: Final = b"\x28\xb5\x2f\xfd"
_CHUNK: Final = 1 << 20
_GZIP_WINDOW: Final = 31

#: An archive is refused when it has unpacked to more than this many bytes ...
BOMB_FLOOR: Final = 64 << 20
#: ... and to more than this many times its packed size. Flow logs pack about 13 to 1.
BOMB_RATIO: Final = 200


class Guard:
    """Counts packed and unpacked bytes and refuses a decompression bomb.

    Attributes:
        packed: Bytes of the archive so far.
        unpacked: Bytes that came out of them.
    """

    def __init__(self, name: str, packed: int = 0) -> None:
        """Begin to count."""
        self._name = name
        self.packed = packed
        self.unpacked = 0

    def check(self) -> None:
        """Hold the counts against each other.

        Raises:
            BombError: Far too much came out.
        """
        if self.unpacked > BOMB_FLOOR and self.unpacked > BOMB_RATIO * self.packed:
            message = (
                f"refused: {self.packed:,} packed bytes unpack to more than "
                f"{self.unpacked:,} (a decompression bomb)"
            )
            hint = "unpack it yourself if you trust it"
            raise BombError(message, where=self._name, hint=hint)


def unpack(name: str, packed: Iterator[bytes]) -> Iterator[bytes]:
    """The content of an archive, or of what is none, in chunks of about 1 MiB.

    Plain text, gzip (several members too) and zstd are told apart by their first bytes.

    Args:
        name: What is read, as the user named it.
        packed: Its bytes.

    Raises:
        BombError: The archive unpacks to more than 200 times its size.
        PartialInputError: The archive ends early or is corrupt; raised after everything that
            could be unpacked has been handed on.
    """
    head = next(packed, b"")
    if head.startswith(GZIP):
        yield from _gunzip(name, head, packed)
    elif head.startswith(ZSTD):
        yield from _unzstd(name, head, packed)
    else:
        while head:
            yield head
            head = next(packed, b"")


def _gunzip(name: str, head: bytes, packed: Iterator[bytes]) -> Iterator[bytes]:
    guard = Guard(name)
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    data = head
    try:
        while data:
            guard.packed += len(data)
            while data:
                if unpacker.eof:
                    data = data.lstrip(b"\0")  # padding between members, as gzip itself allows
                    if not data:
                        break
                    unpacker = zlib.decompressobj(_GZIP_WINDOW)
                before = unpacker.copy()
                try:
                    chunk = unpacker.decompress(data, _CHUNK)
                except zlib.error:
                    yield from _rest_of(before, data)
                    raise
                data = unpacker.unconsumed_tail or unpacker.unused_data
                guard.unpacked += len(chunk)
                guard.check()
                if chunk:
                    yield chunk
            data = next(packed, b"")
    except zlib.error as error:
        raise _partial(name, f"the gzip archive is corrupt: {error}") from error
    rest = b"" if unpacker.eof else unpacker.flush()
    if rest:
        yield rest
    if not unpacker.eof:
        raise _partial(name, "the gzip archive ends early")


def _rest_of(unpacker: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What comes before the broken place: an error takes what was unpacked with it."""
    left = _CHUNK
    for i in range(len(data)):
        try:
            chunk = unpacker.decompress(data[i : i + 1])
        except zlib.error:
            return
        left -= len(chunk)
        if left < 0:
            return
        if chunk:
            yield chunk


def _unzstd(name: str, head: bytes, packed: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard  # only who reads zstd pays for it

    guard = Guard(name)
    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    data = head
    finished = False
    try:
        while data:
            guard.packed += len(data)
            while data:
                # Small pieces keep a bomb from unpacking far before it is counted.
                piece, data = data[:4096], data[4096:]
                if finished:
                    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
                    finished = False
                chunk = unpacker.decompress(piece)
                if unpacker.eof:
                    data = unpacker.unused_data + data
                    finished = True
                guard.unpacked += len(chunk)
                guard.check()
                if chunk:
                    yield chunk
            data = next(packed, b"")
    except zstandard.ZstdError as error:
        raise _partial(name, f"the zstd archive is corrupt: {error}") from error
    if not finished:
        raise _partial(name, "the zstd archive ends early")


def _partial(name: str, message: str) -> PartialInputError:
    hint = "fetch it again, or pass --allow-partial to use what could be read"
    return PartialInputError(message, where=name, hint=hint)
