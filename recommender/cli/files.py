"""Single files that commands write: whole or not at all, and nothing of a person's replaced."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from recommender.model.errors import OutputError


def write_file(path: Path, text: str, *, mark: str, force: bool = False) -> None:
    """Write a file under another name, sync it, and give it its name.

    Args:
        path: Where to.
        text: What.
        mark: What every file of this kind begins with. A file that is there already and does not
            is not this program's, and is left alone.
        force: Replace it all the same.

    Raises:
        OutputError: A file of a person's is in the way, or the file system refuses.
    """
    where = str(path)
    try:
        if not force and path.exists() and not _begins(path, mark):
            hint = "give another name, or --force to replace it"
            raise OutputError("the file is there and is not this program's", where=where, hint=hint)
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o640)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=where) from error


def _begins(path: Path, mark: str) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark.encode())) == mark.encode()
