"""The page in a browser: it opens from the disk, is quiet, and shows what the document says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from page.browser import Opened, opened
from reporting.runs import every_run, shop_run

from recommender.reporting.document import build
from recommender.reporting.forms import render
from recommender.reporting.html.scripts import script, style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from recommender.reporting.run import Run

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def shown(browser: Browser, sample: Path) -> Iterator[Opened]:
    with opened(browser, sample / "report.html") as page:
        yield page


@pytest.fixture(scope="module")
def document(sample: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((sample / "report.json").read_bytes())
    return read


def test_it_opens_from_the_disk_without_a_word_or_a_request(shown: Opened) -> None:
    assert shown.noise == []
    assert shown.requests == []


@pytest.mark.parametrize("run", [shop_run, every_run])
def test_a_run_of_any_form_makes_a_quiet_page(
    run: Callable[[], Run], browser: Browser, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(build(run()), "html"), encoding="utf-8")
    with opened(browser, page) as shown:
        assert shown.noise == []


def test_a_run_without_anything_makes_a_quiet_page(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    empty = replace(shop_run(), edges=(), policies=(), findings=(), coverage=(), replay=None)
    page.write_text(render(build(empty), "html"), encoding="utf-8")
    with opened(browser, page) as shown:
        assert shown.noise == []


def test_the_same_document_makes_the_same_page(document: dict[str, Any], sample: Path) -> None:
    assert render(document, "html") == (sample / "report.html").read_text(encoding="utf-8")


def test_the_answer_stands_at_the_top(shown: Opened, document: dict[str, Any]) -> None:
    top = shown.text("header.top")
    exposure = document["exposure"]
    assert f"{exposure['pairs_before']} → {exposure['pairs_after']}" in top
    assert f"{len(document['review'])} edges" in top
    assert f"{document['accounting']['records']:,}" in top


def test_the_answer_needs_no_script(browser: Browser, sample: Path) -> None:
    with opened(browser, sample / "report.html", java_script_enabled=False) as shown:
        assert "Allowed pairs" in shown.text("header.top")
        assert "need scripts" in shown.text("main")


def test_the_accounts_add_up_in_the_page(shown: Opened) -> None:
    said = shown.text("#accounting .about")
    read, accepted, aside, bad = (int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", said))
    assert read == accepted + aside + bad > 0


def test_a_draft_in_the_page_is_that_of_its_file(shown: Opened, sample: Path) -> None:
    shown.open_workload("shop/Deployment/cart")
    text = shown.page.locator(".detail pre").first
    text.filter(has_text="NetworkPolicy").wait_for()
    file = sample / shown.text(".detail .policy h4")
    assert text.text_content() == file.read_text(encoding="utf-8")


def test_a_rule_stands_with_its_evidence(shown: Opened, document: dict[str, Any]) -> None:
    shown.open_workload("shop/Deployment/cart")
    (policy,) = (one for one in document["policies"] if one["name"] == "cart")
    evidence = [item for rule in policy["ingress"] for item in rule["evidence"]]
    rules = shown.text(".detail .policy ol")
    assert evidence
    for item in evidence:
        assert item["edge"].partition(" -> ")[0] in rules
        assert f"{item['samples'][0]['file']}:{item['samples'][0]['line']}" in rules


def test_who_could_reach_a_workload_and_who_still_can(
    shown: Opened, document: dict[str, Any]
) -> None:
    side = document["exposure"]["after"]
    cart = next(at for at, unit in enumerate(side["units"]) if "shop/Deployment/cart" in unit)
    callers = [
        name
        for runs, unit in zip(side["allowed"], side["units"], strict=True)
        if any(first <= cart < end for first, end in zip(runs[::3], runs[1::3], strict=True))
        for name in unit
    ]
    shown.open_workload("shop/Deployment/cart")
    shown.page.get_by_text(f"{len(callers)} still can").click()
    listed = shown.page.locator(".detail details").first.locator("li").all_inner_texts()
    assert sorted(text.partition(" ")[0] for text in listed) == sorted(callers)


def test_filters_hold_for_every_part(shown: Opened) -> None:
    shown.filter("namespace", "payments")
    names = shown.page.locator(".list tbody td:first-child").all_inner_texts()
    assert names
    assert all(name.startswith("payments/") for name in names)
    questions = shown.page.locator(".item h3").all_inner_texts()
    assert questions
    assert all("payments/" in text for text in questions)
    shown.filter("direction", "ingress")
    served = shown.page.locator(".item h3").all_inner_texts()
    assert all("payments/" in text.partition(" calls ")[2] for text in served)
    shown.page.get_by_role("button", name="Clear").click()
    shown.settle()
    assert len(shown.page.locator(".list tbody tr").all()) > len(names)


def test_text_finds_names_addresses_and_ports(shown: Opened) -> None:
    shown.filter("text", "cart 7070")
    assert shown.text("#match-count").startswith("2 edges")
    shown.filter("text", "nothing-of-that-name")
    assert shown.text("#match-count") == "0 edges and 0 workloads match"
    assert shown.noise == []


def test_doubt_filters_to_what_waits(shown: Opened, document: dict[str, Any]) -> None:
    shown.filter("doubt", "in review")
    assert shown.text("#match-count").startswith(f"{len(document['review'])} edges")


def test_a_group_of_the_map_opens_by_keyboard(shown: Opened) -> None:
    shown.page.locator(".dot[tabindex='0']").focus()
    for _ in range(3):
        shown.page.keyboard.press("ArrowRight")
    said = shown.page.evaluate("document.activeElement.getAttribute('aria-label')")
    chosen = said.partition(":")[0]
    shown.page.keyboard.press("Enter")
    assert shown.text(".map .panel h3") == chosen
    assert shown.text(".inside h3") == f"Inside {chosen}"


def test_a_cell_of_the_matrix_opens_into_pairs(shown: Opened, document: dict[str, Any]) -> None:
    shown.page.locator("#reach").get_by_role("radio", name="namespace").check()
    picker = shown.page.locator(".picker select")
    picker.nth(0).select_option(label="shop")
    picker.nth(1).select_option(label="data")
    shown.page.get_by_role("button", name="Show the workloads").click()
    shown.page.locator("#reach details summary").click()
    pairs = shown.page.locator("#reach details li").all_inner_texts()
    known = {entity["id"] for entity in document["entities"]}
    assert pairs
    for text in pairs:
        client, arrow, server = text.split(" ")[:3]
        assert arrow == "→"
        assert {client, server} <= known
        assert (client[:5], server[:5]) == ("shop/", "data/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, sample: Path, scheme: str) -> None:
    # Axe is put into the page from outside, which the page's own policy would not let in.
    with opened(browser, sample / "report.html", color_scheme=scheme, bypass_csp=True) as shown:
        shown.open_workload("shop/Deployment/cart")
        shown.page.locator(".dot").first.press("Enter")
        response = Axe().run(shown.page).response
        assert len(response["passes"]) > 20
        found = response["violations"]
        grave = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
        assert grave == []


def test_the_scheme_of_the_reader_is_taken(browser: Browser, sample: Path) -> None:
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    seen = set()
    for scheme in ("light", "dark"):
        with opened(browser, sample / "report.html", color_scheme=scheme) as shown:
            seen.add(shown.page.evaluate(colour))
    assert len(seen) == 2


def test_a_phone_scrolls_down_and_not_sideways(browser: Browser, sample: Path) -> None:
    with opened(browser, sample / "report.html", viewport=PHONE) as shown:
        shown.open_workload("shop/Deployment/cart")
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"]


def test_print_leaves_out_what_only_a_screen_needs(shown: Opened) -> None:
    shown.page.emulate_media(media="print")
    assert not shown.page.locator("nav.bar").is_visible()
    assert shown.page.locator("header.top").is_visible()
    assert len(shown.page.pdf()) > 10_000


def test_our_own_code_makes_no_markup_of_strings() -> None:
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script()
    assert not re.search(r"url\(|@import|https?:", style())
