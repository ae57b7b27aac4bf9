"""Reviewing in the page: by keyboard, with the consequence at once, into a file that drafts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from end_to_end.commands import drafts, succeed
from page.browser import Opened, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture
def shown(browser: Browser, sample: Path) -> Iterator[Opened]:
    with opened(browser, sample / "report.html") as page:
        page.page.locator(".item").first.focus()
        yield page


@pytest.fixture(scope="module")
def document(sample: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((sample / "report.json").read_bytes())
    return read


def press(shown: Opened, keys: str) -> None:
    for key in keys:
        shown.page.keyboard.press(key)


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def download(shown: Opened, path: Path) -> list[dict[str, Any]]:
    with shown.page.expect_download() as coming:
        shown.page.get_by_role("button", name="Download decisions.yaml").click()
    assert coming.value.suggested_filename == "decisions.yaml"
    coming.value.save_as(path)
    read: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["decisions"]
    return read


def decide_three(shown: Opened, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Accept a call between two workloads, reject one, defer one, by keys alone; those decided."""
    review = document["review"]
    kinds = {entity["id"]: entity["kind"] for entity in document["entities"]}
    inner = [
        at
        for at, item in enumerate(review)
        if {kinds[item["client"]], kinds[item["server"]]} == {"workload"}
    ]
    wanted = dict(zip(inner, "ard", strict=False))
    assert len(wanted) == 3
    for at in range(max(wanted) + 1):
        if key := wanted.get(at):
            press(shown, key)
        if key == "r":
            shown.page.keyboard.type("nobody logs in there")
            shown.page.keyboard.press("Enter")
        press(shown, "j")
    return [review[at] for at in wanted]


def test_three_edges_decided_by_keyboard_go_into_the_file(
    shown: Opened, document: dict[str, Any], tmp_path: Path
) -> None:
    accepted, rejected, deferred = decide_three(shown, document)
    shown.page.get_by_label("Decided by").fill("Ann")
    said = {one["key"]: one for one in download(shown, tmp_path / "decisions.yaml")}
    assert {key: one["decision"] for key, one in said.items()} == {
        accepted["key"]: "accept",
        rejected["key"]: "reject",
        deferred["key"]: "defer",
    }
    assert said[rejected["key"]]["reason"] == "nobody logs in there"
    assert {one["by"] for one in said.values()} == {"Ann"}
    assert shown.noise == []


def test_the_drafts_change_as_the_page_foretold(
    shown: Opened, document: dict[str, Any], sample: Path, repository: Path, tmp_path: Path
) -> None:
    accepted, rejected, deferred = decide_three(shown, document)
    foretold = {
        name: shown.text(f"#{name}") for name in ("edges-added", "pairs-opened", "drafts-changed")
    }
    download(shown, tmp_path / "decisions.yaml")

    succeed(
        *("recommend", repository / "data/flows.jsonl.gz"),
        *("--inventory", repository / "data/inventory.json", "--doubt-threshold", "0.3"),
        *("--decisions", tmp_path / "decisions.yaml", "-d", tmp_path / "out"),
    )

    after = json.loads((tmp_path / "out/report.json").read_bytes())
    items = {item["key"]: item for item in after["review"]}
    assert [items[one["key"]]["drafted"] for one in (accepted, rejected, deferred)] == [1, 0, 0]
    drafted = sum(not item["drafted"] for item in document["review"])
    still = sum(not item["drafted"] for item in after["review"])
    assert numbers(foretold["edges-added"])[0] == drafted - still == 1
    opened_pairs = after["exposure"]["pairs_after"] - document["exposure"]["pairs_after"]
    assert numbers(foretold["pairs-opened"])[0] == opened_pairs == 1
    old, new = drafts(sample), drafts(tmp_path / "out")
    changed = {
        name
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name) and name.startswith("policies/")
    }
    assert set(re.findall(r"policies/[\w./-]+\.yaml", foretold["drafts-changed"])) == changed


def test_each_answer_says_what_follows(shown: Opened) -> None:
    first = shown.page.locator(".item").first
    press(shown, "a")
    assert "Gets a rule in" in first.locator(".then").inner_text()
    press(shown, "d")
    assert "in review" in first.locator(".then").inner_text()
    press(shown, "u")
    assert "until it is accepted" in first.locator(".then").inner_text()


def test_a_rejection_without_a_reason_is_not_written(shown: Opened, tmp_path: Path) -> None:
    press(shown, "r")
    shown.page.keyboard.press("Escape")
    assert "without a reason" in shown.text(".outcome")
    assert download(shown, tmp_path / "decisions.yaml") == []


def test_the_keys_move_over_pages_of_questions(shown: Opened, document: dict[str, Any]) -> None:
    press(shown, "j" * (len(document["review"]) + 3))
    last = shown.page.evaluate("document.activeElement.dataset.item")
    assert int(last) == len(document["review"]) - 1
    press(shown, "k")
    assert int(shown.page.evaluate("document.activeElement.dataset.item")) == int(last) - 1


def test_keys_decide_nothing_while_somebody_types(shown: Opened) -> None:
    shown.page.locator("[name=text]").focus()
    shown.page.keyboard.type("ard")
    shown.settle()
    assert shown.text("#decided").startswith("0 of ")


def test_a_mouse_does_as_well(shown: Opened) -> None:
    shown.page.locator(".item").first.get_by_role("radio", name="Defer").check()
    assert shown.text("#decided").startswith("1 of ")


def test_what_is_decided_can_be_put_aside(shown: Opened, document: dict[str, Any]) -> None:
    press(shown, "a")
    shown.page.get_by_label("only what is not decided").check()
    assert len(shown.page.locator(".item").all()) == min(25, len(document["review"]) - 1)


def test_leaving_with_unsaved_answers_asks_first(shown: Opened, tmp_path: Path) -> None:
    asked = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert not shown.page.evaluate(asked)
    press(shown, "a")
    assert shown.page.evaluate(asked)
    download(shown, tmp_path / "decisions.yaml")
    assert not shown.page.evaluate(asked)
