"""Edges from logs: the whole way from files to typed edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.connections.holders import hold
from recommender.connections.ingest import ingest
from recommender.connections.store import Store, engine_errors
from recommender.connections.types import WORLD_THRESHOLD, Gathering
from recommender.sources.discovery import find_inputs
from recommender.sources.formats import require_known
from recommender.sources.options import AS_FOUND, ReplyFlag
from recommender.sources.reader import reading

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory
    from recommender.sources.options import ReadOptions


def connect(  # noqa: PLR0913 - a caller chooses what the commands' options choose
    paths: Iterable[str | os.PathLike[str]],
    *,
    inventory: Inventory | None = None,
    options: ReadOptions = AS_FOUND,
    reply_flag: ReplyFlag = ReplyFlag.AUTO,
    world_threshold: int = WORLD_THRESHOLD,
    progress: Callable[[str, int], None] | None = None,
) -> Connections:
    """Read logs and make edges of them.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known; names pods and Services that the log does not.
        options: What the user said about the logs.
        reply_flag: Whether to believe the log's reply flag.
        world_threshold: Distinct public addresses that may reach one port of a workload before
            they are drawn together to everywhere.
        progress: Called after each block with the file's name and its bytes.

    Raises:
        InputError: An input cannot be used.
        InternalError: The accounting does not add up.
    """
    require_known(options)
    files = find_inputs(paths)
    with engine_errors(), Store() as store, reading(files, options) as parts:
        holders = hold(store.connection, inventory)
        ingested = ingest(store, parts, drawer=holders.drawer, progress=progress)
        from recommender.connections.gathering import gather  # loaded beside reading, if at all

        gathering = Gathering(inventory, holders, reply_flag, world_threshold, options.snat)
        return gather(store.connection, ingested, gathering)
