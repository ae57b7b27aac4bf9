"""Files below one folder, reached without ever following a symbolic link.

A folder is held open by its descriptor and each step down is taken from there, so that a link
put in place between a check and a write leads nowhere either.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from recommender.model.errors import OutputError
from recommender.model.text import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE_MODE: Final = 0o640
FOLDER_MODE: Final = 0o750

_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_root(folder: Path) -> Iterator[int]:
    """A descriptor of the folder, which is made with its parents where it does not exist."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    # The user may name a link to a folder; below it none is followed.
    root = os.open(folder, _FOLDER_FLAGS)
    try:
        yield root
    finally:
        os.close(root)


@contextmanager
def _open_folder(root: int, parts: Sequence[str], *, create: bool = False) -> Iterator[int]:
    current = os.dup(root)
    try:
        for part in parts:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, FOLDER_MODE, dir_fd=current)
            deeper = os.open(part, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=current)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def _split(path: str) -> tuple[list[str], str]:
    *folders, name = path.split("/")
    return folders, name


def staged_name(name: str) -> str:
    """The name that a file has beside its place until it is whole."""
    return f".recommender-{short_hash(name)}.tmp"


def read_bytes(root: int, path: str) -> bytes | None:
    """The content of a regular file; None where nothing is there.

    Raises:
        OutputError: A folder, a link or a device is there, or a link stands on the way.
    """
    folders, name = _split(path)
    try:
        with _open_folder(root, folders) as parent:
            if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                raise OutputError("not a regular file", where=path, hint="move it away")
            with os.fdopen(os.open(name, _READ_FLAGS, dir_fd=parent), "rb") as file:
                return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
        message = "a symbolic link or a file stands where a folder is needed"
        raise OutputError(message, where=path, hint="move it away") from error


def stage(root: int, path: str, content: bytes) -> None:
    """Write the content beside its place, under a name of ours, down to the disk."""
    folders, name = _split(path)
    with _open_folder(root, folders, create=True) as parent:
        staged = staged_name(name)
        with suppress(FileNotFoundError):
            os.unlink(staged, dir_fd=parent)  # a run that was killed left it
        with os.fdopen(os.open(staged, _NEW_FLAGS, FILE_MODE, dir_fd=parent), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def unstage(root: int, path: str) -> None:
    """Take back a staged file, if it is there."""
    folders, name = _split(path)
    with suppress(OSError), _open_folder(root, folders) as parent:
        os.unlink(staged_name(name), dir_fd=parent)


def unveil(root: int, path: str) -> None:
    """Give a staged file its name, replacing what has it."""
    folders, name = _split(path)
    with _open_folder(root, folders) as parent:
        os.rename(staged_name(name), name, src_dir_fd=parent, dst_dir_fd=parent)


def sync(root: int, folder: str) -> None:
    """Make the names in a folder last; ``""`` is the root."""
    with _open_folder(root, folder.split("/") if folder else []) as opened:
        os.fsync(opened)


def remove_file(root: int, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    folders, name = _split(path)
    with _open_folder(root, folders) as parent:
        os.unlink(name, dir_fd=parent)
    while folders:
        *folders, last = folders
        with _open_folder(root, folders) as parent:
            try:
                os.rmdir(last, dir_fd=parent)
            except OSError:
                return
