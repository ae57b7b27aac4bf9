"""`recommender recommend`: from flow logs to draft policies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from recommender.cli.live import AllowExec, Context, Kubeconfig, look
from recommender.cli.options import (
    AwsFields,
    Choice,
    Format,
    SnatOption,
    as_date,
    reading,
    terminal_style,
)
from recommender.cli.progress import ReadingProgress
from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from recommender.inventory.types import Inventory
    from recommender.reporting.policy_set import PolicySet

_HELP: Final = """Draft least-privilege NetworkPolicies from flow logs.

Reads Hubble exports (plain, gzip or zstd; files, folders, globs, or - for standard input) and
writes one policy a workload, a default-deny a namespace, kustomizations and report.json. Doubtful
traffic is not drafted: it waits in review/ for a person. Without --output-dir the drafts go to
standard output and the summary to standard error.

\b
Examples:
  recommender recommend flows.jsonl.gz -d out/
  hubble observe -o jsonpb --since 24h | recommender recommend - -d out/
  recommender recommend /var/log/hubble/ -d out/ --inventory manifests/
  recommender recommend 'events*.log.gz' -o json > report.json
  recommender recommend s3://bucket/AWSLogs/ -d out/ --inventory snapshots/ --names addresses.yaml
  recommender recommend flows.jsonl.gz -d out/ --granularity segment --max-added 0
  recommender recommend flows/ -d out/ --min-coverage 0.95

\b
Exit codes: 0 drafts were made, 2 usage, 3 an input cannot be used or is not complete,
or the coverage is below --min-coverage (the drafts are there all the same).
"""

_OUTPUTS: Final = ("yaml", "json", "table")
_GRANULARITIES: Final = ("auto", "workload", "segment")
_REPLY_FLAGS: Final = ("auto", "trust", "ignore")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("recommend", help=_HELP)(recommend)


def recommend(
    flows: Annotated[list[str], typer.Argument(help="Flow logs: files, folders, globs, or -.")],
    *,
    output_dir: Annotated[
        Path | None, typer.Option("--output-dir", "-d", help="Folder to write the drafts to.")
    ] = None,
    output: Annotated[
        str,
        Choice("--output", "-o", _OUTPUTS, "Without --output-dir: what goes to standard output"),
    ] = "yaml",
    inventory: Annotated[
        list[str] | None,
        typer.Option(
            "--inventory",
            "-i",
            help="The cluster as known: snapshots, manifests, kubectl get -o json|yaml dumps, or "
            "folders of them. May be repeated.",
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Look at the cluster now; --context and --kubeconfig say it too."
        ),
    ] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    allow_exec: AllowExec = False,
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            help="YAML file with names of ranges outside the cluster, for the evidence: "
            "orders-rds: 10.9.0.0/24.",
        ),
    ] = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    snat: SnatOption = "auto",
    reply_flag: Annotated[
        str,
        Choice(
            "--reply-flag",
            _REPLY_FLAGS,
            "Whether to believe the log's reply flag; auto does unless it contradicts itself",
        ),
    ] = "auto",
    allow_partial: Annotated[
        bool,
        typer.Option("--allow-partial", help="Draft also from files that end early."),
    ] = False,
    granularity: Annotated[
        str,
        Choice(
            "--granularity",
            _GRANULARITIES,
            "Rules for segments where enough of their members support them (auto), for single "
            "workloads alone, or for segments wherever nothing opens by it",
        ),
    ] = "auto",
    corrections: Annotated[
        Path | None,
        typer.Option(
            "--segments",
            metavar="FILE",
            help="What you have settled about segments: pins, merges, splits and names, as YAML.",
        ),
    ] = None,
    max_added: Annotated[
        int | None,
        typer.Option(
            help="Most pairs of workloads that rules for segments may allow though never seen.",
            min=0,
        ),
    ] = None,
    port_ranges: Annotated[
        bool,
        typer.Option("--port-ranges", help="Write contiguous observed ports as endPort ranges."),
    ] = False,
    widen_v4: Annotated[
        int,
        typer.Option(
            help="Shortest prefix that external IPv4 addresses may be widened to.", min=1, max=32
        ),
    ] = 32,
    widen_v6: Annotated[
        int,
        typer.Option(
            help="Shortest prefix that external IPv6 addresses may be widened to.", min=1, max=128
        ),
    ] = 128,
    world_threshold: Annotated[
        int,
        typer.Option(
            help="Distinct public addresses on one port of a workload above which its rule says "
            "0.0.0.0/0 or ::/0 instead of listing them.",
            min=1,
        ),
    ] = 16,
    cluster: Annotated[
        str | None,
        typer.Option(help="Cluster to draft for, where the flows are of several."),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(
            "--decisions",
            help="What people decided about doubtful traffic: a decisions file.",
        ),
    ] = None,
    goals: Annotated[
        str | None,
        typer.Option(
            help="Goals file: what must never be allowed, what always has to be. The drafts are "
            "proven against it.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Day that exceptions to goals are held against, such as 2026-12-31; the last of "
            "the window where not given."
        ),
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            help="Least share of a day to come that the window has to show, such as 0.95. Below "
            "it workloads are left open where they are not covered, and the exit code is 3.",
        ),
    ] = None,
    doubt_threshold: Annotated[
        float,
        typer.Option(
            help="Doubt from which on traffic waits for a person instead of being drafted, "
            "above 0 and at most 1.",
        ),
    ] = 0.5,
    accept_all: Annotated[
        bool,
        typer.Option("--accept-all", help="Draft all accepted traffic, however doubtful."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace files that this program did not write."),
    ] = False,
) -> None:
    """Draft policies; see the help text."""
    if output_dir is not None and output != "yaml":
        message = "--output goes to standard output and --output-dir to a folder"
        raise UsageError(message, hint="leave one of them out; report.json is in the folder")
    from recommender import api

    settings = api.Settings(
        port_ranges=port_ranges,
        widen_v4=widen_v4,
        widen_v6=widen_v6,
        world_threshold=world_threshold,
        cluster=cluster,
        granularity=api.Granularity(granularity),
        max_added=max_added,
    )
    known: list[str] | Inventory | None = inventory or None
    if live or kubeconfig is not None or context is not None:
        known = look(kubeconfig, context, allow_exec=allow_exec, instead_of=inventory)
    with ReadingProgress() as progress:
        result = api.recommend(
            flows,
            known,
            names=names,
            corrections=corrections,
            settings=settings,
            review=api.ReviewSettings(doubt_threshold=doubt_threshold, accept_all=accept_all),
            reply_flag=reply_flag,
            decisions=decisions,
            goals=goals,
            as_of=as_date(as_of),
            min_coverage=min_coverage,
            allow_partial=allow_partial,
            options=reading(format_name, aws_fields, snat),
            progress=progress,
        )
    if output_dir is not None:
        _write(result, output_dir, force=force)
    else:
        _print(result, output)
    result.require_coverage()


def _write(result: PolicySet, folder: Path, *, force: bool) -> None:
    from recommender.reporting.terminal import summary

    written = result.to_dir(folder, force=force)
    sys.stdout.write(summary(result.run, written, **terminal_style(sys.stdout)))


def _print(result: PolicySet, output: str) -> None:
    from recommender.reporting.document import to_json
    from recommender.reporting.terminal import summary

    style = terminal_style(sys.stderr)
    if output == "table":
        sys.stdout.write(summary(result.run, **terminal_style(sys.stdout)))
        return
    sys.stdout.write(to_json(result.report()) if output == "json" else result.to_yaml())
    sys.stderr.write(summary(result.run, **style))
