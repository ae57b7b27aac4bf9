"""JSON that is no lines is read as a stream, however it is cut into chunks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.errors import PartialInputError
from recommender.sources.documents import elements, values

if TYPE_CHECKING:
    from collections.abc import Iterator

texts = st.text(max_size=8)
records = st.dictionaries(texts, texts | st.integers() | st.lists(texts, max_size=2), max_size=3)
PROSE = "A flow log\nQuery: x = [1]\n"


def chunked(text: str, size: int) -> Iterator[bytes]:
    data = text.encode()
    return (data[start : start + size] for start in range(0, len(data), size))


@given(st.lists(records, min_size=1, max_size=4), st.integers(1, 40), st.sampled_from([None, 2]))
def test_values_come_one_by_one(found: list[object], size: int, indent: int | None) -> None:
    text = PROSE + "\n".join(json.dumps(value, indent=indent) for value in found)
    lines = list(values("log", chunked(text, size)))
    assert all(line.count("\n") == 1 for line in lines)
    plain = [value for value in found if not (isinstance(value, dict) and "entries" in value)]
    assert [json.loads(line) for line in lines][: len(plain)] == plain[: len(lines)]


@given(st.lists(records, max_size=4), st.integers(1, 40), st.sampled_from([None, 2]))
def test_elements_come_one_by_one(found: list[object], size: int, indent: int | None) -> None:
    document = {"version": 1, "flow_logs_of": "me", "inner": found, "last": "x"}
    text = json.dumps(document, indent=indent) + "\n" + json.dumps(document, indent=indent)
    pairs = list(elements("log", chunked(text, size), "inner"))
    assert [json.loads(element) for _, element in pairs] == found * 2
    assert all('"flow_logs_of"' in head for head, _ in pairs)
    assert not any("\n" in element for _, element in pairs)


@given(st.lists(records.filter(bool), min_size=1, max_size=3), st.data())
def test_what_breaks_off_is_said_and_what_came_before_is_kept(
    found: list[object], data: st.DataObject
) -> None:
    text = json.dumps({"inner": found})
    start = text.index("[") + 1
    cut = data.draw(st.integers(start + 1, len(text) - 3))
    got: list[str] = []
    with pytest.raises(PartialInputError):
        got.extend(element for _, element in elements("log", chunked(text[:cut], 7), "inner"))
    whole = [json.dumps(value) for value in found]
    assert got[: len(got) - 1] == whole[: len(got) - 1]


def test_nothing_but_prose_has_no_values() -> None:
    assert list(values("log", chunked(PROSE, 5))) == []
