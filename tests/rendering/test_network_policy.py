"""A typed policy becomes exactly the object it stands for, and text that says the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering.cases import BOTH, START, every_form, shop
from rendering.hostile import hostile_strings
from rendering.readers import kubectl_reads, python_reads

from recommender.model.errors import ModelError
from recommender.model.labels import LabelSelector, is_label_key, is_label_value
from recommender.model.policies import Direction, NetworkPolicy, PodPeer, PolicyPort, Rule
from recommender.rendering.comments import rule_comments
from recommender.rendering.network_policy import to_manifest, to_yaml

if TYPE_CHECKING:
    from pathlib import Path

KEYS = st.from_regex(r"([a-z0-9]{1,3}\.[a-z]{1,3}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,4}[A-Za-z0-9])?")
VALUES = st.from_regex(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,6}[A-Za-z0-9])?)?", fullmatch=True)
LABELS = st.dictionaries(KEYS.filter(is_label_key), VALUES, min_size=1, max_size=4)


def test_every_form_becomes_the_object_of_the_api() -> None:
    assert to_manifest(every_form()[0]) == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "y",
            "namespace": "5e7",
            "labels": {"app.kubernetes.io/managed-by": "recommender"},
            "annotations": {"note": "{{ .Values.x }} \u2028 \x1b[31m # no: comment"},
        },
        "spec": {
            "podSelector": {
                "matchLabels": {"example.com/name": "", "labels": "08", "y": "5e7"},
                "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["0o17", "null"]},
                    {"key": "env", "operator": "NotIn", "values": ["dev"]},
                    {"key": "on", "operator": "Exists"},
                    {"key": "off", "operator": "DoesNotExist"},
                ],
            },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {},
                {"ports": [{"protocol": "SCTP"}, {"protocol": "TCP", "port": "http"}]},
                {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 80}]},
            ],
            "egress": [
                {
                    "to": [
                        {
                            "namespaceSelector": {
                                "matchLabels": {"kubernetes.io/metadata.name": "true"}
                            }
                        },
                        {"namespaceSelector": {}},
                        {"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}},
                    ],
                    "ports": [{"protocol": "UDP", "port": 8000, "endPort": 8010}],
                }
            ],
        },
    }


def test_a_direction_without_rules_is_absent_and_said_in_a_comment() -> None:
    quiet = every_form()[1]
    spec = to_manifest(quiet)["spec"]
    assert isinstance(spec, dict)
    assert sorted(spec) == ["ingress", "podSelector", "policyTypes"]
    assert '# no egress rules: all connections out are denied\n  - "Egress"' in to_yaml(quiet)


@pytest.mark.parametrize("policy", [*shop(), *every_form()], ids=lambda policy: policy.name)
def test_the_text_says_what_the_object_says(policy: NetworkPolicy) -> None:
    assert python_reads(to_yaml(policy)) == to_manifest(policy)


def test_kubectl_reads_the_same_object(tmp_path: Path) -> None:
    policies = [*shop(), *every_form()]
    read = kubectl_reads(tmp_path, [to_yaml(policy) for policy in policies])
    assert read == [to_manifest(policy) for policy in policies]


@given(LABELS, LABELS)
def test_any_labels_read_back(subject: dict[str, str], peer: dict[str, str]) -> None:
    rule = Rule((PodPeer(LabelSelector.of(peer)),), (PolicyPort("TCP", 80),))
    policy = NetworkPolicy("shop", "web", LabelSelector.of(subject), BOTH, ingress=(rule,))
    read = python_reads(to_yaml(policy))
    assert read == to_manifest(policy)
    assert read["spec"]["podSelector"]["matchLabels"] == subject
    assert read["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"] == peer


def test_kubectl_reads_any_label_as_a_string(tmp_path: Path) -> None:
    words = [text for text in hostile_strings(3000) if text and is_label_value(text)]
    assert {"y", "5e7", "0o17", "08", "null", "1_000", "2026-03-02"} <= set(words)
    base = shop()[0]
    policies = [
        replace(base, name=f"p{number}", subject=LabelSelector.of({word: word, "app": word}))
        for number, word in enumerate(words)
    ]
    read = kubectl_reads(tmp_path, [to_yaml(policy) for policy in policies])
    assert [item["spec"]["podSelector"]["matchLabels"] for item in read] == [
        {"app": word, word: word} for word in words
    ]


@pytest.mark.parametrize("text", hostile_strings())
def test_text_that_no_api_server_takes_is_refused_everywhere(text: str) -> None:
    base = shop()[0]
    bad_key, bad_value = f"{text}\n", f"x {text}"
    subjects = [LabelSelector.of({bad_key: "v"}), LabelSelector.of({"k": bad_value})]
    broken = [replace(base, subject=subject) for subject in subjects]
    broken += [replace(base, name=f"{text}\n"), replace(base, namespace=f"A{text}")]
    broken += [replace(base, labels=((bad_key, "v"),)), replace(base, labels=(("k", bad_value),))]
    broken += [replace(base, annotations=((bad_key, "v"),))]
    for subject in subjects:
        peer = Rule((PodPeer(subject),), (PolicyPort("TCP", 1),))
        broken.append(replace(base, egress=(peer,)))
    for policy in broken:
        with pytest.raises(ModelError, match="that the API server accepts"):
            to_manifest(policy)


@pytest.mark.parametrize("text", hostile_strings())
def test_a_hostile_origin_stays_in_its_comment(text: str) -> None:
    policy = replace(shop()[0], origin=text)
    assert python_reads(to_yaml(policy)) == to_manifest(policy)


def test_the_comments_carry_the_evidence_of_every_rule() -> None:
    text = to_yaml(shop()[0])
    assert (
        "  # shop/Deployment/web -> TCP 7070: 1,204 flows, 3 pods, 7 days"
        " (2026-03-02 to 2026-03-08)\n  - from:\n" in text
    )
    assert "  # -> shop/StatefulSet/redis TCP 6379: 1 flow, 1 pod, 1 day (2026-03-02)\n" in text


def test_what_a_reviewer_has_to_look_at_is_said() -> None:
    base = shop()[1]
    epoch = START.fromtimestamp(0, START.tzinfo)
    untimed = replace(base.ingress[0].evidence[0], first_seen=epoch, last_seen=epoch)
    marks = ("fqdn", "node", "widened:+3", "world")
    rule = replace(base.ingress[0], evidence=(untimed,), marks=marks, reason="dns")
    lines = rule_comments(rule, Direction.INGRESS)
    assert lines == [
        "cidr:0.0.0.0/0 -> TCP 8080: 1,204 flows, 1 address, at unknown times",
        "reason: name resolution, which every pod with egress rules needs",
        "review [fqdn]: a host known by its name; its addresses may change",
        "review [node]: addresses of nodes, which change when nodes come and go",
        "review [widened]: holds 3 addresses that were never seen",
        "review [world]: addresses outside the cluster",
    ]


def test_more_edges_than_fit_are_counted() -> None:
    lines = to_yaml(every_form()[0]).splitlines()
    evidence = [line for line in lines if "-> TCP 80:" in line]
    assert len(evidence) == 6
    assert "  # and 3 more edges with 6 flows" in lines


def test_nothing_in_the_text_depends_on_the_order_of_evidence() -> None:
    full = every_form()[0]
    rules = tuple(replace(rule, evidence=rule.evidence[::-1]) for rule in full.ingress)
    assert to_yaml(replace(full, ingress=rules)) == to_yaml(full)


def test_a_policy_of_one_direction_names_only_that() -> None:
    spec = to_manifest(every_form()[2])["spec"]
    assert isinstance(spec, dict)
    assert spec["policyTypes"] == [Direction.INGRESS.value]
