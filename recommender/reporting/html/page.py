"""The page put together: templates that escape, our own style and scripts, one island of data.

Nothing of the document passes an escape by. What is marked as safe here is our own style and
script, and the island, which holds no character that markup is made of.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError
from markupsafe import Markup

from recommender.model.text import clean
from recommender.reporting.html.answer import answer
from recommender.reporting.html.index import sentence
from recommender.reporting.html.island import data_of, to_island
from recommender.reporting.html.scripts import script, style
from recommender.reporting.html.timeline import timeline

Document = dict[str, Any]

_TEMPLATE: Final = "page.html.jinja"

#: Nothing is loaded and nothing runs but what stands in the page itself. Trusted Types close
#: every way from a string to markup, for our own scripts as well.
_POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

#: Parts that a document of an earlier version, or of a smaller run, does not have.
_ABSENT: Final[Document] = {"exposure": None, "goals": [], "review": [], "segments": []}


def render(document: Document) -> str:
    """The document as a page: one file, no request, the same bytes for the same document."""
    code, look = script(), style()
    values = {
        "policy": _POLICY.format(script=_digest(code), style=_digest(look)),
        "script": Markup(code),  # noqa: S704 - our own, without a closing tag
        "style": Markup(look),  # noqa: S704 - our own, without a closing tag
        "island": Markup(to_island(data_of(document))),  # noqa: S704 - escaped for its element
        "answer": answer(document),
        "timeline": timeline(document),
        "document": {**_ABSENT, **document},
    }
    try:
        return _environment().get_template(_TEMPLATE).render(values)
    except UndefinedError as error:
        raise KeyError(str(error)) from error


def prepare() -> None:
    """Read the scripts and compile the templates: both can be done ahead."""
    script()
    style()
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("recommender.reporting.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(name=clean, sentence=sentence, number=_number, plural=_plural, share=_share)
    made.filters["mean"] = _mean
    return made


def _number(value: Any) -> str:  # noqa: ANN401 - whatever the document holds
    return f"{value:,}"


def _plural(count: int, unit: str, units: str = "") -> str:
    return f"{count:,} {unit if count == 1 else units or f'{unit}s'}"


def _share(value: float) -> str:
    """A share in percent; never 100 % of what is not all of it."""
    percent = value * 100
    shown = f"{percent:.2f}" if 99 < percent < 100 else f"{percent:.1f}"  # noqa: PLR2004 - percent
    return f"{shown.removesuffix('.0')} %"


def _mean(value: float) -> str:
    """A mean of counts, with a digit behind the point where that says anything."""
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"  # noqa: PLR2004 - as people read


def _digest(text: str) -> str:
    found = base64.b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256-{found.decode('ascii')}"
