"""Bytes of a log, whatever it is packed in, guarded against bombs and broken archives."""

from __future__ import annotations

import os
import sys
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from recommender.model.errors import BombError, InputError, PartialInputError
from recommender.sources.remote import is_remote, read_object
from recommender.sources.texts import PlainFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.sources.discovery import InputFile

_CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_GZIP_WINDOW: Final = 31

#: An archive is refused when it has unpacked to more than this many bytes ...
BOMB_FLOOR: Final = 64 << 20
#: ... and to more than this many times its packed size. Flow logs pack about 13 to 1.
BOMB_RATIO: Final = 200


class _Guard:
    """Counts packed and unpacked bytes and refuses a decompression bomb."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.packed = 0
        self.unpacked = 0

    def check(self) -> None:
        if self.unpacked > BOMB_FLOOR and self.unpacked > BOMB_RATIO * self.packed:
            message = (
                f"refused: {self.packed:,} packed bytes unpack to more than "
                f"{self.unpacked:,} (a decompression bomb)"
            )
            hint = "unpack it yourself if you trust it"
            raise BombError(message, where=self._name, hint=hint)


def read_bytes(item: InputFile) -> Iterator[bytes]:
    """The unpacked content of one input in chunks of about 1 MiB.

    Plain text, gzip (several members too) and zstd are told apart by their first bytes.

    Raises:
        InputError: The file or object cannot be opened.
        BombError: The archive unpacks to more than 200 times its size.
        PartialInputError: The archive or object ends early or is corrupt; raised after everything
            that could be unpacked has been handed on.
    """
    try:
        if not item.path:
            yield from _unpack(item.name, _chunks(_standard_input()))
        elif is_remote(item.path):
            yield from _unpack(item.name, read_object(item))
        else:
            with Path(item.path).open("rb") as file:
                yield from _unpack(item.name, _chunks(file))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InputError(message, where=item.name, hint="check the file's permissions") from error


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(partial(file.read, _CHUNK), b"")


def _standard_input() -> BinaryIO:
    """Standard input by a reader of its own.

    Python ends a process badly while another thread waits for input through its own reader.
    """
    try:
        return open(sys.stdin.fileno(), "rb", buffering=_CHUNK, closefd=False)
    except (OSError, ValueError):  # somebody put another stream in its place
        return sys.stdin.buffer


def open_plain(item: InputFile) -> PlainFile | None:
    """The open file where an input is a plain one that can be read from any place, else None."""
    if not item.path or not hasattr(os, "pread") or not Path(item.path).is_file():
        return None
    file = PlainFile(item.path)
    packed = file.read_at(0, len(_ZSTD)).startswith((_GZIP, _ZSTD))
    return None if packed else file


def _unpack(name: str, packed: Iterator[bytes]) -> Iterator[bytes]:
    head = next(packed, b"")
    if head.startswith(_GZIP):
        yield from _gunzip(name, head, packed)
    elif head.startswith(_ZSTD):
        yield from _unzstd(name, head, packed)
    else:
        while head:
            yield head
            head = next(packed, b"")


def _gunzip(name: str, head: bytes, packed: Iterator[bytes]) -> Iterator[bytes]:
    guard = _Guard(name)
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

    guard = _Guard(name)
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
