"""Cluster-wide policies out of their manifests, and what the API server refuses of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recommender.inventory import read_policies
from recommender.model.labels import LabelSelector
from recommender.model.policies import ALL_PORTS
from recommender.model.tiers import (
    Action,
    DomainNames,
    Networks,
    Nodes,
    Tier,
    TierPods,
    TierPolicy,
    TierPort,
    UnknownPeer,
)

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.inventory import Policies

EVERYTHING = LabelSelector.everything()
SUBJECT = "subject: {namespaces: {}}"
TO_PODS = "to: [{namespaces: {}}]"


def read(folder: Path, *objects: tuple[str, str, str]) -> Policies:
    """Policies by (kind, name, spec)."""
    path = folder / "policies.yaml"
    path.write_text(
        "---\n".join(
            f"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: {kind}\n"
            f"metadata: {{name: {name}}}\nspec: {spec}\n"
            for kind, name, spec in objects
        ),
    )
    return read_policies([path])


def admin(folder: Path, egress: str) -> Policies:
    spec = f"{{priority: 10, {SUBJECT}, egress: [{{action: Deny, {egress}}}]}}"
    return read(folder, ("AdminNetworkPolicy", "p", spec))


def cluster(folder: Path, egress: str) -> Policies:
    spec = f"{{tier: Admin, priority: 1, {SUBJECT}, egress: [{{{egress}}}]}}"
    return read(folder, ("ClusterNetworkPolicy", "p", spec))


def only(policies: Policies) -> TierPolicy:
    (policy,) = policies.require().tiers
    return policy


def test_the_three_kinds_are_one_type(tmp_path: Path) -> None:
    policies = read(
        tmp_path,
        ("BaselineAdminNetworkPolicy", "default", f"{{{SUBJECT}}}"),
        ("ClusterNetworkPolicy", "late", f"{{tier: Baseline, priority: 7, {SUBJECT}}}"),
        ("AdminNetworkPolicy", "second", f"{{priority: 20, {SUBJECT}}}"),
        ("ClusterNetworkPolicy", "first", f"{{tier: Admin, priority: 3, {SUBJECT}}}"),
    ).require()
    assert [(policy.name, policy.tier, policy.priority) for policy in policies.tiers] == [
        ("first", Tier.ADMIN, 3),
        ("second", Tier.ADMIN, 20),
        ("default", Tier.BASELINE, 0),
        ("late", Tier.BASELINE, 7),
    ]


def test_ports_of_version_one(tmp_path: Path) -> None:
    ports = (
        "ports: [{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 1, end: 9}}, "
        "{namedPort: http}]"
    )
    (rule,) = only(admin(tmp_path, f"{TO_PODS}, {ports}")).egress
    assert rule.ports == (
        TierPort("TCP", 80),
        TierPort("UDP", 1, 9),
        TierPort(None, "http"),
    )


def test_protocols_of_version_two(tmp_path: Path) -> None:
    protocols = (
        "protocols: [{tcp: {destinationPort: {number: 80}}}, "
        "{udp: {destinationPort: {range: {start: 1, end: 9}}}}, {destinationNamedPort: http}]"
    )
    (rule,) = only(cluster(tmp_path, f"action: Accept, {TO_PODS}, {protocols}")).egress
    assert rule.ports == (
        TierPort("TCP", 80),
        TierPort("UDP", 1, 9),
        TierPort(None, "http"),
    )
    assert rule.action is Action.ACCEPT


def test_no_ports_are_all(tmp_path: Path) -> None:
    (rule,) = only(admin(tmp_path, TO_PODS)).egress
    assert rule.ports is ALL_PORTS


def test_peers_of_egress(tmp_path: Path) -> None:
    peers = (
        "to: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}, "
        "{networks: [10.0.0.0/8]}, {nodes: {}}]"
    )
    (rule,) = only(admin(tmp_path, peers)).egress
    assert rule.peers == (
        TierPods(EVERYTHING, LabelSelector.of({"a": "b"})),
        Networks(("10.0.0.0/8",)),
        Nodes(EVERYTHING),
    )


def test_domain_names_go_with_accept(tmp_path: Path) -> None:
    names = "to: [{domainNames: ['*.Example.com.']}]"
    (rule,) = only(cluster(tmp_path, f"action: Accept, {names}")).egress
    assert rule.peers == (DomainNames(("*.example.com",)),)
    (finding,) = cluster(tmp_path, f"action: Deny, {names}").findings
    assert "domainNames go with Accept" in finding.message


@pytest.mark.parametrize("peer", ["{}", "{serviceAccounts: {}}"])
def test_a_peer_of_an_unknown_kind_is_kept_to_fail_closed(tmp_path: Path, peer: str) -> None:
    (rule,) = only(admin(tmp_path, f"to: [{peer}]")).egress
    assert isinstance(rule.peers[0], UnknownPeer)


def test_networks_are_no_ingress_peer(tmp_path: Path) -> None:
    written = "{action: Deny, from: [{networks: [0.0.0.0/0]}]}"
    spec = f"{{priority: 1, {SUBJECT}, ingress: [{written}]}}"
    (rule,) = only(read(tmp_path, ("AdminNetworkPolicy", "p", spec))).ingress
    assert rule.peers == (UnknownPeer("networks"),)


def test_equal_priorities_are_told_and_go_by_name(tmp_path: Path) -> None:
    spec = f"{{priority: 5, {SUBJECT}}}"
    policies = read(tmp_path, ("AdminNetworkPolicy", "b", spec), ("AdminNetworkPolicy", "a", spec))
    assert [policy.name for policy in policies.require().tiers] == ["a", "b"]
    (finding,) = policies.findings
    assert finding.code == "same-priority"


@pytest.mark.parametrize(
    ("kind", "name", "spec", "field"),
    [
        ("AdminNetworkPolicy", "p", f"{{{SUBJECT}}}", "spec.priority"),
        ("AdminNetworkPolicy", "p", f"{{priority: 1001, {SUBJECT}}}", "spec.priority"),
        ("AdminNetworkPolicy", "p", "{priority: 1}", "spec.subject"),
        (
            "AdminNetworkPolicy",
            "p",
            "{priority: 1, subject: {namespaces: {}, pods: {}}}",
            "spec.subject",
        ),
        ("AdminNetworkPolicy", "p", f"{{priority: 1, {SUBJECT}, tier: Admin}}", "spec.tier"),
        ("BaselineAdminNetworkPolicy", "other", f"{{{SUBJECT}}}", "metadata.name"),
        ("BaselineAdminNetworkPolicy", "default", f"{{priority: 1, {SUBJECT}}}", "spec.priority"),
        (
            "BaselineAdminNetworkPolicy",
            "default",
            f"{{{SUBJECT}, egress: [{{action: Pass, {TO_PODS}}}]}}",
            "spec.egress[0].action",
        ),
        ("ClusterNetworkPolicy", "p", f"{{priority: 1, {SUBJECT}}}", "spec.tier"),
        ("ClusterNetworkPolicy", "p", f"{{tier: Top, priority: 1, {SUBJECT}}}", "spec.tier"),
        (
            "ClusterNetworkPolicy",
            "p",
            f"{{tier: Admin, priority: 1, {SUBJECT}, egress: [{{action: Allow, {TO_PODS}}}]}}",
            "spec.egress[0].action",
        ),
    ],
)
def test_what_the_api_server_refuses_of_a_policy(
    tmp_path: Path,
    kind: str,
    name: str,
    spec: str,
    field: str,
) -> None:
    policies = read(tmp_path, (kind, name, spec))
    (finding,) = policies.findings
    assert finding.where.endswith(field)
    assert policies.tiers == ()


@pytest.mark.parametrize(
    ("egress", "field"),
    [
        ("to: []", "egress[0].to"),
        (f"{TO_PODS}, ports: []", "egress[0].ports"),
        (f"{TO_PODS}, ports: [{{}}]", "egress[0].ports[0]"),
        (f"{TO_PODS}, ports: [{{portNumber: {{port: 0}}}}]", "portNumber.port"),
        (
            f"{TO_PODS}, ports: [{{portRange: {{start: 9, end: 8}}}}]",
            "portRange.end",
        ),
        (f"{TO_PODS}, ports: [{{portNumber: {{port: 80, protocol: ICMP}}}}]", "protocol"),
        ("to: [{networks: []}]", "to[0].networks"),
        ("to: [{networks: [10.0.0.0]}]", "networks[0]"),
        ("to: [{networks: [10.0.0.0/33]}]", "networks[0]"),
        ("to: [{namespaces: {}, pods: {}}]", "to[0]"),
        ("to: [{networks: [10.0.0.0/8]}], ports: [{namedPort: http}]", "egress[0].ports"),
        ("to: [{nodes: {}}], ports: [{namedPort: http}]", "egress[0].ports"),
    ],
)
def test_what_the_api_server_refuses_of_a_rule(tmp_path: Path, egress: str, field: str) -> None:
    (finding,) = admin(tmp_path, egress).findings
    assert finding.where.endswith(field)


def test_a_range_of_version_two_ends_after_it_starts(tmp_path: Path) -> None:
    range_ = "protocols: [{tcp: {destinationPort: {range: {start: 9, end: 9}}}}]"
    (finding,) = cluster(tmp_path, f"action: Deny, {TO_PODS}, {range_}").findings
    assert finding.where.endswith("destinationPort.range.end")
