"""Attacks wait, meant traffic does not, decisions last; ``benchmarks/doubt.py`` in small."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

import recommender as nr
from recommender.model.edges import Verdict
from recommender.review.decisions import Decisions, fingerprint
from recommender.review.items import Decision, rule_key
from recommender.simulation import Settings, simulate
from recommender.simulation.graph import Intent
from recommender.simulation.output import Layout
from recommender.simulation.settings import ATTACKS

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.reporting.policy_set import PolicySet
    from recommender.simulation import Simulation

ATTACKED: Final = Settings(seed=5, flows=8_000, attacks=ATTACKS, attack_share=0.01)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate("shop", ATTACKED)


@pytest.fixture(scope="module")
def folder(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attacked")
    simulation.write(folder, Layout(compression="none"))
    return folder


@pytest.fixture(scope="module")
def result(folder: Path) -> PolicySet:
    return nr.recommend(folder / "flows.jsonl", folder / "inventory.json")


def calls(simulation: Simulation, *, attacks: bool) -> set[tuple[str, str, int]]:
    """Client, server and port: of attacks but mimicry, or of meant traffic."""
    return {
        (edge.client.name, edge.server.name, edge.port)
        for edge, _ in simulation.truth
        if edge.intent.is_attack is attacks
        and edge.intent not in {Intent.ATTACK_MIMICRY, Intent.SCAN, Intent.DEBUG}
        and edge.verdict == "accepted"
    }


def test_no_injected_edge_is_drafted(simulation: Simulation, result: PolicySet) -> None:
    injected = calls(simulation, attacks=True) - calls(simulation, attacks=False)
    held = {item.edge for item in result.review if not item.drafted}
    drafted = {
        (edge.client.name, edge.server.name, edge.port)
        for edge in result.run.edges
        if edge.verdict is Verdict.ACCEPTED and edge not in held
    }
    assert len(injected) > 5
    assert injected & drafted == set()


def test_meant_traffic_is_drafted(simulation: Simulation, result: PolicySet) -> None:
    meant = calls(simulation, attacks=False) - calls(simulation, attacks=True)
    held = [
        item.key
        for item in result.review
        if (item.edge.client.name, item.edge.server.name, item.edge.port) in meant
    ]
    assert held == []


def test_a_first_run_on_ten_minutes_still_gives_drafts(tmp_path: Path) -> None:
    short = Settings(seed=6, flows=3_000, days=10 / 1440, noise=False)
    made = simulate("shop", short).write(tmp_path, Layout(compression="none"))
    found = nr.recommend(made.logs, tmp_path / "inventory.json")
    assert len(found.policies) > 15
    assert found.review == ()


def decided(result: PolicySet) -> Decisions:
    """Every accepted edge, accepted and rejected by turns."""
    evidence = {item.key: fingerprint(item.reasons) for item in result.review}
    found = Decisions()
    accepted = [edge for edge in result.run.edges if edge.verdict is Verdict.ACCEPTED]
    for number, key in enumerate(sorted(map(rule_key, accepted))):
        word = Decision.REJECT if number % 2 else Decision.ACCEPT
        found = found.decide(key, word, reason="so", evidence=evidence.get(key, ()))
    return found


def test_decisions_survive_another_order(folder: Path, result: PolicySet, tmp_path: Path) -> None:
    decisions = decided(result)
    lines = (folder / "flows.jsonl").read_bytes().splitlines(keepends=True)
    random.Random(1).shuffle(lines)  # noqa: S311 - made to be repeatable
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_bytes(b"".join(lines))
    again = nr.recommend(shuffled, folder / "inventory.json", decisions=decisions)
    assert len(again.review) == len(decisions.rulings)
    for item in again.review:
        assert item.decision is decisions.rulings[item.key].decision
        assert item.drafted is (item.decision is Decision.ACCEPT)


def test_decisions_survive_another_day_and_other_pods(result: PolicySet, tmp_path: Path) -> None:
    """Of the application: which attacks another window holds is another matter."""
    decisions = decided(result)
    later = replace(ATTACKED, seed=77, days=8.0, attacks=(), noise=False)
    simulate("shop", later).write(tmp_path, Layout(compression="none"))
    again = nr.recommend(tmp_path / "flows.jsonl", tmp_path / "inventory.json", decisions=decisions)
    items = {item.key: item for item in again.review}
    accepted = [edge for edge in again.run.edges if edge.verdict is Verdict.ACCEPTED]
    known = [key for edge in accepted if (key := rule_key(edge)) in decisions.rulings]
    assert len(known) > 50
    for key in known:
        assert items[key].decision is decisions.rulings[key].decision
