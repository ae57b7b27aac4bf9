"""`recommender decisions`: what people decided about doubtful traffic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from recommender.cli.options import Choice
from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.review.decisions import Decisions

_HELP: Final = """Check, list and make decisions about doubtful traffic.

FILE is a decisions file, as recommend --decisions takes it. With --report it is held against the
report of a run: what still waits, what is asked again since its evidence changed, what was not
seen. --accept, --reject and --defer take the key of an item of the report and write the file, which
is made when it is not there.

\b
Examples:
  recommender decisions decisions.yaml
  recommender decisions decisions.yaml --report out/report.json
  recommender decisions decisions.yaml --report out/report.json \\
    --reject 'shop/Deployment/web -> shop/Deployment/cart TCP/22' --reason 'nobody may' --by ann
  recommender recommend flows/ -d out/ --decisions decisions.yaml

\b
Exit codes: 0 fine, 1 with --report something waits or is asked again, 2 usage, 3 an input cannot be
used.
"""

_OUTPUTS: Final = ("table", "json")
Keys = Annotated[list[str] | None, typer.Option(metavar="KEY", help="Key; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("decisions", help=_HELP)(decisions)


def decisions(
    file: Annotated[Path, typer.Argument(help="The decisions file.")],
    *,
    report: Annotated[
        Path | None, typer.Option(help="report.json of a run to hold the decisions against.")
    ] = None,
    accept: Keys = None,
    reject: Keys = None,
    defer: Keys = None,
    reason: Annotated[str, typer.Option(help="Why; a rejection needs one.")] = "",
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> int:
    """Check, list and make decisions; see the help text."""
    from recommender import api
    from recommender.reporting.decisions_text import standing, to_json, to_text
    from recommender.review.decisions import Decisions

    asked = {"accept": accept or [], "reject": reject or [], "defer": defer or []}
    changes = [(word, key) for word, keys in asked.items() for key in keys]
    found = Decisions() if changes and not file.exists() else api.read_decisions(file)
    items = _items(report)
    if changes:
        found = _decided(found, changes, items, reason=reason, by=by)
        api.write_decisions(found, file)
    rows = standing(found, items)
    sys.stdout.write(to_json(rows) if output == "json" else to_text(rows))
    return int(any(row.state in {"waits", "asked again"} for row in rows))


def _items(report: Path | None) -> list[dict[str, Any]] | None:
    if report is None:
        return None
    from recommender.reporting.reading import read_document

    found: list[dict[str, Any]] = read_document(report)["review"]
    return found


def _decided(
    found: Decisions,
    changes: Iterable[tuple[str, str]],
    items: list[dict[str, Any]] | None,
    *,
    reason: str,
    by: str,
) -> Decisions:
    known = {item["key"]: item["evidence"] for item in items or ()}
    for word, key in changes:
        if word == "reject" and not reason:
            raise UsageError("a rejection needs a reason", hint="give one with --reason")
        if items is not None and key not in known:
            hint = "copy the key from the report; it holds " + ("; ".join(known) or "none")
            raise UsageError(f"nothing in the report has the key {key!r}", hint=hint)
        evidence = known.get(key)
        found = found.decide(key, word, reason=reason, by=by, evidence=evidence)
    return found
