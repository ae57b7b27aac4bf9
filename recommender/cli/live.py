"""What the commands share that look at a live cluster: kubectl's options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.cli.progress import ClusterProgress
from recommender.model.errors import UsageError

if TYPE_CHECKING:
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
