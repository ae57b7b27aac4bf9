"""What several commands share: choices, and the style of a terminal."""

from __future__ import annotations

import os
import shutil
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO, TypedDict

import typer

from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from recommender.sources.options import ReadOptions

_MOST_COLUMNS: Final = 120


def Choice(*declarations: Any) -> Any:  # noqa: N802, ANN401 - reads as the option types of Typer
    """An option that takes one of some words.

    Args:
        declarations: The flags, then the words as a tuple, then the help text.
    """
    *flags, words, text = declarations

    def check(value: str) -> str:
        if value not in words:
            message = f"{value!r} is none of {', '.join(words)}"
            raise typer.BadParameter(message)
        return value

    shown = "|".join(words)
    return typer.Option(*flags, metavar=shown, callback=check, help=f"{text}.")


Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Format of every flow log, such as hubble or aws, where its content does not tell it.",
    ),
]
AwsFields = Annotated[
    str,
    typer.Option(
        "--aws-fields",
        metavar="FIELDS",
        help="The fields of AWS flow logs that have no header line, in their order, as in the "
        "log's own format string.",
    ),
]


SnatOption = Annotated[
    str,
    Choice(
        "--snat",
        ("auto", "on", "off"),
        "Whether nodes stand for their pods towards the internet; auto tells it by a cloud's log. "
        "What pods call is then hidden, and egress stays open",
    ),
]


def reading(format_name: str, aws_fields: str, snat: str = "auto") -> ReadOptions:
    """How the user wants logs to be read.

    Args:
        format_name: ``--format``.
        aws_fields: ``--aws-fields``: names with spaces or commas between them, also as AWS
            writes them in a format string, ``${srcaddr}``.
        snat: ``--snat``.
    """
    from recommender.sources.options import ReadOptions, Snat

    names = aws_fields.replace("$", " ").replace("{", " ").replace("}", " ").replace(",", " ")
    fields = tuple(names.lower().split())
    return ReadOptions(format=format_name, aws_fields=fields, snat=Snat(snat))


def as_date(text: str | None) -> date | None:
    """A day that a user gave.

    Raises:
        UsageError: It is none.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date", hint="write it as 2026-12-31") from error


class TerminalStyle(TypedDict):
    """How wide and how colourful a summary may be."""

    width: int
    colour: bool


def terminal_style(stream: TextIO) -> TerminalStyle:
    """Width and colour fit for a stream; no colour but on a terminal, and none with NO_COLOR."""
    terminal = stream.isatty()
    columns = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return TerminalStyle(width=max(40, min(columns, _MOST_COLUMNS)), colour=colour)
