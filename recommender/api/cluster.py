"""What runs in a cluster: read from files, or taken from a live one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from recommender.api.arguments import (
    Paths,
    several,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from recommender.inventory.snapshot import Snapshot
    from recommender.inventory.types import Inventory


def read_inventory(paths: Paths) -> Inventory:
    """Read a cluster from snapshots, manifests and kubectl dumps.

    Args:
        paths: Files, also packed with gzip or zstd, tar archives, folders, or ``-``. Several
            snapshots of one cluster are its history.

    Returns:
        The cluster as known; ``findings`` names what could not be read.

    Raises:
        InputError: A path does not exist, there is no object in all, or snapshots of different
            clusters are among them.

    Example:
        >>> import recommender as nr
        >>> len(nr.read_inventory("data/inventory.json").workloads) > 0
        True
    """
    from recommender.inventory.manifests import read_inventory as read

    return read([os.fspath(path) for path in several(paths)])


def snapshot(  # noqa: PLR0913 - as the command
    to: str | os.PathLike[str] | None = None,
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    context: str | None = None,
    namespaces: Iterable[str] = (),
    allow_exec: bool = False,
    force: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> Snapshot:
    """Look at a live cluster, with get and list alone.

    Args:
        to: File to write the snapshot to, as JSON, packed if its name ends in ``.gz`` or
            ``.zst``; without it nothing is written.
        kubeconfig: The file to read; without it what kubectl would read, and inside a pod the
            pod's service account.
        context: The context to use; without it the current one.
        namespaces: Read these alone; without any, the whole cluster.
        allow_exec: Let a kubeconfig that is not trusted name a program that gets the
            credentials.
        force: Replace a file that is no snapshot.
        progress: Called while reading with a kind's plural and the objects read of it since.

    Returns:
        The snapshot; its ``inventory()`` is what the other functions take.

    Raises:
        InputError: There is no cluster to reach, or pods may not be read.
        UsageError: A kubeconfig that is not trusted names a program.
        OutputError: The file cannot be written.
    """
    from recommender.inventory.cluster_server import ClusterServer
    from recommender.inventory.files import packed_for
    from recommender.inventory.snapshot import is_snapshot, take
    from recommender.rendering.files import write_file

    path = None if kubeconfig is None else os.fspath(kubeconfig)
    server = ClusterServer.connect(path, context, allow_exec=allow_exec)
    taken = take(server, namespaces, told=progress)
    if to is not None:
        write_file(to, packed_for(os.fspath(to), taken.to_json()), ours=is_snapshot, force=force)
    return taken
