"""A naive evaluator, straight from the specification: one pair and one port at a time.

It shares nothing with the engine but the typed model. No classes, no atoms, no bit sets: loops
over every policy and every rule, so that a reader can hold each line against the words of
``k8s.io/api/networking/v1/types.go`` and ``sigs.k8s.io/network-policy-api``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from recommender.model.addresses import parse_address, parse_network
from recommender.model.labels import NAMESPACE_NAME
from recommender.model.policies import ALL_PEERS, ALL_PORTS, Direction, IPBlock
from recommender.model.tiers import (
    Action,
    DomainNames,
    Networks,
    Nodes,
    Tier,
    TierPods,
    UnknownPeer,
)

if TYPE_CHECKING:
    from recommender.inventory.types import Inventory, Pod
    from recommender.model.policies import NetworkPolicy, Peer, PolicyPort, Rule
    from recommender.model.tiers import TierPeer, TierPolicy, TierPort, TierRule

    End = Pod | str


@dataclass(frozen=True)
class World:
    """A cluster, the policies in force, and the modes of the unsettled cases.

    An end of a connection is a pod, or the address of something that is no pod. A named host
    outside the cluster is an address with an entry in ``names``.
    """

    inventory: Inventory
    policies: tuple[NetworkPolicy, ...] = ()
    tiers: tuple[TierPolicy, ...] = ()
    blocks_match_pods: bool = False
    networks_match_pods: bool = True
    hosts_are_pods: bool = False
    own_node_egress: bool = False
    end_port: bool = True
    names: dict[str, str] = field(default_factory=dict)

    def with_policies(self, *policies: NetworkPolicy) -> World:
        return replace(self, policies=policies)


@dataclass(frozen=True)
class Attempt:
    """A connection that the source tries to open."""

    source: End
    destination: End
    protocol: str
    port: int

    def subject(self, direction: Direction) -> End:
        return self.source if direction is Direction.EGRESS else self.destination

    def peer(self, direction: Direction) -> End:
        return self.destination if direction is Direction.EGRESS else self.source


def allowed(world: World, source: End, destination: End, protocol: str, port: int) -> bool:
    """Whether a connection may be opened, where that does not depend on its address family."""
    (answer,) = answers(world, Attempt(source, destination, protocol, port))
    return answer


def answers(world: World, attempt: Attempt) -> set[bool]:
    """Whether a connection may be opened, over every address family that both ends have.

    It takes egress of the source and ingress of the destination. "A pod cannot block access to
    itself".
    """
    if attempt.source == attempt.destination:
        return {True}
    pairs = [(a, b) for a in views(attempt.source) for b in views(attempt.destination)]
    shared = [pair for pair in pairs if len({family(end) for end in pair} - {0}) <= 1]
    found = set()
    for source, destination in shared or pairs:
        one = replace(attempt, source=source, destination=destination)
        found.add(all(side_allows(world, direction, one) for direction in Direction))
    return found


def views(end: End) -> list[End]:
    """An end with one address of each family in turn; without addresses as it is."""
    if isinstance(end, str) or not end.ips:
        return [end]
    first = {parse_address(ip).version: ip for ip in reversed(end.ips)}
    return [replace(end, ips=(ip,)) for _, ip in sorted(first.items())]


def family(end: End) -> int:
    """The address family of one view; 0 where it is not known."""
    address = end if isinstance(end, str) else (*end.ips, "")[0]
    return parse_address(address).version if address else 0


def side_allows(world: World, direction: Direction, attempt: Attempt) -> bool:
    """Whether one side lets a connection through."""
    subject = attempt.subject(direction)
    if isinstance(subject, str) or is_host(world, subject):
        return True
    if (direction is Direction.INGRESS or world.own_node_egress) and on_own_node(
        world, subject, attempt.peer(direction)
    ):
        return True
    verdict = tier_says(world, Tier.ADMIN, direction, attempt)
    if verdict in {Action.ACCEPT, Action.DENY}:
        return verdict is Action.ACCEPT
    isolating = [
        policy
        for policy in world.policies
        if policy.isolates(direction) and selects(policy, subject)
    ]
    if isolating:
        return any(
            rule_matches(world, policy, rule, direction, attempt)
            for policy in isolating
            for rule in policy.rules(direction)
        )
    return tier_says(world, Tier.BASELINE, direction, attempt) is not Action.DENY


def is_host(world: World, pod: Pod) -> bool:
    """Whether a pod is seen as its node: policies never select it, its addresses do."""
    return pod.host_network and not world.hosts_are_pods


def on_own_node(world: World, subject: Pod, peer: End) -> bool:
    """Whether the peer is the node that the subject runs on, or a pod in that node's network."""
    if not subject.node:
        return False
    if not isinstance(peer, str):
        return is_host(world, peer) and peer.node == subject.node
    of_node = {ip for n in world.inventory.nodes if n.name == subject.node for ip in n.addresses}
    return parse_address(peer) in {parse_address(ip) for ip in of_node}


def selects(policy: NetworkPolicy, pod: Pod) -> bool:
    same_namespace = policy.namespace == pod.namespace
    return same_namespace and policy.subject.matches(dict(pod.labels))


def rule_matches(
    world: World, policy: NetworkPolicy, rule: Rule, direction: Direction, attempt: Attempt
) -> bool:
    peer = attempt.peer(direction)
    if rule.peers is not ALL_PEERS:
        assert isinstance(rule.peers, tuple)
        if not any(peer_matches(world, policy, item, peer) for item in rule.peers):
            return False
    if rule.ports is ALL_PORTS:
        return True
    assert isinstance(rule.ports, tuple)
    return any(port_matches(world, item, attempt) for item in rule.ports)


