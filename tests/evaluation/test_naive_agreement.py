"""The fast engine and the naive evaluator never disagree."""

from __future__ import annotations

import os
from random import Random

import pytest
from evaluation import naive
from evaluation.dice import Dice
from evaluation.judges import outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.evaluation.judging import Outcome

#: Random clusters of a run, each with its policies and connections; `make agreement` asks more.
CLUSTERS = int(os.environ.get("RECOMMENDER_AGREEMENT_CLUSTERS", "1000"))
CONNECTIONS = 25
BATCHES = 10

_OUTCOMES = {frozenset({True}): Outcome.ALLOWED, frozenset({False}): Outcome.DENIED}


def agree(dice: Dice, connections: int) -> int:
    """Hold the two against each other over one random world; how many connections there were."""
    world = dice.world()
    attempts = dice.attempts(world, connections)
    expected = [
        _OUTCOMES.get(frozenset(naive.answers(world, attempt)), Outcome.UNDEFINED)
        for attempt in attempts
    ]
    wrong = [
        (attempt, right, found)
        for attempt, right, found in zip(attempts, expected, outcomes(world, attempts), strict=True)
        if found is not right
    ]
    assert wrong == [], world
    return len(attempts)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_over_seeded_clusters(batch: int) -> None:
    each = CLUSTERS // BATCHES
    cases = sum(
        agree(Dice(Random(batch * each + number)), CONNECTIONS)  # noqa: S311 - no secret
        for number in range(each)
    )
    assert cases > each * CONNECTIONS * 0.9


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_over_clusters_that_shrink(random: Random) -> None:
    agree(Dice(random), 10)


def test_the_dice_fall_on_every_side() -> None:
    random = Random(0)  # noqa: S311 - no secret
    found: list[bool] = []
    for _ in range(200):
        dice = Dice(random)
        world = dice.world()
        for attempt in dice.attempts(world, 10):
            found += naive.answers(world, attempt)
    denied = found.count(False) / len(found)
    assert 0.15 < denied < 0.85
