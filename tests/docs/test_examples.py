"""Command lines in the documentation that use the sample do what the page says."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from docs_commands import code_lines

from recommender.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ("README.md", "docs/getting-started.md", "docs/commands.md")
# A gate of `replay` or `diff` that found something is what an example may be about.
FINE = {0, 1}


def examples(page: str) -> list[str]:
    """Lines that need nothing but the sample and what earlier lines wrote."""
    lines = [line.partition(" #")[0].strip() for line in code_lines(page)]
    return [
        line.partition(" | ")[0]
        for line in lines
        if line.startswith("recommender ") and re.search(r"\bdata/", line)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_in_order(
    repository: Path,
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "data").symlink_to(repository / "data")
    monkeypatch.chdir(tmp_path)
    for line in examples((repository / page).read_text(encoding="utf-8")):
        code = main(shlex.split(line)[1:])
        shown = capsys.readouterr()
        assert code in FINE, f"`{line}` ended with {code}: {shown.err}"
        assert shown.out.strip(), f"`{line}` printed nothing"


def test_examples_are_found() -> None:
    page = "```sh\nrecommender recommend data/f.gz | head\nrecommender recommend mine.gz\n```\n"
    assert examples(page) == ["recommender recommend data/f.gz"]


def test_the_pages_have_examples(repository: Path) -> None:
    found = [examples((repository / page).read_text(encoding="utf-8")) for page in PAGES[1:]]
    assert all(len(lines) > 1 for lines in found)
