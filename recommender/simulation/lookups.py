"""DNS: what clients ask for before they connect, and what the proxy's log says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.simulation.graph import TargetKind
from recommender.simulation.lines import encode, text

if TYPE_CHECKING:
    from recommender.simulation.dice import Dice
    from recommender.simulation.graph import Application, Call, Service, Target

_NXDOMAIN: Final = 3
_NO_TTL: Final = 4_294_967_295
_SERVICE_NETWORK: Final = (10, 96)


class ServiceAddresses:
    """The Services of an application and their addresses.

    Args:
        application: The application.
    """

    def __init__(self, application: Application) -> None:
        self._services: dict[Target, list[Service]] = {}
        by_namespace: dict[str, list[Service]] = {}
        for service in application.services:
            by_namespace.setdefault(service.namespace, []).append(service)
        for workload in application.workloads:
            self._services[workload.target] = [
                service
                for service in by_namespace.get(workload.namespace, [])
                if service.selects(workload)
            ]
        self._ports = {
            workload.target: {port.name: port.number for port in workload.ports if port.name}
            for workload in application.workloads
        }
        # .1 is the API server's and .10 by custom the resolver's.
        self._numbers = {
            (service.namespace, service.name): number + 11
            for number, service in enumerate(application.services)
        }

    def address(self, service: Service, family: str) -> str:
        """The ClusterIP of a Service; empty when it is headless."""
        if service.type == "Headless":
            return ""
        number = self._numbers[service.namespace, service.name]
        if family == "IPv6":
            return f"fd00:10:96::{number:x}"
        first, second = _SERVICE_NETWORK
        return f"{first}.{second + (number >> 16)}.{number >> 8 & 0xFF}.{number & 0xFF}"

    def selecting(self, server: Target) -> list[Service]:
        """The Services that select the pods of a workload."""
        return self._services.get(server, [])

    def of(self, server: Target, port: int, protocol: str) -> tuple[Service, int] | None:
        """The Service, and its port, through which clients reach a pod port."""
        names = self._ports.get(server, {})
        for service in self._services.get(server, []):
            for entry in service.ports:
                number = names.get(entry.target) if isinstance(entry.target, str) else entry.target
                if number == port and entry.protocol == protocol:
                    return service, entry.port
        return None


def questions(call: Call, namespace: str, services: ServiceAddresses) -> list[tuple[str, bool]]:
    """The names a client asks for, and whether each exists, with the trailing dot.

    Args:
        call: What it wants to connect to.
        namespace: The client's namespace, whose search path comes first.
        services: The Services.
    """
    if call.server.kind is TargetKind.FQDN:
        name = call.server.name
        return [(f"{name}.{namespace}.svc.cluster.local.", False), (f"{name}.", True)]
    found = services.of(call.server, call.port, call.protocol)
    if found is None:
        return []
    service = found[0]
    return [(f"{service.name}.{service.namespace}.svc.cluster.local.", True)]


def log_values(name: str, addresses: list[str], family: str, dice: Dice) -> dict[bytes, bytes]:
    """What the proxy's log says of a query and its answer.

    Args:
        name: The queried name with its trailing dot.
        addresses: The answer; empty when the name does not exist.
        family: Address family asked for.
        dice: Chooses the latency.

    Returns:
        The ``l7`` objects and summaries of query and answer, as `Emitter.play` takes them.
    """
    kind = "A" if family == "IPv4" else "AAAA"
    source = {"observation_source": "proxy"}
    query = {"type": "REQUEST", "dns": {"query": name} | source | {"qtypes": [kind]}}
    latency = str(dice.between(150_000, 3_000_000))
    answer: dict[str, object] = {"query": name}
    if addresses:
        answer |= {"ips": addresses, "ttl": 30} | source | {"qtypes": [kind], "rrtypes": [kind]}
        listed = ",".join(addresses)
        summary = f'DNS Answer "{listed}" TTL: 30 (Proxy {name} {kind})'
    else:
        answer |= {"ttl": _NO_TTL} | source | {"rcode": _NXDOMAIN, "qtypes": [kind]}
        summary = f"DNS Answer RCode: Non-Existent Domain TTL: {_NO_TTL} (Proxy {name} {kind})"
    response = {"type": "RESPONSE", "latency_ns": latency, "dns": answer}
    return {
        b"l:access": encode(query),
        b"s:access": text(f"DNS Query {name} {kind}"),
        b"l:access-reply": encode(response),
        b"s:access-reply": text(summary),
    }


def http_values(host: str, port: int, dice: Dice) -> dict[bytes, bytes]:
    """What the proxy's log says of an HTTP request and its response."""
    method = ("GET", "GET", "GET", "POST")[dice.below(4)]
    path = ("/api/v1/items", "/api/v1/items?page=2&sort=price", "/healthz", "/api/v1/orders")
    url = f"http://{host}:{port}{path[dice.below(len(path))]}"
    code = (200, 200, 200, 201, 404, 503)[dice.below(6)]
    latency = dice.between(1_000_000, 80_000_000)
    request_id = dice.hexadecimal(32)
    headers = [
        {"key": ":scheme", "value": "http"},
        {"key": "Accept", "value": "*/*"},
        {"key": "User-Agent", "value": "Go-http-client/1.1"},
        {"key": "X-Request-Id", "value": request_id},
    ]
    http = {"method": method, "url": url, "protocol": "HTTP/1.1", "headers": headers}
    response = {"type": "RESPONSE", "latency_ns": str(latency), "http": {"code": code} | http}
    return {
        b"l:access": encode({"type": "REQUEST", "http": http}),
        b"s:access": text(f"HTTP/1.1 {method} {url}"),
        b"l:access-reply": encode(response),
        b"s:access-reply": text(f"HTTP/1.1 {code} {latency // 1_000_000}ms ({method} {url})"),
    }
