"""Blocks of text as files that the engine reads from memory."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from fsspec.spec import AbstractFileSystem

from recommender.sources.texts import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.sources.texts import Text

#: End of a file's name that asks for small pieces.
IN_PIECES: Final = ".jsonl"

_SCHEME: Final = "block"
# The engine copies what it is given twice before it parses it, which costs least where a piece fits
# the processor's cache.
_PIECE: Final = 1 << 20


class BlockFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system of blocks, each there for as long as somebody holds it.

    The engine's own reader parses a file of JSON lines twice as fast as its function for single
    texts does; this is how a block of a stream becomes such a file without touching the disk.
    """

    protocol = _SCHEME
    cachable = False

    def __init__(self) -> None:
        """An empty file system."""
        super().__init__()
        self._blocks: dict[str, Text] = {}
        self._numbers = itertools.count()

    @contextmanager
    def hold(self, text: Text) -> Iterator[str]:
        """Make a file of the text of a block.

        Its name is good until the context ends. With :data:`IN_PIECES` behind it, the same text
        is read in small pieces, which the engine's reader of JSON lines is content with.
        """
        name = str(next(self._numbers))
        self._blocks[name] = text
        try:
            yield f"{_SCHEME}://{name}"
        finally:
            del self._blocks[name]

    def open(self, path: str, mode: str = "rb", **_: Any) -> TextFile:  # noqa: ANN401
        """A file object over a block, which is copied only in the pieces that are read."""
        del mode
        text = self._blocks[self._name(path)]
        return TextFile(text, _PIECE if path.endswith(IN_PIECES) else None)

    def info(self, path: str, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        """Name and size of a block."""
        name = self._name(path)
        return {"name": name, "size": self._blocks[name].size, "type": "file"}

    def glob(self, path: str, **_: Any) -> list[str]:  # noqa: ANN401
        """The block of exactly this name."""
        name = self._name(path)
        return [path.removeprefix(f"{_SCHEME}://")] if name in self._blocks else []

    def exists(self, path: str, **_: Any) -> bool:  # noqa: ANN401
        """Whether somebody holds a block of this name."""
        return self._name(path) in self._blocks

    def modified(self, path: str) -> datetime:
        """A constant: blocks never change."""
        del path
        return datetime.fromtimestamp(0, UTC)

    @staticmethod
    def _name(path: str) -> str:
        return path.removeprefix(f"{_SCHEME}://").removesuffix(IN_PIECES)
