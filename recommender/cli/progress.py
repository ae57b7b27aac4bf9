"""A line on a terminal that says how far long work has come; silent where nobody watches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Self

from recommender.model.text import clean

if TYPE_CHECKING:
    from types import TracebackType

_MEGABYTE: Final = 1 << 20
_NAME: Final = 40
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """The line; a context manager that clears it at the end."""

    def __init__(self) -> None:
        """Show nothing where standard error is no terminal."""
        self._shown = sys.stderr.isatty()
        self._done = 0

    def __enter__(self) -> Self:
        """The progress itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the line."""
        self._show("")

    def _show(self, text: str) -> None:
        if self._shown:
            sys.stderr.write(f"{_CLEAR}{text}")
            sys.stderr.flush()


class ReadingProgress(Progress):
    """How much of the logs has been read; called with a file's name and the bytes of a block."""

    def __call__(self, name: str, size: int) -> None:
        """Say what was read so far."""
        self._done += size
        self._show(f"reading {clean(name, limit=_NAME)}: {self._done / _MEGABYTE:,.0f} MB")


class ClusterProgress(Progress):
    """How much of a cluster has been read; called with a kind's plural and a page's objects."""

    def __call__(self, plural: str, objects: int) -> None:
        """Say what was read so far; the plural is a word of ours, not of the cluster."""
        self._done += objects
        self._show(f"reading {plural}: {self._done:,} objects")


class WritingProgress(Progress):
    """How much of a log has been made; called with the lines so far."""

    def __call__(self, lines: int) -> None:
        """Say what was written so far."""
        self._show(f"{lines:,} lines")
