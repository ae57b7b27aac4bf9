"""The index of decisions lists every record with its own title."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", re.MULTILINE)


def test_every_decision_is_in_the_index_under_its_title(repository: Path) -> None:
    folder = repository / "docs" / "decisions"
    listed = {name: title for _, name, title in ROW.findall((folder / "README.md").read_text())}
    written = {}
    for record in sorted(folder.glob("[0-9]*.md")):
        heading = record.read_text(encoding="utf-8").partition("\n")[0]
        written[record.name] = heading.partition(": ")[2]
    assert listed == written
