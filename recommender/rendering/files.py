"""Writing a folder of files: all or nothing, inside the folder, nothing of a person's replaced.

What this tool wrote is listed in the folder's own record, ``.recommender.json``, with a digest
of every file. A file that is not listed, or that was changed since, is a person's: it is neither
replaced nor removed unless asked for.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recommender.model.errors import OutputError
from recommender.model.text import clean
from recommender.rendering.folders import (
    open_root,
    read_bytes,
    remove_file,
    stage,
    sync,
    unstage,
    unveil,
)
from recommender.rendering.ledger import LEDGER, Ledger, check_paths, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LISTED: Final = 3
# Syncs wait for the disk, and a disk takes several at once: seven times as fast as one by one.
_SYNCS: Final = 4
_FORCE_HINT: Final = "give another folder, or --force to replace them"
_FORCE_FILE_HINT: Final = "give another name, or --force to replace it"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the files of a folder; paths are relative to it and sorted.

    Attributes:
        folder: The folder as the user named it.
        written: Files that are new or have new content.
        unchanged: Files that already held what was to be written.
        removed: Files of an earlier run that are no longer made.
        kept: Files of an earlier run that are no longer made, but were changed by a person.
    """

    folder: str
    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def write_tree(
    folder: str | os.PathLike[str],
    files: Mapping[str, str | bytes],
    *,
    force: bool = False,
) -> Written:
    """Make a folder hold these files, and no file of an earlier run besides.

    Everything is checked before anything is written. Files are written under another name,
    synced and renamed, so that a reader finds an old file or a new one and never half of one.
    Text is written as UTF-8; files get mode 0640 and folders 0750, less the umask.

    Args:
        folder: The output folder; made with its parents where it does not exist.
        files: Content by path relative to the folder, with ``/`` between its parts.
        force: Replace files that this tool did not write, or that were changed since.

    Raises:
        OutputError: A path leads out of the folder, a file of a person's is in the way, or the
            file system refuses.
    """
    contents = {
        path: content.encode() if isinstance(content, str) else content
        for path, content in sorted(files.items())
    }
    check_paths(contents)
    try:
        with open_root(Path(folder)) as root:
            return _replace(root, os.fspath(folder), contents, force=force)
    except OSError as error:
        raise _refused(error, os.fspath(folder)) from error


def write_file(
    path: str | os.PathLike[str],
    content: bytes,
    *,
    ours: Callable[[bytes], bool],
    force: bool = False,
) -> None:
    """Write one file: under another name, synced and renamed, with mode 0640 less the umask.

    Args:
        path: Where to; the folder is made with its parents where it does not exist.
        content: What to write.
        ours: Whether a file that is there already is one that this tool wrote, by its content.
        force: Replace any file.

    Raises:
        OutputError: A file of a person's is in the way, or the file system refuses.
    """
    place = Path(path)
    try:
        with open_root(place.parent) as root:
            # Without --force nothing but an older file of ours gives way.
            there = None if force else read_bytes(root, place.name)
            if there is not None and not ours(there):
                message = "a file is there that this tool did not write"
                raise OutputError(message, where=os.fspath(path), hint=_FORCE_FILE_HINT)
            stage(root, place.name, content)
            unveil(root, place.name)
            sync(root, "")
    except OSError as error:
        raise _refused(error, os.fspath(path)) from error


def _refused(error: OSError, place: str) -> OutputError:
    shown = clean(error.filename) if isinstance(error.filename, str) else place
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    hint = "check the folder's permissions and free space"
    return OutputError(f"cannot write: {reason}", where=shown, hint=hint)


def _replace(root: int, folder: str, contents: Mapping[str, bytes], *, force: bool) -> Written:
    ledger = _read_ledger(root, force=force)
    found = {path: _digest_at(root, path) for path in {*contents, *ledger.files}}
    foreign = [
        path
        for path, content in contents.items()
        if (present := found[path]) is not None
        and present != digest(content)
        and not ledger.owns(path, present)
    ]
    if foreign and not force:
        names = ", ".join(foreign[:_LISTED]) + (", ..." if len(foreign) > _LISTED else "")
        message = f"not written by this tool, or changed since: {names} ({len(foreign)} in all)"
        raise OutputError(message, where=folder, hint=_FORCE_HINT)
    stale = sorted(path for path in ledger.files if path not in contents and found[path])
    changed = [path for path, content in contents.items() if found[path] != digest(content)]
    written = Written(
        folder=folder,
        written=tuple(changed),
        unchanged=tuple(path for path in contents if path not in set(changed)),
        removed=tuple(path for path in stale if ledger.owns(path, found[path] or "")),
        kept=tuple(path for path in stale if not ledger.owns(path, found[path] or "")),
    )
    _commit(root, written, contents, ledger)
    return written


def _commit(
    root: int,
    plan: Written,
    contents: Mapping[str, bytes],
    before: Ledger,
) -> None:
    after = Ledger({path: (digest(content),) for path, content in contents.items()})
    try:
        _stage_all(root, {path: contents[path] for path in plan.written})
        if plan.written or plan.removed:
            both = {
                path: (*before.files.get(path, ()), *after.files.get(path, ()))
                for path in {*before.files, *after.files}
            }
            _write_ledger(root, Ledger(both))
    except BaseException:
        for path in (*plan.written, LEDGER):
            unstage(root, path)
        raise
    for path in plan.written:
        unveil(root, path)
    with ThreadPoolExecutor(_SYNCS) as pool:
        folders = sorted({path.rpartition("/")[0] for path in plan.written})
        list(pool.map(lambda folder: sync(root, folder), folders))
    for path in plan.removed:
        remove_file(root, path)
    if read_bytes(root, LEDGER) != after.to_bytes():
        _write_ledger(root, after)


def _stage_all(root: int, contents: Mapping[str, bytes]) -> None:
    with ThreadPoolExecutor(_SYNCS) as pool:
        futures = [pool.submit(stage, root, path, text) for path, text in contents.items()]
    for future in futures:
        future.result()


def _read_ledger(root: int, *, force: bool) -> Ledger:
    try:
        content = read_bytes(root, LEDGER)
        return Ledger() if content is None else Ledger.from_bytes(content)
    except OutputError:
        if force:
            return Ledger()
        raise


def _digest_at(root: int, path: str) -> str | None:
    content = read_bytes(root, path)
    return None if content is None else digest(content)


def _write_ledger(root: int, ledger: Ledger) -> None:
    stage(root, LEDGER, ledger.to_bytes())
    unveil(root, LEDGER)
    sync(root, "")
