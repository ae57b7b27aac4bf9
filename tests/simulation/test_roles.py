"""Clusters of roles: the same seed gives the same files, and traffic keeps to the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recommender.cli.app import main
from recommender.model.errors import UsageError
from recommender.simulation.roles import RoleSettings, role_cluster
from recommender.simulation.roles_tables import role_files
from recommender.simulation.roles_traffic import role_traffic

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = RoleSettings(workloads=100, roles=5, tenants=2, noise=0.0, attackers=0)


def test_the_same_seed_gives_the_same_files() -> None:
    assert role_files(role_traffic(3, CLEAN)) == role_files(role_traffic(3, CLEAN))
    assert role_files(role_traffic(3, CLEAN)) != role_files(role_traffic(4, CLEAN))


def test_without_noise_and_attackers_every_edge_is_permitted() -> None:
    made = role_traffic(1, CLEAN)
    known = made.cluster.workloads
    permitted = {(one.source, one.destination, one.service) for one in made.cluster.permissions}
    for edge in made.seen:
        key = (edge.source, edge.destination, edge.service)
        segments = (known[edge.source].segment, known[edge.destination].segment, edge.service)
        assert segments in permitted or key in made.exceptions


def test_workloads_of_the_later_window_are_not_seen_in_the_first() -> None:
    made = role_traffic(1, CLEAN)
    assert made.born
    assert not {end for edge in made.seen for end in (edge.source, edge.destination)} & made.born


def test_tenants_never_call_each_other() -> None:
    cluster = role_cluster(1, CLEAN)
    for one in cluster.permissions:
        ends = {cluster.segments[end].partition("@")[2] for end in (one.source, one.destination)}
        assert len(ends - {""}) <= 1


def test_an_attacker_sweeps_and_keeps_a_foothold() -> None:
    made = role_traffic(1, RoleSettings(workloads=100, roles=5, tenants=2, attackers=1))
    days = [
        edge.days
        for edge in made.seen
        if (edge.source, edge.destination, edge.service) in made.attacks
    ]
    assert len(days) > 20
    assert sum(count > 1 for count in days) <= 5


def test_too_few_workloads_are_refused() -> None:
    with pytest.raises(UsageError, match="30 workloads"):
        role_cluster(1, RoleSettings(workloads=30))


def test_the_command_writes_tables_that_segments_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = ["--workloads", "80", "--roles", "4", "--tenants", "2"]
    assert main(["simulate-roles", "-d", str(tmp_path), *shape]) == 0
    assert "80 workloads" in capsys.readouterr().out
    tables = [
        "--edges",
        str(tmp_path / "edges.csv"),
        "--workloads",
        str(tmp_path / "workloads.csv"),
    ]
    assert main(["segments", *tables, "-o", "csv"]) == 0
    assert capsys.readouterr().out.startswith("workload,segment,stability")
