"""The calls that manifests imply: who names which Service, and who comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.simulation.addressed import addresses
from recommender.simulation.graph import Call, Service, ServicePort, Target, TargetKind, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RATE: Final = 60.0
_WORLD_RATE: Final = 120.0
_HTTPS: Final = 443


def from_outside(services: list[Service], workloads: list[Workload]) -> Iterator[Call]:
    """Calls from the world to every Service that takes them in."""
    for service in services:
        if service.type in {"LoadBalancer", "NodePort"}:
            for port in service.ports:
                for server, number in _behind(service, port, workloads):
                    world = Target(TargetKind.WORLD)
                    yield Call(world, server.target, number, port.protocol, _WORLD_RATE)


def _behind(
    service: Service,
    port: ServicePort,
    workloads: list[Workload],
) -> Iterator[tuple[Workload, int]]:
    """The workloads behind a port of a Service, each with its own port."""
    for workload in workloads:
        if not service.selects(workload):
            continue
        if isinstance(port.target, int):
            yield workload, port.target
            continue
        for own in workload.ports:
            if own.name == port.target and own.protocol == port.protocol:
                yield workload, own.number


def implied(
    client: Workload,
    values: Iterable[str],
    services: list[Service],
    workloads: list[Workload],
) -> Iterator[Call]:
    """The calls of a workload that its configuration implies.

    Args:
        client: The workload.
        values: Every text that configures it.
        services: All Services.
        workloads: All workloads.
    """
    known = {(service.namespace, service.name): service for service in services}
    for value in values:
        for host, number in addresses(value):
            parts = host.removesuffix(".cluster.local").removesuffix(".svc").split(".")
            namespace = parts[1] if len(parts) == 2 else client.namespace  # noqa: PLR2004
            service = known.get((namespace, parts[0])) if len(parts) <= 2 else None  # noqa: PLR2004
            if service is not None:
                for port in service.ports:
                    if port.port == number:
                        yield from _to(client, service, port, workloads)
            elif "." in host and not host.endswith((".svc", ".local", ".internal")):
                outside = Target(TargetKind.FQDN, name=host)
                yield Call(client.target, outside, number or _HTTPS, rate=_RATE)


def _to(
    client: Workload,
    service: Service,
    port: ServicePort,
    workloads: list[Workload],
) -> Iterator[Call]:
    for server, number in _behind(service, port, workloads):
        # One pod does not call itself over the network.
        if server.target != client.target or client.replicas > 1:
            yield Call(client.target, server.target, number, port.protocol, _RATE)
