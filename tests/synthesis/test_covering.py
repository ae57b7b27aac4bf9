"""The least number of rules, held against trying every cover."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from recommender.synthesis import covering
from recommender.synthesis.covering import least_cover

if TYPE_CHECKING:
    import pytest

Rows = dict[str, frozenset[int]]


def cover(rows: Rows) -> list[tuple[frozenset[str], frozenset[int]]]:
    found = least_cover(rows, sorted(rows))
    assert found is not None
    return found


def pairs(rows: Rows) -> set[tuple[str, int]]:
    return {(peer, port) for peer, ports in rows.items() for port in ports}


def said(blocks: list[tuple[frozenset[str], frozenset[int]]]) -> set[tuple[str, int]]:
    return {(peer, port) for peers, ports in blocks for peer in peers for port in ports}


def least_by_trying(rows: Rows) -> int:
    """The size of the smallest set of full blocks that holds every pair."""
    wanted = pairs(rows)
    every = [port for port in range(5) if any(port in ports for ports in rows.values())]
    blocks = []
    for size in range(1, len(every) + 1):
        for chosen in combinations(every, size):
            peers = [peer for peer, ports in rows.items() if set(chosen) <= ports]
            blocks.append({(peer, port) for peer in peers for port in chosen})
    for count in range(len(wanted) + 1):
        if any(set().union(*some) == wanted for some in combinations(blocks, count)):
            return count
    raise AssertionError


def test_blocks_may_overlap_where_that_takes_fewer() -> None:
    rows = {
        "a": frozenset({1, 2}),
        "b": frozenset({1, 2, 3, 4}),
        "c": frozenset({3, 4}),
    }
    assert len(cover(rows)) == 2


def test_a_block_names_no_peer_that_the_others_name_already() -> None:
    rows = {"a": frozenset({1}), "b": frozenset({1, 2}), "c": frozenset({2}), "d": frozenset({1})}
    entries = sum(len(peers) + len(ports) for peers, ports in cover(rows))
    assert entries == 7


@given(
    st.dictionaries(
        st.sampled_from("abcde"), st.frozensets(st.integers(0, 4), max_size=5), max_size=5
    )
)
def test_the_cover_says_exactly_the_relation_in_the_fewest_blocks(rows: Rows) -> None:
    if not pairs(rows):
        return
    found = cover(rows)
    assert said(found) == pairs(rows)
    assert len(found) == least_by_trying(rows)


def test_past_its_bound_it_gives_no_answer_rather_than_a_guess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(covering, "MOST_CONCEPTS", 2)
    rows = {name: frozenset({i, i + 1}) for i, name in enumerate("abcd")}
    assert least_cover(rows, sorted(rows)) is None
