"""Arrays are read as a stream, and give the same however they are cut into chunks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.model.errors import PartialInputError
from recommender.sources import arrays
from recommender.sources.arrays import array_lines, document_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What ends objects and arrays stands in texts as well.
texts = st.text('},{[]":a\\ü\n', max_size=6)
inner = st.recursive(
    texts | st.integers(-(2**53), 2**53) | st.none(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(texts, some, max_size=3),
    max_leaves=6,
)
records = st.lists(st.dictionaries(texts, inner, max_size=3), max_size=6)
forms = st.sampled_from([{"indent": None}, {"indent": 2}, {"separators": (",", ":")}])
several = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_WINDOW", 16)


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(lines: Iterator[bytes]) -> list[object]:
    found = list(lines)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in found)
    return [json.loads(line) for line in found]


@several
@given(records, forms, st.integers(1, 40))
def test_every_element_is_a_line(found: list[object], form: dict[str, Any], size: int) -> None:
    data = json.dumps(found, **form).encode() + b" \n"
    assert read(array_lines("log", chunked(data, size))) == found


@several
@given(records, records, forms, st.integers(1, 40))
def test_every_event_of_every_document_is_a_line(
    first: list[object], second: list[object], form: dict[str, Any], size: int
) -> None:
    one = {"nextToken": "x", "events": first, "searched": [{}, {}]}
    data = (json.dumps(one, **form) + "\n" + json.dumps({"events": second}, **form)).encode()
    # A key of a record is no key of the document.
    if b'"events"' not in data.replace(b'"events"', b"", 2):
        assert read(document_lines("log", chunked(data, size), ("events",))) == first + second


@several
@given(records.filter(any), forms, st.data())
def test_what_comes_before_the_end_of_a_cut_array_is_kept(
    found: list[object], form: dict[str, Any], data: st.DataObject
) -> None:
    whole = json.dumps(found, **form).encode()
    cut = data.draw(st.integers(2, len(whole) - 1))
    got: list[bytes] = []
    with pytest.raises(PartialInputError, match="malformed from byte"):
        got.extend(array_lines("log", chunked(whole[:cut], 7)))
    # All but the last, which may be what is left of an element.
    assert [json.loads(line) for line in got[:-1]] == found[: max(0, len(got) - 1)]
    assert len(got) <= len(found)


@pytest.mark.parametrize(
    ("spoiled", "kept", "rest"),
    [
        (b'[{"a": 1}, {"a" 2}, {"a": 3}]', [{"a": 1}], b'{"a" 2}, {"a": 3}]\n'),
        (b'[{"a": 1}] {"b": 2}', [{"a": 1}], b'{"b": 2}\n'),
        (b'[{"a": 1}, ' + b"9" * 5000 + b"]", [{"a": 1}], b"9" * 5000 + b"]\n"),
        (b'[{"a": 1}, ' + b"[" * 9000, [{"a": 1}], b"[" * 9000 + b"\n"),
    ],
)
def test_what_is_no_json_is_one_record_of_its_own(
    spoiled: bytes, kept: list[object], rest: bytes
) -> None:
    got: list[bytes] = []
    with pytest.raises(PartialInputError):
        got.extend(array_lines("log", chunked(spoiled, 7)))
    assert [json.loads(line) for line in got[:-1]] == kept
    assert got[-1] == rest


def test_a_text_that_is_no_utf8_spoils_its_own_element_alone() -> None:
    data = b'[{"a": "\xff"}, {"a": "b"}]'
    first, second = array_lines("log", iter([data]))
    # Half of a pair of surrogates stands for it, which no reader takes.
    assert first == b'{"a": "\\udcff"}\n'
    assert json.loads(second) == {"a": "b"}
