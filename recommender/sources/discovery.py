"""Which files a user means: files, folders, globs, objects of clouds and standard input."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recommender.model.errors import InputError
from recommender.sources.remote import find_objects, is_remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: How the user names standard input.
STDIN: Final = "-"

# Rotated exporter files are called events.log.1, events-2026-03-02T00-00-00.000.log.gz ...
_LOG_NAME: Final = re.compile(
    r".*\.(log|jsonl?|ndjson|txt|csv|parquet)(\.\d+)?(\.(gz|zst|zstd))?$|.*\.(gz|zst|zstd)$",
    re.IGNORECASE,
)
_LOG_HINT: Final = (
    "logs end in .log, .json, .jsonl, .ndjson, .txt, .csv or .parquet, also with .gz or .zst"
)
_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, order=True)
class InputFile:
    """One file to read.

    Attributes:
        name: The file as the user would name it; it appears in every message and account.
        path: Where it is, also as a URL; empty for standard input.
        named: Whether the user named this very file (then it must be a log), or a folder or
            glob that holds it (then another kind of file is passed over).
        size: Bytes of an object in the store of a cloud; None where that is not known.
    """

    name: str
    path: str
    named: bool
    size: int | None = field(default=None, compare=False)


def find_inputs(paths: Iterable[str | os.PathLike[str]]) -> tuple[InputFile, ...]:
    """Expand what the user named into the files to read, sorted by name, each once.

    Args:
        paths: Files, folders (searched through to the bottom), globs, URLs of objects, prefixes
            or patterns in the store of a cloud, ``-`` for standard input.

    Raises:
        InputError: A path does not exist, or a folder or glob holds nothing that looks like a
            log.
    """
    found: dict[str, InputFile] = {}
    for path in paths:
        for item in _expand(os.fspath(path)):
            key = (
                item.path if is_remote(item.path) else item.path and str(Path(item.path).resolve())
            )
            earlier = found.get(key)
            if earlier is None or (item.named and not earlier.named):
                found[key] = item
    if not found:
        message = "no input was named"
        raise InputError(message, hint="name a flow log, a folder of logs, or - for stdin")
    return tuple(sorted(found.values()))


def _expand(text: str) -> Iterator[InputFile]:
    if text == STDIN:
        yield InputFile("stdin", "", named=True)
        return
    if is_remote(text):
        yield from _in_store(text)
        return
    path = Path(text)
    # The functions of os.path answer for any text, also for one that can be no path at all.
    if os.path.isdir(text):  # noqa: PTH112
        yield from _in_folder(text, path)
    elif os.path.exists(text):  # noqa: PTH110
        yield InputFile(text, text, named=True)
    elif _GLOB.search(text):
        yield from _matching(text)
    else:
        message = "no such file or folder"
        raise InputError(message, where=text, hint="check the path")


def _in_store(url: str) -> Iterator[InputFile]:
    """Objects of a cloud; one the user did not name counts where it is called like a log."""
    passed = False
    for found in find_objects(url):
        if found.named or _LOG_NAME.match(found.url.rpartition("/")[2]):
            passed = True
            yield InputFile(found.url, found.url, named=found.named, size=found.size)
    if not passed:
        message = "nothing here is called like a flow log"
        raise InputError(message, where=url, hint=_LOG_HINT)


def _matching(pattern: str) -> Iterator[InputFile]:
    """What a pattern matches; a folder stands for the logs in it, as a shell would have it."""
    found = False
    for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - may be absolute
        path = Path(match)
        names = _logs_of(path) if path.is_dir() else [path] if path.is_file() else []
        for name in names:
            found = True
            yield InputFile(str(name), str(name), named=False)
    if not found:
        message = "no file matches this pattern"
        raise InputError(message, where=pattern, hint="check the pattern; quote it in a shell")


def _logs_of(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and _LOG_NAME.match(file.name)
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]


def _in_folder(text: str, folder: Path) -> Iterator[InputFile]:
    names = _logs_of(folder)
    if not names:
        message = "the folder holds no flow logs"
        raise InputError(message, where=text, hint=_LOG_HINT)
    yield from (InputFile(str(file), str(file), named=False) for file in names)
