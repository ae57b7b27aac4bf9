"""The record of what this tool wrote into a folder: ``.recommender.json``."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.model.errors import OutputError
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Name of the record in the output folder.
LEDGER: Final = ".recommender.json"

_VERSION: Final = 1
_MAX_PART: Final = 255


@dataclass(frozen=True, slots=True)
class Ledger:
    """The files that this tool wrote.

    Attributes:
        files: By path relative to the folder, the SHA-256 digests a file may have and still be
            ours; more than one while a run is under way, so that a run that is cut short leaves
            nothing the next one would take for a person's.
    """

    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def owns(self, path: str, found: str) -> bool:
        """Whether a file with this digest is as this tool left it."""
        return found in self.files.get(path, ())

    def to_bytes(self) -> bytes:
        """The record as the bytes of its file."""
        files = {path: sorted(digests) for path, digests in sorted(self.files.items())}
        document = {"tool": "recommender", "version": _VERSION, "files": files}
        return (json.dumps(document, indent=2) + "\n").encode("ascii")

    @classmethod
    def from_bytes(cls, content: bytes) -> Ledger:
        """Read a record back.

        Raises:
            OutputError: It is not a record of this tool, or of a newer one.
        """
        try:
            document = json.loads(content)
            ours = (document["tool"], document["version"]) == ("recommender", _VERSION)
            entries = {str(path): tuple(map(str, item)) for path, item in document["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            ours, entries = False, {}
        if not ours:
            message = "not a record of this tool"
            hint = "give another folder, or --force to start anew"
            raise OutputError(message, where=LEDGER, hint=hint)
        return cls({path: item for path, item in entries.items() if is_inside(path)})


def digest(content: bytes) -> str:
    """The SHA-256 of a file's content in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def is_inside(path: str) -> bool:
    """Whether a relative path with ``/`` names a file that can only lie inside the folder."""
    parts = path.split("/")
    return path != LEDGER and all(
        part not in {"", ".", ".."}
        and "\\" not in part
        and clean(part, limit=_MAX_PART) == part
        and len(part.encode()) <= _MAX_PART
        for part in parts
    )


def check_paths(paths: Iterable[str]) -> None:
    """Hold that every path lies inside the folder and that none stands in another's way.

    Raises:
        OutputError: A path leads out, two paths are one file on a file system that folds case,
            or a file would have to be a folder too.
    """
    seen: dict[str, str] = {}
    ordered = sorted(paths)
    for path in ordered:
        if not is_inside(path):
            raise OutputError("not a path inside the output folder", where=clean(path))
        folded = _fold(path)
        if folded in seen:
            message = f"two files share one name where case does not count: {seen[folded]}"
            raise OutputError(message, where=path)
        seen[folded] = path
    for path in ordered:
        parts = _fold(path).split("/")
        for length in range(1, len(parts)):
            if "/".join(parts[:length]) in seen:
                raise OutputError("a file stands where a folder is needed", where=path)


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
