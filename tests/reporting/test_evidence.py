"""The evidence of a rule: what was seen, for people and for machines."""

from __future__ import annotations

import json
import unicodedata

import pytest
from rendering.cases import EDGES
from rendering.hostile import hostile_strings
from reporting.runs import hostile_run, shop_run

from recommender.model.errors import UsageError
from recommender.model.policies import Direction
from recommender.reporting.document import build
from recommender.reporting.evidence import rule_evidence

#: Controls, formats, surrogates, unassigned, separators of lines.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


def test_every_rule_of_a_draft_can_be_named_by_its_number() -> None:
    run = shop_run()
    document = build(run)
    for policy, part in zip(
        sorted(run.policies, key=lambda one: (one.namespace, one.name)),
        document["policies"],
        strict=True,
    ):
        rules = [rule for direction in Direction for rule in policy.rules(direction)]
        for number, rule in enumerate(rules, start=1):
            found = rule_evidence(document, f"{part['file']}#{number}")
            assert {edge["id"] for edge in found.edges} == {edge.id for edge in rule.evidence}


def test_an_edge_tells_the_rules_that_rest_on_it() -> None:
    document = build(shop_run())
    edge = document["policies"][0]["ingress"][0]["evidence"][0]["edge"]
    found = rule_evidence(document, edge)
    assert f"{document['policies'][0]['file']}#1 (ingress)" in found.rules
    text = str(found)
    for word in ("connection", "client pod", "day", "hour", "first ", "record "):
        assert word in text
    assert json.loads(found.to_json())["edges"][0]["id"] == edge


@pytest.mark.parametrize("rule", ["policies/shop/none.yaml#1", "nobody -> nothing TCP/1", "#"])
def test_what_the_report_does_not_have_is_refused(rule: str) -> None:
    with pytest.raises(UsageError):
        rule_evidence(build(shop_run()), rule)


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UsageError) as caught:
        rule_evidence(build(shop_run()), f"{EDGES[0].id}0")
    assert EDGES[0].id in caught.value.hint


@pytest.mark.parametrize("text", hostile_strings())
def test_no_text_of_a_log_steers_the_terminal(text: str) -> None:
    document = build(hostile_run(text))
    for edge in document["edges"]:
        shown = str(rule_evidence(document, edge["id"]))
        unseen = {letter for letter in shown if unicodedata.category(letter) in UNSEEN}
        assert unseen <= {"\n"}
