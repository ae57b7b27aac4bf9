"""Who held which address when, put into the store, so that records are named as they are read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.connections.backends import backends, listeners
from recommender.connections.drawing import Drawer
from recommender.connections.history import history
from recommender.connections.lookup import listening
from recommender.connections.resolve import RANK_CLASS, RANK_LABELS, RANK_NAME, Resolved
from recommender.inventory.holdings import LATE, MARGIN, REASONS, Role, timeline
from recommender.model.entities import Entity
from recommender.sources.endpoint import EndClass, Endpoint
from recommender.sources.engine import MEMORY_LIMIT, memory_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    import duckdb

    from recommender.connections.history import History
    from recommender.inventory.holdings import Holding, Timeline
    from recommender.inventory.types import Inventory

_CLASSES: Final = {
    Role.POD: EndClass.POD,
    Role.NODE: EndClass.NODE,
    Role.APISERVER: EndClass.APISERVER,
}


@dataclass(slots=True)
class Holders:
    """The ends that the cluster's history can name, by number.

    Attributes:
        inventory: The cluster as known.
        spans: The timeline of its addresses; None where it knows none.
        drawer: What draws records of clouds together by it.
        targets: Workloads, and the API server, behind ports of Services, in the order of their
            numbers.
    """

    inventory: Inventory | None = None
    spans: Timeline | None = None
    drawer: Drawer | None = None
    targets: list[Entity] = field(default_factory=list)

    @property
    def knows(self) -> bool:
        """Whether it can name anything."""
        return self.spans is not None

    def addresses(self) -> frozenset[str]:
        """Every address that the cluster is known to have used."""
        return frozenset() if self.spans is None else frozenset(self.spans.addresses.tolist())

    def describe(self, number: int) -> tuple[Endpoint, Resolved]:
        """What an end of a negative number is."""
        held = self.spans.holdings if self.spans is not None else ()
        place = -number - 1
        count = len(held)
        if place < count:
            return _of_holding(held[place])
        place -= count
        if place < len(REASONS):
            entity = Entity.unresolved(REASONS[place])
            return Endpoint(EndClass.POD), Resolved(EndClass.POD, RANK_CLASS, entity)
        entity = self.targets[place - len(REASONS)]
        if not entity.is_workload:
            return Endpoint(EndClass.APISERVER), Resolved(EndClass.APISERVER, RANK_CLASS)
        return _pod(entity, ""), Resolved(EndClass.POD, RANK_LABELS, entity)


def _of_holding(held: Holding) -> tuple[Endpoint, Resolved]:
    if held.role is Role.POD:
        entity = held.entity
        key = (entity.cluster, entity.namespace, held.pod)
        return _pod(entity, held.pod), Resolved(EndClass.POD, RANK_NAME, entity, key)
    kind = _CLASSES.get(held.role)
    if kind is not None:
        return Endpoint(kind), Resolved(kind, RANK_CLASS)
    # A Service whose port leads nowhere that is known: its pods cannot be told.
    return Endpoint(EndClass.POD), Resolved(EndClass.POD, RANK_CLASS, held.entity)


def _pod(entity: Entity, pod: str) -> Endpoint:
    return Endpoint(
        EndClass.POD,
        cluster=entity.cluster,
        namespace=entity.namespace,
        pod=pod,
        workload_kind=entity.workload_kind,
        workload=entity.name,
    )


def hold(
    connection: duckdb.DuckDBPyConnection,
    inventory: Inventory | None,
    margin: timedelta = MARGIN,
) -> Holders:
    """Fill the store's tables ``held``, ``listening`` and ``service_target``.

    Args:
        connection: An empty store.
        inventory: The cluster as known.
        margin: How far the clock of a log may be from the cluster's.
    """
    if inventory is None or not inventory.holdings:
        return Holders(inventory)
    spans = timeline(inventory.holdings, margin, late=LATE)
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT + memory_for(len(spans))}MB'")
    known = history(spans)
    heard = _listening(inventory, known)
    holders = Holders(inventory, spans, Drawer(known, listening(heard)))
    connection.register("spans", known.table())
    connection.execute("INSERT INTO held SELECT * FROM spans")
    connection.unregister("spans")
    _fill(connection, "holder", list(enumerate(known.stands.tolist(), start=1)))
    _fill(connection, "listening", heard)
    _fill(connection, "service_target", _targets(holders, inventory, spans))
    return holders


def _listening(inventory: Inventory, known: History) -> list[tuple[int, str, int]]:
    """The ports that holders are known to listen on, by every number that they have."""
    numbers = defaultdict(list)
    for number, entity in enumerate(known.entities, start=1):
        numbers[entity].append(number)
    return sorted(
        (number, protocol, port)
        for entity, protocol, port in listeners(inventory)
        for number in numbers[entity]
    )


def _fill(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[int | str, ...]]
) -> None:
    """Put rows into a table, as lists: to add them one by one takes far longer."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        lists = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT INTO {table} SELECT {lists}", columns)


def _targets(
    holders: Holders, inventory: Inventory, spans: Timeline
) -> list[tuple[int | str, ...]]:
    """Ports of Services, by every number that their addresses have, and where they lead."""
    found = backends(inventory)
    if not found:
        return []
    holders.targets = sorted({backend.workload for backend in found})
    base = len(spans.holdings) + len(REASONS)
    target = {entity: -1 - base - i for i, entity in enumerate(holders.targets)}
    by_entity = defaultdict(list)
    nodes = []
    for place, held in enumerate(spans.holdings):
        if held.role is Role.NODE:
            nodes.append(-1 - place)
        elif held.role in {Role.SERVICE, Role.BALANCER}:
            by_entity[held.entity].append(-1 - place)
    rows: set[tuple[int | str, ...]] = set()
    for backend in found:
        numbers: Iterable[int] = nodes if backend.on_nodes else by_entity[backend.service]
        end = (target[backend.workload], backend.target_port, backend.keeps_source)
        rows |= {(number, backend.protocol, backend.port, *end) for number in numbers}
    return sorted(rows)
