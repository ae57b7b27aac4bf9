"""A real browser for the tests of the page: Debian's Chromium, without a screen or a network."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

#: What a test that needs a browser is marked with.
needs_chromium: Final = pytest.mark.skipif(
    CHROMIUM is None, reason="needs chromium, which .ci/run installs"
)

_QUIET: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)


@dataclass
class Opened:
    """A page that is open in the browser.

    Attributes:
        page: Playwright's handle of it.
        noise: Console messages, errors and dialogs.
        requests: Addresses asked for, the page itself left out.
    """

    page: Page
    noise: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """What a reader sees of an element."""
        return self.page.locator(selector).inner_text()


@contextmanager
def opened(path: Path, **context: Any) -> Iterator[Opened]:  # noqa: ANN401 - as Playwright takes
    """Open a page from the disk; once it is ready, hand it on."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET])
        try:
            tab = browser.new_context(**context).new_page()
            seen = Opened(tab)
            own = path.resolve().as_uri()
            tab.on("console", lambda message: seen.noise.append(message.text))
            tab.on("pageerror", lambda error: seen.noise.append(str(error)))
            tab.on("dialog", lambda dialog: seen.noise.append(dialog.message))
            tab.on("request", lambda sent: seen.requests.append(sent.url))
            tab.goto(own)
            tab.wait_for_selector("html[data-ready]")
            seen.requests.remove(own)
            yield seen
        finally:
            browser.close()
