"""What listens where, as the inventory says it: ports of containers, and what Services lead to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.inventory.lifetimes import ENDED_PHASES
from recommender.model.entities import Entity, EntityKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.inventory.types import Inventory, Service, ServicePort, Workload

#: Types of Services that are reached from outside.
_FROM_OUTSIDE: Final = frozenset({"NodePort", "LoadBalancer"})

Listener = tuple[Entity, str, int]  # who, protocol, port


@dataclass(frozen=True, slots=True, order=True)
class Backend:
    """Where one port of a Service leads.

    Attributes:
        service: The Service.
        protocol: The protocol.
        port: The port at the Service's address, or at every node.
        workload: The only workload behind it, or the API server.
        target_port: The port of its pods.
        on_nodes: Whether the port is one of the nodes.
        keeps_source: Whether the pods see clients from outside by their own addresses. Where a
            node sends them on, they see the node.
    """

    service: Entity
    protocol: str
    port: int
    workload: Entity
    target_port: int
    on_nodes: bool = False
    keeps_source: bool = True


def service_entity(service: Service) -> Entity:
    """A Service as an end of traffic."""
    return Entity(EntityKind.SERVICE, namespace=service.namespace, name=service.name)


def backends(inventory: Inventory) -> list[Backend]:
    """The ports of Services that lead to one port of one end; all others are left out."""
    owners = _owners(inventory)
    return sorted(
        Backend(
            service_entity(service),
            port.protocol,
            number,
            entity,
            target,
            on_nodes,
            service.type not in _FROM_OUTSIDE or service.external_traffic_policy == "Local",
        )
        for service in inventory.services
        for port in service.ports
        for entity, target in _leads(inventory, service, port, owners)
        for number, on_nodes in ((port.port, False), (port.node_port, True))
        if number
    )


def _leads(
    inventory: Inventory, service: Service, port: ServicePort, owners: Mapping[str, Entity]
) -> list[tuple[Entity, int]]:
    """The one end behind a port of a Service, with its port: by selector, else by endpoints."""
    if service.selector:
        return [
            (workload.entity, target)
            for workload in _behind(inventory, service)
            for target in _target(workload, port)
        ]
    found = {
        (owners.get(end.ip), end.port)
        for end in service.endpoints
        if (end.protocol, end.name) == (port.protocol, port.name)
    }
    return [(entity, number) for entity, number in found if entity] if len(found) == 1 else []


def _owners(inventory: Inventory) -> dict[str, Entity]:
    """Who has an address now: the workload of one pod that runs, or the API server."""
    found: dict[str, set[Entity]] = defaultdict(set)
    for entity, workload in inventory.workloads.items():
        for pod in workload.pods:
            if not pod.host_network and pod.phase not in ENDED_PHASES:
                for ip in pod.ips:
                    found[ip].add(entity)
    found |= {ip: {Entity.apiserver()} for ip in inventory.apiserver_addresses}
    return {ip: next(iter(owners)) for ip, owners in found.items() if len(owners) == 1}


def _behind(inventory: Inventory, service: Service) -> list[Workload]:
    """The workload behind a Service, where it is one alone."""
    selected = _selected(inventory, service)
    return selected if len(selected) == 1 else []


def _selected(inventory: Inventory, service: Service) -> list[Workload]:
    wanted = set(service.selector)
    if not wanted:
        return []
    return [
        workload
        for entity, workload in sorted(inventory.workloads.items())
        if entity.namespace == service.namespace and wanted <= set(workload.labels)
    ]


def _target(workload: Workload, port: ServicePort) -> list[int]:
    """The port of the pods, where it is known."""
    target = port.target_port or port.port
    if isinstance(target, int):
        return [target]
    found = {
        declared.port
        for declared in (*workload.ports, *(p for pod in workload.pods for p in pod.ports))
        if declared.name == target and declared.protocol == port.protocol
    }
    return list(found) if len(found) == 1 else []


def listeners(inventory: Inventory) -> set[Listener]:
    """Every port that somebody is known to listen on."""
    found: set[Listener] = set()
    for entity, workload in inventory.workloads.items():
        ports = {*workload.ports, *(port for pod in workload.pods for port in pod.ports)}
        found |= {(entity, port.protocol, port.port) for port in ports}
    for service in inventory.services:
        for workload in _selected(inventory, service):
            found |= {
                (workload.entity, port.protocol, target)
                for port in service.ports
                for target in _target(workload, port)
            }
        for port in service.ports:
            found.add((service_entity(service), port.protocol, port.port))
            if port.node_port:
                found.add((Entity.node(), port.protocol, port.node_port))
    return found
