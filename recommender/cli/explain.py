"""`recommender explain`: the verdict on one connection, step by step."""

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
)
from recommender.model.errors import UsageError

_HELP: Final = """Explain the verdict on one connection, step by step.

SOURCE and DESTINATION are workloads (namespace/name or namespace/kind/name), pods
(namespace/Pod/name), addresses, or, as a destination, Services (namespace/Service/name) and DNS
names. PORT is 80, UDP/53, or the name of a port; of a Service its own port. The answer says
which policies isolate, which rule of which file decides, or what is missing.

With --rule and --report it shows the evidence behind a rule instead: how often, by how many client
pods, on how many days and in how many hours, first and last seen, and sample records.

\b
Examples:
  recommender explain shop/web shop/cart 7070 --policies manifests/
  recommender explain shop/web shop/Service/cart http --policies manifests/
  recommender explain 203.0.113.7 shop/web TCP/443 -p policies/ -i cluster.json
  recommender explain --rule policies/shop/cart.yaml#1 --report out/report.json
  recommender explain --report out/report.json \\
    --rule 'shop/Deployment/frontend -> shop/Deployment/cart TCP/7070'

\b
Exit codes: 0 whatever the verdict, 2 usage, 3 an input cannot be used.
"""

_OUTPUTS: Final = ("text", "json")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("explain", help=_HELP)(explain)


def explain(
    source: Annotated[str | None, typer.Argument(help="Who opens the connection.")] = None,
    destination: Annotated[str | None, typer.Argument(help="Who accepts it.")] = None,
    port: Annotated[
        str | None, typer.Argument(help="80, UDP/53 or a port's name; all ports without.")
    ] = None,
    *,
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policies",
            "-p",
            help="Policies: manifests, kubectl dumps, folders of them. May be repeated.",
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            help="The evidence of a rule instead: the key of an edge, or FILE#N for the N-th rule "
            "of a draft, ingress first."
        ),
    ] = None,
    report: Annotated[
        str | None, typer.Option(help="report.json that --rule is looked up in.")
    ] = None,
    inventory: Inventories = None,
    ip_block_pods: IPBlockPods = "undefined",
    host_network_pods: HostNetworkPods = "undefined",
    no_end_port: NoEndPort = False,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "text",
) -> None:
    """Explain one connection; see the help text."""
    from recommender import api
    from recommender.evaluation import answers

    if rule is not None or report is not None:
        if rule is None or report is None or source or policies:
            message = "--rule and --report go together, and stand alone"
            raise UsageError(message, hint="recommender explain --rule KEY --report report.json")
        seen = api.explain_rule(rule, report)
        sys.stdout.write(seen.to_json() if output == "json" else f"{seen}\n")
        return
    if source is None or destination is None or not policies:
        message = "a connection has a source, a destination, and policies"
        raise UsageError(message, hint="recommender explain shop/web shop/cart 7070 -p policies/")
    found = api.explain(
        source,
        destination,
        port,
        policies=policies,
        inventory=inventory or None,
        modes=modes(ip_block_pods, host_network_pods, no_end_port=no_end_port),
    )
    sys.stdout.write(answers.explain_json(found) if output == "json" else f"{found}\n")
