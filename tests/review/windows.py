"""Edges over a window of days, for tests of what is said about the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from recommender.connections.presence import Presence
from recommender.inventory.types import Inventory, Workload
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = int(START.timestamp()) // 3600
WEB = Entity.workload("shop", "Deployment", "web")
CART = Entity.workload("shop", "Deployment", "cart")
BATCH = Entity.workload("shop", "Deployment", "batch")
IDLE = Entity.workload("shop", "Deployment", "idle")


def edge(client: Entity, server: Entity, port: int, days: int, *, over: float = 7.0) -> Edge:
    """An accepted edge seen on so many days of a window that spans ``over`` days."""
    last = START + timedelta(days=over) - timedelta(minutes=1)
    return Edge(
        client, server, "TCP", port, Verdict.ACCEPTED, flows=days, records=days, bytes=0,
        first_seen=START, last_seen=last, client_pods=1, server_pods=1, days=days, hours=days * 3,
    )  # fmt: skip


def busy(days: int, *, over: float = 7.0) -> list[Edge]:
    """A client with forty edges to one server, each seen on every day."""
    return [edge(WEB, CART, 8000 + number, days, over=over) for number in range(40)]


def present(days: int) -> tuple[Presence, ...]:
    """A log that reported in each hour of so many days."""
    hours = 24 * days
    return (Presence("", 100 * hours, hours, days, HOUR, HOUR + hours - 1),)


def inventory(*entities: Entity) -> Inventory:
    return Inventory(workloads={entity: Workload(entity) for entity in entities})
