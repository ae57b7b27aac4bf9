"""What the tests of several clouds ask of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import recommender as nr
from recommender.connections.edges import connect
from recommender.sources.options import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.connections.types import Connections
    from recommender.model.accounting import FileAccount

_COLUMNS = [
    *("src_ip", "dst_ip", "src_port", "dst_port", "protocol", "verdict", "aside", "direction"),
    "bytes",
]


def seen(path: Path, *columns: str, **options: Any) -> list[tuple[object, ...]]:  # noqa: ANN401
    """What was read: these columns, or ends, protocol, verdict, why aside, way and bytes."""
    frame = nr.read_flows(path, options=ReadOptions(**options))
    frame = frame[list(columns) or _COLUMNS].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).to_numpy().tolist()]


def account(path: Path, **options: Any) -> FileAccount:  # noqa: ANN401 - any option
    """The accounting of one file, whose sum is held."""
    (found,) = connect([path], options=ReadOptions(**options)).accounting.files
    assert found.records == found.accepted + sum(found.set_aside.values()) + sum(
        found.malformed.values()
    )
    return found


def edges(connections: Connections) -> set[tuple[object, ...]]:
    """Edges as client, server, protocol, port and verdict."""
    return {
        (edge.client.id, edge.server.id, edge.protocol, edge.port, edge.verdict.value)
        for edge in connections.edges
    }
