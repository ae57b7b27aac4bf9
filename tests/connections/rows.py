"""AWS rows and a small cluster by hand, as the tests of clouds' logs use them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from recommender.connections.edges import connect
from recommender.inventory.holdings import Holding, Role
from recommender.inventory.types import (
    ContainerPort,
    Inventory,
    Node,
    Pod,
    Service,
    ServicePort,
    Workload,
)
from recommender.model.entities import Entity, EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recommender.connections.types import Connections

HEADER: Final = (
    "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status tcp-flags pkt-srcaddr pkt-dstaddr flow-direction"
)
NOW: Final = 1_700_000_000
WEB, CART, DB = (
    Entity.workload("shop", "Deployment", "web"),
    Entity.workload("shop", "Deployment", "cart"),
    Entity.workload("data", "StatefulSet", "db"),
)
WEB_IP, CART_IP, DB_IP, NODE_IP, API_IP = (
    "10.0.1.1",
    "10.0.1.2",
    "10.0.2.3",
    "10.9.0.1",
    "10.9.9.9",
)
CART_SERVICE: Final = "172.20.0.7"


def at(seconds: int) -> datetime:
    """A moment so many seconds after the rows' usual time."""
    return datetime.fromtimestamp(NOW + seconds, UTC)


def workload(entity: Entity, ip: str, port: int, *ports: ContainerPort) -> Workload:
    """A workload with one pod that declares a port."""
    declared = (ContainerPort(port), *ports)
    labels = (("app", entity.name),)
    pod = Pod(entity.namespace, f"{entity.name}-0", labels, (ip,), ports=declared)
    return Workload(entity, labels, pods=(pod,), ports=declared)


def cluster(*holdings: Holding, **changes: Any) -> Inventory:  # noqa: ANN401 - any field
    """Three workloads, a Service, a node and the API server; given holdings replace the usual."""
    usual = (
        Holding(WEB_IP, None, None, WEB, "web-0"),
        Holding(CART_IP, None, None, CART, "cart-0"),
        Holding(DB_IP, None, None, DB, "db-0"),
        Holding(NODE_IP, None, None, Entity.node(), role=Role.NODE),
        Holding(API_IP, None, None, Entity.apiserver(), role=Role.APISERVER),
        Holding(
            CART_SERVICE,
            None,
            None,
            Entity(EntityKind.SERVICE, namespace="shop", name="cart"),
            role=Role.SERVICE,
        ),
    )
    given = {holding.ip for holding in holdings}
    held = (*holdings, *(holding for holding in usual if holding.ip not in given))
    named = (ContainerPort(8080, name="http"),)
    fields: dict[str, Any] = {
        "workloads": {
            WEB: workload(WEB, WEB_IP, 3000),
            CART: workload(CART, CART_IP, 9090, *named),
            DB: workload(DB, DB_IP, 5432),
        },
        "services": (
            Service(
                "shop",
                "cart",
                selector=(("app", "cart"),),
                cluster_ips=(CART_SERVICE,),
                ports=(ServicePort(80, target_port="http"),),
            ),
        ),
        "nodes": (Node("node-a", (NODE_IP,), ("10.0.0.0/16",)),),
        "complete": True,
        "holdings": tuple(sorted(held, key=lambda holding: holding.order)),
    }
    return Inventory(**(fields | changes))


def row(  # noqa: PLR0913 - the fields of a row
    src: str,
    dst: str,
    sport: int,
    dport: int,
    *,
    flags: int | str = 0,
    action: str = "ACCEPT",
    start: int = 0,
    last: int = 59,
    eni: str = "eni-1",
    protocol: int = 6,
    packets: int = 9,
    way: str = "ingress",
) -> str:
    """One row; times in seconds after the usual one."""
    return (
        f"{eni} 10.9.0.1 10.9.0.2 {sport} {dport} {protocol} {packets} {packets * 60} "
        f"{NOW + start} {NOW + last} {action} OK {flags} {src} {dst} {way}"
    )


def call(client: str, server: str, port: int, **changes: Any) -> list[str]:  # noqa: ANN401
    """A connection as one interface logs it: the client's row and the server's."""
    sport = changes.pop("sport", 40000)
    return [
        row(client, server, sport, port, flags=3, **changes),
        row(server, client, port, sport, flags=19, **{"way": "egress", **changes}),
    ]


def without_flags(rows: Iterable[str]) -> list[str]:
    """The rows of a log that has no TCP flags."""
    return [" ".join([*line.split()[:12], "-", *line.split()[13:]]) for line in rows]


def read(folder: Path, rows: Iterable[str], inventory: Inventory | None = None) -> Connections:
    """What is made of some rows."""
    path = folder / "flows.log"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return connect([path], inventory=cluster() if inventory is None else inventory)


def told(found: Connections) -> list[str]:
    """The edges in short: ends, port and verdict."""
    return [
        f"{edge.client.id} -> {edge.server.id} {edge.protocol}/{edge.port} {edge.verdict.value}"
        for edge in found.edges
    ]
