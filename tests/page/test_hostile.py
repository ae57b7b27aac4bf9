"""Hostile names in a page are text: nothing runs, no markup appears, nothing hides."""

from __future__ import annotations

import json
import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

import pytest
import yaml
from page.browser import opened
from page.crowd import crowded_document
from rendering.hostile import hostile_strings

from recommender.cli.app import main
from recommender.reporting.document import to_json
from recommender.reporting.forms import render

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

#: Markup, scripts and templates, beside the strings that break YAML, terminals and file names.
MARKUP: Final = (
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><iframe srcdoc='<script>alert(1)</script>'>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "\\u003cscript\\u003ealert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http://example.invalid/<x>",
    "{{ 7 * 7 }}{% raw %}",
    "{{ ''.__class__.__mro__ }}",
    "${alert(1)}`${alert(1)}`",
    "__proto__",
    "constructor",
    "<base href=//example.invalid>",
    "<meta http-equiv=refresh content=0>",
    "<form><input name=elements>",
    "<a href=javascript:alert(1)>x</a>",
)
TEXTS: Final = tuple(dict.fromkeys((*MARKUP, *hostile_strings(220))))
#: Categories of characters that steer a terminal, turn text around or cannot be seen.
UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

_SHAPES: Final = """() => [...new Set([...document.querySelectorAll("*")].flatMap((one) => [
    one.localName, ...one.getAttributeNames().map((name) => `${one.localName} ${name}`)
]))].sort()"""

#: Opens everything that opens: each workload, groups of the map, a cell of the matrix.
_TOUR: Final = """() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    for (let page = 0; page < 9; page += 1) {
        const rows = document.querySelectorAll(".list tbody button").length;
        for (let row = 0; row < rows; row += 1) {
            document.querySelectorAll(".list tbody button")[row].click();
        }
        document.querySelector(".list .pager button:last-child").click();
    }
    for (const group of [0, 20, 40]) {
        document.querySelectorAll(".dot")[group].dispatchEvent(new MouseEvent("click"));
    }
    document.querySelector("#reach .picker button").click();
}"""


class Shapes(HTMLParser):
    """The elements and attributes of a text, each with its name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A page of hostile texts, and one with as many tame ones."""
    folder = tmp_path_factory.mktemp("hostile")
    tame = tuple(f"tame-{at}" for at in range(len(TEXTS)))
    found = []
    for name, texts in (("hostile", TEXTS), ("tame", tame)):
        page = folder / f"{name}.html"
        page.write_text(render(crowded_document(texts), "html"), encoding="utf-8")
        found.append(page)
    return found[0], found[1]


def test_there_are_hostile_strings_enough() -> None:
    assert len(TEXTS) > 220


def test_the_file_has_the_markup_of_its_template_alone(pages: tuple[Path, Path]) -> None:
    hostile, tame = (Shapes(page.read_text(encoding="utf-8")).found for page in pages)
    assert hostile == tame


def test_the_file_holds_no_character_that_hides_or_steers(pages: tuple[Path, Path]) -> None:
    text = pages[0].read_text(encoding="utf-8")
    assert {char for char in text if unicodedata.category(char) in UNSEEN} <= {"\n"}


def test_nothing_runs_and_no_markup_appears(browser: Browser, pages: tuple[Path, Path]) -> None:
    shapes = []
    for page in pages:
        with opened(browser, page) as shown:
            shown.page.evaluate(_TOUR)
            shown.settle()
            shapes.append(set(shown.page.evaluate(_SHAPES)))
            assert shown.noise == []
            assert shown.requests == []
            assert shown.page.url == page.as_uri()
    assert shapes[0] <= shapes[1]
    assert not {shape for shape in shapes[0] if shape.partition(" ")[2].startswith("on")}


def test_what_is_shown_neither_turns_nor_hides(browser: Browser, pages: tuple[Path, Path]) -> None:
    with opened(browser, pages[0]) as shown:
        text = shown.page.evaluate("document.body.textContent")
    assert {char for char in text if unicodedata.category(char) in UNSEEN} <= {"\n"}


def test_decisions_say_hostile_names_letter_by_letter(
    browser: Browser, pages: tuple[Path, Path], tmp_path: Path
) -> None:
    with opened(browser, pages[0]) as shown:
        with shown.page.expect_download() as download:
            shown.page.locator("#download").click()
        download.value.save_as(tmp_path / "decisions.yaml")
    text = (tmp_path / "decisions.yaml").read_text(encoding="ascii")
    said = yaml.safe_load(text)["decisions"]
    assert sorted(one["key"] for one in said) == sorted(TEXTS)
    assert all(one["protocol"] == one["key"] for one in said)
    assert all(one["reason"] == one["key"] for one in said)
    assert all(one.get("by", "") == one["key"] for one in said)


@pytest.mark.parametrize("form", ["html", "json"])
def test_a_form_on_a_terminal_does_not_steer_it(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(crowded_document(TEXTS)), encoding="utf-8")
    assert main(["report", str(path), "-o", form]) == 0
    shown = capsys.readouterr()
    assert {char for char in shown.out if unicodedata.category(char) in UNSEEN} <= {"\n"}
    assert shown.err == ""


def test_the_island_is_the_data_and_ends_where_it_should(pages: tuple[Path, Path]) -> None:
    text = pages[0].read_text(encoding="utf-8")
    _, _, rest = text.partition('<script type="application/json" id="data">')
    island, _, _ = rest.partition("</script>")
    assert not set("<>&") & set(island)
    assert len(json.loads(island)["review"]) == len(TEXTS)
