"""The API server's own rules: every refusal upstream has, at the field where upstream puts it."""

from __future__ import annotations

import copy
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from recommender.evaluation.validation import validate_network_policy
from recommender.model.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.model.findings import Finding

VALID: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [
                    {"podSelector": {"matchLabels": {"app": "front"}}},
                    {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
                ],
                "ports": [
                    {"protocol": "TCP", "port": 80, "endPort": 90},
                    {"protocol": "UDP", "port": "dns"},
                ],
            }
        ],
        "egress": [
            {
                "to": [
                    {
                        "namespaceSelector": {
                            "matchExpressions": [
                                {"key": "team", "operator": "In", "values": ["a", ""]},
                                {"key": "x.io/y", "operator": "Exists"},
                            ]
                        },
                        "podSelector": {},
                    }
                ]
            }
        ],
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """The valid policy with one field set, its path written as in a field path."""
    document = copy.deepcopy(VALID)
    steps = path.replace("[", ".[").split(".")
    place: Any = document
    for step in steps[:-1]:
        place = place[int(step[1:-1])] if step.startswith("[") else place.setdefault(step, {})
    last = steps[-1]
    if last.startswith("["):
        place[int(last[1:-1])] = value
    else:
        place[last] = value
    return document


def refusals(document: dict[str, Any]) -> list[tuple[str, str]]:
    found = validate_network_policy(document, where="")
    return [(item.code, item.where) for item in found if item.severity is Severity.ERROR]


def warnings(document: dict[str, Any]) -> list[Finding]:
    found = validate_network_policy(document, where="")
    return [item for item in found if item.severity is Severity.WARNING]


def test_a_valid_policy_has_no_findings() -> None:
    assert validate_network_policy(VALID, where="web.yaml") == ()


def test_a_finding_names_object_file_and_field() -> None:
    document = changed("spec.ingress[0].from[1].ipBlock.cidr", "10.0.0.0/33")
    (finding,) = validate_network_policy(document, where="web.yaml, document 2")
    assert finding.subject == "NetworkPolicy shop/web"
    assert finding.where == "web.yaml, document 2: spec.ingress[0].from[1].ipBlock.cidr"


PORT = "spec.ingress[0].ports[0]"
PEER = "spec.ingress[0].from[0]"
BLOCK = "spec.ingress[0].from[1].ipBlock"
EXPRESSION = "spec.egress[0].to[0].namespaceSelector.matchExpressions[0]"
LABELS = "spec.podSelector.matchLabels"

