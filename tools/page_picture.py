"""The picture of the page in the documentation: the page of a real run over data/, in Chromium.

python tools/page_picture.py
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

import recommender as nr

__all__ = ["PICTURE"]

ROOT: Final = Path(__file__).resolve().parent.parent
#: Where the picture lies, relative to the root of the repository.
PICTURE: Final = Path("docs", "images", "report.png")

_WIDTH: Final = 1280
_HEIGHT: Final = 1480
_MOST_BYTES: Final = 300_000


def main() -> int:
    """Draft, open the page, take its picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        drafts = nr.recommend(ROOT / "data/flows.jsonl.gz", ROOT / "data/inventory.json")
        drafts.to_dir(folder)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
        page.goto(Path(folder, "report.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        page.screenshot(path=ROOT / PICTURE)
        browser.close()
    size = (ROOT / PICTURE).stat().st_size
    print(f"docs: wrote {PICTURE}, {size:,} bytes")
    return int(size > _MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
