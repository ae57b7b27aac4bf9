"""Few rules that say exactly what the relation says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from synthesis.worlds import show

from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, IPBlock, NetworkPolicy, Peer, PodPeer, Rule
from recommender.synthesis.minimise import policy_at_least, policy_ports, rules, rules_at_least
from recommender.synthesis.relation import Port, Relation

PEERS: dict[str, Peer] = {
    **{name: PodPeer(LabelSelector.of({"app": name})) for name in "abcdef"},
    "g": IPBlock("10.0.0.1/32"),
    "h": IPBlock("fd00::1/128"),
}


def relation(pairs: dict[str, set[int]]) -> Relation:
    found = Relation()
    for name, ports in pairs.items():
        for port in ports:
            found.add(PEERS[name], ("TCP", port))
    return found


def shown(pairs: dict[str, set[int]]) -> list[str]:
    return [show(rule) for rule in rules(relation(pairs), port_ranges=False)]


def test_peers_with_the_same_ports_share_a_rule() -> None:
    assert shown({"b": {80}, "a": {80}, "g": {80}}) == ["app=a, app=b, 10.0.0.1/32 on TCP/80"]


def test_ports_with_the_same_peers_share_a_rule() -> None:
    assert shown({"a": {443, 80}}) == ["app=a on TCP/80 TCP/443"]


def test_the_cut_with_fewer_rules_wins() -> None:
    assert shown({"a": {1}, "b": {2}, "c": {1, 2}}) == [
        "app=a, app=c on TCP/1",
        "app=b, app=c on TCP/2",
    ]


def said(found: tuple[Rule, ...]) -> list[tuple[Peer, Port]]:
    pairs: list[tuple[Peer, Port]] = []
    for rule in found:
        assert isinstance(rule.peers, tuple)
        assert isinstance(rule.ports, tuple)
        for peer in rule.peers:
            for port in rule.ports:
                assert isinstance(port.port, int)
                last = port.end_port or port.port
                pairs += [(peer, (port.protocol, p)) for p in range(port.port, last + 1)]
    return pairs


RELATIONS = st.dictionaries(
    st.sampled_from(sorted(PEERS)),
    st.sets(st.integers(1, 7), min_size=1),
    max_size=8,
)


@given(RELATIONS, st.booleans())
def test_the_rules_say_the_relation_exactly_and_none_is_needless(
    pairs: dict[str, set[int]],
    port_ranges: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    rules_made = rules(relation(pairs), port_ranges=port_ranges)
    found = said(rules_made)
    wanted = {(PEERS[name], ("TCP", port)) for name, ports in pairs.items() for port in ports}
    for rule in rules_made:
        assert set(said(tuple(other for other in rules_made if other is not rule))) != wanted
    assert set(found) == wanted


@given(RELATIONS)
def test_no_two_rules_could_be_one_and_none_beats_the_lower_bound(
    pairs: dict[str, set[int]],
) -> None:
    whole = relation(pairs)
    found = rules(whole, port_ranges=False)
    assert len({rule.peers for rule in found}) == len(found)
    assert len({rule.ports for rule in found}) == len(found)
    ports = {peer: whole.ports(peer) for peer in whole.cells}
    assert rules_at_least(ports) <= len(found)
    assert bool(found) == bool(rules_at_least(ports))


def test_a_port_is_named_once_and_in_order() -> None:
    ports = [("UDP", 53), ("TCP", 80), ("TCP", 53), ("UDP", 53)]
    assert [(p.protocol, p.port) for p in policy_ports(ports, port_ranges=False)] == [
        ("TCP", 53),
        ("TCP", 80),
        ("UDP", 53),
    ]


def test_the_lower_bound_of_a_policy_counts_both_directions() -> None:
    found = rules(relation({"a": {1}, "b": {2}}), port_ranges=False)
    both = frozenset(Direction)
    policy = NetworkPolicy("shop", "web", LabelSelector.everything(), both, found, found)
    assert policy_at_least(policy) == 4
