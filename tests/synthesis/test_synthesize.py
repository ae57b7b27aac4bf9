"""One policy a workload: directions, peers, ports, evidence."""

from __future__ import annotations

import pytest
from synthesis.worlds import (
    cluster,
    codes,
    draft,
    edge,
    egress,
    entity,
    findings,
    ingress,
    names,
    policy,
    workload,
)

from recommender.inventory.types import Node
from recommender.model.edges import Verdict
from recommender.model.entities import Entity, EntityKind
from recommender.model.findings import Severity
from recommender.model.policies import Direction
from recommender.synthesis.settings import Settings
from recommender.synthesis.synthesize import observable, synthesize

SHOP = cluster(workload("shop/web"), workload("shop/cart"), workload("data/db"))
WORKLOADS = (workload("shop/web"), workload("shop/cart"))
EGRESS, INGRESS = frozenset({Direction.EGRESS}), frozenset({Direction.INGRESS})


def test_a_workload_gets_one_policy_with_both_directions() -> None:
    result = draft([edge("shop/web", "shop/cart", 7070)], SHOP)
    cart = policy(result, "shop/cart")
    assert str(cart.subject) == "app=cart"
    assert cart.policy_types == frozenset(Direction)
    assert ingress(cart) == ["app=web on TCP/7070"]
    assert egress(cart) == []
    assert egress(policy(result, "shop/web")) == ["app=cart on TCP/7070"]


def test_policies_say_who_made_them() -> None:
    result = draft([edge("shop/web", "shop/cart")], SHOP)
    assert {p.labels for p in result.policies} == {
        (("app.kubernetes.io/managed-by", "recommender"),),
    }


def test_a_peer_elsewhere_is_named_by_namespace_and_pods_in_one_item() -> None:
    result = draft([edge("shop/web", "data/db", 5432)], SHOP)
    assert egress(policy(result, "shop/web")) == ["data/app=db on TCP/5432"]
    assert ingress(policy(result, "data/db")) == ["shop/app=web on TCP/5432"]


def test_replicas_that_talk_to_each_other_get_a_rule_with_their_own_selector() -> None:
    db = policy(draft([edge("data/db", "data/db", 7000)], SHOP), "data/db")
    assert ingress(db) == egress(db) == ["app=db on TCP/7000"]


def test_a_direction_that_was_not_observable_is_not_isolated() -> None:
    observed = {entity("shop/web"): EGRESS, entity("shop/cart"): frozenset(Direction)}
    result = draft([edge("shop/web", "shop/cart")], SHOP, observed=observed)
    web = policy(result, "shop/web")
    assert web.policy_types == EGRESS
    assert web.ingress == ()
    (finding,) = findings(result, "direction-not-observed")
    assert (finding.subject, finding.where) == ("shop/web", "Ingress")


def test_without_word_on_what_was_observable_the_reporting_nodes_decide() -> None:
    known = cluster(workload("shop/web"), workload("shop/cart", node="n2"))
    edges = [edge("shop/web", "shop/cart")]
    assert observable(edges, known) == {entity("shop/web"): frozenset(Direction)}
    assert names(synthesize(edges, known)) == ["shop/web"]


def test_a_workload_without_any_traffic_gets_no_policy() -> None:
    result = draft([edge("shop/web", "shop/cart")], SHOP)
    assert "data/db" not in names(result)
    assert [f.subject for f in findings(result, "no-traffic")] == ["data/db"]


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.DENIED, "denied-traffic"),
        (Verdict.AUDIT, "audit-traffic"),
        (Verdict.UNANSWERED, "unanswered-traffic"),
        (Verdict.UNKNOWN, "unknown-verdict"),
    ],
)
def test_only_accepted_traffic_makes_rules(verdict: Verdict, code: str) -> None:
    edges = [
        edge("shop/web", "shop/cart", port, verdict=verdict, protocol=protocol)
        for port, protocol in ((1, "TCP"), (2, "UDP"))
    ]
    result = draft([*edges, edge("data/db", "shop/cart", 3)], SHOP)
    assert ingress(policy(result, "shop/cart")) == ["data/app=db on TCP/3"]
    (finding,) = findings(result, code)
    assert finding.subject == "shop/Deployment/cart"
    assert "2 flows on TCP/1, UDP/2" in finding.message


def test_a_log_of_nothing_but_denied_traffic_isolates_nothing() -> None:
    result = draft([edge("shop/web", "shop/cart", verdict=Verdict.DENIED)], SHOP)
    assert result.policies == ()


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (Entity.unresolved("no identity"), "unresolved-peer"),
        (Entity(EntityKind.SERVICE, namespace="shop", name="s"), "service-without-pods"),
        (Entity.node(), "node-without-address"),
        (Entity.apiserver(), "apiserver-without-address"),
        (Entity.dns_name("example.org"), "name-without-address"),
        (entity("shop/gone"), "unknown-workload"),
    ],
)
def test_a_peer_that_cannot_be_named_exactly_leaves_the_direction_open(
    client: Entity,
    reason: str,
) -> None:
    result = draft([edge(client, "shop/cart"), edge("shop/web", "shop/cart")], SHOP)
    cart = policy(result, "shop/cart")
    assert cart.policy_types == EGRESS
    assert cart.ingress == ()
    (finding,) = findings(result, "direction-staged")
    assert (finding.subject, finding.where) == ("shop/cart", reason)
    assert client.id in finding.message


