"""Every distinct end of the store becomes an entity, and the store is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recommender.connections.outside import NODE_OR_POD, place
from recommender.connections.resolve import RANK_NONE, Resolution, Resolved, resolve
from recommender.model.entities import Entity, EntityKind
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass, Endpoint
from recommender.sources.formats import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from recommender.connections.holders import Holders
    from recommender.inventory.types import Inventory


_VEILED: Final = Entity.unresolved(NODE_OR_POD)


@dataclass(slots=True)
class Ends:
    """The distinct ends of the log, with the numbers that the store knows them by."""

    ids: list[int]
    described: list[Endpoint]
    resolution: Resolution
    entities: list[Entity] = field(default_factory=list)
    pods: list[str] = field(default_factory=list)

    @property
    def veiled(self) -> int:
        """Number of the entity that stands for a node or any of its pods."""
        return self.entities.index(_VEILED) + 1


# Ends of records of clouds: those that the cluster's history named, and addresses alone.
_NUMBERED: Final = """
    SELECT DISTINCT n FROM (SELECT src AS n FROM flow_group UNION SELECT dst FROM flow_group)
    WHERE n <= 0 ORDER BY n DESC
"""
_ADDRESSES: Final = """
    SELECT src_ip AS ip FROM flow_group WHERE src = 0
    UNION SELECT dst_ip FROM flow_group WHERE dst = 0
"""


# What was on the reporting interface's own side: who sent what leaves, who got what comes in.
_LOCAL: Final = f"""
    SELECT DISTINCT CASE direction WHEN 'EGRESS' THEN src ELSE dst END FROM flow_group
    WHERE signs & {int(Sign.PLATFORM)} <> 0 AND direction IN ('EGRESS', 'INGRESS')
"""


def _translate_sql(side: str, other: str) -> str:
    """Put the pods of a Service in the place of its address; a node hides the others' source."""
    return f"""
        UPDATE flow_group SET {side} = t.target, {side}_port = t.target_port, {side}_ip = NULL,
            signs = signs | {int(Sign.SERVICE)}
        FROM service_target t
        WHERE flow_group.{side} = t.endpoint AND flow_group.protocol = t.protocol
          AND flow_group.{side}_port = t.port AND (t.any_client OR flow_group.{other} < 0)
    """


def identify(
    connection: duckdb.DuckDBPyConnection,
    inventory: Inventory | None,
    holders: Holders,
    *,
    clouded: bool,
) -> Ends:
    """Resolve every distinct end and tell the store its class, workload, pod and rank.

    Makes the tables ``identity``, by the number of an end, and ``outside``, by the addresses of
    ends that are nothing but addresses.

    Args:
        connection: The store.
        inventory: The cluster as known.
        holders: Who held which address when.
        clouded: Whether any record is of a cloud's log: only in these do ends lack names.
    """
    stored = connection.execute("SELECT id, text FROM endpoint ORDER BY text").fetchall()
    described = [decode(text) for _, text in stored]
    resolution = resolve(described, inventory)
    ends = Ends([number for number, _ in stored], described, resolution)
    addresses = _of_clouds(connection, ends, holders) if clouded else []
    outside = place(addresses, holders)
    reasons = {Entity.unresolved(reason) for _, _, reason in outside if reason} | {_VEILED}
    ends.entities = sorted({end.entity for end in resolution.ends if end.entity} | reasons)
    ends.pods = sorted({"/".join(end.pod) for end in resolution.ends if end.pod})
    _tell(connection, ends, outside)
    return ends


def _of_clouds(connection: duckdb.DuckDBPyConnection, ends: Ends, holders: Holders) -> list[str]:
    """Add the ends that the cluster's history named; the addresses of those it could not."""
    if holders.targets:
        for side, other in (("src", "dst"), ("dst", "src")):
            connection.execute(_translate_sql(side, other))
    local = {number for (number,) in connection.execute(_LOCAL).fetchall()}
    for (number,) in connection.execute(_NUMBERED).fetchall():
        end, found = (
            holders.describe(number)
            if number
            else (Endpoint(EndClass.NONE), Resolved(EndClass.NONE, RANK_NONE))
        )
        ends.ids.append(number)
        ends.described.append(replace(end, local=number in local))
        ends.resolution.ends.append(found)
    return [ip for (ip,) in connection.execute(_ADDRESSES).fetchall() if ip]


def _tell(
    connection: duckdb.DuckDBPyConnection,
    ends: Ends,
    outside: Sequence[tuple[str, EndClass, str]],
) -> None:
    entity_number = {entity: i for i, entity in enumerate(ends.entities, start=1)}
    pod_number = {pod: i for i, pod in enumerate(ends.pods, start=1)}
    found = ends.resolution.ends
    _table(
        connection,
        "identity",
        {
            "endpoint": ("INTEGER", ends.ids),
            "class": ("INTEGER", [int(end.kind) for end in found]),
            "entity": ("INTEGER", [entity_number[e.entity] if e.entity else 0 for e in found]),
            "pod": ("INTEGER", [pod_number["/".join(e.pod)] if e.pod else 0 for e in found]),
            "rank": ("INTEGER", [end.rank for end in found]),
            "local": ("BOOLEAN", [end.local for end in ends.described]),
            "reason": ("aside", [_reason(end) for end in found]),
        },
    )
    numbers = [entity_number[Entity.unresolved(why)] if why else 0 for _, _, why in outside]
    _table(
        connection,
        "outside",
        {
            "ip": ("VARCHAR", [ip for ip, _, _ in outside]),
            "class": ("INTEGER", [int(kind) for _, kind, _ in outside]),
            "entity": ("INTEGER", numbers),
            "reason": ("aside", [reason for _, _, reason in outside]),
        },
    )


def _reason(end: Resolved) -> str:
    """Why the history names nobody, empty where it does or was not asked."""
    entity = end.entity
    nobody = entity is not None and entity.kind is EntityKind.UNRESOLVED
    return entity.name if entity is not None and nobody and entity.name.startswith("ip-") else ""


def _table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: dict[str, tuple[str, Sequence[object]]],
) -> None:
    """Make a table of columns; of lists, since for a data frame the engine would load pandas."""
    lists = ", ".join(f"unnest(?::{kind}[]) AS {column}" for column, (kind, _) in columns.items())
    query = f"CREATE TEMP TABLE {name} AS SELECT {lists}"
    connection.execute(query, [values for _, values in columns.values()])
