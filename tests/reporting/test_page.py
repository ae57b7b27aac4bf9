"""The page in a browser: it opens from the disk, is quiet, and shows what the document says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from reporting.browser import needs_chromium, opened
from reporting.runs import every_run, shop_run

import recommender as nr
from recommender.reporting.document import build
from recommender.reporting.forms import render
from recommender.reporting.html.scripts import script, style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recommender.reporting.run import Run

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def sample(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "out"
    nr.recommend(repository / "data/flows.jsonl.gz", repository / "data/inventory.json").to_dir(out)
    return out


def test_the_page_opens_from_the_disk_without_a_word_or_a_request(sample: Path) -> None:
    with opened(sample / "report.html") as shown:
        assert shown.noise == []
        assert shown.requests == []
        assert "306" in shown.text("header")


@pytest.mark.parametrize("run", [shop_run, every_run])
def test_runs_of_every_form_make_a_quiet_page(run: Callable[[], Run], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(build(run()), "html"), encoding="utf-8")
    with opened(page) as shown:
        assert shown.noise == []


def test_the_drafts_in_the_page_are_those_of_the_files(sample: Path) -> None:
    with opened(sample / "report.html") as shown:
        shown.page.get_by_role("button", name="shop/Deployment/cart", exact=True).first.click()
        text = shown.page.locator("pre").first
        text.filter(has_text="NetworkPolicy").wait_for()
        assert text.text_content() == (sample / "policies/shop/cart.yaml").read_text()


def test_our_own_code_makes_no_markup_of_strings() -> None:
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script()
    assert not re.search(r"url\(|@import|https?:", style())
