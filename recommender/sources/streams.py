"""Bytes of a log, wherever it lies and whatever it is packed in."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from recommender.model.errors import InputError, PartialInputError
from recommender.sources.remote import is_remote, read_object
from recommender.sources.texts import PlainFile
from recommender.sources.unpacking import GZIP, ZSTD, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.sources.discovery import InputFile

_CHUNK: Final = 1 << 20


def read_bytes(item: InputFile, content: bytes | None = None) -> Iterator[bytes]:
    """The unpacked content of one input in chunks of about 1 MiB.

    Plain text, gzip (several members too) and zstd are told apart by their first bytes.

    Args:
        item: The input.
        content: Its bytes, where they are at hand.

    Raises:
        InputError: The named file cannot be opened.
        BombError: The archive unpacks to more than 200 times its size.
        PartialInputError: The archive or object ends early or is corrupt, or cannot be opened
            though it may hold a part of the log; raised after everything that could be unpacked
            has been handed on.
    """
    try:
        if content is not None:
            yield from unpack(item.name, _chunks(io.BytesIO(content)))
        elif not item.path:
            yield from unpack(item.name, _chunks(_standard_input()))
        elif is_remote(item.path):
            yield from unpack(item.name, read_object(item))
        else:
            with Path(item.path).open("rb") as file:
                yield from unpack(item.name, _chunks(file))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        kind = InputError if item.named else PartialInputError
        raise kind(message, where=item.name, hint="check the file's permissions") from error


def spooled(item: InputFile, chunks: Iterable[bytes]) -> IO[bytes]:
    """The content of an input as a file that can be read from any place and has no name.

    Args:
        item: The input, for errors.
        chunks: Its unpacked content.

    Raises:
        InputError: There is no room for it.
        PartialInputError: As the chunks raise it.
    """
    file = tempfile.TemporaryFile(prefix="recommender-")  # noqa: SIM115 - handed on
    try:
        file.writelines(chunks)
        file.seek(0)
    except OSError as error:
        file.close()
        message = f"no room to unpack it in {tempfile.gettempdir()}: {error.strerror or error}"
        raise InputError(message, where=item.name, hint="set TMPDIR to a larger folder") from error
    except BaseException:
        file.close()
        raise
    return file


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
    packed = file.read_at(0, len(ZSTD)).startswith((GZIP, ZSTD))
    return None if packed else file
