"""Explain, and the assertions built on it: which policy decides, rule by rule."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from evaluation.clusters import cluster, pod, policy, tier

from recommender.evaluation import answers
from recommender.evaluation.asserts import assert_allows, assert_denies
from recommender.evaluation.explain import Explanation, explain
from recommender.evaluation.judging import Outcome
from recommender.inventory.types import ContainerPort, Inventory, Service, ServicePort
from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from recommender.evaluation.compiling import Policy

A = pod("x/a", ips=("10.0.1.1",))
B = pod("x/b", ips=("10.0.1.2",), ports=[ContainerPort(8080, "TCP", "http")])
SERVICE = Service(
    "x", "b", selector=(("pod", "b"),), ports=(ServicePort(80, "TCP", "web", "http"),)
)
CLUSTER = replace(cluster(A, B), services=(SERVICE,))


def to_b(*rules: dict[str, Any]) -> Policy:
    spec = {
        "podSelector": {"matchLabels": {"pod": "b"}},
        "policyTypes": ["Ingress"],
        "ingress": list(rules),
    }
    return policy("to-b", spec)


OPEN = to_b(
    {"from": [{"podSelector": {"matchLabels": {"pod": "z"}}}]},
    {
        "from": [
            {"ipBlock": {"cidr": "203.0.113.0/24"}},
            {"podSelector": {"matchLabels": {"pod": "a"}}},
        ],
        "ports": [{"port": 8080}],
    },
)


def ask(
    source: str,
    destination: str,
    port: int | str | None = None,
    *policies: Policy,
    inventory: Inventory = CLUSTER,
) -> Explanation:
    return explain(source, destination, port, policies=policies, inventory=inventory)


def test_the_deciding_rule_is_named_with_its_field_and_file() -> None:
    found = ask("x/a", "x/b", 8080, OPEN)
    assert found.outcome is Outcome.ALLOWED
    text = str(found)
    assert "x/a[Pod] -> x/b[Pod] TCP/8080: allowed" in text
    assert "no NetworkPolicy isolates it in this direction" in text
    assert "isolated by x/to-b (to-b)" in text
    assert "x/to-b spec.ingress[0]: its peers do not match" in text
    assert "x/to-b spec.ingress[1].from[1]: accepts it" in text
    assert text.endswith("allowed between them: TCP 8080")


def test_what_is_missing_is_said() -> None:
    text = str(ask("x/a", "x/b", 80, OPEN))
    assert "x/to-b spec.ingress[1]: its ports do not match" in text
    assert "no rule matches: what is isolated is denied" in text


def test_a_pass_sends_the_matter_on_and_baseline_is_not_asked_of_the_isolated() -> None:
    def rule(action: str) -> dict[str, Any]:
        return {"action": action, "from": [{"namespaces": {}}]}

    subject: dict[str, Any] = {"namespaces": {}}
    admin = tier(
        "AdminNetworkPolicy", "top", {"priority": 1, "subject": subject, "ingress": [rule("Pass")]}
    )
    base = tier(
        "BaselineAdminNetworkPolicy", "default", {"subject": subject, "ingress": [rule("Deny")]}
    )
    found = ask("x/a", "x/b", 8080, admin, base, OPEN)
    assert found.outcome is Outcome.ALLOWED
    assert "AdminNetworkPolicy top spec.ingress[0].from[0]: passs it" not in str(found)
    assert "AdminNetworkPolicy top spec.ingress[0].from[0]: passes it on" in str(found)
    assert "Baseline" not in str(found)
    found = ask("x/b", "x/a", 80, admin, base)
    assert found.outcome is Outcome.DENIED
    assert "BaselineAdminNetworkPolicy default spec.ingress[0].from[0]: denies it" in str(found)


def test_without_a_port_all_that_is_allowed_is_told() -> None:
    found = ask("x/a", "x/b", None, OPEN)
    assert (found.outcome, str(found.ports)) == (Outcome.ALLOWED, "TCP 8080")
    assert ask("x/a", "x/b", None, to_b()).outcome is Outcome.DENIED


@pytest.mark.parametrize("port", [8080, "8080", "TCP/8080", "tcp/8080", "http", "TCP/http"])
def test_ports_may_be_written_in_several_ways(port: int | str) -> None:
    found = ask("x/a", "x/b", port, OPEN)
    assert (found.protocol, found.port) == ("TCP", 8080)
    assert found.outcome is Outcome.ALLOWED


def test_udp_is_not_tcp() -> None:
    assert ask("x/a", "x/b", "UDP/8080", OPEN).outcome is Outcome.DENIED


@pytest.mark.parametrize("port", [80, "web", "TCP/80"])
def test_a_service_leads_to_the_port_of_its_pods(port: int | str) -> None:
    found = ask("x/a", "x/Service/b", port, OPEN)
    assert (found.destination, found.port) == ("x/b[Service]", 8080)
    assert found.outcome is Outcome.ALLOWED


def test_an_address_outside_is_an_end() -> None:
    assert ask("203.0.113.9", "x/b", 8080, OPEN).outcome is Outcome.ALLOWED
    assert ask("203.0.114.9", "x/b", 8080, OPEN).outcome is Outcome.DENIED
    assert ask("x/b", "2001:db8::1", 443, OPEN).outcome is Outcome.ALLOWED


def test_a_name_is_an_end() -> None:
    rules = [
        {"action": "Accept", "to": [{"domainNames": ["*.example.com"]}]},
        {"action": "Deny", "to": [{"networks": ["0.0.0.0/0", "::/0"]}]},
    ]
    spec = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": rules}
    names = tier("ClusterNetworkPolicy", "names", spec)
    assert ask("x/a", "api.example.com", 443, names).outcome is Outcome.ALLOWED


@pytest.mark.parametrize(
    ("source", "destination", "port", "message"),
    [
        ("x/nobody", "x/b", 80, "no such workload: x/nobody"),
        ("x/a", "x/Service/nobody", 80, "no such Service: x/nobody"),
        ("x/a", "x/Service/b", 81, "has no port 81"),
        ("x/a", "x/b", "https", "has no port named https"),
        ("x/a", "x/b", "ICMP/8", "no such protocol: ICMP"),
        ("x/a", "x/b", 0, "no such port: 0"),
        ("x/a", "x/b", "99999", "no such port: 99999"),
    ],
)
def test_an_end_or_port_that_does_not_exist_is_an_error(
    source: str, destination: str, port: int | str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ask(source, destination, port)


def test_one_name_of_several_workloads_must_be_written_in_full() -> None:
    several = cluster(pod("x/a"), pod("y/a"))
    with pytest.raises(UsageError, match="names several workloads"):
        ask("a", "a", 80, inventory=several)


def test_an_open_question_is_said_as_such() -> None:
    found = ask("x/a", "x/b", 80, to_b({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}))
    assert found.outcome is Outcome.UNDEFINED
    assert "ipBlock matches pods, which is not specified" in str(found)


def test_the_frame_and_the_document_have_every_rule() -> None:
    found = ask("x/a", "x/b", 8080, OPEN)
    assert found.frame()["decides"].tolist() == [False, True]
    document = json.loads(answers.explain_json(found))
    assert [step["decides"] for step in document["sides"][1]["steps"]] == [False, True]


def test_assertions_hold_or_explain_themselves() -> None:
    found = assert_allows("x/a", "x/b", 8080, policies=[OPEN], inventory=CLUSTER)
    assert len(found.frame()) == 2
    assert_denies("x/a", "x/b", 80, policies=[OPEN], inventory=CLUSTER)
    with pytest.raises(AssertionError, match=r"expected to be denied(.|\n)*accepts it"):
        assert_denies("x/a", "x/b", 8080, policies=[OPEN], inventory=CLUSTER)
    with pytest.raises(AssertionError, match="expected to be allowed"):
        assert_allows("x/a", "x/b", 80, policies=[OPEN], inventory=CLUSTER)


def test_a_soft_assertion_returns_what_it_found() -> None:
    found = assert_allows("x/a", "x/b", 80, policies=[OPEN], inventory=CLUSTER, soft=True)
    assert found.outcome is Outcome.DENIED
    found = assert_denies("x/a", "x/b", 8080, policies=[OPEN], inventory=CLUSTER, soft=True)
    assert found.outcome is Outcome.ALLOWED
