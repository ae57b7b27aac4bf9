"""Doubt from the port: for administrators, for databases, or one that nobody declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.model.entities import EntityKind
from recommender.review.scene import DNS_PORTS
from recommender.review.weights import ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.model.edges import Edge
    from recommender.review.items import Reason
    from recommender.review.scene import Scene

#: Ports that give a shell or a desktop on the other side.
SHELLS: Final = {
    22: "ssh",
    23: "telnet",
    512: "rexec",
    513: "rlogin",
    514: "rsh",
    3389: "remote desktop",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
}
#: Ports of the kubelet, which monitoring reads and intruders use.
KUBELET: Final = frozenset({10250, 10255})
#: Ports that govern a node or the cluster.
CONTROL: Final = {
    2375: "the Docker API",
    2376: "the Docker API",
    2379: "etcd",
    2380: "etcd",
    10257: "the controller manager",
    10259: "the scheduler",
}
#: Ports of databases and stores.
DATABASES: Final = {
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    5432: "PostgreSQL",
    5984: "CouchDB",
    6379: "Redis",
    7000: "Cassandra",
    8086: "InfluxDB",
    9042: "Cassandra",
    9200: "Elasticsearch",
    9300: "Elasticsearch",
    11211: "memcached",
    27017: "MongoDB",
}
#: Ports that mining pools offer (Stratum).
MINING: Final = frozenset({3333, 4444, 5555, 7777, 8333, 9999, 14433, 14444, 45560, 45700})
#: Ports that clusters commonly reach outside: web, mail, time.
_USUAL_OUTSIDE: Final = frozenset({25, 80, 123, 443, 465, 587, 993, 995, 8080, 8443})


def port_grounds(edge: Edge, scene: Scene) -> Iterator[Reason]:
    """Grounds for doubt in the port of an edge, and in an address without a name."""
    if edge.server.kind is EntityKind.CIDR and not edge.names:
        yield from _raw(edge, scene)
    if edge.port in DNS_PORTS:
        yield from _foreign_resolver(edge, scene)
    if edge.protocol == "TCP":
        yield from _administrative(edge)
    declared = scene.declared.get(edge.server)
    if declared is not None and edge.port and edge.port not in declared:
        listed = ", ".join(map(str, sorted(declared)[:5]))
        text = f"{edge.server.id} declares {listed}, not {edge.port}"
        yield ground("undeclared-port", text)


def _raw(edge: Edge, scene: Scene) -> Iterator[Reason]:
    name = edge.server.name.removesuffix("/32").removesuffix("/128")
    text = f"{name} lies outside the cluster and no DNS name leads to it"
    if scene.was_quiet(edge):
        yield ground("raw-address-later", f"{text}, nor was its network reached at first")
    else:
        yield ground("raw-address", text)
    if edge.port in MINING:
        yield ground("mining-port", f"{edge.port} is a port that mining pools use")
    elif edge.port not in _USUAL_OUTSIDE | DNS_PORTS:
        yield ground("odd-outside-port", f"{edge.port} is no usual port of a service outside")


def _foreign_resolver(edge: Edge, scene: Scene) -> Iterator[Reason]:
    """Pods ask the cluster's resolver; what asks another one may carry data out."""
    asks_itself = edge.client in scene.resolvers or edge.server in scene.resolvers
    if edge.client.is_workload and edge.server.is_external and not asks_itself and scene.resolvers:
        text = f"asks {edge.server.name.partition('/')[0]} for names and not the cluster's resolver"
        yield ground("foreign-resolver", text)


def _administrative(edge: Edge) -> Iterator[Reason]:
    port, inside = edge.port, not edge.server.is_external
    if port in SHELLS:
        yield ground("remote-shell", f"{port} is the port of {SHELLS[port]}")
    elif port in KUBELET and edge.client.is_workload:
        yield ground("kubelet-port", f"{port} is the port of the kubelet")
    elif port in CONTROL and edge.client.is_workload:
        yield ground("control-plane-port", f"{port} is the port of {CONTROL[port]}")
    elif port in DATABASES and inside and edge.client.namespace != edge.server.namespace:
        where = edge.client.namespace or "outside"
        text = (
            f"a {DATABASES[port]} port, reached from {where} and not from {edge.server.namespace}"
        )
        yield ground("foreign-database", text)