def namespace_labels(world: World, name: str) -> dict[str, str]:
    namespace = world.inventory.namespaces.get(name)
    labels = dict(namespace.labels) if namespace else {}
    return {**labels, NAMESPACE_NAME: name}


def peer_matches(world: World, policy: NetworkPolicy, item: Peer, peer: End) -> bool:
    if isinstance(item, IPBlock):
        return block_matches(world, item, peer)
    if isinstance(peer, str) or is_host(world, peer):
        return False
    if item.namespaces is None:
        if peer.namespace != policy.namespace:
            return False
    elif not item.namespaces.matches(namespace_labels(world, peer.namespace)):
        return False
    return item.pods.matches(dict(peer.labels))


def block_matches(world: World, block: IPBlock, peer: End) -> bool:
    if isinstance(peer, str):
        return address_in(peer, block.cidr, block.excluded)
    if not is_host(world, peer) and not world.blocks_match_pods:
        return False
    if not peer.ips:
        # An address that is not known is surely inside only where everything is.
        return parse_network(block.cidr).prefixlen == 0 and not block.excluded
    return any(address_in(ip, block.cidr, block.excluded) for ip in peer.ips)


def address_in(address: str, cidr: str, excluded: tuple[str, ...] = ()) -> bool:
    parsed = parse_address(address)
    if parsed.version != parse_network(cidr).version or parsed not in parse_network(cidr):
        return False
    return not any(address_in(address, part) for part in excluded)


def port_matches(world: World, item: PolicyPort, target: Attempt) -> bool:
    if item.protocol != target.protocol:
        return False
    if item.port is None:
        return True
    if isinstance(item.port, int):
        last = item.end_port if world.end_port and item.end_port else item.port
        return item.port <= target.port <= last
    if isinstance(target.destination, str) or is_host(world, target.destination):
        return False  # an address has no containers that could name a port
    for declared in target.destination.ports:
        if declared.name == item.port and declared.protocol == item.protocol:
            return declared.port == target.port  # the first in container order counts
    return False


# --- the tiers around the NetworkPolicies ----------------------------------------------------


def tier_says(world: World, tier: Tier, direction: Direction, attempt: Attempt) -> Action | None:
    """The action of the first rule that matches in one tier; None where none does."""
    ordered = sorted(
        (policy for policy in world.tiers if policy.tier is tier),
        key=lambda policy: (policy.priority, policy.name),
    )
    for policy in ordered:
        if not in_tier_pods(world, policy.subject, attempt.subject(direction)):
            continue
        for rule in policy.rules(direction):
            action = tier_rule_says(world, rule, direction, attempt)
            if action is not None:
                return action
    return None


def tier_rule_says(
    world: World, rule: TierRule, direction: Direction, attempt: Attempt
) -> Action | None:
    if any(isinstance(item, UnknownPeer) for item in rule.peers):
        # The whole rule fails closed: Accept matches nothing, Deny and Pass deny everything.
        return None if rule.action is Action.ACCEPT else Action.DENY
    peer = attempt.peer(direction)
    if not any(tier_peer_matches(world, item, peer) for item in rule.peers):
        return None
    if rule.ports is not ALL_PORTS:
        assert isinstance(rule.ports, tuple)
        if not any(tier_port_matches(world, item, attempt) for item in rule.ports):
            return None
    return rule.action


def in_tier_pods(world: World, item: TierPods, pod: End) -> bool:
    if isinstance(pod, str) or pod.host_network:
        return False  # "host-networked pods are not included", in every mode
    in_namespace = item.namespaces.matches(namespace_labels(world, pod.namespace))
    return in_namespace and item.pods.matches(dict(pod.labels))


def tier_peer_matches(world: World, item: TierPeer, peer: End) -> bool:
    match item:
        case TierPods():
            return in_tier_pods(world, item, peer)
        case Networks():
            return any(network_matches(world, cidr, peer) for cidr in item.cidrs)
        case Nodes():
            chosen = [n for n in world.inventory.nodes if item.selector.matches(dict(n.labels))]
            of_nodes = {parse_address(ip) for node in chosen for ip in node.addresses}
            addresses = (peer,) if isinstance(peer, str) else peer.ips
            return any(parse_address(ip) in of_nodes for ip in addresses)
        case DomainNames():
            name = world.names.get(peer) if isinstance(peer, str) else None
            return name is not None and any(name_matches(known, name) for known in item.names)
        case UnknownPeer():
            return False


def network_matches(world: World, cidr: str, peer: End) -> bool:
    if isinstance(peer, str):
        return address_in(peer, cidr)
    if not is_host(world, peer) and not world.networks_match_pods:
        return False
    if not peer.ips:
        return parse_network(cidr).prefixlen == 0
    return any(address_in(ip, cidr) for ip in peer.ips)


def name_matches(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return name == pattern


def tier_port_matches(world: World, item: TierPort, target: Attempt) -> bool:
    if isinstance(item.port, str):
        if isinstance(target.destination, str) or is_host(world, target.destination):
            return False
        for declared in target.destination.ports:
            if declared.name == item.port and declared.protocol == target.protocol:
                return declared.port == target.port  # as above: the first counts
        return False
    if item.protocol != target.protocol:
        return False
    return item.port is None or item.port <= target.port <= (item.end_port or item.port)
