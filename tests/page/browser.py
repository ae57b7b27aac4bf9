"""A page in a real browser, with everything it says or asks for."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

#: What keeps the browser from looking for updates and the like.
QUIET: Final = (
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

    def filter(self, name: str, value: str) -> None:
        """Choose a filter of the page, and wait until it holds."""
        field = self.page.locator(f"#filters [name={name}]")
        if name == "text":
            field.fill(value)
        else:
            field.select_option(label=value)
        self.settle()

    def settle(self) -> None:
        """Wait until typing has been taken up and drawn."""
        self.page.wait_for_timeout(250)

    def open_workload(self, name: str) -> None:
        """Choose a workload in the list."""
        self.page.locator(".list").get_by_role("button", name=name, exact=True).click()
        self.page.locator(".detail h3", has_text=name.rpartition("/")[2]).wait_for()

    def hear(self, dialog: Dialog) -> None:
        """Note a dialog, and close it."""
        self.noise.append(dialog.message)
        dialog.dismiss()


@contextmanager
def opened(browser: Browser, path: Path, **context: Any) -> Iterator[Opened]:  # noqa: ANN401 - as Playwright takes
    """Open a page from the disk; once it is ready, hand it on."""
    own = path.resolve().as_uri()
    around = browser.new_context(**context)
    try:
        seen = Opened(around.new_page())
        seen.page.on("console", lambda message: seen.noise.append(message.text))
        seen.page.on("pageerror", lambda error: seen.noise.append(str(error)))
        seen.page.on("dialog", seen.hear)
        seen.page.on("request", lambda sent: seen.requests.append(sent.url))
        seen.page.goto(own)
        if context.get("java_script_enabled", True):
            seen.page.wait_for_selector("html[data-ready]")
        seen.requests.remove(own)
        yield seen
    finally:
        around.close()
