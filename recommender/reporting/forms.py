"""The forms of the document: one module each, found here by name and loaded when asked for.

A form is a function that takes the document and returns its text. To add one, write its module
and name it in ``FORMS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from recommender.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.reporting.document import Document


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the document.

    Attributes:
        module: Where it is made.
        function: What makes it: from the document to a text.
        about: What it is for, in a few words.
    """

    module: str
    function: str
    about: str


#: The forms by the names that a user gives them.
FORMS: Final = {
    "html": Form("recommender.reporting.html.page", "render", "one page to read and to review in"),
    "markdown": Form(
        "recommender.reporting.markdown_form", "to_markdown", "a comment for a pull request"
    ),
    "json": Form("recommender.reporting.document", "to_json", "the document itself"),
    "csv": Form("recommender.reporting.csv_form", "to_csv", "the rules as a table"),
    "sarif": Form("recommender.reporting.sarif_form", "to_sarif", "findings for a code host"),
    "junit": Form("recommender.reporting.junit_form", "to_junit", "checks for a pipeline"),
}


def render(document: Document, form: str) -> str:
    """A document in one of its forms.

    Args:
        document: As ``report.json`` holds it.
        form: A name of ``FORMS``.

    Raises:
        UsageError: There is no such form.
        InputError: It is no document of this program.
    """
    if form not in FORMS:
        raise UsageError(f"no such form of a report: {form!r}", hint=", ".join(FORMS))
    chosen = FORMS[form]
    make: Callable[[Document], str] = getattr(import_module(chosen.module), chosen.function)
    try:
        return make(document)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        message = f"not a whole report: {type(error).__name__} at {error}"
        raise InputError(message, hint="make it anew with `recommender recommend`") from error
