"""`recommender reach`: who may talk to whom."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from recommender.cli.options import Choice
from recommender.cli.questions import (
    HostNetworkPods,
    Inventories,
    IPBlockPods,
    NoEndPort,
    modes,
    warn,
)

_HELP: Final = """Say who may talk to whom, on what, under some policies.

Reads manifests and kubectl dumps: the policies, and the workloads that they are about.
NetworkPolicies and the tiers (AdminNetworkPolicy, BaselineAdminNetworkPolicy,
ClusterNetworkPolicy) are evaluated exactly. What the specification leaves open stands apart,
unless an option answers it.

\b
Examples:
  recommender reach manifests/
  recommender reach policies/ --inventory cluster.json --focus shop/cart
  recommender reach manifests/ --exposure -o txt
  kubectl get ns,deploy,sts,ds,po,netpol -A -o json | recommender reach -

\b
Exit codes: 0 fine, 2 usage, 3 an input cannot be used.
"""

_OUTPUTS: Final = ("table", "json", "csv", "txt", "matrix")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("reach", help=_HELP)(reach)


def reach(
    manifests: Annotated[
        list[str], typer.Argument(help="Manifests, kubectl dumps, folders of them, or -.")
    ],
    *,
    inventory: Inventories = None,
    focus: Annotated[
        str | None,
        typer.Option(help="Only this workload: name, namespace/name or namespace/kind/name."),
    ] = None,
    exposure: Annotated[
        bool,
        typer.Option("--exposure", help="Also what is open to peers that do not exist yet."),
    ] = False,
    ip_block_pods: IPBlockPods = "undefined",
    host_network_pods: HostNetworkPods = "undefined",
    no_end_port: NoEndPort = False,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> None:
    """Say who may talk to whom; see the help text."""
    from recommender import api
    from recommender.evaluation import forms
    from recommender.evaluation.exposure import exposure as expose

    answers = modes(ip_block_pods, host_network_pods, no_end_port=no_end_port)
    found = api.reach(manifests, inventory or None, modes=answers)
    warn(found.findings)
    opened = expose(found) if exposure else None
    match output:
        case "json":
            text = forms.as_json(found, opened, focus)
        case "csv":
            text = forms.as_csv(found, focus)
        case "txt":
            text = forms.as_text(found, opened, focus)
        case "matrix":
            text = forms.as_matrix(found, focus)
        case _:
            text = forms.as_table(found, focus)
    if opened is not None and output in {"table", "matrix"}:
        text += "\n" + "\n".join(opened.lines(focus)) + "\n"
    sys.stdout.write(text)
