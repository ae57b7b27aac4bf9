"""What policies permit between workloads, said by the naive evaluator of the evaluation tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evaluation.naive import Attempt, World, allowed, side_allows

from recommender.model.policies import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.inventory.types import Inventory, Pod
    from recommender.model.policies import NetworkPolicy


class Permission(NamedTuple):
    """One workload may open connections to another on one port."""

    client: str
    server: str
    protocol: str
    port: int


def one_pod_each(inventory: Inventory) -> dict[str, Pod]:
    """A pod of every workload that has one, by the workload's ``namespace/name``."""
    return {
        f"{entity.namespace}/{entity.name}": workload.pods[0]
        for entity, workload in sorted(inventory.workloads.items())
        if workload.pods and not workload.host_network
    }


def into(
    policies: Iterable[NetworkPolicy],
    inventory: Inventory,
    ports: Iterable[tuple[str, int]],
) -> set[Permission]:
    """What the servers' side lets in, whatever the clients' side lets out."""
    world = World(inventory, tuple(policies))
    pods = one_pod_each(inventory)
    return {
        Permission(client, server, protocol, port)
        for protocol, port in ports
        for client, source in pods.items()
        for server, target in pods.items()
        if client != server
        and side_allows(world, Direction.INGRESS, Attempt(source, target, protocol, port))
    }


def between(
    policies: Iterable[NetworkPolicy],
    inventory: Inventory,
    ports: Iterable[tuple[str, int]],
) -> set[Permission]:
    """What both sides let through."""
    world = World(inventory, tuple(policies))
    pods = one_pod_each(inventory)
    return {
        Permission(client, server, protocol, port)
        for protocol, port in ports
        for client, source in pods.items()
        for server, target in pods.items()
        if client != server and allowed(world, source, target, protocol, port)
    }
