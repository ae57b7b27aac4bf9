"""Whatever a string holds, every YAML reader reads back that string and no other type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering.hostile import hostile_strings
from rendering.readers import kubectl_reads, python_reads

from recommender.model.errors import ModelError
from recommender.rendering.yaml_text import Value, dump, quote

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(TEXT)
def test_a_quoted_string_reads_back_as_itself(text: str) -> None:
    quoted = quote(text)
    assert python_reads(quoted) == text
    assert quoted.isascii()
    assert quoted.isprintable()


def test_every_character_reads_back() -> None:
    codes = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    for start in range(0, len(codes), 4096):
        text = "".join(map(chr, codes[start : start + 4096]))
        assert python_reads(quote(text)) == text


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ModelError, match="U\\+D800"):
        quote("a\ud800b")


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_any_document_reads_back(document: dict[str, Value]) -> None:
    assert python_reads(dump(document)) == document


@given(st.dictionaries(TEXT, st.lists(VALUES, max_size=3), max_size=4), st.lists(TEXT, min_size=1))
def test_comments_change_nothing(document: dict[str, Value], notes: list[str]) -> None:
    paths: list[tuple[str | int, ...]] = [()]
    for key, items in document.items():
        paths.append((key,))
        if isinstance(items, list):
            paths += [(key, position) for position in range(len(items))]
    commented = dump(document, dict.fromkeys(paths, notes))
    assert python_reads(commented) == document
    bare = dump(document).splitlines()
    rest = [line for line in commented.splitlines() if not line.lstrip().startswith("#")]
    assert rest == bare


def test_no_character_breaks_out_of_a_comment() -> None:
    for code in range(0x110000):
        if code % 4096 == 0:
            block = [f"a{chr(point)}b: c" for point in range(code, code + 4096)]
            text = dump({"kind": "x"}, {(): block, ("kind",): block})
            assert len(text.splitlines()) == 2 * len(block) + 1
    assert python_reads(dump({"kind": "x"}, {(): [chr(c) for c in range(0xD800)]})) == {"kind": "x"}


def test_words_of_the_api_are_plain_and_data_is_quoted() -> None:
    document: dict[str, Value] = {
        "kind": "NetworkPolicy",
        "spec": {
            "podSelector": {"matchLabels": {"app": "on", "y": "5e7", "tier": "~"}},
            "ingress": [{"ports": [{"port": 80}]}, {}],
            "egress": [],
        },
    }
    assert dump(document) == (
        'kind: "NetworkPolicy"\n'
        "spec:\n"
        "  podSelector:\n"
        "    matchLabels:\n"
        '      "app": "on"\n'
        '      "y": "5e7"\n'
        '      "tier": "~"\n'
        "  ingress:\n"
        "  - ports:\n"
        "    - port: 80\n"
        "  - {}\n"
        "  egress: []\n"
    )


def test_a_comment_stands_above_what_it_speaks_of() -> None:
    document: dict[str, Value] = {"rules": [{"from": [1], "to": 2}, {"to": 3}]}
    notes = {(): ["head"], ("rules", 1): ["second"], ("rules", 0, "from"): ["inner"]}
    assert dump(document, notes) == (
        "# head\nrules:\n  # inner\n- from:\n  - 1\n  to: 2\n# second\n- to: 3\n"
    )


def test_kubectl_reads_what_was_meant(tmp_path: Path) -> None:
    strings = hostile_strings(20_000)
    documents: list[dict[str, Value]] = []
    for start in range(0, len(strings), 500):
        part = strings[start : start + 500]
        values: list[Value] = [*part, {"nested": [*part[:9]]}]
        document: dict[str, Value] = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"m{start}"},
            "data": dict(zip(part, reversed(part), strict=True)),
            "list": values,
        }
        documents.append(document)
    assert kubectl_reads(tmp_path, [dump(document) for document in documents]) == documents


def test_a_key_of_any_length_reads_back(tmp_path: Path) -> None:
    documents: list[dict[str, Value]] = []
    for length in (999, 1000, 1024, 1025, 5000):
        data: dict[str, Value] = {"k" * length: "v", "\x1f" * length: {"m" * length: [{"a": 1}]}}
        items: list[Value] = [data, {"\x1f" * length: data}]
        metadata: dict[str, Value] = {"name": "x", "labels": {}}
        document: dict[str, Value] = {"kind": "ConfigMap", "apiVersion": "v1", "parts": items}
        documents.append({**document, "metadata": metadata, **data})
        assert python_reads(dump(documents[-1])) == documents[-1]
    meant = [{**document, "metadata": {"name": "x"}} for document in documents]
    assert kubectl_reads(tmp_path, [dump(document) for document in documents]) == meant


@settings(max_examples=300)
@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_.~-]{1,6}", fullmatch=True), TEXT))
def test_short_keys_and_values_stay_strings(labels: dict[str, str]) -> None:
    document: dict[str, Value] = {"metadata": {"labels": dict(labels)}, **labels}
    assert python_reads(dump(document)) == document
