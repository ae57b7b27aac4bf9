"""Policies to entries: each an action for some peers on some ports, with where it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import IPSet, parse_network
from recommender.model.labels import LabelSelector
from recommender.model.policies import (
    ALL_PEERS,
    Direction,
    Every,
    IPBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
)
from recommender.model.tiers import (
    Action,
    DomainNames,
    Networks,
    Nodes,
    Tier,
    TierPods,
    TierPolicy,
    TierPort,
    TierRule,
    UnknownPeer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.inventory.types import Inventory

Policy = NetworkPolicy | TierPolicy

#: Both directions, in the order in which a connection meets them.
DIRECTIONS: Final = (Direction.EGRESS, Direction.INGRESS)


@dataclass(frozen=True, slots=True)
class PodsOf:
    """Pods as peers: of one namespace by name, or of the namespaces selected.

    Attributes:
        namespaces: Which namespaces, or the name of the one.
        pods: Which pods in them.
        tier: Whether a cluster-wide policy says so, which never means the host network.
    """

    namespaces: LabelSelector | str
    pods: LabelSelector
    tier: bool = False


@dataclass(frozen=True, slots=True)
class AddressesOf:
    """Addresses as peers.

    Attributes:
        addresses: The addresses.
        network_policy: Whether an ``ipBlock`` says so, whose match on pods is an open question.
        nodes: Whether the addresses are those of nodes.
    """

    addresses: IPSet
    network_policy: bool
    nodes: bool = False


@dataclass(frozen=True, slots=True)
class NamesOf:
    """Outside hosts by DNS name as peers."""

    names: tuple[str, ...]


Match = PodsOf | AddressesOf | NamesOf | Every


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of one direction.

    Attributes:
        policy: Number of its policy.
        rule: Index of the rule in the policy's list.
        action: What a match does; a rule of a NetworkPolicy accepts.
        peers: The peers, in the order of the rule.
        ports: The ports; None for all.
    """

    policy: int
    rule: int
    action: Action
    peers: tuple[Match, ...]
    ports: tuple[PolicyPort | TierPort, ...] | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """Policies in the order in which they are asked, with their entries.

    Attributes:
        policies: Admin tier, NetworkPolicies, Baseline tier.
        entries: Per direction and policy, its entries in order.
    """

    policies: tuple[Policy, ...]
    entries: dict[Direction, tuple[tuple[Entry, ...], ...]]

    def subject(self, number: int) -> PodsOf:
        """The pods that a policy speaks of."""
        policy = self.policies[number]
        if isinstance(policy, NetworkPolicy):
            return PodsOf(policy.namespace, policy.subject)
        return PodsOf(policy.subject.namespaces, policy.subject.pods, tier=True)

    def concerns(self, number: int, direction: Direction) -> bool:
        """Whether a policy says anything about a direction."""
        policy = self.policies[number]
        if isinstance(policy, NetworkPolicy):
            return policy.isolates(direction)
        return bool(policy.rules(direction))

    def all_entries(self) -> Iterator[Entry]:
        """Every entry of both directions."""
        for direction in DIRECTIONS:
            for entries in self.entries[direction]:
                yield from entries

    def ports(self) -> Iterator[PolicyPort | TierPort]:
        """Every port that a rule names."""
        for entry in self.all_entries():
            yield from entry.ports or ()

    def selectors(self) -> frozenset[LabelSelector]:
        """Every selector of pods or namespaces."""
        found: set[LabelSelector] = set()
        matches = [self.subject(number) for number in range(len(self.policies))]
        matches += [
            peer for entry in self.all_entries() for peer in entry.peers if type(peer) is PodsOf
        ]
        for match in matches:
            found.add(match.pods)
            if isinstance(match.namespaces, LabelSelector):
                found.add(match.namespaces)
        return frozenset(found)


