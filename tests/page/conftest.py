"""A browser for the tests of the page, and pages to open in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page.browser import CHROMIUM, QUIET

import recommender as nr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    if CHROMIUM is None:
        pytest.skip("needs chromium, which .ci/run installs")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield started
        started.close()


@pytest.fixture(scope="module")
def sample(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run over the sample, with questions to decide in its page."""
    out = tmp_path_factory.mktemp("sample") / "out"
    doubting = nr.ReviewSettings(doubt_threshold=0.3)
    flows, inventory = repository / "data/flows.jsonl.gz", repository / "data/inventory.json"
    nr.recommend(flows, inventory, review=doubting).to_dir(out)
    return out
