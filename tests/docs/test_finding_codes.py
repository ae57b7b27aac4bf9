"""docs/findings.md names every code of the source, and nothing else."""

from __future__ import annotations

import ast
import re
from collections import Counter
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from docs.findings_in_code import codes_in, codes_of_package

from recommender.synthesis import findings as drafting

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def test_every_finding_code_is_documented_once_and_none_is_made_up(repository: Path) -> None:
    page = (repository / "docs" / "findings.md").read_text(encoding="utf-8")
    documented = Counter(ROW.findall(page))
    in_code = codes_of_package(repository / "recommender")
    missing = {code: in_code[code] for code in in_code.keys() - documented.keys()}
    assert not missing, f"codes without a row in docs/findings.md: {missing}"
    made_up = documented.keys() - in_code.keys()
    assert not made_up, f"rows of docs/findings.md whose code nothing uses: {made_up}"
    assert [code for code, times in documented.items() if times > 1] == []


def test_codes_of_every_kind_are_found_in_the_source(repository: Path) -> None:
    found = codes_of_package(repository / "recommender")
    assert found["lost-events"] == {"recommender.connections.coverage"}
    # Put together from words, chosen by an expression, compared with, imported from elsewhere.
    assert {"icmp-not-writable", "partly-observed", "needs-label", "own-node"} <= found.keys()
    assert {"denied-traffic", "api-required", "unused-rule", "invalid-manifest"} <= found.keys()


def test_every_reason_why_a_direction_stays_open_is_documented(repository: Path) -> None:
    page = (repository / "docs" / "drafts.md").read_text(encoding="utf-8")
    section = page.partition("## What isolates")[2].partition("\n## ")[0]
    assert set(ROW.findall(section)) == set(drafting._BLOCKED_WORDS)


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('Finding("a", 1)', {"a"}),
        ("Finding(KNOWN, 1)", {"known"}),
        ('Finding("a" if x else "b", 1)', {"a", "b"}),
        ('def f(why):\n    code = "a"\n    Finding(code, 1)', {"a"}),
        ('def f():\n    for w in ws:\n        if w == "a":\n            Finding(w, 1)', {"a"}),
        ('def about(policy, code):\n    Finding(code, 1)\nabout(p, "a")', {"a"}),
        ('Finding(severity=1, code="a")', {"a"}),
    ],
)
def test_a_code_is_told_from_the_source(source: str, codes: set[str]) -> None:
    module = ModuleType("made_up")
    vars(module)["KNOWN"] = "known"
    assert set(codes_in(ast.parse(source), module)) == codes


@pytest.mark.parametrize(
    "source", ["Finding(make(), 1)", "def f(code):\n    Finding(code, 1)", 'Finding(f"a-{b}", 1)']
)
def test_a_code_that_cannot_be_told_is_not_passed_over(source: str) -> None:
    with pytest.raises(AssertionError):
        list(codes_in(ast.parse(source), ModuleType("made_up")))
