"""`recommender report`: the report of a run in another form."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from recommender.cli.options import Choice

_HELP: Final = """Show the report of a run in another form.

Reads the report.json that `recommender recommend -d` wrote. The page (html) is one file without
any network request: what the drafts change, who may talk to whom before and after, every workload
with its policies and their evidence, and the review of what waits for a decision. markdown is a
comment for a pull request, sarif and junit are for code hosts and pipelines, csv has one row a
rule, peer and port.

\b
Examples:
  recommender report out/report.json > report.html
  recommender report out/report.json -o markdown | gh pr comment --body-file -
  recommender report out/report.json -o sarif > recommender.sarif
  recommender recommend flows.jsonl.gz -o json | recommender report - > report.html

\b
Exit codes: 0 fine, 2 usage, 3 the report cannot be used.
"""

#: As in recommender.reporting.forms, which would load more than a help text needs.
_OUTPUTS: Final = ("html", "markdown", "json", "csv", "sarif", "junit")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report", help=_HELP)(report)


def report(
    document: Annotated[str, typer.Argument(metavar="report", help="A report.json, or -.")],
    *,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "Form of what goes to standard output")
    ] = "html",
) -> None:
    """Show a report in another form; see the help text."""
    from recommender import api

    sys.stdout.write(api.report(document, form=output))
