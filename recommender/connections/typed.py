"""Rows of counts become typed edges: ends, times, names and marks in the words of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recommender.connections import marks
from recommender.connections.numbering import placed
from recommender.connections.places import EVERYWHERE
from recommender.model.edges import Edge, Verdict
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.connections.identify import Ends
    from recommender.connections.ingested import Ingested
    from recommender.connections.places import Places
    from recommender.model.entities import Entity


def typed_edges(
    rows: Iterable[dict[str, Any]], ends: Ends, ingested: Ingested, places: Places
) -> tuple[Edge, ...]:
    """The edges of the rows, sorted by key.

    Args:
        rows: What :func:`recommender.connections.aggregate.aggregate` gives.
        ends: The ends of the log.
        ingested: Where its records are.
        places: Names of addresses and times.
    """
    edges = [_edge(row, ends, ingested, places) for row in rows]
    return tuple(sorted(places.settle(edges), key=lambda edge: edge.key))


def _edge(row: dict[str, Any], ends: Ends, ingested: Ingested, places: Places) -> Edge:
    client = _end(row, "c", "v", ends, places)
    server = _end(row, "v", "c", ends, places)
    addresses = places.addresses(row["c_ips"] + row["v_ips"])
    pairs = ((client, server), (server, client))
    names = {n for end, other in pairs if end.is_external for n in places.names(end, other)}
    return Edge(
        client=client,
        server=server,
        protocol=row["protocol"],
        port=row["v_port"],
        verdict=Verdict(row["outcome"]),
        flows=int(row["flows"]),
        records=int(row["records"]),
        bytes=int(row["bytes"]),
        first_seen=places.time(row["first"]),
        last_seen=places.time(row["last"]),
        client_pods=int(row["c_pods"]),
        server_pods=int(row["v_pods"]),
        days=int(row["days"]),
        hours=int(row["hours"]),
        observers=tuple(sorted(name for name in row["observers"] if name)),
        addresses=addresses,
        names=tuple(sorted(names)),
        samples=tuple(
            ingested.record(block, line) for block, line in map(placed, row["samples"] or ())
        ),
        marks=_marks(row, client),
    )


def _end(row: dict[str, Any], side: str, other: str, ends: Ends, places: Places) -> Entity:
    kind = EndClass(row[f"{side}_class"])
    if kind is EndClass.POD:
        return ends.entities[int(row[f"{side}_entity"]) - 1]
    beyond = row[f"{other}_entity"]
    seen = places.time(row["first"]), places.time(row["last"])
    known = ends.entities[beyond - 1] if beyond else None
    return places.entity(kind, row[f"{side}_out"], known, seen)


def _marks(row: dict[str, Any], client: Entity) -> tuple[str, ...]:
    signs = Sign(row["signs"])
    own = EndClass.OWN_NODE in {row["c_class"], row["v_class"]}
    found = {
        marks.AGGREGATED: Sign.AGGREGATED in signs,
        marks.FOLDED: row["folded"],
        marks.BY_SERVICE: Sign.SERVICE in signs,
        marks.DIRECTION_INFERRED: Sign.WORD not in signs and row["inferred"],
        marks.OWN_NODE: own,
        marks.IDENTITY_BY_ADDRESS: row["by_address"],
        marks.TIME_UNKNOWN: Sign.NO_TIME in signs,
        marks.LAYER7_PROXY: Sign.LAYER7 in signs,
        marks.WORLD: client.name in EVERYWHERE,
    }
    return tuple(sorted(mark for mark, holds in found.items() if holds))
