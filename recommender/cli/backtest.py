"""`recommender backtest`: would the drafts of the past have let the future through?"""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from recommender.cli.options import (
    AwsFields,
    Choice,
    Format,
    SnatOption,
    reading,
    terminal_style,
)
from recommender.cli.progress import ReadingProgress
from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.review.folds import Backtest, Variant

_HELP: Final = """Draft from the past, replay the future, and say what would have been denied.

Cuts the log into folds: drafts from --train, and replays over them what came in the --test after
it, again and again, a --step apart. Says for each fold which accepted flows and edges the drafts
would have denied, how many pairs of workloads they allow that nothing showed, and whether the
estimated coverage was right. A learning curve drafts from ever longer pasts and says after how
many days the drafts would have been safe. Settings given more than once are compared side by side.

\b
Examples:
  recommender backtest flows.jsonl.gz --train 7d --test 1d --step 1d
  recommender backtest flows/ -i cluster.json --granularity workload --granularity segment
  recommender backtest flows/ --doubt-threshold 0.5 --doubt-threshold 0.8 -o csv > folds.csv
  recommender backtest flows/ --train 14d --plot curve.html --max-denied 0.001

\b
Exit codes: 0 done, 1 more than --max-denied of a variant's flows would have been denied, 2 usage,
3 an input cannot be used, or the log is shorter than a past and a future.
"""

_OUTPUTS: Final = ("table", "json", "csv")
_GRANULARITIES: Final = ("auto", "workload", "segment")
_LENGTH: Final = re.compile(r"(\d{1,5})([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("backtest", help=_HELP)(backtest)


def length(text: str) -> timedelta:
    """A length of time such as ``7d``, ``12h`` or ``2w``.

    Raises:
        UsageError: It is none.
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no length of time", hint="write it as 7d, 12h or 2w")
    return int(match.group(1)) * _UNITS[match.group(2)]


def backtest(
    flows: Annotated[list[str], typer.Argument(help="Flow logs: files, folders, globs, or -.")],
    *,
    inventory: Annotated[
        list[str] | None,
        typer.Option("--inventory", "-i", help="The cluster as known. May be repeated."),
    ] = None,
    train: Annotated[str, typer.Option(help="How long the past is that drafts are made from.")] = (
        "7d"
    ),
    test: Annotated[str, typer.Option(help="How long the future is that is replayed.")] = "1d",
    step: Annotated[str, typer.Option(help="How far apart the folds are.")] = "1d",
    granularity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(_GRANULARITIES), help="Granularity of the rules. May be repeated."
        ),
    ] = None,
    doubt_threshold: Annotated[
        list[float] | None,
        typer.Option(help="Doubt from which on an edge is not drafted. May be repeated."),
    ] = None,
    decisions: Annotated[
        str | None, typer.Option(help="Decisions file that all drafts are made with.")
    ] = None,
    goals: Annotated[str | None, typer.Option(help="Goals file that all drafts keep.")] = None,
    curve: Annotated[
        bool, typer.Option("--curve/--no-curve", help="With or without the learning curve.")
    ] = True,
    max_denied: Annotated[
        float | None,
        typer.Option(help="Exit 1 if a larger share of the flows would have been denied."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write a plot to this HTML file; it needs no network.")
    ] = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    snat: SnatOption = "auto",
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
    force: Annotated[
        bool, typer.Option("--force", help="Let the plot replace a file that is no plot.")
    ] = False,
) -> int:
    """Backtest; see the help text."""
    from recommender import api
    from recommender.reporting import backtest_forms
    from recommender.review.folds import Plan

    if max_denied is not None and not 0.0 <= max_denied < 1.0:
        raise UsageError(f"--max-denied {max_denied:g}", hint="give a share, such as 0.001")
    with ReadingProgress() as progress:
        found = api.backtest(
            flows,
            inventory or None,
            plan=Plan(length(train), length(test), length(step)),
            variants=_variants(granularity or (), doubt_threshold or ()),
            decisions=decisions,
            goals=goals,
            curve=curve,
            options=reading(format_name, aws_fields, snat),
            progress=progress,
        )
    if plot is not None:
        from recommender.rendering.files import write_file

        page = backtest_forms.to_html(found).encode()
        write_file(plot, page, ours=backtest_forms.is_plot, force=force)
    if output == "table":
        sys.stdout.write(backtest_forms.to_text(found, **terminal_style(sys.stdout)))
    else:
        form = backtest_forms.to_json if output == "json" else backtest_forms.to_csv
        sys.stdout.write(form(found))
    return int(max_denied is not None and _denied(found) > max_denied)


def _variants(granularities: Sequence[str], thresholds: Sequence[float]) -> tuple[Variant, ...]:
    """Every combination of the settings, named after those that there is a choice of."""
    from recommender.review.folds import Variant

    for name in granularities:
        if name not in _GRANULARITIES:
            message = f"{name!r} is none of {', '.join(_GRANULARITIES)}"
            raise UsageError(message, where="--granularity")
    usual = Variant("usual")
    return tuple(
        Variant(_name(granularities, thresholds, kind, threshold), kind, threshold)
        for kind in dict.fromkeys(granularities or (usual.granularity,))
        for threshold in dict.fromkeys(thresholds or (usual.doubt_threshold,))
    )


def _name(
    granularities: Sequence[str], thresholds: Sequence[float], kind: str, threshold: float
) -> str:
    parts = [kind] if granularities else []
    parts += [f"doubt {threshold:g}"] if thresholds else []
    return ", ".join(parts) or "usual"


def _denied(found: Backtest) -> float:
    """The largest share of flows that the drafts of any variant would have denied."""
    shares = [0.0]
    for name in found.variants:
        folds = [fold for fold in found.folds if fold.variant == name]
        flows = sum(fold.flows for fold in folds)
        shares.append(sum(fold.denied_flows for fold in folds) / flows if flows else 0.0)
    return max(shares)
