"""Markdown, CSV, SARIF and JUnit: what each says, and that no name in a log can steer them."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rendering.hostile import hostile_strings
from reporting.runs import every_run, shop_run

from recommender.reporting.document import build
from recommender.reporting.forms import render
from recommender.reporting.markdown_form import MOST
from recommender.reporting.run import Replay

FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def shown(form: str) -> str:
    return render(build(every_run()), form)


def junit(document: dict[str, Any]) -> ET.Element:
    return ET.fromstring(render(document, "junit"))  # noqa: S314 - our own text


# --- what they say ---------------------------------------------------------------------------


def test_a_comment_leads_with_what_changes() -> None:
    document = build(every_run())
    document["exposure"] = {"removed": 0.85, "pairs_before": 306, "pairs_after": 46}
    text = render(document, "markdown")
    assert text.startswith("## 85.0 % of what may talk today is closed\n")
    assert "| Pairs of workloads | 306 → 46 allowed |" in text


def test_a_comment_says_how_the_records_add_up() -> None:
    assert "| Records | 1,005 read: 905 accepted, 90 set aside, 10 malformed |" in shown("markdown")


def test_a_comment_of_a_crowd_stays_under_its_bound_and_counts_what_it_left_out() -> None:
    document = build(every_run())
    document["policies"] = document["policies"][:1] * 1500
    document["findings"] = document["findings"][:1] * 50
    text = render(document, "markdown")
    assert len(text) <= MOST
    (left,) = re.findall(r"(\d+) of drafts", text)
    listed = len(re.findall(r"policies\\/", text))
    assert listed > 100
    assert int(left) + listed == len(document["policies"])


def test_a_table_has_a_row_for_each_peer_and_port_of_each_rule() -> None:
    document = build(every_run())
    rows = list(csv.DictReader(io.StringIO(render(document, "csv"))))
    wanted = sum(
        len(rule["peers"] or "*") * len(rule["ports"] or "*")
        for policy in document["policies"]
        for direction in policy["policy_types"]
        for rule in policy[direction.lower()]
    )
    empty = sum(
        not policy[direction.lower()]
        for policy in document["policies"]
        for direction in policy["policy_types"]
    )
    assert len(rows) == wanted + empty
    assert sum(row["peer"] == "none" for row in rows) == empty


def test_results_for_a_code_host_name_their_rule_level_and_place() -> None:
    run = json.loads(shown("sarif"))["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == rules
    assert {result["level"] for result in run["results"]} <= {"error", "warning", "note"}
    assert all(result["locations"] for result in run["results"])


def test_a_result_is_known_again_in_the_next_run() -> None:
    prints = [
        tuple(
            r["partialFingerprints"]["recommender/v1"]
            for r in json.loads(text)["runs"][0]["results"]
        )
        for text in (shown("sarif"), shown("sarif"))
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == len(prints[0])


def test_a_pipeline_fails_where_accepted_traffic_would_break() -> None:
    good = build(replace(shop_run(), replay=Replay(5, 0)))
    bad = build(replace(shop_run(), replay=Replay(4, 1)))
    for document, failures in ((good, "0"), (bad, "1")):
        (suite,) = [s for s in junit(document) if s.get("name") == "replay"]
        assert suite.get("failures") == failures


def test_a_pipeline_fails_where_a_file_was_cut_short_and_skips_warnings() -> None:
    root = junit(build(shop_run()))
    (accounting,) = [s for s in root if s.get("name") == "accounting"]
    assert [case.get("name") for case in accounting if case.find("failure") is not None] == [
        "b.jsonl.gz was read to its end"
    ]
    (findings,) = [s for s in root if s.get("name") == "findings"]
    assert findings.get("failures") == "1"
    assert findings.get("skipped") == "2"


def test_the_counts_of_every_suite_are_those_of_its_cases() -> None:
    for suite in junit(build(every_run())):
        assert int(suite.get("tests", "")) == len(suite)
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))


# --- hostile names ---------------------------------------------------------------------------


def poisoned(document: Any, text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The document with a text in place of every string that a log could have named."""
    if isinstance(document, dict):
        return {
            key: value if key in _OURS else poisoned(value, text) for key, value in document.items()
        }
    if isinstance(document, list):
        return [poisoned(value, text) for value in document]
    return text if isinstance(document, str) else document


#: Keys whose values are words of this program and of Kubernetes, and times.
_OURS = {
    *("schema_version", "severity", "status", "decision", "kind", "policy_types", "protocol"),
    *("first_seen", "last_seen", "verdict", "code"),
}

TEXTS = hostile_strings(220)


def documents() -> list[tuple[str, dict[str, Any]]]:
    plain = build(every_run())
    return [(text, poisoned(plain, text)) for text in TEXTS]


POISONED = documents()


def test_no_hostile_name_is_markup_in_a_comment() -> None:
    """No link, picture, code, heading or HTML that the comment does not have by itself."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    usual = kinds(reader, render(build(every_run()), "markdown"))
    for text, document in POISONED:
        made = render(document, "markdown")
        assert not {unicodedata.category(c) for c in made.replace("\n", "")} & UNSEEN, ascii(text)
        assert kinds(reader, made) <= usual, ascii(text)


def kinds(reader: MarkdownIt, text: str) -> set[str]:
    tokens = reader.parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    return {token.type for token in (*tokens, *inner)}


def test_no_hostile_name_is_a_formula_in_a_table() -> None:
    for text, document in POISONED:
        for row in csv.reader(io.StringIO(render(document, "csv"))):
            for cell in row:
                assert not cell.startswith(FORMULA), ascii(text)
                assert not {unicodedata.category(c) for c in cell} & UNSEEN, ascii(text)


@pytest.mark.parametrize("form", ["sarif", "junit", "json"])
def test_no_hostile_name_steers_what_shows_the_other_forms(form: str) -> None:
    for text, document in POISONED:
        made = render(document, form)
        assert made.isascii(), ascii(text)
        assert not {unicodedata.category(c) for c in made.replace("\n", "")} & UNSEEN, ascii(text)
        if form == "junit":
            assert {e.tag for e in ET.fromstring(made).iter()} <= {  # noqa: S314 - our own text
                *("testsuites", "testsuite", "testcase", "failure", "skipped"),
            }
        else:
            json.loads(made)
