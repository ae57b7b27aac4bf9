"""Links between our own pages, and what no tracked file may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["anchors", "check_links", "check_private"]

_FENCE: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_CODE_SPAN: Final = re.compile(r"`[^`\n]+`")
_LINK: Final = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_HEADING: Final = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_EXTERNAL: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# Spelt so that this file does not match itself.
_PRIVATE: Final = {
    "names a package registry": re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|crates|golang|yarnpkg)\.(?:org|com|io)\b"
    ),
    "holds a path of somebody's machine": re.compile(
        r"(?<![\w.}*/-])/(?:work|tmp|root|home|Users)/\w"
    ),
}


def anchors(text: str) -> frozenset[str]:
    """The anchors that the headings of a Markdown page get where it is published."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        unique, number = slug, 0
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return frozenset(found)


def check_links(page: Path, root: Path) -> Iterator[str]:
    """Every link of a page to a file or heading of ours leads to one inside the repository."""
    text = _CODE_SPAN.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    for target in _LINK.findall(text):
        if _EXTERNAL.match(target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.is_relative_to(root) or not file.exists():
            yield f"links to {target}, which is not there"
        elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield f"links to {target}, where no heading has that anchor"


def check_private(text: str) -> Iterator[str]:
    """A tracked file names no package registry and no path of the machine it was written on."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in _PRIVATE.items():
            if match := pattern.search(line):
                yield f"line {number} {what}: {match.group()}"
