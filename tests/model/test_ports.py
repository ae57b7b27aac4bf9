"""Port sets behave like sets of (protocol, port) pairs, in a canonical form."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.errors import ModelError
from recommender.model.ports import (
    MAX_PORT,
    PROTOCOLS,
    Interval,
    PortSet,
    intersect,
    merge,
    subtract,
)

# A small universe makes intervals touch, overlap and nest often.
SMALL = 12
pieces = st.tuples(st.sampled_from(PROTOCOLS), st.integers(1, SMALL), st.integers(1, SMALL)).map(
    lambda item: (item[0], min(item[1:]), max(item[1:]))
)
port_sets = st.lists(pieces, max_size=6).map(
    lambda items: reduce(PortSet.__or__, (PortSet.of(*item) for item in items), PortSet())
)
intervals = st.lists(
    st.tuples(st.integers(0, SMALL), st.integers(0, SMALL)).map(lambda p: (min(p), max(p))),
    max_size=6,
)


def pairs(ports: PortSet) -> set[tuple[str, int]]:
    return {(protocol, port) for protocol, low, high in ports for port in range(low, high + 1)}


def numbers(items: tuple[Interval, ...]) -> set[int]:
    return {number for low, high in items for number in range(low, high + 1)}


def is_canonical(items: tuple[Interval, ...]) -> bool:
    ordered = all(low <= high for low, high in items)
    return ordered and all(a[1] + 1 < b[0] for a, b in pairwise(items))


@given(intervals)
def test_merging_keeps_the_numbers_and_is_canonical(items: list[Interval]) -> None:
    merged = merge(items)
    assert numbers(merged) == {n for low, high in items for n in range(low, high + 1)}
    assert is_canonical(merged)
    assert merge(reversed(items)) == merged
    assert merge(merged) == merged


@given(intervals, intervals)
def test_interval_lists_intersect_and_subtract_like_sets(
    left: list[Interval], right: list[Interval]
) -> None:
    a, b = merge(left), merge(right)
    assert numbers(intersect(a, b)) == numbers(a) & numbers(b)
    assert numbers(subtract(a, b)) == numbers(a) - numbers(b)
    assert is_canonical(intersect(a, b))
    assert is_canonical(subtract(a, b))


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ModelError, match="must not end before it begins"):
        merge([(5, 4)])


@given(port_sets, port_sets)
def test_operators_are_those_of_sets(a: PortSet, b: PortSet) -> None:
    assert pairs(a | b) == pairs(a) | pairs(b)
    assert pairs(a & b) == pairs(a) & pairs(b)
    assert pairs(a - b) == pairs(a) - pairs(b)
    assert (a <= b) == (pairs(a) <= pairs(b))
    assert bool(a) == bool(pairs(a))


@given(port_sets, port_sets)
def test_equal_contents_are_equal_values(a: PortSet, b: PortSet) -> None:
    assert (a == b) == (pairs(a) == pairs(b))
    assert a | b == b | a
    assert (a - b) | (a & b) == a


@given(port_sets, st.sampled_from(PROTOCOLS), st.integers(0, SMALL + 1))
def test_membership_is_that_of_the_pairs(ports: PortSet, protocol: str, port: int) -> None:
    assert ((protocol, port) in ports) == ((protocol, port) in pairs(ports))


def test_a_protocol_that_policies_cannot_name_is_in_no_set() -> None:
    assert ("ICMP", 0) not in PortSet.every()


def test_every_port_is_every_port() -> None:
    every = PortSet.every()
    assert every.is_every
    assert ("TCP", 1) in every
    assert ("SCTP", MAX_PORT) in every
    assert ("UDP", 0) not in every
    assert not (every - PortSet.of("TCP", 80)).is_every
    assert PortSet.every(["UDP"]) <= every


@pytest.mark.parametrize(
    ("protocol", "low", "high"),
    [("ICMP", 1, 1), ("tcp", 80, 80), ("TCP", 0, 1), ("TCP", 1, 65536), ("TCP", 2, 1)],
)
def test_ports_that_do_not_exist_are_refused(protocol: str, low: int, high: int) -> None:
    with pytest.raises(ModelError, match="no such ports"):
        PortSet.of(protocol, low, high)


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        (PortSet.every(), "All Connections"),
        (PortSet(), "No Connections"),
        (PortSet.of("TCP", 80), "TCP 80"),
        (
            PortSet.of("UDP", 53) | PortSet.of("TCP", 8000, 8010) | PortSet.of("TCP", 80),
            "TCP 80,8000-8010,UDP 53",
        ),
        (PortSet.every(["SCTP"]), "SCTP 1-65535"),
    ],
)
def test_the_text_is_that_of_netpol_analyzer(ports: PortSet, text: str) -> None:
    assert str(ports) == text
