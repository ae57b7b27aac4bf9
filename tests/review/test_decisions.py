"""Decisions: a file that people write, kept by what a rule means, asked again when that changes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rendering.cases import CART, START, WEB, edge

from recommender.inventory.types import Inventory
from recommender.model.entities import Entity
from recommender.rendering.decisions import decisions_yaml, is_decisions
from recommender.review.decision_files import parse_decisions, read_decisions
from recommender.review.decisions import Decisions, fingerprint
from recommender.review.items import Decision, Sorted, rule_key
from recommender.review.nodes import ReviewFileError, parse_nodes
from recommender.review.sorting import sort_out
from recommender.review.weights import MATERIAL, ground

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.model.edges import Edge

WEEK = (START, START + timedelta(days=7))
SSH = edge(WEB, CART, 22, first_seen=START, last_seen=WEEK[1], days=7, hours=90)


@pytest.fixture(scope="module")
def schema(repository: Path) -> Draft202012Validator:
    text = (repository / "docs" / "decisions.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def parsed(text: str) -> Decisions:
    return parse_decisions(parse_nodes(text, "decisions.yaml", "decisions"))


def sorted_with(decisions: Decisions, *edges: Edge) -> Sorted:
    return sort_out(edges, Inventory(), window=WEEK, decisions=decisions)


GOOD = f"""\
version: 1
decisions:
- key: "{rule_key(SSH)}"
  decision: accept
- client: a
  server: b
  protocol: TCP
  port: 80
  decision: reject
  reason: not ours
  by: ann
  evidence: [remote-shell]
"""


def test_a_decision_names_its_rule_by_key_or_by_its_parts(schema: Draft202012Validator) -> None:
    schema.validate(yaml.safe_load(GOOD))
    found = parsed(GOOD)
    assert list(found.rulings) == [rule_key(SSH), "a -> b TCP/80"]
    assert found.rulings["a -> b TCP/80"].evidence == ("remote-shell",)
    assert found.rulings["a -> b TCP/80"].where == "decisions.yaml:5"


def test_the_file_that_the_page_writes_is_accepted() -> None:
    text = """version: 1
decisions:
- key: "a -> b TCP/80"
  client: "a"
  server: "b"
  protocol: "TCP"
  port: 80
  decision: "accept"
  reason: ""
"""
    assert parsed(text).rulings["a -> b TCP/80"].decision is Decision.ACCEPT
    assert parsed("version: 1\ndecisions: []\n") == Decisions(file="decisions.yaml")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("decisions: []", 1, "the version of the form is missing"),
        ("version: 2", 1, "a version that is not known"),
        ("version: 1\ndecisions:\n- key: a\n  decision: allow", 4, "'allow' is no decision"),
        ("version: 1\ndecisions:\n- key: a", 3, "decision is missing"),
        ("version: 1\ndecisions:\n- key: a\n  decision: reject", 3, "a rejection needs a reason"),
        ("version: 1\ndecisions:\n- client: a\n  decision: accept", 3, "server is missing"),
        (
            "version: 1\ndecisions:\n- {key: a, decision: accept}\n- {key: a, decision: defer}",
            4,
            "the key stands twice",
        ),
        (
            """version: 1
