"""Simulated clusters: what is read from the log is what really happened."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import pytest
from connections.records import reconciles

from recommender.connections.edges import connect
from recommender.model.entities import Entity, EntityKind
from recommender.simulation.settings import Settings
from recommender.simulation.simulation import Simulation, simulate

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.connections.types import Connections

Told = tuple[str, str, str, int, str]

_API_PORT = 6443


def edges_in_truth(simulation: Simulation) -> set[Told]:
    wanted = set()
    for edge, _ in simulation.truth:
        client = "node" if "client" in edge.host_network else name(edge.client, simulation)
        server = "node" if "server" in edge.host_network else name(edge.server, simulation)
        if client == server == "node":
            continue  # Nothing that a policy could select.
        what = "unanswered" if edge.outcome.value == "refused" else edge.verdict
        wanted.add((client, server, edge.protocol, edge.port, what))
    return wanted


def edges_in_log(found: Connections, simulation: Simulation) -> set[Told]:
    told = set()
    for edge in found.edges:
        server = name(edge.server, simulation)
        if edge.server.kind is EntityKind.APISERVER and edge.port != _API_PORT:
            server = "node"  # An agent on a machine that runs the API server: a log cannot tell.
        client = name(edge.client, simulation)
        told.add((client, server, edge.protocol, edge.port, edge.verdict.value))
    return told


def name(end: Entity, simulation: Simulation) -> str:
    """An entity in the words that truth and log share."""
    if end.kind is EntityKind.NODE:
        return "node"
    if end.kind is EntityKind.CIDR:
        return next((cidr for cidr in ranges(simulation) if inside(end.name, cidr)), end.name)
    if end.is_workload and not simulation.settings.multi_cluster:
        return f"{end.namespace}/{end.workload_kind}/{end.name}"
    return end.id


def ranges(simulation: Simulation) -> list[str]:
    ends = {end for edge, _ in simulation.truth for end in (edge.client, edge.server)}
    found = {end.name for end in ends if end.kind is EntityKind.CIDR}
    return sorted(found, key=lambda cidr: (-ipaddress.ip_network(cidr).prefixlen, cidr))


def inside(address: str, cidr: str) -> bool:
    one, whole = ipaddress.ip_network(address), ipaddress.ip_network(cidr)
    return one.version == whole.version and int(whole[0]) <= int(one[0]) <= int(whole[-1])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"datapath": "native"},
        {"service_lb": "packet"},
        {"family": "ipv6"},
        {"family": "dual"},
        {"multi_cluster": True},
        {"envelope": "flow-only"},
    ],
    ids=str,
)
def test_log_shows_the_truth_and_nothing_else(tmp_path: Path, settings: dict[str, Any]) -> None:
    simulation = simulate("shop", Settings(connections=300, days=2.0, **settings))
    log = tmp_path / "flows.json"
    log.write_bytes(b"".join(line for _, line in simulation.lines()))
    found = connect([log])
    assert edges_in_log(found, simulation) == edges_in_truth(simulation)
    assert reconciles(found, log.read_bytes().count(b"\n"))
    assert found.reply_flag_trusted


def test_retina_is_not_believed_and_nothing_is_reversed(tmp_path: Path) -> None:
    simulation = simulate("shop", Settings(connections=300, days=2.0, style="retina"))
    log = tmp_path / "flows.json"
    log.write_bytes(b"".join(line for _, line in simulation.lines()))
    found = connect([log])
    assert not found.reply_flag_trusted
    truth = {(client, server, port) for client, server, _, port, _ in edges_in_truth(simulation)}
    between_workloads = {
        (name(edge.client, simulation), name(edge.server, simulation), edge.port)
        for edge in found.edges
        if edge.client.is_workload and edge.server.is_workload
    }
    assert between_workloads
    assert between_workloads <= truth
