"""The API server's rules for the cluster-wide policies, at the field where they are broken."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from recommender.evaluation.validation_tiers import validate_tier_policy
from recommender.model.findings import Severity

CLUSTER: dict[str, Any] = {
    "apiVersion": "policy.networking.k8s.io/v1alpha2",
    "kind": "ClusterNetworkPolicy",
    "metadata": {"name": "guard"},
    "spec": {
        "tier": "Admin",
        "priority": 10,
        "subject": {"namespaces": {}},
        "ingress": [
            {
                "name": "from-monitoring",
                "action": "Accept",
                "from": [{"pods": {"namespaceSelector": {}, "podSelector": {}}}],
                "protocols": [
                    {"tcp": {"destinationPort": {"number": 80}}},
                    {"udp": {"destinationPort": {"range": {"start": 1, "end": 2}}}},
                    {"destinationNamedPort": "http"},
                ],
            }
        ],
        "egress": [
            {
                "action": "Accept",
                "to": [
                    {"networks": ["10.0.0.0/8", "fd00::/8"]},
                    {"domainNames": ["*.example.com", "example.org."]},
                    {"nodes": {"matchLabels": {"role": "gpu"}}},
                ],
            }
        ],
    },
}
ADMIN: dict[str, Any] = {
    "apiVersion": "policy.networking.k8s.io/v1alpha1",
    "kind": "AdminNetworkPolicy",
    "metadata": {"name": "guard"},
    "spec": {
        "priority": 0,
        "subject": {"pods": {"namespaceSelector": {}, "podSelector": {}}},
        "ingress": [
            {
                "action": "Pass",
                "from": [{"namespaces": {}}],
                "ports": [
                    {"portNumber": {"protocol": "TCP", "port": 80}},
                    {"portRange": {"start": 80, "end": 80}},
                    {"namedPort": "http"},
                ],
            }
        ],
    },
}
BASELINE: dict[str, Any] = {
    **ADMIN,
    "kind": "BaselineAdminNetworkPolicy",
    "metadata": {"name": "default"},
    "spec": {
        "subject": {"namespaces": {}},
        "egress": [{"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}],
    },
}


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    found = copy.deepcopy(document)
    steps = path.replace("[", ".[").split(".")
    place: Any = found
    for step in steps[:-1]:
        place = place[int(step[1:-1])] if step.startswith("[") else place.setdefault(step, {})
    last = steps[-1]
    place[int(last[1:-1]) if last.startswith("[") else last] = value
    return found


def found(document: dict[str, Any], severity: Severity) -> list[tuple[str, str]]:
    findings = validate_tier_policy(document, where="")
    return [(each.code, each.where) for each in findings if each.severity is severity]


@pytest.mark.parametrize("document", [CLUSTER, ADMIN, BASELINE], ids=lambda each: each["kind"])
def test_a_valid_policy_has_no_findings(document: dict[str, Any]) -> None:
    assert validate_tier_policy(document, where="") == ()


IN, OUT = "spec.ingress[0]", "spec.egress[0]"
PROTOCOL, NETWORKS = f"{IN}.protocols[0]", f"{OUT}.to[0].networks"

REFUSED: list[tuple[dict[str, Any], str, object, str, str]] = [
    (CLUSTER, "spec.tier", "admin", "api-not-supported", "spec.tier"),
    (CLUSTER, "spec.tier", None, "api-not-supported", "spec.tier"),
    (CLUSTER, "spec.priority", None, "api-required", "spec.priority"),
    (CLUSTER, "spec.priority", 1001, "api-invalid", "spec.priority"),
    (CLUSTER, "spec.priority", -1, "api-invalid", "spec.priority"),
    (CLUSTER, "spec.priority", "1", "api-wrong-type", "spec.priority"),
    (CLUSTER, "spec.subject", None, "api-required", "spec.subject"),
    (CLUSTER, "spec.subject", {}, "api-required", "spec.subject"),
    (CLUSTER, "spec.subject", {"namespaces": {}, "pods": {}}, "api-invalid", "spec.subject"),
    (CLUSTER, "spec.ports", [], "api-unknown-field", "spec.ports"),
    (CLUSTER, "metadata.namespace", "x", "api-forbidden", "metadata.namespace"),
    (CLUSTER, "apiVersion", "policy.networking.k8s.io/v9", "api-not-supported", "apiVersion"),
    (CLUSTER, f"{IN}.action", "Allow", "api-not-supported", f"{IN}.action"),
    (CLUSTER, f"{IN}.action", None, "api-not-supported", f"{IN}.action"),
    (CLUSTER, f"{IN}.name", "n" * 101, "api-too-long", f"{IN}.name"),
    (CLUSTER, f"{IN}.from", [], "api-required", f"{IN}.from"),
    (CLUSTER, f"{IN}.from", None, "api-required", f"{IN}.from"),
    (CLUSTER, f"{IN}.from", [{"namespaces": {}}] * 26, "api-too-long", f"{IN}.from"),
    (CLUSTER, f"{IN}.from[0]", {"namespaces": {}, "pods": {}}, "api-invalid", f"{IN}.from[0]"),
    (CLUSTER, f"{IN}.to", [], "api-unknown-field", f"{IN}.to"),
    (CLUSTER, f"{IN}.protocols", [], "api-required", f"{IN}.protocols"),
    (CLUSTER, PROTOCOL, {}, "api-required", PROTOCOL),
    (CLUSTER, PROTOCOL, {"tcp": {}}, "api-required", f"{PROTOCOL}.tcp.destinationPort"),
    (CLUSTER, f"{PROTOCOL}.udp", {"destinationPort": {"number": 1}}, "api-invalid", PROTOCOL),
    (
        CLUSTER,
        f"{PROTOCOL}.tcp.destinationPort.number",
        0,
        "api-invalid",
        f"{PROTOCOL}.tcp.destinationPort.number",
    ),
    (
        CLUSTER,
        f"{PROTOCOL}.tcp.destinationPort",
        {"range": {"start": 80, "end": 80}},
        "api-invalid",
        f"{PROTOCOL}.tcp.destinationPort.range.end",
    ),
    (
        CLUSTER,
        f"{PROTOCOL}.tcp.destinationPort",
        {"range": {"start": 80}},
        "api-required",
        f"{PROTOCOL}.tcp.destinationPort.range.end",
    ),
    (
        CLUSTER,
        PROTOCOL,
        {"destinationNamedPort": ""},
        "api-required",
        f"{PROTOCOL}.destinationNamedPort",
    ),
    (CLUSTER, f"{OUT}.protocols", [{"destinationNamedPort": "http"}], "api-forbidden", OUT),
    (CLUSTER, NETWORKS, [], "api-required", NETWORKS),
    (CLUSTER, NETWORKS, ["10.0.0.1"], "api-invalid", f"{NETWORKS}[0]"),
    (CLUSTER, NETWORKS, ["10.0.0.0/8", "10.0.0.0/8"], "api-invalid", f"{NETWORKS}[1]"),
    (CLUSTER, NETWORKS, [f"10.{n}.0.0/16" for n in range(26)], "api-too-long", NETWORKS),
    (CLUSTER, f"{OUT}.action", "Deny", "api-forbidden", f"{OUT}.to[1].domainNames"),
    (
        CLUSTER,
        f"{OUT}.to[1].domainNames",
        ["a.*.com"],
        "api-invalid",
        f"{OUT}.to[1].domainNames[0]",
    ),
    (
        CLUSTER,
        f"{OUT}.to[1].domainNames",
        ["localhost"],
        "api-invalid",
        f"{OUT}.to[1].domainNames[0]",
    ),
    (
        CLUSTER,
        f"{OUT}.to[2].nodes",
        {"matchLabels": {"a b": "c"}},
        "api-invalid",
        f"{OUT}.to[2].nodes.matchLabels",
    ),
    (ADMIN, "spec.tier", "Admin", "api-unknown-field", "spec.tier"),
    (ADMIN, f"{IN}.action", "Accept", "api-not-supported", f"{IN}.action"),
    (ADMIN, f"{IN}.ports[0]", {}, "api-required", f"{IN}.ports[0]"),
    (
        ADMIN,
        f"{IN}.ports[0].portNumber.protocol",
        "ICMP",
        "api-not-supported",
        f"{IN}.ports[0].portNumber.protocol",
    ),
    (ADMIN, f"{IN}.ports[1].portRange.end", 79, "api-invalid", f"{IN}.ports[1].portRange.end"),
    (BASELINE, "metadata.name", "other", "api-invalid", "metadata.name"),
    (BASELINE, "spec.priority", 1, "api-unknown-field", "spec.priority"),
    (BASELINE, f"{OUT}.action", "Pass", "api-not-supported", f"{OUT}.action"),
]


@pytest.mark.parametrize(("document", "path", "value", "code", "where"), REFUSED)
def test_the_api_server_refuses(
    document: dict[str, Any], path: str, value: object, code: str, where: str
) -> None:
    assert found(changed(document, path, value), Severity.ERROR) == [(code, where)]


@pytest.mark.parametrize(
    ("path", "value"),
    [(f"{IN}.from[0]", {}), (f"{IN}.from[0]", {"services": {}}), (f"{OUT}.to[0]", {"x": 1})],
)
def test_a_peer_of_an_unknown_kind_is_warned_of(path: str, value: object) -> None:
    document = changed(CLUSTER, path, value)
    assert found(document, Severity.ERROR) == []
    assert found(document, Severity.WARNING) == [("unknown-peer", path)]


def test_a_port_name_that_no_container_can_have_is_warned_of() -> None:
    document = changed(CLUSTER, PROTOCOL, {"destinationNamedPort": "HTTP"})
    assert found(document, Severity.ERROR) == []
    where = f"{PROTOCOL}.destinationNamedPort"
    assert found(document, Severity.WARNING) == [("named-port-not-servable", where)]


def test_every_fault_is_named_not_only_the_first() -> None:
    document = changed(changed(CLUSTER, "spec.tier", "x"), "spec.priority", 5000)
    assert len(found(document, Severity.ERROR)) == 2
