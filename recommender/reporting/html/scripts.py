"""Our own style and scripts, as one text each.

The scripts are ES modules that import each other. A page that is one file has no module to
import, so each becomes a function that is called once and hands on what the module exports,
after those it imports::

    const $dom = (() => { ... return { el, svg }; })();
    const $map = (() => { const { el } = $dom; ... return { startMap }; })();
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./([a-z]+)\.js";$', re.MULTILINE)
_EXPORT: Final = re.compile(
    r"^export ((?:async )?function|const|class) ([A-Za-z_]\w*)", re.MULTILINE
)
_FIRST: Final = "main"


@cache
def style() -> str:
    """The style sheet."""
    return _static("page.css")


@cache
def script() -> str:
    """All modules in one, those that are imported first."""
    ordered: dict[str, str] = {}
    _gather(_FIRST, ordered)
    return "\n".join(ordered.values())


def _gather(name: str, ordered: dict[str, str]) -> None:
    text = _static(f"{name}.js")
    for _, imported in _IMPORT.findall(text):
        if imported not in ordered:
            _gather(imported, ordered)
    exported = ", ".join(found[1] for found in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const \1 = $\2;", text))
    ordered[name] = f"const ${name} = (() => {{\n{body}return {{ {exported} }};\n}})();"


def _static(name: str) -> str:
    return (files("recommender.reporting.html") / "static" / name).read_text(encoding="utf-8")
