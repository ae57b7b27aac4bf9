"""docs/review.md explains every ground for doubt with its weight, and no other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recommender.review.weights import MATERIAL, WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| `([a-z-]+)` \| (0\.\d+) \|", re.MULTILINE)


def test_every_ground_is_explained_with_its_weight(repository: Path) -> None:
    page = (repository / "docs" / "review.md").read_text(encoding="utf-8")
    assert {code: float(weight) for code, weight in ROW.findall(page)} == WEIGHTS


def test_every_ground_that_a_decision_rests_on_is_named(repository: Path) -> None:
    page = (repository / "docs" / "review.md").read_text(encoding="utf-8")
    listed = page.partition("**Evidence.**")[2].partition("(")[2].partition(")")[0]
    assert re.findall(r"`([a-z-]+)`", listed) == list(MATERIAL)
