"""`recommender simulate`: a log, an inventory and the truth of a generated cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from recommender.cli.progress import WritingProgress
from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from recommender.simulation.output import Written
    from recommender.simulation.simulation import Simulation

_HELP: Final = """Make the flow log of a made-up cluster, and its truth.

Writes Hubble lines or the rows of a cloud's flow log, an inventory as kubectl get -o json prints
it, and who really called whom.
APPLICATION is the name of a built-in application ("shop", "scaled"), an application file, or a
folder of Kubernetes manifests. The same seed and options give the same bytes.

\b
Examples:
  recommender simulate -d out/
  recommender simulate shop -d out/ --flows 500000 --seed 7 --days 7 --nodes 5
  recommender simulate ./manifests -d out/ --flows 20000
  recommender simulate scaled -d out/ --workloads 300 --flows 1000000
  recommender simulate shop -d out/ --format aws --connections 20000
  recommender simulate shop -d out/ --envelope exporter --rotate 10 --compress zstd
  recommender simulate shop -d out/ --attack lateral-ssh --attack miner --attack-share 0.01
  recommender simulate --print-application shop > my-application.yaml
"""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("simulate", help=_HELP)(simulate)


def simulate(
    application: Annotated[
        str, typer.Argument(help="Built-in application, file, or manifest folder.")
    ] = "shop",
    *,
    output_dir: Annotated[
        Path | None, typer.Option("--output-dir", "-d", help="Folder to write to.")
    ] = None,
    flows: Annotated[int, typer.Option(help="About how many log records to make.")] = 5_000,
    connections: Annotated[
        int | None,
        typer.Option(help="How many connections to make, whatever the format makes of them."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number makes another run.")] = 1,
    days: Annotated[float, typer.Option(help="Length of the window in days.")] = 7.0,
    start: Annotated[
        str, typer.Option(help="First moment of the window, UTC.")
    ] = "2026-03-02T00:00:00Z",
    workloads: Annotated[int, typer.Option(help="How many workloads 'scaled' has.")] = 100,
    nodes: Annotated[int, typer.Option(help="Worker nodes; 0 chooses.")] = 0,
    style: Annotated[
        str,
        typer.Option(
            "--format",
            help="hubble, hubble-old, retina, hubble-masked, aws, aws-noflags, aws-default, gcp, "
            "azure, azure-nsg or ibm.",
        ),
    ] = "hubble",
    envelope: Annotated[
        str, typer.Option(help="wrapped, exporter (a folder a node), bare, flow-only or array.")
    ] = "wrapped",
    compress: Annotated[str, typer.Option(help="gzip, zstd or none.")] = "gzip",
    rotate: Annotated[
        float, typer.Option(help="Start a new file after so many megabytes; 0 for never.")
    ] = 0.0,
    sampling: Annotated[
        float | None,
        typer.Option(help="Share of the packets that GCP captures; 1 in 30 where not given."),
    ] = None,
    family: Annotated[str, typer.Option(help="ipv4, ipv6 or dual.")] = "ipv4",
    datapath: Annotated[str, typer.Option(help="tunnel or native.")] = "tunnel",
    service_lb: Annotated[
        str, typer.Option(help="Where Services are translated: socket or packet.")
    ] = "socket",
    aggregate: Annotated[
        int,
        typer.Option(help="Seconds of the exporter's or the cloud's aggregation; 0 for its own."),
    ] = 0,
    churn: Annotated[float, typer.Option(help="How often a workload is rolled out, a day.")] = 0.15,
    lost_events: Annotated[
        int, typer.Option(help="How many reports of lost events to put into the log.")
    ] = 0,
    multi_cluster: Annotated[
        bool, typer.Option("--multi-cluster", help="Spread it over two connected clusters.")
    ] = False,
    noise: Annotated[
        bool,
        typer.Option(
            "--noise/--no-noise", help="With or without a port scan, denied traffic and the like."
        ),
    ] = True,
    attack: Annotated[
        list[str] | None,
        typer.Option(
            help="Inject an attack: port-scan, lateral-ssh, dns-tunnel, miner, slow-scan or "
            "mimicry. May be repeated."
        ),
    ] = None,
    attack_share: Annotated[
        float, typer.Option(help="Connections of each attack, as a share of the application's.")
    ] = 0.001,
    print_application: Annotated[
        bool,
        typer.Option(
            "--print-application", help="Print the application, to change and to use as a file."
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that are there already.")
    ] = False,
) -> None:
    """Simulate a cluster and write what it leaves."""
    from recommender.simulation import Settings
    from recommender.simulation import simulate as run
    from recommender.simulation.applications import find
    from recommender.simulation.dumping import dump
    from recommender.simulation.output import Layout

    graph = find(application, seed=seed, workloads=workloads)
    if print_application:
        typer.echo(dump(graph), nl=False)
        return
    if output_dir is None:
        raise UsageError("no folder to write to", hint="name one with -d")
    log, dialect = _kind(style)
    settings = Settings(
        seed=seed,
        flows=flows if connections is None else None,
        connections=connections,
        start=_start(start),
        days=days,
        nodes=nodes,
        churn=churn,
        family=family,
        datapath=datapath,
        service_lb=service_lb,
        style=dialect,
        log=log,
        sampling=sampling,
        envelope=envelope,
        aggregate=aggregate,
        multi_cluster=multi_cluster,
        noise=noise,
        lost_events=lost_events,
        attacks=tuple(attack or ()),
        attack_share=attack_share,
    )
    layout = Layout(
        compression=compress,
        per_node=envelope == "exporter",
        rotate_bytes=int(rotate * 1_000_000),
        force=force,
    )
    simulation = run(graph, settings)
    with WritingProgress() as progress:
        written = simulation.write(output_dir, layout, progress)
    _summary(simulation, written, output_dir)


_STYLES: Final = {
    "hubble": "modern",
    "hubble-old": "old",
    "retina": "retina",
    "hubble-masked": "masked",
}


def _kind(name: str) -> tuple[str, str]:
    """What writes the log, and the dialect of Hubble."""
    from recommender.simulation.settings import LOGS

    clouds = [log for log in LOGS if log != "hubble"]
    if name in clouds:
        return name, "modern"
    if name not in _STYLES:
        hint = f"one of {', '.join([*_STYLES, *clouds])}"
        raise UsageError(f"unknown format {name!r}", hint=hint)
    return "hubble", _STYLES[name]


def _start(text: str) -> datetime:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no moment", hint="for example 2026-03-02T00:00:00Z"
        ) from error


def _summary(simulation: Simulation, written: Written, directory: Path) -> None:
    edges = len(simulation.truth)
    pods = len(simulation.cluster.pods)
    typer.echo(
        f"{written.lines:,} lines ({written.bytes / 1e6:.1f} MB) of {pods} pods on "
        f"{len(simulation.nodes)} nodes, {edges} true edges",
    )
    if len(written.logs) == 1:
        typer.echo(f"log        {written.logs[0]}")
    else:
        typer.echo(f"log        {len(written.logs)} files under {directory}")
    for path in written.files:
        if path not in written.logs:
            typer.echo(f"{path.stem:10} {path}")
    logs = str(written.logs[0]) if len(written.logs) == 1 else str(directory)
    # Clouds show addresses: the cluster tells whose they are.
    cloud = simulation.settings.log != "hubble"
    known = f" --inventory {directory / 'inventory.json'}" if cloud else ""
    typer.echo(f"next       recommender recommend {logs}{known} -d policies/")