def compile_policies(policies: Iterable[Policy], inventory: Inventory) -> Compiled:
    """Put policies into the order of evaluation and their rules into one form.

    Args:
        policies: NetworkPolicies and cluster-wide policies, in any order.
        inventory: Whose nodes the ``nodes`` peers mean.
    """
    ordered = tuple(sorted(policies, key=_order))
    return Compiled(
        ordered,
        {
            direction: tuple(
                tuple(_entries(policy, number, direction, inventory))
                for number, policy in enumerate(ordered)
            )
            for direction in DIRECTIONS
        },
    )


def stage(policy: Policy) -> int:
    """When a policy is asked: 0 Admin tier, 1 NetworkPolicies, 2 Baseline tier."""
    if isinstance(policy, NetworkPolicy):
        return 1
    return 0 if policy.tier is Tier.ADMIN else 2


def policy_name(policy: Policy) -> str:
    """A policy as a short text: ``shop/web``, or ``AdminNetworkPolicy deny-all``."""
    if isinstance(policy, NetworkPolicy):
        return f"{policy.namespace}/{policy.name}"
    return f"{policy.kind} {policy.name}"


def _order(policy: Policy) -> tuple[int, int, str, str]:
    if isinstance(policy, NetworkPolicy):
        return (1, 0, policy.namespace, policy.name)
    return (stage(policy), policy.priority, policy.name, policy.kind)


def _entries(
    policy: Policy,
    number: int,
    direction: Direction,
    inventory: Inventory,
) -> Iterator[Entry]:
    if isinstance(policy, TierPolicy):
        for index, rule in enumerate(policy.rules(direction)):
            yield _tier_entry(rule, number, index, inventory)
        return
    if not policy.isolates(direction):
        # Rules of a direction that is not in policyTypes are inert.
        return
    for index, network_rule in enumerate(policy.rules(direction)):
        peers: tuple[Match, ...] = (ALL_PEERS,)
        if not isinstance(network_rule.peers, Every):
            peers = tuple(_peer(peer, policy.namespace) for peer in network_rule.peers)
        ports = None if isinstance(network_rule.ports, Every) else network_rule.ports
        yield Entry(number, index, Action.ACCEPT, peers, ports)


def _peer(peer: PodPeer | IPBlock, namespace: str) -> Match:
    if isinstance(peer, IPBlock):
        inside = IPSet.of(parse_network(peer.cidr))
        outside = IPSet.of(*(parse_network(part) for part in peer.excluded))
        return AddressesOf(inside - outside, network_policy=True)
    return PodsOf(namespace if peer.namespaces is None else peer.namespaces, peer.pods)


def _tier_entry(rule: TierRule, number: int, index: int, inventory: Inventory) -> Entry:
    if any(isinstance(peer, UnknownPeer) for peer in rule.peers):
        # Fail closed: Accept matches nothing; Deny and Pass deny everything.
        peers: tuple[Match, ...] = () if rule.action is Action.ACCEPT else (ALL_PEERS,)
        return Entry(number, index, _closed(rule.action), peers, None)
    ports = None if isinstance(rule.ports, Every) else rule.ports
    found = tuple(_tier_peer(peer, inventory) for peer in rule.peers)
    return Entry(number, index, rule.action, found, ports)


def _closed(action: Action) -> Action:
    return Action.ACCEPT if action is Action.ACCEPT else Action.DENY


def _tier_peer(
    peer: TierPods | Networks | Nodes | DomainNames | UnknownPeer,
    inventory: Inventory,
) -> Match:
    match peer:
        case TierPods():
            return PodsOf(peer.namespaces, peer.pods, tier=True)
        case Networks():
            cidrs = IPSet.of(*(parse_network(cidr) for cidr in peer.cidrs))
            return AddressesOf(cidrs, network_policy=False)
        case Nodes():
            chosen = [n for n in inventory.nodes if peer.selector.matches(dict(n.labels))]
            addresses = [address for node in chosen for address in node.addresses]
            return AddressesOf(IPSet.of(*_hosts(addresses)), network_policy=False, nodes=True)
        case DomainNames():
            return NamesOf(peer.names)
        case UnknownPeer():
            return NamesOf(())


def _hosts(addresses: Iterable[str]) -> list[str]:
    return [f"{address}/{128 if ':' in address else 32}" for address in addresses]
