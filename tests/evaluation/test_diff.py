"""Diff: what two sets of policies allow differently, and what of it was in use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from evaluation.clusters import cluster, pod, policy
from evaluation.test_replay import edge

from recommender.evaluation import answers
from recommender.evaluation.diff import Change, Diff, diff
from recommender.evaluation.wording import end_text, ports_text
from recommender.model.entities import Entity

if TYPE_CHECKING:
    from recommender.model.policies import NetworkPolicy

A = pod("x/a", ips=("10.0.1.1",))
B = pod("x/b", ips=("10.0.1.2",))
CLUSTER = cluster(A, B)


def rules(*ingress: dict[str, Any]) -> NetworkPolicy:
    spec = {
        "podSelector": {"matchLabels": {"pod": "b"}},
        "policyTypes": ["Ingress"],
        "ingress": list(ingress),
    }
    return policy("p", spec)


def ports(*numbers: int) -> dict[str, Any]:
    return {"ports": [{"port": number} for number in numbers]}


def from_pods(*numbers: int) -> dict[str, Any]:
    return {"from": [{"podSelector": {}}], **ports(*numbers)}


def lines(found: Diff) -> set[tuple[str, str, str, str, str]]:
    return {
        (
            row.change.value,
            end_text(row.source),
            end_text(row.destination),
            ports_text(row.old),
            ports_text(row.new),
        )
        for row in found.rows
    }


def test_the_same_rules_written_differently_are_the_same() -> None:
    old = [rules(ports(80, 81))]
    new = [rules({"ports": [{"port": 80, "endPort": 81}]})]
    assert diff((old, CLUSTER), (new, CLUSTER)).same


def test_connections_are_added_removed_and_changed() -> None:
    old = [rules(from_pods(80))]
    assert lines(diff((old, CLUSTER), ([rules(from_pods(80, 90))], CLUSTER))) == {
        ("changed", "x/a[Pod]", "x/b[Pod]", "TCP 80", "TCP 80,90"),
    }
    assert lines(diff((old, CLUSTER), ([rules()], CLUSTER))) == {
        ("removed", "x/a[Pod]", "x/b[Pod]", "TCP 80", "No Connections"),
    }
    assert lines(diff(([rules()], CLUSTER), (old, CLUSTER))) == {
        ("added", "x/a[Pod]", "x/b[Pod]", "No Connections", "TCP 80"),
    }


def test_outside_addresses_differ_in_ranges() -> None:
    def block(cidr: str) -> NetworkPolicy:
        return rules({"from": [{"ipBlock": {"cidr": cidr}}]})

    found = diff(([block("203.0.113.0/24")], CLUSTER), ([block("203.0.113.0/25")], CLUSTER))
    everything = "All Connections"
    assert lines(found) == {
        (
            "removed",
            "203.0.113.128-203.0.113.255[External]",
            "x/b[Pod]",
            everything,
            "No Connections",
        ),
    }


def test_ipv6_counts_as_much() -> None:
    old = [rules({"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]})]
    found = diff((old, CLUSTER), ([rules()], CLUSTER))
    assert [end_text(row.source)[:9] for row in found.rows] == ["2001:db8:"]


def test_workloads_that_come_and_go_are_named() -> None:
    found = diff(([], CLUSTER), ([], cluster(A)))
    assert [entity.name for entity in found.workloads_removed] == ["b"]
    assert ("removed", "x/a[Pod]", "x/b[Pod]", "All Connections", "No Connections") in lines(found)
    found = diff(([], cluster(A)), ([], CLUSTER))
    assert [entity.name for entity in found.workloads_added] == ["b"]


def test_differences_are_weighed_by_what_was_observed() -> None:
    old, new = [rules(ports(80, 81))], [rules(ports(81, 82))]
    edges = [
        edge(port=80),
        edge(port=81),
        edge(port=82),
        edge(client=Entity.cidr("203.0.113.7/32"), port=80, addresses=("203.0.113.7",)),
    ]
    found = diff((old, CLUSTER), (new, CLUSTER), edges=edges)
    weights = {end_text(row.source): (row.lost, row.gained) for row in found.rows}
    assert weights == {
        "x/a[Pod]": (3, 3),
        "0.0.0.0-255.255.255.255[External]": (3, 0),
    }


def test_what_would_be_lost_most_stands_first() -> None:
    old = [rules(ports(80))]
    edges = [edge(port=80)]
    rows = diff((old, CLUSTER), ([rules()], CLUSTER), edges=edges).rows
    assert [end_text(row.source) for row in rows] == [
        "x/a[Pod]",
        "0.0.0.0-255.255.255.255[External]",
    ]


def test_the_forms_say_the_same() -> None:
    found = diff(([rules(from_pods(80))], CLUSTER), ([rules()], CLUSTER))
    assert "removed  x/a[Pod]  x/b[Pod]" in answers.diff_text(found)
    assert json.loads(answers.diff_json(found))["counts"] == {
        "added": 0,
        "removed": 1,
        "changed": 0,
    }
    head, line = answers.diff_csv(found).splitlines()
    assert head.startswith("change,")
    assert line == "removed,x/a[Pod],x/b[Pod],TCP 80,No Connections,0,0"
    assert found.frame().loc[0, "change"] == Change.REMOVED.value
    assert answers.diff_text(diff(([], CLUSTER), ([], CLUSTER))) == "the two sets allow the same\n"
