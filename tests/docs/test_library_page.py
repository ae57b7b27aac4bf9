"""The examples of docs/library.md run, and it names every public name."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import recommender as nr

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def test_the_examples_give_what_the_page_says(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    text = (repository / "docs" / "library.md").read_text(encoding="utf-8")
    # A fence ends an example's output; to doctest an empty line does.
    plain = text.replace("```python", "").replace("```", "")
    page = doctest.DocTestParser().get_doctest(
        plain, {"nr": nr}, "library.md", "docs/library.md", 0
    )
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(page, out=said.append)
    assert result.attempted > 10
    assert result.failed == 0, "".join(said)


def test_every_public_name_has_a_word(repository: Path) -> None:
    text = (repository / "docs" / "library.md").read_text(encoding="utf-8")
    assert [name for name in nr.__all__ if f"nr.{name}" not in text] == []
