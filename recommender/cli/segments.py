"""`recommender segments`: which workloads belong together, and the rules between them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from recommender.cli.options import AwsFields, Choice, Format, reading
from recommender.cli.progress import ReadingProgress
from recommender.model.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from recommender.segments.types import Segmentation

_HELP: Final = """Find segments: workloads that share a policy, and the rules between them.

Reads flow logs, or plain tables with --edges and --workloads. Says of each segment who belongs to
it, what they have in common, whom they talk to, and how sure that is. A rule between two segments
needs the evidence of many members on both sides; one edge never opens it.

\b
Examples:
  recommender segments flows.jsonl.gz --inventory manifests/
  recommender segments --edges edges.csv --workloads workloads.csv -o csv > segments.csv
  recommender segments flows.jsonl.gz --rules rules.csv -o json > segments.json
  recommender segments flows.jsonl.gz --segments segments.yaml --last segments.json
  recommender segments flows.jsonl.gz --tradeoff --plot tradeoff.html

\b
Exit codes: 0 fine, 2 usage, 3 an input cannot be used.
"""

_OUTPUTS: Final = ("table", "json", "csv")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("segments", help=_HELP)(segments)


def segments(
    flows: Annotated[
        list[str] | None, typer.Argument(help="Flow logs: files, folders, globs, or -.")
    ] = None,
    *,
    edges: Annotated[
        Path | None,
        typer.Option(
            "--edges",
            help="Instead of flow logs: a CSV file with the columns src, dst, protocol, port, "
            "flows, days_active, first_day, last_day.",
        ),
    ] = None,
    workloads: Annotated[
        Path | None,
        typer.Option(
            "--workloads",
            help="With --edges: a CSV file with the columns workload, namespace, kind, replicas, "
            "service_account, image, labels (JSON).",
        ),
    ] = None,
    inventory: Annotated[
        list[str] | None,
        typer.Option(
            "--inventory",
            "-i",
            help="The cluster as known: manifests, kubectl get -o json|yaml dumps, or folders of "
            "them. May be repeated.",
        ),
    ] = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="FILE",
            help="Write the admitted rules here as CSV, one row a pair of workloads; edges to "
            "review go to a second file beside it.",
        ),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(
            "--review",
            metavar="FILE",
            help="With --rules: the second file; without, the first one's name with -review.",
        ),
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(
            "--segments",
            metavar="FILE",
            help="What you have settled: pins, merges, splits and names, as YAML.",
        ),
    ] = None,
    last: Annotated[
        Path | None,
        typer.Option(
            "--last",
            metavar="FILE",
            help="The JSON of an earlier run: segments that are still the same keep their names.",
        ),
    ] = None,
    tradeoff: Annotated[
        bool,
        typer.Option(
            "--tradeoff",
            help="Instead of segments: rules, pairs never seen and later denials under several "
            "thresholds.",
        ),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE", help="With --tradeoff: draw it too, as a page to open."
        ),
    ] = None,
    min_coverage: Annotated[
        float,
        typer.Option(
            help="Least share of the members of both segments that take part in a rule.",
            min=0.0,
            max=1.0,
        ),
    ] = 0.5,
    min_days: Annotated[
        int,
        typer.Option(
            help="Days an edge without such support must be seen on to be allowed.", min=1
        ),
    ] = 2,
    min_stability: Annotated[
        float,
        typer.Option(help="Segments below it get exact rules only.", min=0.0, max=1.0),
    ] = 0.75,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that this program did not write.")
    ] = False,
) -> None:
    """Find segments; see the help text."""
    _check(flows, edges, workloads)
    if plot is not None and not tradeoff:
        raise UsageError("--plot draws what --tradeoff prints", hint="add --tradeoff")
    from recommender import api
    from recommender.segments import forms
    from recommender.segments.reading import read_names

    settings = api.SegmentSettings(
        min_coverage=min_coverage, min_days=min_days, min_stability=min_stability
    )
    tables: tuple[api.Table, api.Table]
    if edges is not None and workloads is not None:
        tables = (edges, workloads)
    else:
        with ReadingProgress() as progress:
            options = reading(format_name, aws_fields)
            tables = api.flow_tables(
                flows or (), inventory or None, options=options, progress=progress
            )
    if tradeoff:
        _tradeoff(api.segment_tradeoff(*tables, settings=settings), output, plot, force=force)
        return
    found = api.segment(
        *tables,
        settings=settings,
        corrections=corrections,
        previous=None if last is None else read_names(last),
    )
    if rules is not None:
        _write_rules(found, rules, review, force=force)
    match output:
        case "json":
            sys.stdout.write(forms.as_json(found))
        case "csv":
            sys.stdout.write(forms.as_segments_csv(found))
        case _:
            sys.stdout.write(forms.as_table(found))


def _check(flows: list[str] | None, edges: Path | None, workloads: Path | None) -> None:
    if (edges is None) is not (workloads is None):
        missing = "--workloads" if workloads is None else "--edges"
        raise UsageError("--edges and --workloads go together", hint=f"add {missing}")
    if bool(flows) is (edges is not None):
        message = "give flow logs, or --edges and --workloads"
        raise UsageError(message, hint="one of the two, see --help")


def _tradeoff(choices: pd.DataFrame, output: str, plot: Path | None, *, force: bool) -> None:
    from recommender.cli.files import write_file
    from recommender.segments import tradeoff_forms as forms

    if plot is not None:
        write_file(plot, forms.as_plot(choices), mark=forms.PLOT_MARK, force=force)
    match output:
        case "json":
            sys.stdout.write(forms.as_json(choices))
        case "csv":
            sys.stdout.write(forms.as_csv(choices))
        case _:
            sys.stdout.write(forms.as_table(choices))


def _write_rules(found: Segmentation, rules: Path, review: Path | None, *, force: bool) -> None:
    from recommender.cli.files import write_file
    from recommender.segments.rules import (
        REVIEW_COLUMNS,
        RULE_COLUMNS,
        as_csv,
        review_frame,
        rule_frame,
    )

    aside = review or rules.with_name(f"{rules.stem}-review{rules.suffix}")
    for path, frame, columns in (
        (rules, rule_frame(found), RULE_COLUMNS),
        (aside, review_frame(found), REVIEW_COLUMNS),
    ):
        write_file(path, as_csv(frame), mark=",".join(columns) + "\n", force=force)