@pytest.mark.parametrize(
    ("protocol", "port", "code"),
    [
        ("ICMP", 0, "icmp-not-writable"),
        ("ICMPv6", 0, "icmp-not-writable"),
        ("TCP", 0, "port-not-writable"),
        ("UDP", 70000, "port-not-writable"),
        ("GRE", 1, "protocol-not-writable"),
    ],
)
def test_what_a_policy_cannot_say_is_reported_and_makes_no_rule(
    protocol: str,
    port: int,
    code: str,
) -> None:
    result = draft([edge("shop/web", "shop/cart", port, protocol)], SHOP)
    cart = policy(result, "shop/cart")
    assert cart.policy_types == frozenset(Direction)
    assert cart.ingress == ()
    assert [(f.subject, f.severity) for f in findings(result, code)] == [
        ("shop/cart", Severity.WARNING),
        ("shop/web", Severity.WARNING),
    ]
    assert len(result.set_aside) == 2


@pytest.mark.parametrize("protocol", ["TCP", "ICMP"])
def test_probes_from_the_pods_own_node_need_no_rule(protocol: str) -> None:
    marks = ("own-node",)
    probe = edge(Entity.node(), "shop/cart", 80, protocol, addresses=("10.0.0.1",), marks=marks)
    result = draft([probe], SHOP)
    assert policy(result, "shop/cart").ingress == ()
    assert [aside.reason for aside in result.set_aside] == ["own-node"]
    assert "own-node" in codes(result)
    assert "icmp-not-writable" not in codes(result)


def test_other_node_traffic_comes_from_the_nodes_seen_and_known() -> None:
    nodes = (Node("n1", ("10.0.0.1", "fd00::1")), Node("n2", ("10.0.0.2", "not an address")))
    known = cluster(*WORKLOADS, nodes=nodes)
    result = draft([edge(Entity.node(), "shop/cart", addresses=("10.0.0.5",))], known)
    cart = policy(result, "shop/cart")
    assert ingress(cart) == ["10.0.0.1/32, 10.0.0.2/32, 10.0.0.5/32, fd00::1/128 on TCP/80"]
    assert cart.ingress[0].marks == ("node",)
    assert "node-addresses" in codes(result)


def test_a_host_network_peer_is_named_by_its_nodes() -> None:
    agent = workload("ops/DaemonSet/agent", host_network=True, ips=("10.0.0.7",))
    result = draft([edge("ops/DaemonSet/agent", "shop/cart", 9100)], cluster(agent, *WORKLOADS))
    cart = policy(result, "shop/cart")
    assert ingress(cart) == ["10.0.0.7/32 on TCP/9100"]
    assert cart.ingress[0].marks == ("node",)


@pytest.mark.parametrize(
    "server",
    [Entity.apiserver(), Entity(EntityKind.SERVICE, namespace="default", name="kubernetes")],
)
def test_the_api_server_is_named_by_its_endpoints(server: Entity) -> None:
    known = cluster(*WORKLOADS, apiserver=("172.18.0.3",))
    result = draft([edge("shop/web", server, 6443, addresses=("172.18.0.2",))], known)
    web = policy(result, "shop/web")
    assert egress(web) == ["172.18.0.2/31 on TCP/6443"]
    assert web.egress[0].marks == ("kube-apiserver",)


def test_every_rule_carries_the_edges_that_justify_it() -> None:
    edges = [
        edge("shop/web", "shop/cart", 7070),
        edge("data/db", "shop/cart", 7070),
        edge("data/db", "shop/cart", 9090),
    ]
    rules = policy(draft(edges, SHOP), "shop/cart").ingress
    assert {e for rule in rules for e in rule.evidence} == set(edges)
    for rule in rules:
        assert rule.evidence


def test_contiguous_ports_become_a_range_only_where_it_is_wanted() -> None:
    edges = [edge("shop/web", "shop/cart", port) for port in (8000, 8001, 8002, 9000)]
    single = "app=web on TCP/8000 TCP/8001 TCP/8002 TCP/9000"
    assert ingress(policy(draft(edges, SHOP), "shop/cart")) == [single]
    ranges = draft(edges, SHOP, Settings(port_ranges=True))
    assert ingress(policy(ranges, "shop/cart")) == ["app=web on TCP/8000-8002 TCP/9000"]
    gap = draft(edges[::2], SHOP, Settings(port_ranges=True))
    assert ingress(policy(gap, "shop/cart")) == ["app=web on TCP/8000 TCP/8002"]
