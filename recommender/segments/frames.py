"""Edges and inventories as the plain tables that segments are found from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind
from recommender.model.errors import InputError
from recommender.segments.checking import EDGE_COLUMNS, WORKLOAD_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.segments.tables import Columns

_PROTOCOLS: Final = frozenset({"TCP", "UDP", "SCTP"})
_EPOCH_YEAR: Final = 1970


def edge_table(edges: Iterable[Edge]) -> pd.DataFrame:
    """The accepted edges between ends that could be told, one row each."""
    import pandas as pd

    rows = [_row(edge) for edge in edges if _counts(edge)]
    return pd.DataFrame(rows, columns=list(EDGE_COLUMNS))


def edge_columns(edges: Iterable[Edge]) -> Columns:
    """What checking the table of :func:`edge_table` comes to, without a table.

    The library for tables takes longer to load than a small cluster takes to segment.
    """
    found: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for edge in filter(_counts, edges):
        *key, flows, days, first, last = _row(edge)
        known = found.get(tuple(key), (0, 0, first, last))
        found[tuple(key)] = (
            *(known[0] + flows, known[1] + days),
            *(min(known[2], first), max(known[3], last)),
        )
    rows = [(*key, *found[key]) for key in sorted(found)]
    names = ("src", "dst", "protocol", "port", "flows", "days", "first_day", "last_day")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    first, last = columns["first_day"], columns["last_day"]
    spans = [end - begin + 1 for begin, end in zip(first, last, strict=True)]
    columns["days"] = [min(pair) for pair in zip(columns["days"], spans, strict=True)]
    window = max(last, default=0) - min(first, default=0) + 1
    return {**columns, "window": [window] * len(rows)}


def _counts(edge: Edge) -> bool:
    known = EntityKind.UNRESOLVED not in {edge.client.kind, edge.server.kind}
    return (
        known and edge.verdict is Verdict.ACCEPTED and edge.protocol in _PROTOCOLS and edge.port > 0
    )


def _row(edge: Edge) -> tuple[Any, ...]:
    first, last = edge.first_seen.date().toordinal(), edge.last_seen.date().toordinal()
    days = min(max(edge.days, 1), last - first + 1)
    ends = (edge.client.id, edge.server.id)
    return (*ends, edge.protocol, edge.port, max(edge.flows, 1), days, first, last)


def workload_table(inventory: Inventory) -> pd.DataFrame:
    """The workloads of an inventory, one row each, with the labels of their namespaces."""
    import pandas as pd

    columns = [*WORKLOAD_COLUMNS, "namespace_labels", "cluster"]
    return pd.DataFrame(_workloads(inventory), columns=columns)


def workload_columns(inventory: Inventory) -> Columns:
    """What checking the table of :func:`workload_table` comes to, without a table.

    Raises:
        InputError: There are no workloads.
    """
    rows = sorted(_workloads(inventory), key=lambda row: row["workload"])
    if not rows:
        raise InputError("there are no workloads", where="workloads")
    return {name: [row[name] for row in rows] for name in rows[0]}


def _workloads(inventory: Inventory) -> list[dict[str, Any]]:
    rows = []
    for entity in sorted(inventory.workloads):
        workload = inventory.workloads[entity]
        around = inventory.namespaces.get(entity.namespace)
        rows.append(
            {
                "workload": entity.id,
                "namespace": entity.namespace,
                "kind": entity.workload_kind,
                "replicas": workload.replicas or 0,
                "service_account": workload.service_account,
                "image": "",
                "labels": dict(workload.labels),
                "namespace_labels": dict(around.labels) if around else {},
                "cluster": entity.cluster,
            }
        )
    return rows
