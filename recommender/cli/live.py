"""What the commands share that look at a live cluster: kubectl's options, and progress."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from recommender.inventory.types import Inventory

Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig",
        help="The kubeconfig to use; without it KUBECONFIG or ~/.kube/config, and inside a pod "
        "its service account.",
        show_default=False,
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context", help="The context to use, if not the current one.", show_default=False
    ),
]
AllowExec = Annotated[
    bool,
    typer.Option(
        "--allow-exec",
        help="Let a kubeconfig outside ~/.kube name a program that gets the credentials.",
    ),
]


def look(
    kubeconfig: Path | None,
    context: str | None,
    *,
    allow_exec: bool,
    instead_of: list[str] | None,
) -> Inventory:
    """The live cluster as an inventory.

    Args:
        kubeconfig: ``--kubeconfig``.
        context: ``--context``.
        allow_exec: ``--allow-exec``.
        instead_of: ``--inventory``, which excludes it.

    Raises:
        UsageError: Both are given.
    """
    if instead_of:
        message = "--inventory and the live cluster exclude each other"
        hint = "take a snapshot and give it with --inventory beside the others"
        raise UsageError(message, hint=hint)
    from recommender import api

    with ClusterProgress() as progress:
        return api.snapshot(
            kubeconfig=kubeconfig, context=context, allow_exec=allow_exec, progress=progress
        ).inventory()


class ClusterProgress:
    """A line on a terminal that says how many objects have been read; silent elsewhere.

    A context manager that is called after each page with the kind's plural and its objects.
    """

    def __init__(self) -> None:
        """Show nothing where standard error is no terminal."""
        self._shown = sys.stderr.isatty()
        self._read = 0

    def __enter__(self) -> Self:
        """The progress itself."""
        return self

    def __call__(self, plural: str, objects: int) -> None:
        """Say what was read so far; the plural is a word of ours, not of the cluster."""
        self._read += objects
        if self._shown:
            sys.stderr.write(f"\r\x1b[Kreading {plural}: {self._read:,} objects")
            sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
