"""`recommender diff`: what two sets of policies allow differently."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from recommender.cli.options import AwsFields, Choice, Format, reading
from recommender.cli.progress import ReadingProgress
from recommender.cli.questions import (
    HostNetworkPods,
    Inventories,
    IPBlockPods,
    NoEndPort,
    modes,
)

_HELP: Final = """Say what two sets of policies allow differently.

OLD and NEW hold policies, and the workloads that they are about unless --inventory names these.
With --flows each difference is weighed by the traffic that was observed: what would be lost
stands first.

\b
Examples:
  recommender diff policies-main/ policies-branch/ --inventory cluster.json
  recommender diff old/ new/ --flows flows.jsonl.gz
  recommender diff old/ new/ -o json

\b
Exit codes: 0 they allow the same, 1 they differ, 2 usage, 3 an input cannot be used.
"""

_OUTPUTS: Final = ("table", "json", "csv")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("diff", help=_HELP)(diff)


def diff(
    old: Annotated[str, typer.Argument(help="Manifests or a folder of them: before.")],
    new: Annotated[str, typer.Argument(help="Manifests or a folder of them: after.")],
    *,
    inventory: Inventories = None,
    flows: Annotated[
        list[str] | None,
        typer.Option("--flows", "-f", help="Flow logs to weigh by. May be repeated."),
    ] = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    ip_block_pods: IPBlockPods = "undefined",
    host_network_pods: HostNetworkPods = "undefined",
    no_end_port: NoEndPort = False,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> int:
    """Compare two sets of policies; see the help text."""
    from recommender import api
    from recommender.evaluation import answers

    chosen = modes(ip_block_pods, host_network_pods, no_end_port=no_end_port)
    with ReadingProgress() as progress:
        result = api.diff(
            old,
            new,
            inventory or None,
            flows=flows or None,
            modes=chosen,
            options=reading(format_name, aws_fields),
            progress=progress,
        )
    match output:
        case "json":
            text = answers.diff_json(result)
        case "csv":
            text = answers.diff_csv(result)
        case _:
            text = answers.diff_text(result, weighed=bool(flows))
    sys.stdout.write(text)
    return int(not result.same)
