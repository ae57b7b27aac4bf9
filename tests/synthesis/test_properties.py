"""What holds for every cluster and every traffic: drawn at random, judged by a plain checker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthesis.checker import allowed
from synthesis.worlds import cluster, draft, edge, workload

from recommender.evaluation.replay import replay
from recommender.evaluation.validation import validate_network_policy
from recommender.inventory.types import Node
from recommender.model.edges import Verdict
from recommender.model.entities import Entity
from recommender.model.labels import is_label_key, is_label_value
from recommender.model.policies import Direction, IPBlock, PodPeer
from recommender.rendering.network_policy import to_manifest
from recommender.synthesis.naming import is_namespace_name, is_object_name
from recommender.synthesis.settings import Settings

if TYPE_CHECKING:
    import random

    from recommender.inventory.types import Inventory, Workload
    from recommender.model.edges import Edge
    from recommender.model.labels import LabelSelector

NAMESPACES = ["shop", "data", "kube-system", "Bad_Space"]
NAMES = ["web", "cart", "default-deny", "coredns", "x y\x1b[2J"]
KINDS = ["Deployment", "StatefulSet", "Pod", "CronJob"]
PAIRS = {
    "app": ["a", "b", "c"],
    "k8s-app": ["kube-dns"],
    "version": ["1", "2"],
    "pod-template-hash": ["x1"],
    "bad key": ["x"],
    "tier": ["$(reboot)", "front"],
}
LABELS = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in PAIRS.items()})
ADDRESSES = ["10.0.0.1", "10.0.0.2", "203.0.113.8", "203.0.113.9", "2001:db8::1", "169.254.20.10"]
OUTSIDERS = [
    Entity.node(),
    Entity.apiserver(),
    Entity.cidr("203.0.113.8/32"),
    Entity.cidr("0.0.0.0/0"),
    Entity.cidr("::/0"),
    Entity.dns_name("api.example.org"),
    Entity.unresolved("unknown address"),
]
SETTINGS = st.builds(
    Settings,
    port_ranges=st.booleans(),
    widen_v4=st.sampled_from([24, 32]),
    widen_v6=st.sampled_from([64, 128]),
    shared_selectors=st.booleans(),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Inventory, list[Edge]]:
    who = st.tuples(*map(st.sampled_from, (NAMESPACES, KINDS, NAMES)))
    workloads: list[Workload] = [
        workload(
            "/".join(one),
            draw(LABELS),
            replicas=draw(st.integers(1, 2)),
            host_network=draw(st.booleans()) and draw(st.booleans()),
            ips=("10.0.0.9",),
        )
        for one in draw(st.lists(who, min_size=1, max_size=6, unique=True))
    ]
    nodes = (Node("n1", ("10.0.0.1",)), Node("n2", ("fd00::2",)))
    known = cluster(
        *workloads,
        complete=draw(st.booleans()),
        nodes=nodes if draw(st.booleans()) else (),
    )
    insiders = st.sampled_from([one.entity for one in workloads])
    ends = st.tuples(insiders, insiders | st.sampled_from(OUTSIDERS)).flatmap(st.permutations)
    edges = [
        edge(
            client,
            server,
            draw(st.sampled_from([0, 53, 80, 81, 443, 5353])),
            draw(st.sampled_from(["TCP", "UDP", "SCTP", "ICMP"])),
            verdict=draw(st.sampled_from([Verdict.ACCEPTED] * 3 + [Verdict.DENIED])),
            addresses=_addresses(draw, client, server),
            marks=draw(st.sampled_from([(), ("own-node",)])),
        )
        for client, server in draw(st.lists(ends, max_size=14))
    ]
    return known, edges


def _addresses(draw: st.DrawFn, client: Entity, server: Entity) -> tuple[str, ...]:
    if client.is_workload and server.is_workload:
        return ()
    if Entity.cidr("203.0.113.8/32") in {client, server}:
        return ("203.0.113.8",)
    family = "::/0" in {client.name, server.name}
    fitting = [one for one in ADDRESSES if (":" in one) == family]
    return tuple(sorted(draw(st.sets(st.sampled_from(fitting), max_size=3))))


PROPERTY = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@PROPERTY
@given(worlds(), SETTINGS)
def test_every_accepted_edge_is_allowed_or_set_aside_with_its_reason(
    world: tuple[Inventory, list[Edge]],
    chosen: Settings,
) -> None:
    known, edges = world
    result = draft(edges, known, chosen)
    aside = {one.edge for one in result.set_aside}
    for one in edges:
        if one.verdict is Verdict.ACCEPTED and one not in aside and not _undecided(one, known):
            assert allowed(one, result.policies, known), one.id


def _undecided(one: Edge, known: Inventory) -> bool:
    """Host-network pods have no agreed semantics: the checker would take them for pods."""
    return any(
        end.is_workload and known.workloads[end].host_network for end in (one.client, one.server)
    )


@PROPERTY
@given(worlds(), SETTINGS, st.randoms(use_true_random=False))
def test_the_order_of_the_edges_and_of_the_inventory_does_not_show(
    world: tuple[Inventory, list[Edge]],
    chosen: Settings,
    chance: random.Random,
) -> None:
    known, edges = world
    mixed = [*edges, *edges[:2]]
    chance.shuffle(mixed)
    workloads = list(known.workloads.values())
    chance.shuffle(workloads)
    again = cluster(*workloads, complete=known.complete, nodes=known.nodes)
    first, second = draft(edges, known, chosen), draft(mixed, again, chosen)
    assert first == second
    for one, other in zip(first.policies, second.policies, strict=True):
        assert one.origin == other.origin
        for direction in Direction:
            for rule, same in zip(one.rules(direction), other.rules(direction), strict=True):
                assert (rule.evidence, rule.marks, rule.reason) == (
                    same.evidence,
                    same.marks,
                    same.reason,
                )


@PROPERTY
@given(worlds(), SETTINGS)
def test_no_draft_says_what_the_api_server_would_refuse_or_more_than_it_means(
    world: tuple[Inventory, list[Edge]],
    chosen: Settings,
) -> None:
    known, edges = world
    result = draft(edges, known, chosen)
    keys = [(policy.namespace, policy.name) for policy in result.policies]
    assert len(keys) == len(set(keys))
    for policy in result.policies:
        assert is_namespace_name(policy.namespace)
        assert is_object_name(policy.name)
        assert policy.policy_types
        if policy.name != "default-deny":
            assert _is_sound(policy.subject)
        for direction in Direction:
            rules = policy.rules(direction)
            assert not rules or direction in policy.policy_types
            for rule in rules:
                assert isinstance(rule.peers, tuple)
                assert isinstance(rule.ports, tuple)
                assert all(isinstance(port.port, int) and port.port > 0 for port in rule.ports)
                if rule.reason != "dns":
                    assert rule.evidence
                    pods = [peer for peer in rule.peers if isinstance(peer, PodPeer)]
                    assert all(_is_sound(peer.pods) for peer in pods)
                    blocks = [peer for peer in rule.peers if isinstance(peer, IPBlock)]
                    everywhere = {block.cidr for block in blocks} & {"0.0.0.0/0", "::/0"}
                    assert not everywhere or "world" in rule.marks


def _is_sound(selector: LabelSelector) -> bool:
    return not selector.matches_all and all(
        is_label_key(key) and is_label_value(value) for key, value in selector.match_labels
    )


@PROPERTY
@given(worlds(), SETTINGS)
def test_each_policy_selects_its_own_workloads_and_no_other(
    world: tuple[Inventory, list[Edge]],
    chosen: Settings,
) -> None:
    known, edges = world
    for policy in draft(edges, known, chosen).policies:
        if policy.name == "default-deny":
            continue
        hit = {
            one.entity.id
            for one in known.workloads.values()
            for pod in one.pods
            if one.entity.namespace == policy.namespace
            and not pod.host_network
            and policy.subject.matches(dict(pod.labels))
        }
        assert hit
        assert hit == {w.id for w in known.workloads if w.id in policy.origin}


@PROPERTY
@given(worlds(), SETTINGS)
def test_the_independent_evaluator_finds_no_accepted_edge_that_would_break(
    world: tuple[Inventory, list[Edge]],
    chosen: Settings,
) -> None:
    known, edges = world
    result = draft(edges, known, chosen)
    aside = {one.edge for one in result.set_aside}
    broken = replay(edges, result.policies, known).breaking
    assert [row.why for row in broken if row.edge not in aside] == []


@PROPERTY
@given(worlds(), SETTINGS)
def test_the_api_servers_own_rules_refuse_no_draft(
    world: tuple[Inventory, list[Edge]],
    chosen: Settings,
) -> None:
    known, edges = world
    for policy in draft(edges, known, chosen).policies:
        assert validate_network_policy(to_manifest(policy), where=policy.name) == ()
