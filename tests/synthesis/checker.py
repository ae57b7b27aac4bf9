"""What NetworkPolicies allow, straight from the API's own words, a pair at a time.

It knows nothing of how drafts are made; it is slow and short on purpose.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.model.entities import EntityKind
from recommender.model.labels import NAMESPACE_NAME
from recommender.model.policies import Direction, IPBlock, NetworkPolicy, PodPeer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.policies import Peer, Rule


@dataclass(frozen=True)
class Place:
    """One concrete end: a pod, or an address that is no pod's."""

    namespace: str = ""
    labels: Mapping[str, str] | None = None
    address: str = ""


def places(entity: Entity, addresses: Sequence[str], inventory: Inventory) -> Iterator[Place]:
    """Every pod of a workload, or every address of anything else."""
    if entity.kind is EntityKind.WORKLOAD:
        for pod in inventory.workloads[entity].pods:
            yield Place(pod.namespace, dict(pod.labels))
        return
    nodes = tuple(address for node in inventory.nodes for address in node.addresses)
    named = nodes if entity.kind is EntityKind.NODE else (entity.name.partition("/")[0],)
    for address in addresses or named:
        yield Place(address=address)


def allowed(edge: Edge, policies: Sequence[NetworkPolicy], inventory: Inventory) -> bool:
    """Whether every pod (or address) of the client may reach every one of the server."""
    return all(
        _passes(Direction.EGRESS, client, server, edge, policies)
        and _passes(Direction.INGRESS, server, client, edge, policies)
        for client in places(edge.client, edge.addresses, inventory)
        for server in places(edge.server, edge.addresses, inventory)
    )


def _passes(
    direction: Direction,
    subject: Place,
    other: Place,
    edge: Edge,
    policies: Sequence[NetworkPolicy],
) -> bool:
    if subject.labels is None:
        return True
    selecting = [
        policy
        for policy in policies
        if policy.namespace == subject.namespace
        and policy.subject.matches(subject.labels)
        and direction in policy.policy_types
    ]
    return not selecting or any(
        _ports(rule, edge) and _peers(rule, other, policy.namespace)
        for policy in selecting
        for rule in policy.rules(direction)
    )


def _ports(rule: Rule, edge: Edge) -> bool:
    assert isinstance(rule.ports, tuple)
    for port in rule.ports:
        assert isinstance(port.port, int)
        last = port.end_port or port.port
        if port.protocol == edge.protocol and port.port <= edge.port <= last:
            return True
    return False


def _peers(rule: Rule, other: Place, home: str) -> bool:
    assert isinstance(rule.peers, tuple)
    return any(_peer(peer, other, home) for peer in rule.peers)


def _peer(peer: Peer, other: Place, home: str) -> bool:
    if isinstance(peer, IPBlock):
        network = ipaddress.ip_network(peer.cidr)
        return bool(other.address) and ipaddress.ip_address(other.address) in network
    assert isinstance(peer, PodPeer)
    if other.labels is None or not peer.pods.matches(other.labels):
        return False
    if peer.namespaces is None:
        return other.namespace == home
    return peer.namespaces.matches({NAMESPACE_NAME: other.namespace})
