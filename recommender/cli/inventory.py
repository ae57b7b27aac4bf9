"""`recommender inventory`: look at a live cluster, and at what a look holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from recommender.cli.live import AllowExec, Context, Kubeconfig
from recommender.cli.options import Choice, terminal_style
from recommender.cli.progress import ClusterProgress
from recommender.model.errors import UsageError

_GROUP_HELP: Final = """Take snapshots of a live cluster, and show what they hold."""

_SNAPSHOT_HELP: Final = """Write what a live cluster holds to one file.

Lists pods, their owners, Services, EndpointSlices, nodes, namespaces and policies, with get and
list alone; Secrets and ConfigMaps are never read. Environment, commands, annotations and images
stay in the cluster. Take one at the end of the time that is logged; several, taken over that
time, make a history of who held which address.

\b
Examples:
  recommender inventory snapshot -o prod.inventory.json
  recommender inventory snapshot --context prod -o prod.inventory.json
  recommender inventory snapshot -n shop -n data -o shop.inventory.json.gz
  recommender inventory snapshot -o - | jq .taken

\b
Exit codes: 0 written, 2 usage, 3 the cluster cannot be read.
"""

_SHOW_HELP: Final = """Show what snapshots, dumps and manifests hold, and what they lack.

\b
Examples:
  recommender inventory show prod.inventory.json
  recommender inventory show snapshots/ --address 10.0.0.7
  recommender inventory show snapshots/ -o json
  kubectl get ns,no,po,svc,endpointslices,deploy,rs -A -o json | recommender inventory show -

\b
Exit codes: 0 shown, 2 usage, 3 an input cannot be used.
"""

_EXIT_USAGE: Final = 2
_OUTPUTS: Final = ("table", "json")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True, help=_GROUP_HELP)(_group)
    group.command("snapshot", help=_SNAPSHOT_HELP)(snapshot)
    group.command("show", help=_SHOW_HELP)(show)
    app.add_typer(group, name="inventory")


def _group(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(_EXIT_USAGE)


def snapshot(
    *,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write, packed if it ends in .gz or .zst, or -."
        ),
    ],
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespaces: Annotated[
        list[str] | None,
        typer.Option(
            "--namespace",
            "-n",
            help="Read this namespace alone. May be repeated.",
            show_default=False,
        ),
    ] = None,
    all_namespaces: Annotated[
        bool,
        typer.Option("--all-namespaces", "-A", help="Read the whole cluster: the default."),
    ] = False,
    allow_exec: AllowExec = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is no snapshot.")
    ] = False,
) -> None:
    """Take a snapshot; see the help text."""
    if all_namespaces and namespaces:
        message = "--all-namespaces and --namespace exclude each other"
        raise UsageError(message, hint="leave one of them out")
    from recommender import api
    from recommender.reporting.inventory import taken_text

    with ClusterProgress() as progress:
        taken = api.snapshot(
            None if output == "-" else Path(output),
            kubeconfig=kubeconfig,
            context=context,
            namespaces=namespaces or (),
            allow_exec=allow_exec,
            force=force,
            progress=progress,
        )
    if output == "-":
        sys.stdout.buffer.write(taken.to_json())
    sys.stderr.write(taken_text(taken, output, **terminal_style(sys.stderr)))


def show(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Snapshots, manifests, kubectl dumps, folders or archives of them, or -."
        ),
    ],
    *,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="IP",
            help="Show who held this address when, and when nobody can be named.",
        ),
    ] = None,
    output: Annotated[
        str, Choice("--output", "-o", _OUTPUTS, "What goes to standard output")
    ] = "table",
) -> None:
    """Show an inventory; see the help text."""
    from recommender import api
    from recommender.reporting import address_history, inventory

    known, style = api.read_inventory(files), terminal_style(sys.stdout)
    if address is not None:
        if output == "json":
            sys.stdout.write(address_history.to_json(known, address))
        else:
            sys.stdout.write(address_history.to_text(known, address, **style))
    elif output == "json":
        sys.stdout.write(inventory.to_json(known))
    else:
        sys.stdout.write(inventory.to_text(known, **style))
