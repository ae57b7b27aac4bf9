"""The summary tells a person what happened, fits their terminal and cannot steer it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from golden import check_golden
from hypothesis import given
from hypothesis import strategies as st
from rendering.cases import CART, IDLE, REDIS, WEB
from rendering.hostile import hostile_strings
from reporting.runs import SECRET, every_run, hostile_run, shop_run, workload

from recommender.inventory.types import Inventory
from recommender.model.accounting import Accounting, FileAccount
from recommender.model.entities import Entity
from recommender.model.findings import Finding, Severity
from recommender.rendering.files import Written
from recommender.reporting.layout import columns_of, fit, table, wants_colour, wrap
from recommender.reporting.outcome import groups, outcomes
from recommender.reporting.run import Run
from recommender.reporting.terminal import summary

GOLDEN = Path(__file__).parent / "golden"
WRITTEN = Written("out", ("a", "b"), ("c",), ("d",), ("e",))
SGR = re.compile(r"\x1b\[(?:[0-9]{1,2})m")


def test_the_summary_is_as_kept(*, update_golden: bool) -> None:
    files = {
        "shop.txt": summary(shop_run(), WRITTEN),
        "narrow.txt": summary(shop_run(), WRITTEN, width=60),
        "colour.txt": summary(shop_run(), WRITTEN, colour=True),
        "short.txt": summary(every_run(), WRITTEN, limit=1),
        "nothing.txt": summary(Run("0.0.0", ())),
    }
    check_golden(GOLDEN / "terminal", files, update=update_golden)


def test_colour_adds_nothing_but_colour() -> None:
    coloured = summary(shop_run(), WRITTEN, colour=True)
    assert SGR.search(coloured)
    assert SGR.sub("", coloured) == summary(shop_run(), WRITTEN)


@pytest.mark.parametrize("text", [*hostile_strings(), "\ud800"])
@pytest.mark.parametrize("colour", [False, True])
def test_no_text_steers_the_terminal(text: str, *, colour: bool) -> None:
    written = Written(text, (text,), (), (text,), (text,))
    shown = (
        SGR.sub("", summary(hostile_run(text), written, colour=colour))
        if colour
        else summary(hostile_run(text), written)
    )
    assert_harmless(shown)


def test_no_text_makes_a_line_of_its_own() -> None:
    for end in ("\n", "\r", "\x0b", "\x85", "\u2028"):
        shown = summary(hostile_run(f"a{end}Wrote      0 files"))
        assert not any(line.startswith("Wrote") for line in shown.splitlines())


def test_no_character_steers_the_terminal() -> None:
    for start in range(0, 0x110000, 0x400):
        text = "".join(map(chr, range(start, start + 0x400)))
        finding = Finding(text[:99], Severity.NOTE, text[99:198], text, text)
        lines = [text[at : at + 100] for at in range(0, len(text), 100)]
        account = FileAccount("f", "f", len(lines), 0, dict.fromkeys(lines, 1))
        run = Run("0", (), Accounting((account,)), findings=(finding,))
        assert_harmless(summary(run, width=2000))


def assert_harmless(shown: str) -> None:
    for line in shown.split("\n"):
        for character in line:
            code = ord(character)
            assert code >= 0x20
            assert not 0x7F <= code <= 0x9F
            assert not 0x200B <= code <= 0x200F
            assert not 0x2028 <= code <= 0x202E
            assert not 0x2060 <= code <= 0x206F
            assert not 0xD800 <= code <= 0xDFFF
            assert not 0xE0000 <= code <= 0xE0FFF
            assert code != 0xFEFF


def test_the_text_of_a_malformed_record_is_left_out() -> None:
    assert SECRET not in summary(shop_run(), WRITTEN)


def test_each_workload_without_a_policy_has_a_reason() -> None:
    stranger = Entity.workload("shop", "Deployment", "stranger")
    pause = Finding(
        "host-network", Severity.NOTE, "shop/quiet-daemonset", "uses the node's network"
    )
    quiet = Entity.workload("shop", "DaemonSet", "quiet")
    idle_twice = Finding("needs-label", Severity.WARNING, IDLE.id, "graver")
    run = shop_run()
    entities = [WEB, CART, REDIS, IDLE, stranger, quiet]
    run = replace(
        run,
        inventory=Inventory(workloads={entity: workload(entity) for entity in entities}),
        observed={**run.observed, stranger: run.observed[WEB]},
        findings=(*run.findings, pause, idle_twice),
    )
    reasons = {end.entity: end.reason.partition(":")[0] for end in outcomes(run)}
    assert reasons[WEB] == reasons[CART] == ""
    assert reasons[REDIS] == "needs-label"
    assert reasons[IDLE] == "needs-label"
    assert reasons[stranger] == "no-traffic"
    assert reasons[quiet] == "host-network"
    without = replace(run, findings=())
    reasons = {end.entity: end.reason.partition(":")[0] for end in outcomes(without)}
    assert reasons[REDIS] == "not-observed"
    assert reasons[Entity.workload("kube-system", "Deployment", "coredns")] == "unknown-workload"


def test_findings_are_counted_by_code_the_gravest_first() -> None:
    findings = [Finding("b", Severity.NOTE, str(number), "m") for number in range(3)]
    findings += [Finding("a", Severity.NOTE, "x", "m"), Finding("z", Severity.ERROR, "x", "m")]
    found = [(group.code, group.count, group.first.subject) for group in groups(findings[::-1])]
    assert found == [("z", 1, "x"), ("b", 3, "0"), ("a", 1, "x")]


@pytest.mark.parametrize(
    ("terminal", "environment", "expected"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals_whose_user_wants_it(
    environment: dict[str, str], *, terminal: bool, expected: bool
) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    assert wants_colour(stream, environment) is expected


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_lines_fit_the_terminal_where_words_and_commands_do(width: int) -> None:
    for line in summary(shop_run(), WRITTEN, width=width).splitlines():
        is_command = "->" in line or "#" in line
        longest = max(map(len, line.split()), default=0)
        assert columns_of(line) <= max(width, 45) or is_command or longest > width // 3, line


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.integers(1, 40))
def test_a_fitted_text_is_never_too_wide(text: str, width: int) -> None:
    assert columns_of(fit(text, width)) <= width


@given(st.text("ab ", max_size=200), st.integers(22, 60))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = list(wrap(text, width, first="> ", rest="  "))
    assert " ".join(line[2:] for line in lines).split() == text.split()
    assert all(len(line) <= width or " " not in line[2:] for line in lines)


def test_wide_characters_keep_the_columns_aligned() -> None:
    rows = [("日本", "x"), ("ab", "y"), ("e\u0301", "z")]
    lines = table(rows, 80, right=frozenset())
    assert [
        columns_of(line[: line.index(last)]) for line, (_, last) in zip(lines, rows, strict=True)
    ] == [8, 8, 8]


def test_a_long_name_leaves_room_for_the_other_columns() -> None:
    lines = table([("n" * 150, "1 rule", "world")], 80, right=frozenset())
    assert lines[0].endswith("world")
    assert columns_of(lines[0]) <= 80
