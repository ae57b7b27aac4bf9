"""The other end of an edge as something that a rule can name, or the reason why it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.connections.marks import OWN_NODE
from recommender.model.addresses import parse_address, parse_network
from recommender.model.entities import EntityKind
from recommender.model.errors import ModelError
from recommender.model.labels import namespace_selector
from recommender.model.policies import Direction, IPBlock, PodPeer
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.inventory.types import Inventory
    from recommender.model.addresses import Address
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.policies import Peer
    from recommender.synthesis.subjects import Roster, Subject

_EVERY: Final = {"0.0.0.0/0", "::/0"}
_API_SERVICE: Final = ("default", "kubernetes")


class Place(StrEnum):
    """What kind of address a rule names; the value is the rule's mark, if it needs one."""

    EXTERNAL = ""
    NODE = "node"
    APISERVER = "kube-apiserver"


@dataclass(frozen=True, slots=True)
class PeerGrant:
    """An edge that a rule with this very peer allows; marks are for the reviewer."""

    edge: Edge
    peer: Peer
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressGrant:
    """An edge to or from single addresses, which are still to be covered by CIDRs."""

    edge: Edge
    addresses: tuple[Address, ...]
    place: Place
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """An edge that no exact rule can allow; its direction must stay open."""

    edge: Edge
    reason: str


@dataclass(frozen=True, slots=True)
class Ruleless:
    """An edge for which no rule is written though its direction may be isolated."""

    edge: Edge
    reason: str


Outcome = PeerGrant | AddressGrant | Blocked | Ruleless


def pod_peer(subject: Subject, namespace: str) -> PodPeer:
    """The pods of a subject, as a policy of a namespace names them.

    In the policy's own namespace the pod selector stands alone, as Kubernetes means it;
    elsewhere the namespace's guaranteed label stands beside it in the same item.
    """
    if subject.namespace == namespace:
        return PodPeer(subject.selector)
    return PodPeer(subject.selector, namespace_selector(subject.namespace))


def parse_addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """The addresses among these strings, sorted, IPv4 first; what is none is left out."""
    found: set[Address] = set()
    for text in texts:
        try:
            found.add(parse_address(text))
        except ModelError:
            continue
    return tuple(sorted(found, key=lambda address: (address.version, int(address))))


def other_end(edge: Edge, direction: Direction) -> Entity:
    """The end that a rule of this direction names as its peer."""
    return edge.client if direction is Direction.INGRESS else edge.server


@dataclass(frozen=True, slots=True)
class PeerFinder:
    """Turns edges into grants for policies of the cluster at hand.

    Attributes:
        inventory: The cluster as known.
        roster: Who can be selected.
    """

    inventory: Inventory
    roster: Roster

    def outcome(
        self,
        edge: Edge,
        direction: Direction,
        namespace: str,
        segment: Subject | None = None,
    ) -> Outcome:
        """What an accepted edge asks of a policy.

        Args:
            edge: The accepted edge.
            direction: Ingress for the policy of the server, egress for that of the client.
            namespace: The policy's namespace.
            segment: The segment that the rule names in place of the workload.
        """
        other = other_end(edge, direction)
        reason = _ruleless(edge)
        if other.kind is EntityKind.NODE and direction is Direction.INGRESS:
            reason = OWN_NODE if OWN_NODE in edge.marks else reason
        if reason:
            return Ruleless(edge, reason)
        if segment is not None:
            return PeerGrant(edge, pod_peer(segment, namespace))
        if other.is_external:
            return _external(edge, other, direction)
        return self._inside(edge, other, namespace)

    def _inside(self, edge: Edge, other: Entity, namespace: str) -> Outcome:
        if other.kind is EntityKind.WORKLOAD:
            return self._workload(edge, other, namespace)
        if other.kind is EntityKind.NODE:
            return self._node(edge)
        if other.kind is EntityKind.APISERVER or (other.namespace, other.name) == _API_SERVICE:
            return self._apiserver(edge)
        is_service = other.kind is EntityKind.SERVICE
        return Blocked(edge, "service-without-pods" if is_service else "unresolved-peer")

    def _workload(self, edge: Edge, other: Entity, namespace: str) -> Outcome:
        subject = self.roster.subject_of.get(other)
        if subject is not None:
            return PeerGrant(edge, pod_peer(subject, namespace))
        reason = self.roster.refused.get(other, "unknown-workload")
        if reason == "host-network":
            pods = self.inventory.workloads[other].pods
            return self._node(edge, (ip for pod in pods for ip in pod.ips))
        return Blocked(edge, reason)

    def _node(self, edge: Edge, more: Iterable[str] = ()) -> Outcome:
        seen = parse_addresses((*edge.addresses, *more))
        # A link-local address is served on every node alike, so no node's own address stands for
        # it: NodeLocal DNS.
        if seen and all(address.is_link_local for address in seen):
            return AddressGrant(edge, seen, Place.NODE)
        nodes = (text for node in self.inventory.nodes for text in node.addresses)
        addresses = parse_addresses((*map(str, seen), *nodes))
        if not addresses:
            return Blocked(edge, "node-without-address")
        return AddressGrant(edge, addresses, Place.NODE)

    def _apiserver(self, edge: Edge) -> Outcome:
        known = self.inventory.apiserver_addresses
        addresses = parse_addresses((*edge.addresses, *known))
        if not addresses:
            return Blocked(edge, "apiserver-without-address")
        return AddressGrant(edge, addresses, Place.APISERVER)


def _ruleless(edge: Edge) -> str:
    if edge.protocol not in PROTOCOLS:
        return "icmp" if edge.protocol.startswith("ICMP") else "protocol"
    return "" if MIN_PORT <= edge.port <= MAX_PORT else "port"


def _external(edge: Edge, other: Entity, direction: Direction) -> Outcome:
    marks = ("fqdn",) if other.kind is EntityKind.NAME else ()
    if direction is Direction.INGRESS and other.name in _EVERY:
        return PeerGrant(edge, IPBlock(other.name), ("world",))
    addresses = parse_addresses(edge.addresses)
    if addresses:
        return AddressGrant(edge, addresses, Place.EXTERNAL, marks)
    if other.kind is EntityKind.NAME:
        return Blocked(edge, "name-without-address")
    if other.name in _EVERY:
        return Blocked(edge, "world-without-address")
    try:
        return PeerGrant(edge, IPBlock(str(parse_network(other.name))))
    except ModelError:
        return Blocked(edge, "unresolved-peer")
