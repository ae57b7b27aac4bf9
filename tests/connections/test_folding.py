"""Too many ports or addresses become one edge, and what is used often keeps its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

import recommender as nr
from recommender.connections.edges import connect
from recommender.connections.folding import MOST_PORTS, WEAK_FLOWS
from recommender.connections.marks import FOLDED
from recommender.simulation import Settings, simulate
from recommender.simulation.output import Layout

if TYPE_CHECKING:
    from pathlib import Path

#: A scan tries as many ports as the application makes connections: too many, of however many
#: workloads.
PLAIN: Final = Settings(seed=2, connections=2000, days=2, noise=False)
SCAN: Final = replace(PLAIN, attacks=("port-scan",), attack_share=1.0)


def written(settings: Settings, folder: Path) -> str:
    return str(simulate("shop", settings).write(folder, Layout(compression="none")).logs[0])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(PLAIN, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(SCAN, tmp_path_factory.mktemp("scan"))


def test_a_scan_of_thousands_of_ports_leaves_few_edges(scan: str, plain: str) -> None:
    found = connect([scan])
    found.accounting.check()
    drawn = [edge for edge in found.edges if FOLDED in edge.marks]
    assert sum(edge.flows for edge in drawn) > 1900
    assert len(found.edges) < len(connect([plain]).edges) + 60
    assert {edge.port for edge in drawn} == {0}
    assert all(edge.flows > MOST_PORTS for edge in drawn)
    assert all(1 <= len(edge.samples) <= 3 for edge in drawn)


def test_what_is_used_often_keeps_its_edge(scan: str, plain: str) -> None:
    often = {edge.key for edge in connect([plain]).edges if edge.flows > WEAK_FLOWS}
    assert len(often) > 20
    assert often <= {edge.key for edge in connect([scan]).edges}


def test_no_edge_is_folded_without_need(plain: str) -> None:
    assert not [edge for edge in connect([plain]).edges if FOLDED in edge.marks]


def test_no_rule_rests_on_a_scan(scan: str) -> None:
    (scanner,) = {
        edge.client.name for edge, _ in simulate("shop", SCAN).truth if edge.intent.is_attack
    }
    evidence = {
        edge
        for policy in nr.recommend(scan).policies
        for rule in (*policy.ingress, *policy.egress)
        for edge in rule.evidence
    }
    assert len(evidence) > 40
    assert not [edge.id for edge in evidence if FOLDED in edge.marks]
    assert not [edge.id for edge in evidence if edge.client.name == scanner and edge.flows == 1]
