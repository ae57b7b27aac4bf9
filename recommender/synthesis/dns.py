"""Who resolves names for the pods, and the guardrail that keeps name resolution working.

An isolated pod that cannot resolve names is broken even where every connection of its own is
allowed. So each subject with egress may ask the cluster's resolvers, over UDP and TCP (answers
that do not fit into a datagram come over TCP, which no window is long enough to show), and the
resolvers' own policy lets every pod of the cluster ask: anything less would cut off the next
workload that is deployed.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.labels import LabelSelector, namespace_selector
from recommender.model.policies import Direction, IPBlock, PodPeer
from recommender.synthesis.external import cover
from recommender.synthesis.peers import AddressGrant, PeerGrant, parse_addresses, pod_peer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.inventory.types import Inventory, Service, Workload
    from recommender.model.addresses import Address
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.policies import Peer
    from recommender.synthesis.peers import Outcome
    from recommender.synthesis.relation import Relation
    from recommender.synthesis.subjects import Roster, Subject

#: Why a guardrail's rule is there.
DNS: Final = "dns"
#: Mark of a rule for a resolver that nobody has seen.
ASSUMED: Final = "dns-assumed"

_PORT: Final = 53
_PORTS: Final = frozenset({53, 1053, 5353, 8053, 9053, 10053})
_TRANSPORTS: Final = ("UDP", "TCP")
# Labels alone prove nothing: any tenant may call its own pods kube-dns.
_NAMESPACES: Final = frozenset({"kube-system", "openshift-dns"})
_LABELS: Final = frozenset(
    {
        ("k8s-app", "kube-dns"),
        ("k8s-app", "coredns"),
        ("app.kubernetes.io/name", "coredns"),
        ("dns.operator.openshift.io/daemonset-dns", "default"),
    },
)
# A cache on the nodes is a resolver of its own only where clients reach its pods, as they do
# behind a local redirect policy; usually it uses the node's network and an address of its own.
_CACHE: Final = ("k8s-app", "node-local-dns")
_NODE_LOCAL_NAMES: Final = frozenset({"node-local-dns", "nodelocaldns"})
_NODE_LOCAL_DEFAULT: Final = ipaddress.IPv4Address("169.254.20.10")
_LINK_LOCAL: Final = ipaddress.IPv4Network("169.254.0.0/16")
# Resolver and metadata service of the clouds: outside of the cluster, and more than DNS.
_CLOUD: Final = ipaddress.IPv4Network("169.254.169.0/24")
_FEWEST_CLIENTS: Final = 2


@dataclass(frozen=True, slots=True)
class Resolvers:
    """The resolvers of a cluster.

    Attributes:
        pods: Resolver pods with the ports they answer on, sorted by subject.
        node_local: Addresses of a DNS cache on the nodes.
        assumed: True where none is known and the usual one is taken.
    """

    pods: tuple[tuple[Subject, frozenset[int]], ...] = ()
    node_local: tuple[Address, ...] = ()

    @property
    def assumed(self) -> bool:
        """Whether no resolver is known."""
        return not self.pods and not self.node_local

    def ports(self, entity: Entity) -> frozenset[int]:
        """The ports on which a workload resolves names; none where it is no resolver."""
        for subject, ports in self.pods:
            if entity in subject.members:
                return ports
        return frozenset()

    def is_query(self, edge: Edge) -> bool:
        """Whether an edge is a pod's question to one of these resolvers."""
        if not edge.client.is_workload:
            return False
        return edge.protocol in _TRANSPORTS and edge.port in self.ports(edge.server)


def resolvers(edges: Sequence[Edge], inventory: Inventory, roster: Roster) -> Resolvers:
    """Find the cluster's resolvers: by Service and labels, else by what the clients do.

    Args:
        edges: The accepted edges.
        inventory: The cluster as known.
        roster: Who can be selected; a resolver without a selector cannot be named.
    """
    ports = _inventoried(inventory)
    asked = {edge.server for edge in edges if edge.client.is_workload and _is_dns(edge)}
    for entity, workload in inventory.workloads.items():
        labels = _labels(workload)
        if entity.namespace in _NAMESPACES and (
            labels & _LABELS or (_CACHE in labels and entity in asked)
        ):
            ports.setdefault(entity, set())
    if not ports:
        ports = {entity: set() for entity in _by_clients(edges)}
    for edge in edges:
        if edge.server in ports and _is_dns(edge):
            ports[edge.server].add(edge.port)
    found: defaultdict[Subject, set[int]] = defaultdict(set)
    for entity, known in ports.items():
        subject = roster.subject_of.get(entity)
        if subject is not None:
            found[subject] |= known or {_PORT}
    ordered = sorted(found.items(), key=lambda item: item[0].id)
    pods = tuple((subject, frozenset(known)) for subject, known in ordered)
    return Resolvers(pods, _node_local(edges, inventory))


