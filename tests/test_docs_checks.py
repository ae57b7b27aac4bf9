"""The checks of the documentation find what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from docs_commands import check_invocations, check_sections, code_lines, with_help
from docs_links import anchors, check_links, check_private

if TYPE_CHECKING:
    from pathlib import Path

HELPS = {"edges": "Usage: recommender edges\n"}
PAGE = (
    "# Commands\n\n## recommender edges\n\nLists edges.\n\n```text\nUsage: recommender edges\n```\n"
)
OPTIONS = {
    "edges": frozenset({"--help", "-n", "--namespace"}),
    "inventory show": frozenset({"--help", "-o"}),
}


def test_a_documented_command_is_fine() -> None:
    assert list(check_sections(PAGE, HELPS)) == []


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("# Commands\n", "no section '## recommender edges'"),
        (PAGE.replace("Usage: recommender edges", "Usage: recommender old"), "out of date"),
        (PAGE.replace("Lists edges.\n", ""), "no word about it"),
        (PAGE + "\n## recommender gone\n\nGone.\n", "'## recommender gone' is of no command"),
        ("## recommender edges\n\nLists edges.\n", "lacks a ```text block"),
    ],
)
def test_a_wrong_page_of_commands_is_found(page: str, problem: str) -> None:
    assert [found for found in check_sections(page, HELPS) if problem in found]


def test_writing_brings_the_help_up_to_date_and_touches_nothing_else() -> None:
    old = PAGE.replace("Usage: recommender edges", "Usage: recommender old")
    assert with_help(old, HELPS) == PAGE


def test_code_is_fenced_or_indented_and_continued_lines_are_joined() -> None:
    text = "prose\n\n    a \\\n      b\n\n```sh\nc\n```\nprose\n"
    assert list(code_lines(text)) == ["a b", "c"]


@pytest.mark.parametrize(
    "line",
    [
        "recommender edges flows.jsonl -n shop --namespace=shop",
        "kubectl get pods | recommender edges - | head --lines 3",
        "$ recommender edges flows.jsonl  # --no-such-thing",
        "pip install recommender",
        "recommender inventory show a.json -o json",
    ],
)
def test_a_true_command_line_is_fine(line: str) -> None:
    assert list(check_invocations(f"    {line}\n", OPTIONS)) == []


@pytest.mark.parametrize(
    "line",
    [
        "recommender nope flows.jsonl",
        "recommender edges --nope",
        "cat flows.jsonl | recommender edges - -x",
        "recommender edges \\\n    --nope",
        "recommender inventory nope",
        "recommender inventory show --nope",
    ],
)
def test_a_false_command_line_is_found(line: str) -> None:
    assert len(list(check_invocations(f"```sh\n{line}\n```\n", OPTIONS))) == 1


def test_anchors_are_those_of_the_published_page() -> None:
    page = "# A `b`, c!\n\n```sh\n# not a heading\n```\n\n## Same\n\n## Same\n"
    assert anchors(page) == {"a-b-c", "same", "same-1"}


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ("b.md", False),
        ("b.md#two-words", False),
        ("#here", False),
        ("https://kubernetes.io/docs/", False),
        ("gone.md", True),
        ("b.md#gone", True),
        ("#gone", True),
        ("../outside.md", True),
    ],
)
def test_links_lead_somewhere(tmp_path: Path, link: str, *, wrong: bool) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.md").write_text("# Outside\n", encoding="utf-8")
    (root / "b.md").write_text("# Two words\n", encoding="utf-8")
    page = root / "a.md"
    page.write_text(f"# Here\n\n[link]({link}) and `[code](nowhere.md)`\n", encoding="utf-8")
    assert bool(list(check_links(page, root))) == wrong


@pytest.mark.parametrize("host", ["py" + "pi", "python" + "hosted"])
def test_a_registry_is_found(host: str) -> None:
    (found,) = check_private(f"one\nfrom https://files.{host}.org/x\n")
    assert found.startswith("line 2 ")


@pytest.mark.parametrize("folder", ["work", "tmp", "home"])
def test_a_path_of_this_machine_is_found(folder: str) -> None:
    assert list(check_private(f"see /{folder}/x"))
    assert not list(check_private(f"see docs/{folder}/x and https://example.com/{folder}/x"))
