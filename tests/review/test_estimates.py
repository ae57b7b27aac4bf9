"""Coverage, unseen edges and their bounds, from how often edges were seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.review.estimates import Incidence
from recommender.review.pooling import Pool

COUNTS = st.lists(st.integers(0, 14), max_size=60)


def survey(units: int, *counts: int) -> Incidence:
    return Incidence.of(counts, units)


def test_edges_are_counted_by_the_units_they_were_seen_in() -> None:
    assert survey(7, 1, 1, 2, 7, 0) == Incidence(units=7, seen=4, once=2, twice=1, total=11)


def test_coverage_and_unseen_edges_are_those_of_the_published_formulas() -> None:
    # T = 10, Q1 = 8, Q2 = 4, U = 100, by hand: Q0 = 0.9 * 64 / 8 = 7.2, A = 72 / (72 + 8) = 0.9.
    known = Incidence(units=10, seen=40, once=8, twice=4, total=100)
    assert known.unseen == pytest.approx(7.2)
    assert known.coverage == pytest.approx(1 - 0.08 * 0.9)
    assert known.after(2) == pytest.approx(1 - 0.08 * 0.9**3)
    assert known.expected_new == pytest.approx(0.072 * 10)


def test_without_edges_seen_twice_the_bias_corrected_form_holds() -> None:
    known = Incidence(units=10, seen=40, once=5, twice=0, total=100)
    assert known.unseen == pytest.approx(0.9 * 5 * 4 / 2)


def test_the_interval_of_unseen_edges_is_chaos_log_normal_one() -> None:
    known = Incidence(units=10, seen=40, once=8, twice=4, total=100)
    # k = 0.9, Q1/Q2 = 2: 4 * (0.45 * 4 + 0.81 * 8 + 0.2025 * 16)
    variance = 4 * (0.45 * 4 + 0.81 * 8 + 0.2025 * 16)
    factor = math.exp(1.6448536 * math.sqrt(math.log(1 + variance / 7.2**2)))
    assert known.unseen_interval() == pytest.approx((7.2 / factor, 7.2 * factor))


def test_a_window_that_saw_nothing_just_once_is_not_called_complete() -> None:
    known = survey(7, *[7] * 5)
    assert known.coverage == 1.0
    assert known.least == pytest.approx(1 - math.log(10) / 35)
    assert known.unseen_interval()[1] > 0


def test_days_to_add_bring_the_coverage_to_the_target_and_one_less_does_not() -> None:
    known = Incidence(units=10, seen=40, once=8, twice=4, total=100)
    more = known.more_units(0.99)
    assert more is not None
    assert known.after(more) >= 0.99 > known.after(more - 1)


def test_nothing_is_said_of_days_to_add_below_three_units() -> None:
    assert survey(2, 1, 2).more_units(0.99) is None
    assert survey(7).more_units(0.99) is None


@given(COUNTS)
def test_bounds_lie_around_the_estimate_and_within_a_share(counts: list[int]) -> None:
    known = Incidence.of(counts, 14)
    assert 0.0 <= known.least <= known.coverage <= 1.0
    low, high = known.unseen_interval()
    assert 0.0 <= low <= known.unseen <= high


@given(COUNTS)
def test_a_longer_window_never_covers_less(counts: list[int]) -> None:
    known = Incidence.of(counts, 14)
    assert known.after(1) >= known.coverage - 1e-12


@pytest.mark.parametrize("days", [3, 7, 14])
@pytest.mark.parametrize("spread", [0.5, 2.0, 3.0])
def test_the_lower_end_holds_the_truth_in_nine_of_ten_windows(days: int, spread: float) -> None:
    dice = np.random.default_rng(17)
    held = 0
    for _ in range(300):
        chances = 1 - np.exp(-np.exp(dice.normal(0.5, spread, 200)))
        counts = dice.binomial(days, chances)
        truth = chances[counts > 0].sum() / chances.sum()
        held += Incidence.of(counts.tolist(), days).least <= truth
    assert held >= 270


def test_a_workload_starts_from_what_the_cluster_shows_and_is_moved_by_its_own_edges() -> None:
    sides = [survey(7, 7, 7, 7)] * 99 + [survey(7, 1, 1, 1, 1)]
    cluster = survey(7, *[7] * 297, 1, 1, 1, 1)
    pool = Pool.of(cluster, sides)
    steady, restless = pool.least(sides[0]), pool.least(sides[-1])
    assert sides[0].least < steady  # what it proves by itself is less
    assert restless < 0.5
    assert steady > 0.95


def test_workloads_alike_weigh_more_for_each_other_than_workloads_that_differ() -> None:
    alike = Pool.of(survey(7, *[7] * 100, 1, 1), [survey(7, 7, 7, 7, 1)] * 20)
    unlike = Pool.of(
        survey(7, *[7] * 100, *[1] * 40), [survey(7, 7, 7)] * 20 + [survey(7, 1, 1)] * 20
    )
    assert alike.weight > unlike.weight
