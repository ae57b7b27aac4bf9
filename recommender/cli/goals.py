"""`recommender goals`: what segmentation is for, and whether policies keep it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from recommender.cli.options import (
    AwsFields,
    Choice,
    Format,
    as_date,
    reading,
    terminal_style,
)
from recommender.cli.progress import ReadingProgress
from recommender.model.errors import UsageError

_HELP: Final = """Hold policies, and traffic, against a goals file.

A goals file says what segmentation is for: who may reach what is sensitive, what must never talk,
what has to work although nobody saw it, who may leave for the internet, and which exceptions hold
until when. Alone, the file is checked. With policies, every goal is proven or refuted by the
evaluator. With --flows, accepted traffic that breaks a goal is named. --example prints a file to
start from.

\b
Examples:
  recommender goals --example > goals.yaml
  recommender goals goals.yaml
  recommender goals goals.yaml policies/ --inventory cluster.json
  recommender goals goals.yaml out/policies/ -i cluster.json --flows flows.jsonl.gz
  recommender goals goals.yaml policies/ -i cluster.json -o json --as-of 2026-12-31

\b
Exit codes: 0 every goal is kept, 1 one is broken or cannot be proven, traffic breaks one, or an
exception expired, 2 usage, 3 an input cannot be used.
"""

_OUTPUTS: Final = ("table", "json")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("goals", help=_HELP)(goals)


def goals(
    file: Annotated[str | None, typer.Argument(help="The goals file.")] = None,
    policies: Annotated[
        list[str] | None,
        typer.Argument(help="Manifests, kubectl dumps, folders of them, or -."),
    ] = None,
    *,
    inventory: Annotated[
        list[str] | None,
        typer.Option("--inventory", "-i", help="The cluster as known. May be repeated."),
    ] = None,
    flows: Annotated[
        list[str] | None,
        typer.Option("--flows", "-f", help="Flow logs. May be repeated."),
    ] = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Day that exceptions are held against, such as 2026-12-31; without, the last day "
            "of the flows, or today."
        ),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a file to start from, with comments.")
    ] = False,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> int:
    """Check goals; see the help text."""
    if example:
        from recommender.review.goal_files import starter

        sys.stdout.write(starter())
        return 0
    if file is None:
        raise UsageError("no goals file is named", hint="--example prints one to start from")
    from recommender import api
    from recommender.reporting.goals_text import to_json, to_text

    day = as_date(as_of)
    if day is None and not flows:
        day = datetime.now(UTC).date()
    with ReadingProgress() as progress:
        report = api.check_goals(
            file,
            policies or None,
            inventory or None,
            flows=flows or None,
            as_of=day,
            options=reading(format_name, aws_fields),
            progress=progress,
        )
    style = terminal_style(sys.stdout)
    text = to_text(report, proven=bool(policies), **style)
    sys.stdout.write(to_json(report) if output == "json" else text)
    against = any(one.edges for one in report.outcomes) or bool(report.goals.expired(report.day))
    return int(against or (bool(policies) and report.broken))
