"""What logs say: records, and edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.api.arguments import (
    Paths,
    inventory_of,
    several,
    with_names,
)
from recommender.sources.options import AS_FOUND, ReadOptions, ReplyFlag

if TYPE_CHECKING:
    import os

    import pandas as pd

    from recommender.inventory.types import Inventory


def read_flows(
    paths: Paths, *, limit: int | None = None, options: ReadOptions = AS_FOUND
) -> pd.DataFrame:
    """Read flow logs into canonical flows: one row a record.

    Args:
        paths: Files, folders, globs, or ``-``.
        limit: Most rows to return; reading stops once they are there.
        options: How to read logs whose content does not tell it.

    Returns:
        A frame; its columns are described in :mod:`recommender.sources.canonical`.

    Raises:
        InputError: An input cannot be used.

    Example:
        >>> import recommender as nr
        >>> nr.read_flows("data/flows.jsonl.gz", limit=3)["verdict"].tolist()
        ['accepted', 'accepted', 'accepted']
    """
    from recommender.sources.flows import read_flows as read

    return read(several(paths), limit=limit, options=options)


def edges(
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    names: str | os.PathLike[str] | None = None,
    reply_flag: str | ReplyFlag = ReplyFlag.AUTO,
    options: ReadOptions = AS_FOUND,
) -> pd.DataFrame:
    """Who talked to whom on which port: one row an edge, duplicates undone, replies folded in.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: snapshots, manifests or kubectl
            dumps.
        names: A YAML file with names of ranges outside the cluster.
        reply_flag: Whether to believe the log's reply flag: ``auto``, ``trust`` or ``ignore``.
        options: How to read logs whose content does not tell it.

    Returns:
        A frame with the columns of :class:`recommender.model.edges.Edge`.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.connections.frames import edge_frame

    known = with_names(inventory_of(inventory), names)
    found = connect(
        several(paths), inventory=known, options=options, reply_flag=ReplyFlag(reply_flag)
    )
    return edge_frame(found.edges)
