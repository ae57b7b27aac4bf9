"""What several commands share: choices, terminal style, progress."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TextIO, TypedDict

import typer

from recommender.model.errors import UsageError
from recommender.model.text import clean

if TYPE_CHECKING:
    from types import TracebackType

    from recommender.sources.options import ReadOptions

_MOST_COLUMNS: Final = 120
_MEGABYTE: Final = 1 << 20
_NAME: Final = 40


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


class ReadingProgress:
    """A line on a terminal that says how much has been read; silent elsewhere.

    A context manager that is called after each block with a file's name and the bytes read.
    """

    def __init__(self) -> None:
        """Show nothing where standard error is no terminal."""
        self._shown = sys.stderr.isatty()
        self._read = 0

    def __enter__(self) -> Self:
        """The progress itself."""
        return self

    def __call__(self, name: str, size: int) -> None:
        """Say what was read so far."""
        self._read += size
        if self._shown:
            text = f"reading {clean(name, limit=_NAME)}: {self._read / _MEGABYTE:,.0f} MB"
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
