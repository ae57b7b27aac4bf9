"""Numbers stand for texts and places in the same order, and every word of the code has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.connections.numbering import BLOCK, PLACE, number_texts, placed
from recommender.connections.outside import NODE_OR_POD, SPANNING, UNKNOWN
from recommender.connections.store import Store
from recommender.inventory.holdings import NoHolder
from recommender.model.edges import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_places = st.tuples(st.integers(0, 2**22), st.integers(0, 2**39))
_texts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=8)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store() as opened:
        yield opened


@given(one=_places, other=_places)
def test_places_are_numbers_in_the_order_of_blocks_and_lines(
    store: Store, one: tuple[int, int], other: tuple[int, int]
) -> None:
    query = f"SELECT {PLACE} AS place, {BLOCK} FROM (SELECT ? AS block, ? AS line)"  # noqa: S608 - constants
    found = [store.connection.execute(query, list(each)).fetchall()[0] for each in (one, other)]
    places = [place for place, _ in found]
    assert [placed(place) for place in places] == [one, other]
    assert [block for _, block in found] == [one[0], other[0]]
    assert (places[0] < places[1]) == (one < other)


@given(sources=_texts, targets=_texts)
def test_addresses_and_observers_are_numbered_in_their_order(
    store: Store, sources: list[str], targets: list[str]
) -> None:
    connection = store.connection.cursor()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE flow_group (src_ip VARCHAR, dst_ip VARCHAR, observer VARCHAR)"
    )
    connection.execute("INSERT INTO flow_group SELECT unnest(?), NULL, ''", [sources])
    connection.execute("INSERT INTO flow_group SELECT NULL, unnest(?), unnest(?)", [targets] * 2)
    number_texts(connection)
    for table, column, texts in (
        ("address", "ip", {*sources, *targets}),
        ("observer", "name", {*targets}),
    ):
        query = f"SELECT {column} FROM {table} WHERE id >= 0 ORDER BY id"  # noqa: S608 - constants
        told = [text for (text,) in connection.execute(query).fetchall()]
        assert told == ["", *sorted(texts - {""}, key=str.encode)]
    connection.close()


@pytest.mark.parametrize(
    ("kind", "words"),
    [("verdict", [*Verdict]), ("aside", [*NoHolder, UNKNOWN, NODE_OR_POD, SPANNING])],
)
def test_every_word_that_the_code_knows_has_a_number(
    store: Store, kind: str, words: list[str]
) -> None:
    query = f"SELECT unnest(?::{kind}[])"
    assert [word for (word,) in store.connection.execute(query, [words]).fetchall()] == words
