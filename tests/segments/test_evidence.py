"""The admission rule, on blocks made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.segments.evidence import weigh
from recommender.segments.traffic import Traffic
from recommender.segments.types import Ground, SegmentSettings

A, B, REST = 10, 10, 60


def _traffic(edges: list[tuple[int, int]], days: int = 5, window: int = 7) -> Traffic:
    ends = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
    count = len(ends)
    return Traffic(
        workloads=A + B + REST,
        ends=A + B + REST,
        services=1,
        source=ends[:, 0],
        destination=ends[:, 1],
        service=np.zeros(count, dtype=np.int64),
        days=np.full(count, days),
        window=window,
        own=np.zeros((0, 2), dtype=np.int64),
        place=np.zeros(A + B + REST, dtype=np.int64),
    )


LABELS = np.concatenate([np.zeros(A), np.ones(B), 2 + np.arange(REST)]).astype(np.int64)


def _block(callers: int, called: int) -> list[tuple[int, int]]:
    """Each of some callers meets a few of some called ones."""
    return [
        (caller, A + (caller + step) % called) for caller in range(callers) for step in range(4)
    ]


def _refusal(traffic: Traffic) -> str:
    return str(weigh(traffic, LABELS, SegmentSettings()).refusal[0])


def test_a_block_with_many_on_both_sides_is_admitted() -> None:
    weighed = weigh(_traffic(_block(10, 10)), LABELS, SegmentSettings())
    assert weighed.admitted.tolist() == [True]
    assert not weighed.paired.any()
    assert not weighed.review.any()


@pytest.mark.parametrize(("callers", "called"), [(4, 10), (10, 4), (1, 10)])
def test_half_of_both_sides_must_take_part(callers: int, called: int) -> None:
    edges = [(c, A + d) for c in range(callers) for d in range(called)]
    assert _refusal(_traffic(edges)) == Ground.LOW_COVERAGE


def test_one_edge_never_opens_a_block() -> None:
    weighed = weigh(_traffic([(0, A)]), LABELS, SegmentSettings())
    assert not weighed.admitted.any()
    assert weighed.paired.tolist() == [True]


def test_an_edge_of_a_single_day_is_left_to_review() -> None:
    weighed = weigh(_traffic([(0, A)], days=1), LABELS, SegmentSettings())
    assert weighed.review.tolist() == [True]
    assert not weighed.paired.any()


def test_one_caller_of_a_segment_is_not_enough() -> None:
    traffic = _traffic([(0, A), (0, A + 1)])
    labels = LABELS.copy()
    labels[1:A] = 2 + REST + np.arange(A - 1)
    labels[1] = 0
    labels[A + 2 : A + B] = 2 + REST + A + np.arange(B - 2)
    _, labels = np.unique(labels, return_inverse=True)
    assert str(weigh(traffic, labels, SegmentSettings()).refusal[0]) == Ground.ONE_SOURCE


def test_what_chance_explains_is_no_rule() -> None:
    # Everybody calls everybody now and then: five edges of a block are nothing then.
    random = np.random.default_rng(0)
    stray = {tuple(pair) for pair in random.integers(0, A + B + REST, (1200, 2)).tolist()}
    stray = {(a, b) for a, b in stray if a != b and not (a < A <= b < A + B)}
    block = {(caller, A + caller) for caller in range(5)}
    weighed = weigh(_traffic([*block, *stray]), LABELS, SegmentSettings())
    table = weighed.table
    number = int(np.flatnonzero((table.source == 0) & (table.destination == 1))[0])
    assert str(weighed.refusal[number]) == Ground.NOT_SIGNIFICANT


def test_a_pair_of_singles_is_allowed_if_seen_on_two_days() -> None:
    single = (A + B, A + B + 1)
    assert weigh(_traffic([single], days=2), LABELS, SegmentSettings()).admitted.all()
    assert weigh(_traffic([single], days=1), LABELS, SegmentSettings()).review.all()
