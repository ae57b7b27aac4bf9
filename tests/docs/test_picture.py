"""The picture and the excerpts in the documentation are what a run over the sample gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from docs_picture import PAGES, PICTURE, made, picture, with_excerpts

if TYPE_CHECKING:
    from pathlib import Path

MEND = "run `make docs-picture`"


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return made()


def test_the_picture_is_of_the_real_output(repository: Path, files: dict[str, str]) -> None:
    shown = (repository / PICTURE).read_text(encoding="utf-8")
    assert shown == picture(files[""]), f"{PICTURE} is out of date: {MEND}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_excerpts_are_of_the_real_output(
    repository: Path, files: dict[str, str], page: Path
) -> None:
    text = (repository / page).read_text(encoding="utf-8")
    assert "<!-- made from " in text
    assert text == with_excerpts(text, files), f"{page} is out of date: {MEND}"


def test_the_picture_shows_each_line_and_fetches_nothing(
    repository: Path, files: dict[str, str]
) -> None:
    text = (repository / PICTURE).read_text(encoding="utf-8")
    drawn = ET.fromstring(text)  # noqa: S314 - our own file
    words = " ".join("".join(drawn.itertext()).replace("\xa0", " ").split())
    for line in files["the summary"].splitlines()[1:]:
        for part in re.split(r" {2,}", line.strip()):
            assert part in words
    assert re.findall(r"https?://[^\"'\s]+", text) == ["http://www.w3.org/2000/svg"]


def test_an_excerpt_of_what_was_not_written_is_refused(files: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        with_excerpts("<!-- made from nothing.yaml -->\n<!-- end -->", files)
