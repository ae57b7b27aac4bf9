"""Rules that no recorded traffic used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from evaluation.clusters import cluster, pod, policy

from recommender.evaluation.hygiene import check_policies
from recommender.inventory.types import ContainerPort
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity

Spec = dict[str, Any]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WEB = pod("x/web", {"app": "web"}, ports=[ContainerPort(8080, "TCP", "http")])
FRONT = pod("x/front", {"app": "front"})
OTHER = pod("y/front", {"app": "front"})
WEB_END, FRONT_END, OTHER_END = (
    Entity.workload(item.namespace, "Pod", item.name) for item in (WEB, FRONT, OTHER)
)


def edge(
    client: Entity,
    server: Entity,
    port: int = 8080,
    *,
    verdict: Verdict = Verdict.ACCEPTED,
    addresses: tuple[str, ...] = (),
) -> Edge:
    return Edge(
        client=client,
        server=server,
        protocol="TCP",
        port=port,
        verdict=verdict,
        flows=1,
        records=1,
        bytes=0,
        first_seen=NOON,
        last_seen=NOON,
        client_pods=1,
        server_pods=1,
        days=1,
        hours=1,
        addresses=addresses,
    )


def unused(spec: Spec, *edges: Edge) -> list[str]:
    """The fields of the rules that no edge used."""
    found = check_policies([policy("p", spec)], cluster(WEB, FRONT, OTHER), edges=edges)
    return [each.where.partition(": ")[2] for each in found if each.code == "unused-rule"]


def app(name: str) -> Spec:
    return {"matchLabels": {"app": name}}


def into_web(*rules: Spec) -> Spec:
    return {"podSelector": app("web"), "policyTypes": ["Ingress"], "ingress": list(rules)}


FROM_FRONT: Spec = {"podSelector": app("front")}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"from": [FROM_FRONT]},
        {"ports": [{"port": 8080}]},
        {"ports": [{"port": "http"}]},
        {"ports": [{"port": 8000, "endPort": 8100}]},
        {"ports": [{}]},
        {"from": [{"namespaceSelector": {}}], "ports": [{"port": 1}, {"port": 8080}]},
    ],
)
def test_a_rule_that_an_edge_needs_is_used(rule: Spec) -> None:
    assert unused(into_web(rule), edge(FRONT_END, WEB_END)) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"from": [{"podSelector": app("web")}]},
        {"ports": [{"port": 8081}]},
        {"ports": [{"port": 8080, "protocol": "UDP"}]},
        {"ports": [{"port": "metrics"}]},
        {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]},
    ],
)
def test_a_rule_that_no_edge_needs_is_named(rule: Spec) -> None:
    assert unused(into_web(rule), edge(FRONT_END, WEB_END)) == ["spec.ingress[0]"]


def test_a_pod_peer_is_of_its_namespace() -> None:
    assert unused(into_web({"from": [FROM_FRONT]}), edge(OTHER_END, WEB_END)) == ["spec.ingress[0]"]


def test_only_the_rules_without_traffic_are_named() -> None:
    spec = into_web({"from": [FROM_FRONT]}, {"ports": [{"port": 9}]}, {})
    assert unused(spec, edge(FRONT_END, WEB_END)) == ["spec.ingress[1]"]


def test_traffic_of_other_pods_uses_nothing() -> None:
    assert unused(into_web({}), edge(WEB_END, FRONT_END)) == ["spec.ingress[0]"]


@pytest.mark.parametrize(
    ("verdict", "used"),
    [(Verdict.ACCEPTED, True), (Verdict.UNANSWERED, True), (Verdict.DENIED, False)],
)
def test_what_was_denied_used_no_rule(verdict: Verdict, *, used: bool) -> None:
    found = unused(into_web({}), edge(FRONT_END, WEB_END, verdict=verdict))
    assert found == ([] if used else ["spec.ingress[0]"])


def test_addresses_use_the_blocks_that_hold_them() -> None:
    inside = {"to": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.9/32"]}}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [inside]}
    named = Entity.dns_name("example.com")
    assert unused(spec, edge(FRONT_END, named, addresses=("203.0.113.7",))) == []
    assert unused(spec, edge(FRONT_END, named, addresses=("203.0.113.9",))) == ["spec.egress[0]"]
    assert unused(spec, edge(FRONT_END, Entity.cidr("203.0.113.4/30"))) == []
    assert unused(spec, edge(FRONT_END, Entity.cidr("203.0.112.0/24"))) == ["spec.egress[0]"]


def test_without_traffic_nothing_is_said_of_use() -> None:
    found = check_policies([policy("p", into_web({}))], cluster(WEB, FRONT))
    assert "unused-rule" not in {each.code for each in found}


def test_dns_is_a_guardrail_used_or_not() -> None:
    ports = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": ports}]}
    assert unused(spec, edge(FRONT_END, WEB_END)) == []
    assert unused({**spec, "egress": [{"ports": [*ports, {"port": 54}]}]}) == ["spec.egress[0]"]
