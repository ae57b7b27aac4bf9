"""The tables of reasons and marks hold every word that the code uses, and no other."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from recommender import sources
from recommender.connections import aside, marks, outside
from recommender.evaluation.judging import REASONS
from recommender.inventory.holdings import REASONS as HISTORY
from recommender.model.edges import Verdict
from recommender.rendering.comments import MARKS
from recommender.sources import blocks, canonical
from recommender.synthesis.minimise import WIDENED
from recommender.synthesis.wanted import GOAL_MARK

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
SQL_REASON = re.compile(r"THEN '([a-z0-9-]+)'")


def rows(repository: Path, page: str, heading: str) -> list[str]:
    """First cells of the tables in one section of a page."""
    text = (repository / "docs" / page).read_text(encoding="utf-8")
    sections = re.split(r"^#+ ", text, flags=re.MULTILINE)
    found = [section for section in sections if section.startswith(f"{heading}\n")]
    assert len(found) == 1, f"{page} has no one section {heading}"
    return ROW.findall(found[0])


def test_every_reason_why_a_record_makes_no_edge_is_explained_once(repository: Path) -> None:
    modules = [
        import_module(f"{sources.__name__}.{m.name}") for m in iter_modules(sources.__path__)
    ]
    sql = "".join(map(inspect.getsource, (*modules, aside)))
    used = set(SQL_REASON.findall(sql)) | {blocks.OVERSIZED, blocks.NOT_UTF8}
    used |= {*filter(None, HISTORY), outside.UNKNOWN, outside.NODE_OR_POD}
    used -= {canonical.NO_RECORD, "hubble"}
    used |= {verdict.value for verdict in Verdict}
    used.remove(Verdict.ACCEPTED.value)
    explained = rows(repository, "how-it-works.md", "Set aside")
    # The table of envelopes above that of quarantine has JSON in its first cells.
    quarantine = rows(repository, "getting-flows.md", "Files that can be read")
    explained += [word for word in quarantine if word[0].isalpha()]
    assert sorted(explained) == sorted(used)


def test_every_mark_of_an_edge_is_explained(repository: Path) -> None:
    used = {word for name, word in vars(marks).items() if name.isupper()}
    assert sorted(rows(repository, "how-it-works.md", "Marks of edges")) == sorted(used)


def test_every_mark_of_a_rule_is_explained(repository: Path) -> None:
    used = sorted({*MARKS, f"{WIDENED}N", f"{GOAL_MARK}ID"})
    assert sorted(rows(repository, "drafts.md", "Marks")) == used
    assert sorted(rows(repository, "report.md", "Marks of rules")) == used


def test_every_reason_of_a_verdict_is_explained(repository: Path) -> None:
    assert sorted(rows(repository, "evaluation.md", "Reasons")) == sorted(REASONS)
