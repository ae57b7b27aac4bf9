"""Policy manifests to the typed model: defaults, empty against missing, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recommender.inventory import read_policies
from recommender.model.errors import ManifestError
from recommender.model.labels import LabelSelector, Operator, Requirement
from recommender.model.policies import (
    ALL_PEERS,
    ALL_PORTS,
    Direction,
    IPBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
)

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.inventory import Policies

HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
EVERYTHING = LabelSelector.everything()


def read(folder: Path, *specs: str) -> Policies:
    path = folder / "policies.yaml"
    path.write_text("---\n".join(f"{HEAD}spec: {spec}\n" for spec in specs))
    return read_policies([path])


def one(folder: Path, spec: str) -> NetworkPolicy:
    (policy,) = read(folder, spec).require().network
    return policy


@pytest.mark.parametrize("spec", ["{podSelector: {}}", "{}", "{podSelector: null}"])
def test_an_empty_or_missing_subject_is_every_pod_of_the_namespace(
    tmp_path: Path,
    spec: str,
) -> None:
    policy = one(tmp_path, spec)
    assert (policy.subject, policy.namespace) == (EVERYTHING, "default")


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("{}", {Direction.INGRESS}),
        ("{policyTypes: []}", {Direction.INGRESS}),
        ("{egress: []}", {Direction.INGRESS}),
        ("{egress: [{}]}", {Direction.INGRESS, Direction.EGRESS}),
        ("{ingress: [{}]}", {Direction.INGRESS}),
        ("{policyTypes: [Egress]}", {Direction.EGRESS}),
        ("{policyTypes: [Egress], ingress: [{}]}", {Direction.EGRESS}),
        ("{policyTypes: [Ingress], egress: [{}]}", {Direction.INGRESS}),
    ],
)
def test_policy_types_and_their_default(
    tmp_path: Path,
    spec: str,
    types: set[Direction],
) -> None:
    assert one(tmp_path, spec).policy_types == types


@pytest.mark.parametrize("lists", ["", "from: [], ports: []", "from: null, ports: null"])
def test_missing_and_empty_lists_mean_all(tmp_path: Path, lists: str) -> None:
    (rule,) = one(tmp_path, f"{{ingress: [{{{lists}}}]}}").ingress
    assert (rule.peers, rule.ports) == (ALL_PEERS, ALL_PORTS)


def test_no_rules_at_all_isolate(tmp_path: Path) -> None:
    assert one(tmp_path, "{ingress: null}").ingress == ()


def test_peers_keep_missing_and_empty_selectors_apart(tmp_path: Path) -> None:
    spec = (
        "{ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}, "
        "{podSelector: {matchLabels: {a: b}}, namespaceSelector: {matchLabels: {c: d}}}]}]}"
    )
    (rule,) = one(tmp_path, spec).ingress
    assert rule.peers == (
        PodPeer(EVERYTHING),
        PodPeer(EVERYTHING, EVERYTHING),
        PodPeer(LabelSelector.of({"a": "b"}), LabelSelector.of({"c": "d"})),
    )


def test_ports_default_to_tcp_and_keep_names_and_ranges(tmp_path: Path) -> None:
    spec = (
        "{ingress: [{ports: [{port: 80}, {port: http, protocol: UDP}, {protocol: SCTP}, "
        "{port: 8000, endPort: 8010}]}]}"
    )
    (rule,) = one(tmp_path, spec).ingress
    assert rule.ports == (
        PolicyPort("TCP", 80),
        PolicyPort("UDP", "http"),
        PolicyPort("SCTP"),
        PolicyPort("TCP", 8000, 8010),
    )


def test_expressions_keep_their_operators(tmp_path: Path) -> None:
    spec = (
        "{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [y, x]}, "
        "{key: b, operator: Exists}]}}"
    )
    assert one(tmp_path, spec).subject.match_expressions == (
        Requirement("a", Operator.NOT_IN, ("x", "y")),
        Requirement("b", Operator.EXISTS),
    )


def test_an_ip_block_keeps_its_exceptions(tmp_path: Path) -> None:
    spec = "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}"
    (rule,) = one(tmp_path, spec).egress
    assert rule.peers == (IPBlock("10.0.0.0/8", ("10.1.0.0/16",)),)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]"),
        ("{ingress: [{from: [null]}]}", "spec.ingress[0].from[0]"),
        (
            "{ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "spec.ingress[0].from[0].ipBlock",
        ),
        ("{ingress: [{to: []}]}", "spec.ingress[0].to"),
        ("{ingress: {}}", "spec.ingress"),
        ("{podselector: {}}", "spec.podselector"),
        ("{podSelector: {matchLabels: {a: 1}}}", "spec.podSelector.matchLabels.a"),
        ("{policyTypes: [ingress]}", "spec.policyTypes[0]"),
        ("{ingress: [{ports: [{protocol: ICMP}]}]}", "ports[0].protocol"),
        ("{ingress: [{ports: [{protocol: tcp}]}]}", "ports[0].protocol"),
        ("{ingress: [{ports: [{port: 0}]}]}", "ports[0].port"),
        ("{ingress: [{ports: [{port: 65536}]}]}", "ports[0].port"),
        ("{ingress: [{ports: [{port: '80'}]}]}", "ports[0].port"),
        ("{ingress: [{ports: [{port: -http}]}]}", "ports[0].port"),
        ("{ingress: [{ports: [{endPort: 80}]}]}", "ports[0].endPort"),
        ("{ingress: [{ports: [{port: http, endPort: 80}]}]}", "ports[0].endPort"),
        ("{ingress: [{ports: [{port: 80, endPort: 79}]}]}", "ports[0].endPort"),
        ("{ingress: [{ports: [{port: 80, endPort: 65536}]}]}", "ports[0].endPort"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}", "ipBlock.cidr"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.256/32}}]}]}", "ipBlock.cidr"),
        ("{ingress: [{from: [{ipBlock: {}}]}]}", "ipBlock.cidr"),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
            "ipBlock.except[0]",
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}",
            "ipBlock.except[0]",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: In}]}}",
            "matchExpressions[0].values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
            "matchExpressions[0].values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}",
            "matchExpressions[0].operator",
        ),
    ],
)
def test_what_the_api_server_refuses_is_named_with_its_field(
    tmp_path: Path,
    spec: str,
    field: str,
) -> None:
    read_ = read(tmp_path, spec)
    (finding,) = read_.findings
    assert finding.where.endswith(field)
    assert "policies.yaml:1, document 1" in finding.where
    assert finding.subject == "NetworkPolicy p"
    assert read_.network == ()
    with pytest.raises(ManifestError):
        read_.require()


def test_two_policies_of_one_name_are_an_error(tmp_path: Path) -> None:
    read_ = read(tmp_path, "{}", "{}")
    assert len(read_.network) == 1
    assert "another policy default/p" in read_.findings[0].message


def test_a_resource_of_the_same_kind_in_another_group_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "calico.yaml"
    path.write_text(HEAD.replace("networking.k8s.io/v1", "projectcalico.org/v3") + "spec: {x: 1}")
    assert read_policies([path]).all == ()
