"""Ends of edges as the classes of an engine: pods, outside addresses, or what is not known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from recommender.evaluation.points import pods_of
from recommender.model.addresses import IPSet, parse_address, parse_network
from recommender.model.entities import Entity, EntityKind
from recommender.model.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.evaluation.engine import Engine
    from recommender.inventory.types import Inventory, Pod, Workload

#: No address family: the address does not matter or is not known.
ANY_FAMILY: Final = 0

#: One way to reach an instance: address family (4, 6 or ``ANY_FAMILY``) and class.
Face = tuple[int, int]


@dataclass(frozen=True, slots=True)
class End:
    """One end of an edge in one engine.

    Attributes:
        instances: The distinct pods or addresses behind it, each with a face per address
            family. Empty where nothing is known.
        namespace: Namespace of a workload of which nothing else is known.
        unknown: Why nothing is known, as a stable code; empty where it is.
    """

    instances: tuple[tuple[Face, ...], ...] = ()
    namespace: str = ""
    unknown: str = ""


def find_workload(inventory: Inventory, entity: Entity) -> Workload | None:
    """The workload of an entity; manifests name no cluster, so the cluster may be left out."""
    found = inventory.workloads.get(entity)
    return found or inventory.workloads.get(replace(entity, cluster=""))


def end_of(engine: Engine, entity: Entity, addresses: tuple[str, ...] = ()) -> End:
    """What an entity is to an engine.

    Args:
        engine: Where it is judged.
        entity: The end of an edge.
        addresses: The addresses seen on that end, for ends that are no workload.
    """
    inventory = engine.inventory
    match entity.kind:
        case EntityKind.WORKLOAD:
            return _workload(engine, entity)
        case EntityKind.CIDR if not addresses:
            return _network(engine, entity.name)
        case EntityKind.NODE if not addresses:
            addresses = tuple(ip for node in inventory.nodes for ip in node.addresses)
        case EntityKind.APISERVER if not addresses:
            addresses = inventory.apiserver_addresses
        case EntityKind.SERVICE:
            return End(unknown="service-without-pods")
        case EntityKind.UNRESOLVED:
            return End(unknown="unresolved-end")
        case _:
            pass
    name = entity.name if entity.kind is EntityKind.NAME else ""
    return outside(engine, addresses, name)


def outside(engine: Engine, addresses: Iterable[str], name: str = "") -> End:
    """Outside addresses, perhaps of a host known by name."""
    found = set()
    for text in addresses:
        address = parse_address(text)
        if name and engine.knows_name(name, text):
            point = engine.points.of_name(name, text)
        else:
            point = engine.points.outside + engine.axes.addresses.of(address)
        found.add(((address.version, int(engine.classes[point])),))
    if found:
        return End(tuple(sorted(found)))
    if name and engine.knows_name(name, ""):
        face = (ANY_FAMILY, int(engine.classes[engine.points.of_name(name, "")]))
        return End(((face,),))
    return End(unknown="no-address")


def _workload(engine: Engine, entity: Entity) -> End:
    workload = find_workload(engine.inventory, entity)
    if workload is None:
        return End(namespace=entity.namespace, unknown="unknown-workload")
    found = set()
    for pod in pods_of(workload):
        faces = tuple((family, int(engine.classes[p])) for family, p in engine.points.of_pod(pod))
        if faces:
            found.add(faces)
    if not found:
        return End(namespace=entity.namespace, unknown="no-running-pod")
    return End(tuple(sorted(found)))


def _network(engine: Engine, text: str) -> End:
    """Every run of addresses that a CIDR touches."""
    try:
        network = parse_network(text)
    except ModelError:
        return End(unknown="no-address")
    axis = engine.axes.addresses
    first = axis.of(network.network_address)
    last = axis.of(network.broadcast_address)
    family = (IPSet.of(network).v4 and 4) or 6
    atoms = range(engine.points.outside + first, engine.points.outside + last + 1)
    return End(tuple(sorted({((family, int(engine.classes[atom])),) for atom in atoms})))


def pod_end(engine: Engine, pod: Pod) -> End:
    """One pod of the inventory as an end; nothing reaches a pod that has ended."""
    faces = engine.points.of_pod(pod)
    if not faces:
        return End(namespace=pod.namespace, unknown="no-running-pod")
    return End((tuple((family, int(engine.classes[point])) for family, point in faces),))