#: Field set, value given, code expected, field path expected.
REFUSED: list[tuple[str, object, str, str]] = [
    # ports
    (PORT, {"port": 0}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": 65536}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": -1}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": 2**31}, "api-wrong-type", f"{PORT}.port"),
    (PORT, {"port": 80.5}, "api-wrong-type", f"{PORT}.port"),
    (PORT, {"port": True}, "api-wrong-type", f"{PORT}.port"),
    (PORT, {"port": ""}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "80"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "HTTP"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "a_b"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "a--b"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "-a"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "a-"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "a" * 16}, "api-invalid", f"{PORT}.port"),
    (PORT, {"port": "http\n"}, "api-invalid", f"{PORT}.port"),
    (PORT, {"protocol": "tcp", "port": 80}, "api-not-supported", f"{PORT}.protocol"),
    (PORT, {"protocol": "ICMP"}, "api-not-supported", f"{PORT}.protocol"),
    (PORT, {"protocol": ""}, "api-not-supported", f"{PORT}.protocol"),
    (PORT, {"protocol": 6}, "api-wrong-type", f"{PORT}.protocol"),
    (PORT, {"port": 80, "endPort": 79}, "api-invalid", f"{PORT}.endPort"),
    (PORT, {"port": 80, "endPort": 65536}, "api-invalid", f"{PORT}.endPort"),
    (PORT, {"port": 80, "endPort": "90"}, "api-wrong-type", f"{PORT}.endPort"),
    (PORT, {"port": "http", "endPort": 90}, "api-invalid", f"{PORT}.endPort"),
    (PORT, {"endPort": 90}, "api-invalid", f"{PORT}.endPort"),
    (PORT, {"port": 80, "targetPort": 80}, "api-unknown-field", f"{PORT}.targetPort"),
    (PORT, 80, "api-wrong-type", PORT),
    # peers
    (PEER, {}, "api-required", PEER),
    (PEER, None, "api-required", PEER),
    (PEER, {"podSelector": None}, "api-required", PEER),
    (
        PEER,
        {"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}},
        "api-forbidden",
        PEER,
    ),
    (
        PEER,
        {"namespaceSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}},
        "api-forbidden",
        PEER,
    ),
    (
        PEER,
        {"serviceSelector": {}, "podSelector": {}},
        "api-unknown-field",
        f"{PEER}.serviceSelector",
    ),
    # ipBlock
    (f"{BLOCK}.cidr", "", "api-required", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", None, "api-required", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "10.0.0.1", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "10.0.0/8", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "256.0.0.0/8", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "10.0.0.0/255.0.0.0", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "10.0.0.0/-1", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "fe80::1%eth0/64", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "2001:db8::/129", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", "example.com", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.cidr", " 10.0.0.0/8", "api-invalid", f"{BLOCK}.cidr"),
    (f"{BLOCK}.except", ["10.0.0.0/8"], "api-invalid", f"{BLOCK}.except[0]"),
    (f"{BLOCK}.except", ["10.0.0.0/7"], "api-invalid", f"{BLOCK}.except[0]"),
    (f"{BLOCK}.except", ["11.0.0.0/16"], "api-invalid", f"{BLOCK}.except[0]"),
    (f"{BLOCK}.except", ["2001:db8::/64"], "api-invalid", f"{BLOCK}.except[0]"),
    (f"{BLOCK}.except", ["10.1.0.0/16", "x"], "api-invalid", f"{BLOCK}.except[1]"),
    (f"{BLOCK}.except", [None], "api-invalid", f"{BLOCK}.except[0]"),
    (f"{BLOCK}.except", "10.1.0.0/16", "api-wrong-type", f"{BLOCK}.except"),
    # selectors
    (f"{EXPRESSION}.operator", "in", "api-invalid", f"{EXPRESSION}.operator"),
    (f"{EXPRESSION}.operator", "Equals", "api-invalid", f"{EXPRESSION}.operator"),
    (f"{EXPRESSION}.operator", None, "api-invalid", f"{EXPRESSION}.operator"),
    (f"{EXPRESSION}.values", [], "api-required", f"{EXPRESSION}.values"),
    (f"{EXPRESSION}.values", None, "api-required", f"{EXPRESSION}.values"),
    (f"{EXPRESSION}.values", ["a b"], "api-invalid", f"{EXPRESSION}.values[0]"),
    (f"{EXPRESSION}.values", [1], "api-wrong-type", f"{EXPRESSION}.values[0]"),
    (f"{EXPRESSION}.operator", "Exists", "api-forbidden", f"{EXPRESSION}.values"),
    (f"{EXPRESSION}.operator", "DoesNotExist", "api-forbidden", f"{EXPRESSION}.values"),
    (f"{EXPRESSION}.key", "", "api-invalid", f"{EXPRESSION}.key"),
    (f"{EXPRESSION}.key", "a/b/c", "api-invalid", f"{EXPRESSION}.key"),
    (f"{EXPRESSION}.key", "/b", "api-invalid", f"{EXPRESSION}.key"),
    (f"{EXPRESSION}.key", "Up.io/b", "api-invalid", f"{EXPRESSION}.key"),
    (f"{EXPRESSION}.key", "k" * 64, "api-invalid", f"{EXPRESSION}.key"),
    (LABELS, {"app": "a" * 64}, "api-invalid", f"{LABELS}[app]"),
    (LABELS, {"app": "-a"}, "api-invalid", f"{LABELS}[app]"),
    (LABELS, {"app": "ü"}, "api-invalid", f"{LABELS}[app]"),
    (LABELS, {"app": "web\n"}, "api-invalid", f"{LABELS}[app]"),
    (LABELS, {"app": 1}, "api-wrong-type", f"{LABELS}[app]"),
    (LABELS, {"app": True}, "api-wrong-type", f"{LABELS}[app]"),
    (LABELS, {"app": {"in": "a"}}, "api-wrong-type", f"{LABELS}[app]"),
    (LABELS, {"a b": "c"}, "api-invalid", LABELS),
    (LABELS, ["app"], "api-wrong-type", LABELS),
    ("spec.podSelector", {"app": "web"}, "api-unknown-field", "spec.podSelector.app"),
    ("spec.podSelector", "app=web", "api-wrong-type", "spec.podSelector"),
    # the rest of the spec
    ("spec.policyTypes", ["ingress"], "api-not-supported", "spec.policyTypes[0]"),
    ("spec.policyTypes", [None], "api-not-supported", "spec.policyTypes[0]"),
    ("spec.policyTypes", ["Ingress"] * 3, "api-invalid", "spec.policyTypes"),
    ("spec.policyTypes", "Ingress", "api-wrong-type", "spec.policyTypes"),
    ("spec.ingress", {"from": []}, "api-wrong-type", "spec.ingress"),
    ("spec.ingress[0].to", [], "api-unknown-field", "spec.ingress[0].to"),
    ("spec.egress[0].from", [], "api-unknown-field", "spec.egress[0].from"),
    ("spec.Ingress", [], "api-unknown-field", "spec.Ingress"),
    ("spec.selector", {}, "api-unknown-field", "spec.selector"),
    # the object
    ("kind", "NetworkPolicies", "api-not-supported", "kind"),
    ("apiVersion", "networking.k8s.io/v2", "api-not-supported", "apiVersion"),
    ("apiVersion", None, "api-required", "apiVersion"),
    ("rules", [], "api-unknown-field", "rules"),
    ("metadata.name", "Web", "api-invalid", "metadata.name"),
    ("metadata.name", "a_b", "api-invalid", "metadata.name"),
    ("metadata.name", "a..b", "api-invalid", "metadata.name"),
    ("metadata.name", "a.-b", "api-invalid", "metadata.name"),
    ("metadata.name", "a" * 254, "api-invalid", "metadata.name"),
    ("metadata.name", "", "api-required", "metadata.name"),
    ("metadata.name", 1, "api-wrong-type", "metadata.name"),
    ("metadata.generateName", "Web-", "api-invalid", "metadata.generateName"),
    ("metadata.namespace", "a.b", "api-invalid", "metadata.namespace"),
    ("metadata.namespace", "a" * 64, "api-invalid", "metadata.namespace"),
    ("metadata.labels", {"app": "a b"}, "api-invalid", "metadata.labels[app]"),
    ("metadata.annotations", {"a": 1}, "api-wrong-type", "metadata.annotations[a]"),
    ("metadata.annotations", {"a b": ""}, "api-invalid", "metadata.annotations"),
    ("metadata.annotations", {"a": "x" * 262144}, "api-too-long", "metadata.annotations"),
    ("metadata.finalizers", ["a b"], "api-invalid", "metadata.finalizers[0]"),
    ("metadata.generation", -1, "api-invalid", "metadata.generation"),
    ("metadata.title", "x", "api-unknown-field", "metadata.title"),
    (
        "metadata.ownerReferences",
        [{"apiVersion": "v1", "kind": "Pod", "name": "p"}],
        "api-invalid",
        "metadata.ownerReferences[0].uid",
    ),
]


@pytest.mark.parametrize(("path", "value", "code", "where"), REFUSED)
def test_the_api_server_refuses(path: str, value: object, code: str, where: str) -> None:
    assert refusals(changed(path, value)) == [(code, where)]


#: Field set and value given: the API server takes it.
ACCEPTED: list[tuple[str, object]] = [
    (PORT, {}),
    (PORT, {"protocol": None, "port": None}),
    (PORT, {"port": 1, "endPort": 65535}),
    (PORT, {"port": 80, "endPort": 80}),
    (PORT, {"protocol": "SCTP"}),
    (PORT, {"port": "a" * 15}),
    (PORT, {"port": "8080-tcp"}),
    (PEER, {"namespaceSelector": {}}),
    (PEER, {"podSelector": {}, "ipBlock": None}),
    (f"{BLOCK}.cidr", "0.0.0.0/0"),
    (f"{BLOCK}.except", []),
    (f"{BLOCK}.except", None),
    (f"{BLOCK}.except", ["10.0.0.0/9", "10.0.0.1/32"]),
    (BLOCK, {"cidr": "::/0", "except": ["2001:db8::/32"]}),
    (f"{EXPRESSION}.key", "a.b/" + "k" * 63),
    (f"{EXPRESSION}.key", "-".join(["p" * 100, "q" * 100]) + "/k"),
    (f"{EXPRESSION}.values", ["A_b.c-1"]),
    (LABELS, {"app": ""}),
    (LABELS, {"app": None}),
    (LABELS, {1: "a"}),
    ("spec.policyTypes", []),
    ("spec.policyTypes", ["Egress", "Egress"]),
    ("spec.ingress", None),
    ("spec.ingress", [{}]),
    ("spec", None),
    ("metadata.name", "a.b-c.9"),
    ("metadata", {"generateName": "web-"}),
    ("metadata.namespace", None),
    ("metadata.creationTimestamp", None),
    ("metadata.annotations", {"A.io/B": "anything at all"}),
]


@pytest.mark.parametrize(("path", "value"), ACCEPTED)
def test_the_api_server_accepts(path: str, value: object) -> None:
    assert refusals(changed(path, value)) == []


@pytest.mark.parametrize(
    ("cidr", "hint"),
    [
        ("10.0.0.1/8", "write 10.0.0.0/8 or 10.0.0.1/32"),
        ("010.0.0.0/8", "write 10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "write 10.0.0.0/8"),
        ("2001:DB8::/32", "write 2001:db8::/32"),
        ("2001:db8:0::1/32", "write 2001:db8::/32 or 2001:db8::1/128"),
    ],
)
def test_an_old_form_of_a_cidr_is_accepted_with_a_warning(cidr: str, hint: str) -> None:
    document = changed(BLOCK, {"cidr": cidr})
    assert refusals(document) == []
    (warning,) = warnings(document)
    assert (warning.code, warning.hint) == ("api-legacy-cidr", hint)


def test_an_exception_is_measured_after_masking() -> None:
    document = changed(BLOCK, {"cidr": "10.0.0.0/8", "except": ["10.200.3.4/16"]})
    assert refusals(document) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("spec.ingress[0]", None, "spec.ingress[0]"),
        (PORT, None, PORT),
        ("spec.podSelector", {"matchLabels": None}, "spec.podSelector"),
    ],
)
def test_a_null_that_opens_everything_is_warned_of(path: str, value: object, where: str) -> None:
    document = changed(path, value)
    assert refusals(document) == []
    (warning,) = warnings(document)
    assert (warning.code, warning.where) == ("null-means-all", where)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("apiVersion", "extensions/v1beta1", "api-removed-version"),
        ("status", {}, "api-removed-field"),
    ],
)
def test_what_newer_servers_dropped_is_warned_of(path: str, value: object, code: str) -> None:
    document = changed(path, value)
    assert refusals(document) == []
    assert [item.code for item in warnings(document)] == [code]


