"""Reach: rows, matrices and forms, and what is open to peers that do not exist yet."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from evaluation.clusters import cluster, pod, policy, tier

from recommender.evaluation import forms
from recommender.evaluation.exposure import exposure
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.reach import Reach, reach
from recommender.evaluation.wording import ports_text
from recommender.inventory.types import ContainerPort, Inventory, Workload
from recommender.model.entities import Entity
from recommender.model.errors import UsageError
from recommender.model.ports import PortSet

if TYPE_CHECKING:
    from recommender.model.policies import NetworkPolicy

A = pod("x/a", ips=("10.0.1.1",))
B = pod("x/b", ips=("10.0.1.2",), ports=[ContainerPort(8080, "TCP", "http")])
Y = pod("y/c", ips=("10.0.2.1",))
CLUSTER = cluster(A, B, Y)


def reached(
    *policies: NetworkPolicy, inventory: Inventory = CLUSTER, modes: Modes | None = None
) -> Reach:
    return reach(policies, inventory, modes)


def rows(found: Reach, focus: str | None = None) -> set[tuple[str, str, str]]:
    return set(forms.triples(found, focus))


def to_b(*rules: dict[str, Any]) -> NetworkPolicy:
    spec = {
        "podSelector": {"matchLabels": {"pod": "b"}},
        "policyTypes": ["Ingress"],
        "ingress": list(rules),
    }
    return policy("to-b", spec)


def test_without_policies_everyone_reaches_everyone() -> None:
    assert len([row for row in rows(reached()) if "External" not in row[0] + row[1]]) == 6
    assert ("0.0.0.0-255.255.255.255[External]", "x/a[Pod]", "All Connections") in rows(reached())


def test_rows_hold_the_ports_that_are_allowed() -> None:
    found = reached(to_b({"from": [{"podSelector": {}}], "ports": [{"port": "http"}]}))
    assert ("x/a[Pod]", "x/b[Pod]", "TCP 8080") in rows(found)
    assert not [row for row in rows(found) if row[:2] == ("y/c[Pod]", "x/b[Pod]")]
    assert found.between(
        Entity.workload("x", "Pod", "a"), Entity.workload("x", "Pod", "b")
    ) == PortSet.of("TCP", 8080)


def test_protocols_are_named_in_the_order_of_the_analyzer() -> None:
    deny_80 = {
        "action": "Deny",
        "to": [{"namespaces": {}}],
        "ports": [{"portNumber": {"port": 80}}],
    }
    spec = {"priority": 1, "subject": {"namespaces": {}}, "egress": [deny_80]}
    found = reach([tier("AdminNetworkPolicy", "p", spec)], CLUSTER)
    expected = "SCTP 1-65535,TCP 1-79,81-65535,UDP 1-65535"
    assert ("x/a[Pod]", "y/c[Pod]", expected) in rows(found)


def test_outside_addresses_are_cut_where_a_block_cuts_them() -> None:
    block = {"ipBlock": {"cidr": "10.9.0.0/16", "except": ["10.9.8.0/24"]}}
    found = rows(reached(to_b({"from": [block]})), "x/b")
    assert ("10.9.0.0-10.9.7.255[External]", "x/b[Pod]", "All Connections") in found
    assert ("10.9.9.0-10.9.255.255[External]", "x/b[Pod]", "All Connections") in found
    assert len([row for row in found if "External" in row[0]]) == 2


def test_ipv6_is_shown_where_the_input_has_any() -> None:
    plain = rows(reached())
    assert not [row for row in plain if "::" in row[0]]
    found = rows(reached(to_b({"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]})))
    low, high = "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"
    assert (f"{low}-{high}[External]", "x/b[Pod]", "All Connections") in found


def test_what_depends_on_an_open_question_stands_apart() -> None:
    rules = to_b({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]})
    found = reached(rules)
    (row,) = [r for r in found.rows("y/c") if str(r.destination) == "x/Pod/b"]
    assert not row.ports
    assert row.unsettled.is_every
    assert "Not specified" in forms.as_text(found)
    assert "Not specified" not in forms.as_text(
        reached(rules, modes=Modes(ip_block_pods=Choice.NO))
    )


def test_replicas_that_differ_reach_together_what_any_of_them_reaches() -> None:
    entity = Entity.workload("x", "Deployment", "d")
    pods = (pod("x/d1", {"v": "1"}), pod("x/d2", {"v": "2"}))
    workloads = {**CLUSTER.workloads, entity: Workload(entity, pods=pods)}
    inventory = replace(CLUSTER, workloads=workloads)
    rules = [
        {"from": [{"podSelector": {"matchLabels": {"v": "1"}}}], "ports": [{"port": 1}]},
        {"from": [{"podSelector": {"matchLabels": {"v": "2"}}}], "ports": [{"port": 2}]},
    ]
    found = rows(reached(to_b(*rules), inventory=inventory))
    assert ("x/d[Deployment]", "x/b[Pod]", "TCP 1-2") in found


def test_both_address_families_of_a_pod_are_looked_at() -> None:
    dual = cluster(
        replace(A, ips=("10.0.1.1", "2001:db8::1")), replace(B, ips=("10.0.1.2", "2001:db8::2"))
    )
    rules = to_b({"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}], "ports": [{"port": 6}]})
    found = reached(rules, inventory=dual, modes=Modes(ip_block_pods=Choice.YES))
    assert ("x/a[Pod]", "x/b[Pod]", "TCP 6") in rows(found)


def test_focus_narrows_to_one_workload() -> None:
    found = rows(reached(), "x/a")
    assert found
    assert all("x/a[Pod]" in row for row in found)
    assert rows(reached(), "x/pod/a") == found == rows(reached(), "a")


def test_a_focus_on_nothing_is_an_error() -> None:
    with pytest.raises(UsageError, match="no such workload"):
        rows(reached(), "x/nobody")


def test_the_json_form_is_that_of_the_analyzer() -> None:
    document = json.loads(forms.as_json(reached(to_b())))
    assert {"src": "x/b[Pod]", "dst": "x/a[Pod]", "conn": "All Connections"} in document
    assert not [row for row in document if row["dst"] == "x/b[Pod]"]


def test_the_csv_form_has_a_head_and_a_row_a_pair() -> None:
    lines = forms.as_csv(reached(to_b())).splitlines()
    assert lines[0] == "src,dst,conn"
    assert "x/b[Pod],x/a[Pod],All Connections" in lines


def test_the_matrix_has_a_row_and_a_column_a_workload() -> None:
    found = reached(to_b({"from": [{"podSelector": {}}], "ports": [{"port": 80}]}))
    lines = forms.as_matrix(found).splitlines()
    assert lines[1].split() == ["1", "x/a", "all", "80", "all"]
    assert lines[3].split() == ["3", "y/c", "all", ".", "all"]


def test_the_frame_has_a_row_a_pair() -> None:
    found = reached(to_b())
    assert len(found.frame()) == len(list(found.rows()))


# --- exposure --------------------------------------------------------------------------------


def opened(found: Reach, workload: str) -> dict[tuple[str, str], str]:
    return {
        (row.direction.value, row.peer): ports_text(row.ports)
        for row in exposure(found).rows
        if row.workload.name == workload and "External" not in row.peer
    }


def test_a_workload_without_policies_is_open_and_said_so() -> None:
    found = exposure(reached())
    assert len(found.unprotected) == 6
    assert opened(reached(), "a") == {
        ("Egress", "entire-cluster"): "All Connections",
        ("Ingress", "entire-cluster"): "All Connections",
    }


def test_a_rule_is_open_to_those_it_would_select() -> None:
    peer = {
        "namespaceSelector": {"matchLabels": {"team": "t"}},
        "podSelector": {"matchLabels": {"app": "later"}},
    }
    found = reached(to_b({"from": [peer], "ports": [{"port": 80}]}))
    key = ("Ingress", "[namespace with {team=t}]/[pod with {app=later}]")
    assert opened(found, "b")[key] == "TCP 80"
    assert "entire-cluster" not in {peer for side, peer in opened(found, "b") if side == "Ingress"}


def test_a_rule_whose_pods_exist_is_not_open_to_strangers() -> None:
    found = reached(to_b({"from": [{"podSelector": {"matchLabels": {"pod": "a"}}}]}))
    assert {side for side, _ in opened(found, "b")} == {"Egress"}


def test_a_whole_namespace_is_open_to_pods_to_come() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "y"}}}
    assert ("Ingress", "y/[all pods]") in opened(reached(to_b({"from": [peer]})), "b")


def test_rules_that_a_stranger_surely_fulfils_add_up() -> None:
    wide = {"podSelector": {"matchLabels": {"app": "later"}}}
    narrow = {"podSelector": {"matchLabels": {"app": "later", "role": "r"}}}
    found = reached(
        to_b({"from": [wide], "ports": [{"port": 1}]}, {"from": [narrow], "ports": [{"port": 2}]})
    )
    seen = opened(found, "b")
    assert seen["Ingress", "x/[pod with {app=later}]"] == "TCP 1"
    assert seen["Ingress", "x/[pod with {app=later,role=r}]"] == "TCP 1-2"
