"""Edges as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

_END: Final = ("kind", "cluster", "namespace", "workload_kind", "name")
_PLAIN: Final = (
    *("protocol", "port", "verdict", "flows", "records", "bytes", "first_seen", "last_seen"),
    *("client_pods", "server_pods", "days", "hours", "observers", "addresses", "names", "marks"),
)


def edge_frame(edges: Iterable[Edge]) -> pd.DataFrame:
    """One row an edge.

    Returns:
        Columns ``client`` and ``server`` (stable texts), for each of them ``_kind``,
        ``_cluster``, ``_namespace``, ``_workload_kind`` and ``_name``, then the fields of
        :class:`recommender.model.edges.Edge`; ``samples`` as ``file:line`` texts.
    """
    columns = [
        *("client", "server"),
        *(f"{side}_{name}" for side in ("client", "server") for name in _END),
        *(*_PLAIN, "samples"),
    ]
    return pd.DataFrame([_row(edge) for edge in edges], columns=columns)


def _row(edge: Edge) -> dict[str, object]:
    row: dict[str, object] = {"client": edge.client.id, "server": edge.server.id}
    row |= _end("client", edge.client) | _end("server", edge.server)
    row |= {name: getattr(edge, name) for name in _PLAIN}
    row["verdict"] = edge.verdict.value
    row["samples"] = tuple(f"{record.file}:{record.line}" for record in edge.samples)
    return row


def _end(side: str, entity: Entity) -> dict[str, object]:
    values = {name: getattr(entity, name) for name in _END}
    values["kind"] = entity.kind.value
    return {f"{side}_{name}": value for name, value in values.items()}
