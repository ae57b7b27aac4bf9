"""Files that hold Kubernetes objects: which there are, and what is in them, also if packed."""

from __future__ import annotations

import gzip
import io
import re
import sys
import tarfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

from recommender.model.errors import BombError, InputError, PartialInputError
from recommender.sources.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Most bytes of one file, when it is unpacked.
MAX_BYTES: Final = 1 << 30

_CHUNK: Final = 1 << 20
# What is read out of a folder; a file that is named is read whatever it is called.
_NAME: Final = re.compile(r".*\.(ya?ml|json)$")
_PACKED: Final = re.compile(r"\.(gz|zst|zstd)$")
_ARCHIVE: Final = re.compile(r".*\.(tar(\.(gz|zst|zstd))?|tgz)$")
# Kustomizations, and the report that stands beside this program's own drafts.
_NOT_OBJECTS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "report.json"})
# Where in a tar archive its format is named.
_TAR_PLACE: Final = slice(257, 262)
_TAR: Final = b"ustar"


def files_under(name: str) -> Iterator[str]:
    """The files that a user means: the one that is named, or those of a folder sorted by name.

    Raises:
        InputError: There is no such file or folder.
    """
    path = Path(name)
    if name == "-" or path.is_file():
        yield name
        return
    if not path.is_dir():
        raise InputError("no such file or folder", where=name)
    for file in sorted(path.rglob("*")):
        if _is_read(file.relative_to(path).as_posix(), archives=True) and file.is_file():
            yield str(file)


def contents(file: str) -> Iterator[tuple[str, bytes]]:
    """What is in a file, unpacked: one text with its name, or each file of an archive.

    Args:
        file: The file as the user named it, ``-`` for standard input.

    Raises:
        InputError: It cannot be read, or is cut off.
        BombError: There is more in it than it may hold.
    """
    try:
        if file == "-":
            raw = _unpacked(file, sys.stdin.buffer)
        else:
            with Path(file).open("rb") as stream:
                raw = _unpacked(file, stream)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=file) from None
    except PartialInputError as error:
        raise InputError(error.message, where=file, hint="copy or fetch it again") from None
    if raw[_TAR_PLACE] == _TAR:
        yield from _members(file, raw)
    else:
        yield file, raw


def plain_name(file: str) -> str:
    """What a file is called without the ending of what it is packed with."""
    return _PACKED.sub("", file)


def packed_for(path: str, content: bytes) -> bytes:
    """Content as a file of this name is to hold it: packed if it ends in ``.gz`` or ``.zst``.

    The same content gives the same bytes.
    """
    match _PACKED.search(path):
        case None:
            return content
        case found if found[1] == "gz":
            return gzip.compress(content, mtime=0)
        case _:
            import zstandard  # only who writes zstd pays for it

            return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def _is_read(place: str, *, archives: bool = False) -> bool:
    """Whether a file of a folder is called like one that holds objects."""
    path = PurePosixPath(place)
    hidden = any(part.startswith(".") for part in path.parts)
    name = plain_name(path.name)
    called = _NAME.fullmatch(name) or (archives and _ARCHIVE.fullmatch(path.name))
    return bool(called) and name not in _NOT_OBJECTS and not hidden


def _unpacked(file: str, stream: BinaryIO) -> bytes:
    pieces, size = [], 0
    for piece in unpack(file, iter(partial(stream.read, _CHUNK), b"")):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise BombError("a manifest file of more than 1 GiB is refused", where=file)
    return b"".join(pieces)


def _members(file: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of an archive that are called like those of a folder; nothing is written."""
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for member in sorted(archive.getmembers(), key=lambda member: member.name):
                place = str(PurePosixPath(member.name))
                # A sparse file may claim any size.
                told = member.isreg() and not member.issparse() and not _PACKED.search(place)
                if told and _is_read(place):
                    held = archive.extractfile(member)
                    yield f"{file}/{place}", held.read() if held else b""
    except tarfile.TarError as error:
        hint = "copy or fetch it again"
        raise InputError(f"the archive is corrupt: {error}", where=file, hint=hint) from None