def test_a_misspelt_field_is_told_the_right_one() -> None:
    (finding,) = validate_network_policy(changed("spec.podselector", {}), where="")
    assert finding.hint == "did you mean podSelector?"


def test_a_quoted_port_is_told_to_lose_its_quotes() -> None:
    (finding,) = validate_network_policy(changed(PORT, {"port": "8080"}), where="")
    assert finding.hint == "write the number without quotes: 8080"


def test_hostile_text_is_cleaned_in_messages() -> None:
    document = changed(LABELS, {"app": "\x1b[31m" + "x" * 500})
    (finding,) = validate_network_policy(document, where="")
    assert "\x1b" not in finding.message
    assert len(finding.message) < 300


def test_what_is_no_mapping_at_all_is_refused() -> None:
    document: Any = ["kind", "NetworkPolicy"]
    codes = {item.code for item in validate_network_policy(document, where="x.yaml")}
    assert "api-wrong-type" in codes


def test_the_experts_policies_are_all_accepted(shared: Path) -> None:
    files = sorted((shared / "experts").rglob("*.y*ml"))
    checked = 0
    for path in files:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document and document.get("kind") == "NetworkPolicy":
                assert refusals(document) == [], path.name
                checked += 1
    assert checked > 30


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_kubectl_parses_the_valid_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(VALID), encoding="utf-8")
    command = ["kubectl", "label", "--local", "-f", str(path), "-o", "json", "a=b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