decisions: [{key: x, client: a, server: b, protocol: TCP, port: 1, decision: defer}]
""",
            2,
            "does not say what client, server, protocol and port say",
        ),
        (
            "version: 1\ndecisions:\n- key: a\n  decision: accept\n  evidence: [mood]",
            5,
            "no ground that a decision rests on",
        ),
        ("version: 1\ndecisions:\n- key: a\n  decison: accept", 4, "unknown field"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ReviewFileError) as caught:
        parsed(text)
    assert caught.value.message == message
    assert caught.value.where.startswith(f"decisions.yaml:{line}")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(TEXTS.filter(str.strip), TEXTS.filter(str.strip), st.sets(st.sampled_from(MATERIAL)))
def test_what_is_written_is_read_back(key: str, reason: str, evidence: set[str]) -> None:
    made = Decisions().decide(key, "reject", reason=reason, evidence=evidence)
    text = decisions_yaml(made)
    assert parsed(text).rulings == made.rulings
    assert is_decisions(text.encode())


def test_an_acceptance_is_asked_again_when_a_new_ground_comes_up() -> None:
    known = Decisions().decide(rule_key(SSH), "accept", evidence=["foreign-database"])
    found = sorted_with(known, SSH)
    (item,) = found.items
    assert (item.stale, item.decision, item.drafted) == (True, None, False)
    assert [finding.code for finding in found.findings] == ["decision-stale"]


@pytest.mark.parametrize("evidence", [None, ["remote-shell"], ["remote-shell", "fan-out"]])
def test_an_acceptance_holds_while_nothing_new_is_known(evidence: list[str] | None) -> None:
    known = Decisions().decide(rule_key(SSH), "accept", evidence=evidence)
    (item,) = sorted_with(known, SSH).items
    assert (item.stale, item.decision, item.drafted) == (False, Decision.ACCEPT, True)


def test_a_rejection_holds_whatever_comes() -> None:
    known = Decisions().decide(rule_key(SSH), "reject", reason="no", evidence=[])
    (item,) = sorted_with(known, SSH).items
    assert (item.stale, item.decision, item.drafted) == (False, Decision.REJECT, False)


def test_grounds_of_time_and_number_are_no_part_of_what_a_decision_rests_on() -> None:
    reasons = [ground("one-burst", "."), ground("few-replicas", "."), ground("remote-shell", ".")]
    assert fingerprint(reasons) == ("remote-shell",)


def test_a_decision_about_unseen_traffic_is_kept_and_told() -> None:
    known = Decisions().decide("gone -> away TCP/1", "accept")
    (finding,) = sorted_with(known).findings
    assert finding.code == "decision-unused"
    assert "gone -> away TCP/1" in finding.message


def test_a_key_names_no_pod_and_no_address_of_a_workload() -> None:
    client = Entity.workload("shop", "Deployment", "web")
    talk = edge(client, CART, 7070, addresses=("10.0.0.1",))
    assert rule_key(talk) == "shop/Deployment/web -> shop/Deployment/cart TCP/7070"


def ask(*arguments: Any) -> int:  # noqa: ANN401 - words of a command line
    from recommender.cli.app import main

    return main([str(word) for word in ("decisions", *arguments)])


@pytest.fixture(scope="module")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import recommender as nr

    out = tmp_path_factory.mktemp("out")
    nr.recommend(repository / "data" / "flows.jsonl.gz").to_dir(out)
    return out / "report.json"


def test_the_command_decides_and_says_what_still_waits(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "decisions.yaml"
    items = json.loads(report.read_bytes())["review"]
    key = items[0]["key"]
    assert ask(file, "--report", report, "--reject", key, "--reason", "a scan", "--by", "ann") == 1
    assert capsys.readouterr().out.count("waits") == len(items) - 1
    ruling = read_decisions(file).rulings[key]
    assert (ruling.reason, ruling.by) == ("a scan", "ann")
    assert ruling.evidence == tuple(items[0]["evidence"])
    rest = [word for item in items[1:] for word in ("--accept", item["key"])]
    assert ask(file, "--report", report, *rest) == 0
    assert len(read_decisions(file).rulings) == len(items)


def test_the_command_refuses_a_key_that_the_report_does_not_have(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path / "d.yaml", "--report", report, "--accept", "web -> cart") == 2
    assert "nothing in the report has the key" in capsys.readouterr().err
    assert not (tmp_path / "d.yaml").exists()


def test_the_command_refuses_a_rejection_without_a_reason(tmp_path: Path) -> None:
    assert ask(tmp_path / "d.yaml", "--reject", "a -> b TCP/1") == 2
