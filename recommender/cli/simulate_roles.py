"""`recommender simulate-roles`: tables of a generated cluster of roles, and its truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

_HELP: Final = """Make the tables of a made-up cluster of roles, and its truth.

Writes edges.csv and workloads.csv, from which `recommender segments` finds segments, and with them
the true segments, what they may call, and what is seen later. Roles, tenants with namespaces of
their own, hubs, quiet workloads, noise, missing and wrong labels, and attackers. The same seed and
options give the same bytes.

\b
Examples:
  recommender simulate-roles -d out/
  recommender simulate-roles -d out/ --workloads 3000 --roles 26 --noise 0.2 --seed 7
  recommender segments --edges out/edges.csv --workloads out/workloads.csv

\b
Exit codes: 0 written, 2 usage.
"""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("simulate-roles", help=_HELP)(simulate_roles)


def simulate_roles(
    *,
    output_dir: Annotated[Path, typer.Option("--output-dir", "-d", help="Folder to write to.")],
    seed: Annotated[int, typer.Option(help="Another number makes another cluster.")] = 1,
    workloads: Annotated[
        int, typer.Option(help="How many workloads, hubs included.", min=1)
    ] = 1000,
    roles: Annotated[int, typer.Option(help="How many roles besides the hubs.", min=2)] = 20,
    tenants: Annotated[int, typer.Option(help="How many tenants.", min=1)] = 3,
    fanout: Annotated[
        int, typer.Option(help="Most members of one role that a workload calls.", min=1)
    ] = 12,
    labelled: Annotated[
        float, typer.Option(help="Share with labels that tell the role.", min=0.0, max=1.0)
    ] = 0.6,
    mislabelled: Annotated[
        float, typer.Option(help="Share of these that tell another role.", min=0.0, max=1.0)
    ] = 0.03,
    quiet: Annotated[
        float, typer.Option(help="Share with hardly any traffic.", min=0.0, max=1.0)
    ] = 0.05,
    churn: Annotated[
        float, typer.Option(help="Share that appears later, and that leaves.", min=0.0, max=0.5)
    ] = 0.03,
    noise: Annotated[
        float, typer.Option(help="Edges that nothing permits, as a share.", min=0.0, max=10.0)
    ] = 0.05,
    attackers: Annotated[int, typer.Option(help="How many workloads attack.", min=0)] = 5,
    days: Annotated[int, typer.Option(help="Days of the window.", min=1)] = 14,
    later: Annotated[int, typer.Option(help="Days after it.", min=1)] = 14,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that this program did not write.")
    ] = False,
) -> None:
    """Make a cluster and write its tables; see the help text."""
    from recommender.cli.files import write_file
    from recommender.simulation.roles import RoleSettings
    from recommender.simulation.roles_tables import role_files
    from recommender.simulation.roles_traffic import role_traffic

    made = role_traffic(
        seed,
        RoleSettings(
            workloads=workloads,
            roles=roles,
            tenants=tenants,
            fanout=fanout,
            labelled=labelled,
            mislabelled=mislabelled,
            quiet=quiet,
            churn=churn,
            noise=noise,
            attackers=attackers,
            days=days,
            later=later,
        ),
    )
    for name, text in role_files(made).items():
        mark = text.partition("\n")[0] + "\n"
        write_file(output_dir / name, text, mark=mark, force=force)
    sys.stdout.write(
        f"{len(made.cluster.workloads)} workloads in {len(made.cluster.segments)} segments, "
        f"{len(made.seen)} edges seen, {len(made.future)} later\n"
    )
