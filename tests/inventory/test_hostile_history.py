"""However the history hides it, no address is attributed to a workload that did not hold it."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from inventory.hostile import History, moment, simulate

from recommender.inventory.documents import unpack
from recommender.inventory.holdings import Holding, NoHolder, Timeline, timeline
from recommender.inventory.manifests import inventory_of


def timeline_of(history: History) -> Timeline:
    documents = [d for body in history.snapshots() for d in unpack(body, "test").documents]
    return timeline(inventory_of(documents).holdings)


@pytest.mark.parametrize("seed", range(8))
def test_no_record_of_a_hostile_history_is_attributed_to_a_wrong_workload(seed: int) -> None:
    history = simulate(seed)
    line, dice = timeline_of(history), Random(seed)  # noqa: S311 - dice, no secret
    told: Counter[str] = Counter()
    for life in history.lives:
        for _ in range(40):
            # A packet while the pod had its address, stamped by a clock that is wrong.
            true = dice.uniform(life.got, life.ended)
            found = line.at(life.ip, moment(true + dice.uniform(-4, 4)))
            if isinstance(found, Holding):
                assert found.entity.name == f"w{life.workload}"
                told["right"] += 1
            else:
                # An address of a pod that no look ever showed with one is not of the cluster.
                told[found.value if found else "unknown"] += 1
    # Pods that no look saw, and their last minute, are most of what is not told.
    assert told["right"] > 0.4 * told.total()
    assert told[NoHolder.GAP] > 0
    assert told[NoHolder.MARGIN] > 0


def test_the_history_is_hostile_enough_to_fool_a_join_by_the_latest_look() -> None:
    history, wrong = simulate(1), 0
    latest = {
        life.ip: life
        for now in history.looks
        for life in history.lives
        if life.ran <= now < life.gone
    }
    for life in history.lives:
        wrong += latest[life.ip].workload != life.workload
    assert wrong > 0.5 * len(history.lives)
