"""Few rules that together say exactly what a relation of peers and ports says.

A rule is a set of peers times a set of ports. Two ways of cutting the relation into such blocks
are tried: all peers with the same ports in one rule, and all ports with the same peers in one
rule. The fewer rules win, then the fewer entries. The least number over all possible covers is a
biclique cover, which is NP-hard; ``rules_at_least`` bounds it from below, and where the cuts do
not reach that bound the least cover itself is looked for (``covering.py``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import parse_network
from recommender.model.policies import Direction, Every, PodPeer, PolicyPort, Rule
from recommender.model.ports import PortSet
from recommender.synthesis.covering import least_cover

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy, Peer
    from recommender.synthesis.relation import Port, Relation

#: Mark of a rule whose CIDRs hold this many addresses that were not seen.
WIDENED: Final = "widened:+"

_Block = tuple[frozenset["Peer"], frozenset["Port"]]


def rules(relation: Relation, *, port_ranges: bool, reason: str = "") -> tuple[Rule, ...]:
    """The fewest rules of the two cuts, in canonical order, each with its evidence.

    Args:
        relation: Who may use which port, with the edges behind it.
        port_ranges: Write contiguous ports as ``endPort`` ranges.
        reason: Why the rules are there where no edge needs to justify them.
    """
    blocks = _blocks({peer: frozenset(cells) for peer, cells in relation.cells.items()})
    found = [_rule(block, relation, port_ranges=port_ranges, reason=reason) for block in blocks]
    return tuple(sorted(found, key=rule_order))


def rules_at_least(relation: Mapping[Peer, frozenset[Port]], most: int = 200) -> int:
    """A lower bound of the number of rules: the size of a fooling set, chosen greedily.

    No rule can hold two pairs (p, x) and (q, y) of a fooling set, since it would then allow p on
    y and q on x as well, and one of these is not in the relation.

    Args:
        relation: The ports of each peer.
        most: Pairs to try at most, so that the work stays bounded.
    """
    pairs = sorted(
        ((peer, port) for peer, ports in relation.items() for port in ports),
        key=lambda pair: (peer_order(pair[0]), pair[1]),
    )
    fooling: list[tuple[Peer, Port]] = []
    for peer, port in pairs:
        if len(fooling) == most:
            break
        if all(port not in relation[p] or x not in relation[peer] for p, x in fooling):
            fooling.append((peer, port))
    return len(fooling)


def policy_at_least(policy: NetworkPolicy) -> int:
    """The least number of rules in which any policy could say what this one says."""
    bound = 0
    for direction in Direction:
        pairs: defaultdict[Peer, set[Port]] = defaultdict(set)
        for rule in policy.rules(direction):
            if isinstance(rule.peers, Every) or isinstance(rule.ports, Every):
                continue
            for peer in rule.peers:
                # A range counts as one port: ranges of one draft are the same or apart.
                pairs[peer] |= {(port.protocol, port.order[2]) for port in rule.ports}
        bound += rules_at_least({peer: frozenset(ports) for peer, ports in pairs.items()})
    return bound


def _blocks(ports: Mapping[Peer, frozenset[Port]]) -> list[_Block]:
    cut = min(_by_ports(ports), _by_peers(ports), key=_size)
    if len(cut) <= rules_at_least(ports, len(cut)):
        return cut
    least = least_cover(ports, sorted(ports, key=peer_order))
    return cut if least is None else min(cut, least, key=_size)


def _by_ports(cells: Mapping[Peer, frozenset[Port]]) -> list[_Block]:
    groups: defaultdict[frozenset[Port], set[Peer]] = defaultdict(set)
    for peer, ports in cells.items():
        groups[ports].add(peer)
    return [(frozenset(peers), ports) for ports, peers in groups.items() if ports]


def _by_peers(cells: Mapping[Peer, frozenset[Port]]) -> list[_Block]:
    users: defaultdict[Port, set[Peer]] = defaultdict(set)
    for peer, ports in cells.items():
        for port in ports:
            users[port].add(peer)
    groups: defaultdict[frozenset[Peer], set[Port]] = defaultdict(set)
    for port, peers in users.items():
        groups[frozenset(peers)].add(port)
    return [(peers, frozenset(ports)) for peers, ports in groups.items()]


def _size(blocks: list[_Block]) -> tuple[int, int]:
    return (len(blocks), sum(len(peers) + len(ports) for peers, ports in blocks))


def _rule(block: _Block, relation: Relation, *, port_ranges: bool, reason: str) -> Rule:
    peers, ports = block
    evidence: set[Edge] = set()
    marks: set[str] = set()
    for peer in peers:
        marks |= relation.marks[peer]
        for port in ports:
            evidence |= relation.cells[peer][port]
    added = sum(relation.added.get(peer, 0) for peer in peers)
    if added:
        marks.add(f"{WIDENED}{added}")
    return Rule(
        peers=tuple(sorted(peers, key=peer_order)),
        ports=policy_ports(ports, port_ranges=port_ranges),
        evidence=tuple(sorted(evidence, key=edge_order)),
        reason=reason,
        marks=tuple(sorted(marks)),
    )


def policy_ports(ports: Iterable[Port], *, port_ranges: bool) -> tuple[PolicyPort, ...]:
    """Ports as a ``ports`` list: numbers, or ranges where these are wanted, in order."""
    if not port_ranges:
        single = (PolicyPort(protocol, port) for protocol, port in set(ports))
        return tuple(sorted(single, key=lambda port: port.order))
    together = PortSet()
    for protocol, port in ports:
        together |= PortSet.of(protocol, port)
    ranges = (PolicyPort(name, low, high if high > low else None) for name, low, high in together)
    return tuple(sorted(ranges, key=lambda port: port.order))


def peer_order(peer: Peer) -> tuple[int, str, int, int, str]:
    """Sort key of peers: the own namespace, other namespaces by name, then CIDRs by address."""
    if isinstance(peer, PodPeer):
        elsewhere = peer.namespaces is not None
        return (int(elsewhere), str(peer.namespaces or ""), 0, 0, str(peer.pods))
    network = parse_network(peer.cidr)
    return (1 + network.version, "", int(network.network_address), network.prefixlen, peer.cidr)


def rule_order(rule: Rule) -> tuple[object, ...]:
    """Sort key of rules: by their peers, then by their ports."""
    peers = rule.peers if isinstance(rule.peers, tuple) else ()
    ports = rule.ports if isinstance(rule.ports, tuple) else ()
    return (tuple(map(peer_order, peers)), tuple(port.order for port in ports))


def edge_order(edge: Edge) -> tuple[object, ...]:
    """Sort key of edges that no order of the input can show through."""
    return (
        *edge.key,
        edge.first_seen,
        edge.last_seen,
        edge.flows,
        edge.records,
        edge.addresses,
        edge.marks,
    )
