"""Edges and inventories as the plain tables that segments are found from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind
from recommender.segments.checking import EDGE_COLUMNS, WORKLOAD_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge

_PROTOCOLS: Final = frozenset({"TCP", "UDP", "SCTP"})
_EPOCH_YEAR: Final = 1970


def edge_table(edges: Iterable[Edge]) -> pd.DataFrame:
    """The accepted edges between ends that could be told, one row each."""
    import pandas as pd

    rows = [_row(edge) for edge in edges if _counts(edge)]
    return pd.DataFrame(rows, columns=list(EDGE_COLUMNS))


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
    columns = [*WORKLOAD_COLUMNS, "namespace_labels", "cluster"]
    return pd.DataFrame(rows, columns=columns)
