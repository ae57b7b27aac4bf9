"""`recommender validate`: what is wrong with policies."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from recommender.cli.options import AwsFields, Choice, Format, reading, terminal_style

_HELP: Final = """Say what is wrong with policies, and what was meant.

Reads manifests and kubectl dumps: the policies, and the workloads that they are about. Says what
the API server would refuse, with file and field; selectors that select nothing, and what was
probably meant; policies without effect; rules that others already cover; Service ports in place
of pod ports; missing DNS; and workloads left without protection. With --flows, also the rules
that no recorded traffic used.

\b
Examples:
  recommender validate manifests/
  recommender validate policies/ app/ --fail-on warning
  kubectl get ns,deploy,sts,ds,po,svc,netpol -A -o json | recommender validate -
  recommender validate cluster.json --flows flows.jsonl.gz -o json

\b
Exit codes: 0 fine, 1 --fail-on found something, 2 usage, 3 an input cannot be used.
"""

_OUTPUTS: Final = ("table", "json")
_FAIL_ON: Final = ("never", "error", "warning", "note")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("validate", help=_HELP)(validate)


def validate(
    manifests: Annotated[
        list[str], typer.Argument(help="Manifests, kubectl dumps, folders of them, or -.")
    ],
    *,
    flows: Annotated[
        list[str] | None,
        typer.Option(
            "--flows",
            "-f",
            help="Flow logs: also name rules that nothing used. May be repeated.",
        ),
    ] = None,
    format_name: Format = "",
    aws_fields: AwsFields = "",
    fail_on: Annotated[
        str,
        Choice("--fail-on", _FAIL_ON, "Exit 1 if a finding is at least this grave"),
    ] = "never",
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> int:
    """Validate policies; see the help text."""
    from recommender import api
    from recommender.model.findings import Severity
    from recommender.reporting.validation import to_json, to_text

    options = reading(format_name, aws_fields)
    found = api.validate(manifests, flows=flows or None, options=options)
    style = terminal_style(sys.stdout)
    sys.stdout.write(to_json(found) if output == "json" else to_text(found, **style))
    return int(fail_on != "never" and bool(found.at_least(Severity(fail_on))))