def _is_dns(edge: Edge) -> bool:
    return edge.protocol in _TRANSPORTS and edge.port in _PORTS


def _labels(workload: Workload) -> frozenset[tuple[str, str]]:
    return frozenset(workload.labels)


def _inventoried(inventory: Inventory) -> dict[Entity, set[int]]:
    ports: dict[Entity, set[int]] = {}
    for service in inventory.services:
        if service.namespace not in _NAMESPACES or not service.selector:
            continue
        if not any(port.port == _PORT and port.protocol in _TRANSPORTS for port in service.ports):
            continue
        for entity, workload in inventory.workloads.items():
            wanted = set(service.selector)
            if entity.namespace == service.namespace and wanted <= _labels(workload):
                ports.setdefault(entity, set()).update(_targets(service, workload))
    return ports


def _targets(service: Service, workload: Workload) -> Iterable[int]:
    for port in service.ports:
        if port.port != _PORT:
            continue
        if isinstance(port.target_port, int):
            yield port.target_port or port.port
            continue
        declared = (*workload.ports, *(own for pod in workload.pods for own in pod.ports))
        for own in declared:
            if (own.name, own.protocol) == (port.target_port, port.protocol):
                yield own.port


def _by_clients(edges: Sequence[Edge]) -> list[Entity]:
    """Servers that most of the workloads that speak DNS to any pod speak it to."""
    clients: defaultdict[Entity, set[Entity]] = defaultdict(set)
    for edge in edges:
        both = edge.client.is_workload and edge.server.is_workload
        if both and edge.protocol == "UDP" and edge.port in {_PORT, 5353}:
            clients[edge.server].add(edge.client)
    everyone = len(set().union(*clients.values()))
    return [
        server
        for server, asking in sorted(clients.items())
        if len(asking) >= _FEWEST_CLIENTS and 2 * len(asking) >= everyone
    ]


def _node_local(edges: Sequence[Edge], inventory: Inventory) -> tuple[Address, ...]:
    found: set[Address] = set()
    for edge in edges:
        if edge.port == _PORT and edge.protocol in _TRANSPORTS and not edge.server.is_workload:
            found |= {
                address
                for address in parse_addresses(edge.addresses)
                if address in _LINK_LOCAL and address not in _CLOUD
            }
    for entity in inventory.workloads:
        if entity.namespace == "kube-system" and entity.name in _NODE_LOCAL_NAMES:
            found.add(_NODE_LOCAL_DEFAULT)
    return tuple(sorted(found, key=lambda address: (address.version, int(address))))


def allow_queries(found: Relation, known: Resolvers, namespace: str) -> None:
    """Add the guardrail to the egress of a policy: every resolver, over UDP and TCP."""
    for subject, ports in known.pods:
        for port in ports:
            for protocol in _TRANSPORTS:
                found.add(pod_peer(subject, namespace), (protocol, port))
    for block in cover(known.node_local):
        for protocol in _TRANSPORTS:
            found.add(IPBlock(str(block.network)), (protocol, _PORT), marks=("node-local-dns",))
    if known.assumed:
        usual = LabelSelector.of({"k8s-app": "kube-dns"})
        elsewhere = None if namespace == "kube-system" else namespace_selector("kube-system")
        for protocol in _TRANSPORTS:
            found.add(PodPeer(usual, elsewhere), (protocol, _PORT), marks=(ASSUMED,))


def allow_clients(found: Relation, known: Resolvers, subject: Subject) -> None:
    """Add the other half to the ingress of a resolver's policy: every pod of the cluster."""
    everyone = PodPeer(LabelSelector.everything(), LabelSelector.everything())
    for resolver, ports in known.pods:
        if resolver == subject:
            for port in ports:
                for protocol in _TRANSPORTS:
                    found.add(everyone, (protocol, port), marks=("all-pods",))


def guarded_peers(
    found: Relation,
    outcome: Outcome,
    known: Resolvers,
    direction: Direction,
) -> tuple[Peer, ...]:
    """The guardrail's own peers that already allow what an edge asks for, none if none does.

    On a resolver's own side even a client that no selector can name is among "every pod".
    """
    if direction is Direction.INGRESS:
        candidates = tuple(found.cells) if known.is_query(outcome.edge) else ()
    elif isinstance(outcome, PeerGrant):
        candidates = (outcome.peer,)
    elif isinstance(outcome, AddressGrant) and set(outcome.addresses) <= set(known.node_local):
        candidates = tuple(peer for peer in found.cells if isinstance(peer, IPBlock))
    else:
        candidates = ()
    port = (outcome.edge.protocol, outcome.edge.port)
    return tuple(peer for peer in candidates if port in found.ports(peer))
