"""Holdings to a timeline: who had an address at a moment of a log, or why nobody can say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.inventory.holdings import (
    OPEN_FROM,
    OPEN_UNTIL,
    Holding,
    NoHolder,
    Timeline,
    timeline,
)
from recommender.model.entities import Entity

IP = "10.0.0.7"
CART = Entity.workload("shop", "Deployment", "cart")
WEB = Entity.workload("shop", "Deployment", "web")
ZERO = datetime(2026, 3, 2, tzinfo=UTC)
MARGIN = timedelta(seconds=5)


def at(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def held(
    start: float | None, end: float | None, entity: Entity = CART, pod: str = "", ip: str = IP
) -> Holding:
    moments = [None if moment is None else at(moment) for moment in (start, end)]
    return Holding(ip, moments[0], moments[1], entity, pod)


def asked(line: Timeline, seconds: float, ip: str = IP) -> Entity | NoHolder | None:
    found = line.at(ip, at(seconds))
    return found.entity if isinstance(found, Holding) else found


def test_a_moment_well_within_a_holding_names_the_holder() -> None:
    line = timeline([held(0, 100, pod="cart-1")], MARGIN)
    assert line.at(IP, at(50)) == held(0, 100, pod="cart-1")


def test_an_address_that_nobody_ever_held_is_not_of_the_cluster() -> None:
    assert timeline([held(0, 100)], MARGIN).at("10.0.0.8", at(50)) is None


def test_within_the_margin_of_start_and_end_nobody_is_named() -> None:
    line = timeline([held(0, 100)], MARGIN)
    assert [asked(line, s) for s in (-4, 0, 4, 96, 104)] == [NoHolder.MARGIN] * 5
    assert [asked(line, s) for s in (5, 94.9)] == [CART, CART]


def test_far_from_every_holding_there_is_a_gap() -> None:
    line = timeline([held(0, 100), held(200, 300)], MARGIN)
    assert [asked(line, s) for s in (-6, 150, 305)] == [NoHolder.GAP] * 3


def test_an_address_that_changed_hands_within_the_margin_is_reused() -> None:
    line = timeline([held(0, 100), held(102, 200, WEB)], MARGIN)
    assert [asked(line, s) for s in (97, 101, 104)] == [NoHolder.REUSED] * 3
    assert [asked(line, s) for s in (94, 108)] == [CART, WEB]


def test_two_entities_at_one_time_are_an_overlap() -> None:
    line = timeline([held(0, 100), held(50, 200, WEB)], MARGIN)
    assert asked(line, 75) is NoHolder.OVERLAP
    assert [asked(line, s) for s in (40, 110)] == [CART, WEB]


def test_pods_of_one_workload_that_follow_each_other_are_told_as_the_workload() -> None:
    line = timeline([held(0, 100, pod="a"), held(100, 200, pod="b")], MARGIN)
    assert asked(line, 100) == CART


def test_between_two_pods_of_one_workload_somebody_else_may_have_had_the_address() -> None:
    line = timeline([held(0, 100, pod="a"), held(103, 200, pod="b")], MARGIN)
    assert asked(line, 101) is NoHolder.MARGIN


def test_a_holding_inside_another_of_the_same_workload_changes_nothing() -> None:
    line = timeline([held(0, 100, pod="a"), held(20, 30, pod="b"), held(90, 150, pod="c")], MARGIN)
    assert [asked(line, s) for s in (25, 35, 99, 140)] == [CART] * 4


def test_open_bounds_have_no_margin() -> None:
    line = timeline([held(None, None)], MARGIN)
    assert [asked(line, s) for s in (-1e9, 0, 1e9)] == [CART] * 3
    assert len(line) == 1


def test_in_a_log_that_stamps_late_a_known_holder_makes_the_next_one_doubtful_for_longer() -> None:
    late = timedelta(seconds=60)
    line = timeline([held(0, 100), held(100, 400, WEB)], MARGIN, late=late)
    assert [asked(line, s) for s in (94, 140, 166)] == [CART, NoHolder.REUSED, WEB]
    alone = timeline([held(100, 400, WEB)], MARGIN, late=late)
    assert [asked(alone, s) for s in (104, 106, 394, 396)] == [
        NoHolder.MARGIN,
        WEB,
        WEB,
        NoHolder.MARGIN,
    ]


def test_one_look_at_an_address_is_enough_to_doubt_another_holder() -> None:
    line = timeline([held(0, 100), held(50, 50, WEB)], MARGIN)
    assert [asked(line, s) for s in (46, 54)] == [NoHolder.REUSED] * 2
    assert [asked(line, s) for s in (44, 55)] == [CART] * 2


def test_a_holding_that_ends_before_it_starts_proves_nothing() -> None:
    assert asked(timeline([held(100, 0), held(0, 200, WEB)], MARGIN), 50) == WEB


def test_no_holdings_make_an_empty_timeline() -> None:
    assert len(timeline([])) == 0
    assert timeline([]).at(IP, ZERO) is None


seconds = st.integers(0, 60)
bounds = st.tuples(st.none() | seconds, st.none() | seconds).filter(
    lambda pair: pair[0] is None or pair[0] != pair[1]
)
people = st.sampled_from([CART, WEB, Entity.node()])
histories = st.lists(
    st.builds(
        lambda pair, who, ip: held(pair[0], pair[1], who, ip=ip),
        bounds,
        people,
        st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"]),
    ),
    max_size=8,
)


def truth(holdings: list[Holding], ip: str, moment: datetime) -> Entity | NoHolder | None:
    """The same by its definition, one moment at a time."""
    mine = [h for h in holdings if h.ip == ip and (not h.start or not h.end or h.start <= h.end)]

    def holders(when: datetime) -> set[Entity]:
        return {
            h.entity
            for h in mine
            if (h.start is None or h.start <= when) and (h.end is None or when < h.end)
        }

    # Bounds lie on whole seconds and moments between them, so these stand for all around.
    sets = [holders(moment + timedelta(seconds=s)) for s in range(-5, 6)]
    touching = set().union(*sets)
    if len(touching) == 1 and all(sets):
        return next(iter(touching))
    return None


@settings(max_examples=60)
@given(histories)
def test_a_holder_is_named_exactly_where_no_other_answer_is_possible(
    holdings: list[Holding],
) -> None:
    line = timeline(holdings, MARGIN)
    for ip in {h.ip for h in holdings if not h.start or not h.end or h.start <= h.end}:
        for second in range(-8, 70, 3):
            found = line.at(ip, at(second + 0.5))
            told = found.entity if isinstance(found, Holding) else None
            assert told == truth(holdings, ip, at(second + 0.5))


@settings(max_examples=60)
@given(histories, st.integers())
def test_intervals_cover_all_time_without_overlap_whatever_the_order(
    holdings: list[Holding], seed: int
) -> None:
    line = timeline(holdings, MARGIN)
    shuffled = list(holdings)
    Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret
    other = timeline(shuffled, MARGIN)
    rows = list(zip(line.ip, line.from_us, line.until_us, line.holder, line.reason, strict=True))
    assert rows == list(
        zip(other.ip, other.from_us, other.until_us, other.holder, other.reason, strict=True)
    )
    for ip in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == ip]
        assert own[0][1] == OPEN_FROM
        assert own[-1][2] == OPEN_UNTIL
        assert all(a[2] == b[1] for a, b in pairwise(own))
        assert all((row[3] >= 0) == (row[4] == 0) for row in own)
