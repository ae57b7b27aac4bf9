"""One application, logged by Hubble and by each cloud, gives the same edges and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import recommender as nr
from recommender.simulation import Settings, Simulation, simulate
from recommender.simulation.graph import Outcome
from recommender.simulation.graph_files import parse
from recommender.simulation.output import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.simulation.truth import Tally, TrueEdge

#: All of its traffic crosses nodes, and none leaves the cluster.
WITHIN = """
application: within
resolver: kube-system/coredns
namespaces: [{name: shop}, {name: data}, {name: kube-system}]
workloads:
- {namespace: shop, kind: Deployment, name: web, replicas: 4, labels: {app: web},
   ports: [{number: 8080, name: http}]}
- {namespace: shop, kind: Deployment, name: cart, replicas: 4, labels: {app: cart},
   ports: [{number: 7070}]}
- {namespace: data, kind: StatefulSet, name: db, replicas: 4, labels: {app: db},
   ports: [{number: 5432}]}
- {namespace: data, kind: StatefulSet, name: queue, replicas: 4, labels: {app: queue},
   ports: [{number: 5672}, {number: 25672}]}
- {namespace: kube-system, kind: Deployment, name: coredns, replicas: 4,
   labels: {k8s-app: kube-dns},
   ports: [{number: 53, protocol: UDP, name: dns}, {number: 53, name: dns-tcp}]}
services:
- {namespace: shop, name: web, selector: {app: web}, ports: [{port: 80, target: http}]}
- {namespace: shop, name: cart, selector: {app: cart}, ports: [{port: 80, target: 7070}]}
- {namespace: data, name: db, type: Headless, selector: {app: db},
   ports: [{port: 5432, target: 5432}]}
- {namespace: data, name: queue, selector: {app: queue}, ports: [{port: 5672, target: 5672}]}
calls:
- {from: world, to: shop/web, port: 8080, rate: 30}
- {from: shop/web, to: shop/cart, port: 7070, rate: 30}
- {from: shop/cart, to: data/db, port: 5432, rate: 30, longLived: true}
- {from: shop/cart, to: data/queue, port: 5672, rate: 30}
- {from: data/queue, to: data/queue, port: 25672, rate: 10}
- {from: shop/web, to: data/db, port: 5432, rate: 5, outcome: denied-ingress}
"""
CLOUDS = ["aws", "aws-noflags", "gcp", "azure", "azure-nsg", "ibm"]
Key = tuple[str, str, str, int]


def settings(log: str, **changes: int) -> Settings:
    return Settings(
        seed=3,
        days=2.0,
        churn=0.0,
        noise=False,
        datapath="native",
        log=log,
        sampling=1.0,
        connections=changes.get("connections", 1200),
        nodes=changes.get("nodes", 3),
    )


def written(simulation: Simulation, folder: Path) -> tuple[Path, Path]:
    """The log and the inventory of a simulation."""
    made = simulation.write(folder, Layout("none"))
    return made.logs[0], folder / "inventory.json"


def drafted(log: str, folder: Path) -> list[str]:
    """The drafts as YAML without comments, which count what was seen."""
    path, inventory = written(simulate(parse(WITHIN), settings(log)), folder)
    text = nr.recommend(path, inventory=inventory).to_yaml()
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


@pytest.fixture(scope="module")
def by_hubble(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return drafted("hubble", tmp_path_factory.mktemp("hubble"))


@pytest.mark.parametrize("log", CLOUDS)
def test_the_same_application_gets_the_same_policies(
    log: str, by_hubble: list[str], tmp_path: Path
) -> None:
    assert len([line for line in by_hubble if "kind:" in line]) > 5
    assert drafted(log, tmp_path) == by_hubble


def read(simulation: Simulation, folder: Path) -> dict[Key, str]:
    """What was found between workloads, by client, server, protocol and port."""
    path, inventory = written(simulation, folder)
    frame = nr.edges(path, inventory=inventory)
    rows = frame[["client", "server", "protocol", "port", "verdict"]].to_numpy().tolist()
    return {(c, s, protocol, port): verdict for c, s, protocol, port, verdict in rows}


def between_workloads(edge: TrueEdge) -> bool:
    ends = (edge.client, edge.server)
    lasting = all(end.is_workload and end.workload_kind != "CronJob" for end in ends)
    return lasting and not edge.host_network and edge.protocol != "ICMP"


def named(key: Key) -> bool:
    """Whether both ends are workloads whose pods live to the end."""
    ends = key[:2]
    return all(end.count("/") == 2 and ":" not in end and "/CronJob/" not in end for end in ends)


def visible(tally: Tally) -> bool:
    return tally.seen > tally.translated


@pytest.mark.parametrize("log", CLOUDS)
def test_edges_are_those_of_the_truth_that_the_cloud_can_see(log: str, tmp_path: Path) -> None:
    simulation = simulate("shop", settings(log, connections=2500, nodes=4))
    found = read(simulation, tmp_path)
    truth = {
        (edge.client.id, edge.server.id, edge.protocol, edge.port): (edge, tally)
        for edge, tally in simulation.truth
        if between_workloads(edge)
    }
    let_through = {
        key
        for key, (edge, tally) in truth.items()
        # Audit mode is the cluster's affair: a cloud lets it through.
        if visible(tally) and edge.outcome in {Outcome.ACCEPTED, Outcome.AUDIT}
    }
    assert len(let_through) > 20
    accepted = {key for key, verdict in found.items() if verdict == "accepted"}
    assert let_through <= accepted
    assert {key for key in accepted if named(key)} == let_through
    denied = {key for key, (edge, _) in truth.items() if edge.verdict == "denied"}
    assert denied
    assert not denied & accepted


@pytest.mark.parametrize("log", ["aws", "azure"])
def test_hubble_sees_all_that_a_cloud_sees(log: str, tmp_path: Path) -> None:
    options = {"connections": 2500, "nodes": 4}
    ours = read(simulate("shop", settings(log, **options)), tmp_path / log)
    theirs = read(simulate("shop", settings("hubble", **options)), tmp_path / "hubble")
    known = {key for key, verdict in theirs.items() if verdict in {"accepted", "audit"}}
    accepted = {key for key, verdict in ours.items() if verdict == "accepted" and named(key)}
    assert len(accepted) > 20
    assert accepted <= known
