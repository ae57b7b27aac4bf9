"""`recommender replay`: what policies would do to recorded traffic."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from recommender.cli.options import AwsFields, Choice, Format, reading
from recommender.cli.progress import ReadingProgress
from recommender.cli.questions import (
    Hairpin,
    HostNetworkPods,
    Inventories,
    IPBlockPods,
    NoEndPort,
    OwnNodeEgress,
    modes,
)

_HELP: Final = """Say what recorded traffic some policies would deny.

Every observed edge is allowed, denied (by which side and why), or undefined where the
specification or the input does not tell. The cluster is taken from --inventory, from what stands
beside the policies, and from the flows themselves.

\b
Examples:
  recommender replay flows.jsonl.gz --policies out/policies/
  recommender replay flows.jsonl.gz --policies policies/ --inventory cluster.json
  recommender replay flows.jsonl.gz --policies policies/ --all -o csv > edges.csv

\b
Exit codes: 0 no accepted traffic would be denied, 1 some would, 2 usage, 3 an input cannot be
used.
"""

_OUTPUTS: Final = ("table", "json", "csv")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("replay", help=_HELP)(replay)


def replay(
    flows: Annotated[list[str], typer.Argument(help="Flow logs: files, folders, globs, or -.")],
    *,
    policies: Annotated[
        list[str],
        typer.Option(
            "--policies",
            "-p",
            help="Policies: manifests, kubectl dumps, folders of them. May be repeated.",
        ),
    ],
    inventory: Inventories = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    every: Annotated[
        bool,
        typer.Option("--all", help="In the table also the edges that are allowed."),
    ] = False,
    ip_block_pods: IPBlockPods = "undefined",
    host_network_pods: HostNetworkPods = "undefined",
    own_node_egress: OwnNodeEgress = "undefined",
    hairpin: Hairpin = "undefined",
    no_end_port: NoEndPort = False,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> int:
    """Replay recorded traffic; see the help text."""
    from recommender import api
    from recommender.evaluation import answers

    chosen = modes(
        ip_block_pods, host_network_pods, own_node_egress, hairpin, no_end_port=no_end_port
    )
    options = reading(format_name, aws_fields)
    with ReadingProgress() as progress:
        result = api.replay(
            flows, policies, inventory or None, modes=chosen, options=options, progress=progress
        )
    match output:
        case "json":
            text = answers.replay_json(result)
        case "csv":
            text = answers.replay_csv(result)
        case _:
            text = answers.replay_text(result, every=every)
    sys.stdout.write(text)
    return int(bool(result.breaking))
