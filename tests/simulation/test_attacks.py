"""Injected attacks leave lines, and the truth says which edges are theirs."""

from __future__ import annotations

import pytest

from recommender.model.errors import UsageError
from recommender.simulation import Settings, simulate
from recommender.simulation.graph import Intent
from recommender.simulation.settings import ATTACKS


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_in_the_truth_under_its_name(name: str) -> None:
    made = simulate("shop", Settings(seed=3, connections=200, days=7, attacks=(name,)))
    injected = [edge for edge, _ in made.truth if edge.intent.is_attack]
    assert injected
    assert {edge.intent for edge in injected} == {Intent(f"attack-{name}")}


def test_an_attack_moves_nothing_of_the_application() -> None:
    plain = simulate("shop", Settings(seed=3, connections=200, days=3))
    attacked = simulate("shop", Settings(seed=3, connections=200, days=3, attacks=ATTACKS))
    meant = [
        {edge for edge, _ in made.truth if edge.intent is Intent.APPLICATION}
        for made in (attacked, plain)
    ]
    assert meant[0] == meant[1]


def test_the_share_says_how_many_connections_an_attack_makes() -> None:
    made = simulate(
        "shop", Settings(seed=3, connections=400, days=3, attacks=("miner",), attack_share=0.05)
    )
    tallies = [tally for edge, tally in made.truth if edge.intent is Intent.ATTACK_MINER]
    assert sum(tally.connections for tally in tallies) == pytest.approx(20, abs=8)


def test_a_slow_scan_tries_one_port_a_day() -> None:
    made = simulate("shop", Settings(seed=4, connections=200, days=5, attacks=("slow-scan",)))
    tallies = [tally for edge, tally in made.truth if edge.intent is Intent.ATTACK_SLOW_SCAN]
    days = [day for tally in tallies for day in tally.days]
    assert len(days) == len(set(days))
    assert all(tally.connections == 1 for tally in tallies)


@pytest.mark.parametrize("wrong", [{"attacks": ("dance",)}, {"attack_share": 0.0}])
def test_what_is_no_attack_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Settings(**wrong)  # type: ignore[arg-type]
