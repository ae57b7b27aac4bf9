"""Text from logs is an attacker's choice: what leaves this module is safe where it goes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.model.text import (
    MAX_SHOWN,
    clean,
    comment,
    csv_cell,
    file_stem,
    is_dns_name,
    markdown,
    short_hash,
)

# Surrogates too: a log can hold them as JSON escapes.
hostile = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from("\x1b[31m\r\n\t\u202e\u200b\ufeff\ud800=@+-|`<>&'\"/.~%:\\aA"), max_size=20
)
names = st.text(st.sampled_from("abAB09.-_/%~\u00e9e\u0301"), max_size=12) | hostile


@given(hostile)
@example("\x9b31m")
@example("a\u2028b")
@example("\U000e0041")
def test_cleaned_text_steers_no_terminal(text: str) -> None:
    shown = clean(text)
    categories = {unicodedata.category(char) for char in shown}
    assert not categories & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= MAX_SHOWN
    shown.encode("utf-8")


@given(hostile)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=MAX_SHOWN))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_what_is_cut_says_so() -> None:
    assert clean("x" * 300, limit=10) == "x" * 9 + "…"
    assert clean("x" * 10, limit=10) == "x" * 10
    assert clean(None) == "None"


@given(hostile)
def test_a_comment_is_one_line(text: str) -> None:
    assert len(comment(text).splitlines()) <= 1


@given(hostile)
def test_no_cell_is_a_formula(text: str) -> None:
    cell = csv_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "|", "%"))
    assert len(cell.splitlines()) <= 1


@pytest.mark.parametrize("text", ["=1+1", " =1", "+a", "-a", "@sum", "|calc", "\uff1d1"])
def test_a_formula_is_quoted(text: str) -> None:
    assert csv_cell(text).startswith("'")


@given(hostile)
def test_no_character_of_markdown_keeps_its_meaning(text: str) -> None:
    shown = markdown(text)
    bare = [
        char
        for before, char in zip(" " + shown, shown, strict=False)
        if char in "`*_[]<>#|" and before != "\\"
    ]
    assert bare == []


@given(names)
@example("..")
@example("a/../../b")
@example("")
@example("con")
@example("NUL.txt")
def test_a_file_stem_stays_in_its_folder(name: str) -> None:
    stem = file_stem(name)
    assert stem
    assert not stem.startswith((".", "-"))
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-._")
    assert len(stem) <= 120
    assert stem.partition(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


@given(names, names)
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    # Lower case as a file system that folds case compares them.
    assert (file_stem(one).lower() == file_stem(other).lower()) is (one == other)


@given(names)
def test_a_name_cannot_pose_as_the_file_of_another(name: str) -> None:
    stem = file_stem(name)
    assert file_stem(stem) != stem or stem == name


@pytest.mark.parametrize("name", ["web", "a.b", "a-b", "9", "a" * 63])
def test_a_kubernetes_name_is_its_own_file(name: str) -> None:
    assert file_stem(name) == name


@pytest.mark.parametrize("name", ["default-deny", "kustomization", "aux"])
def test_names_that_mean_something_else_get_a_suffix(name: str) -> None:
    assert file_stem(name).startswith(f"{name}--")


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("a", True),
        ("a.b-c", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("", False),
        ("A", False),
        ("a_b", False),
        ("a..b", False),
        ("a.-b", False),
        ("a-.b", False),
        (".a", False),
        ("a-", False),
        ("a\n", False),
    ],
)
def test_dns_names(name: str, valid: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_dns_name(name) is valid


def test_hashes_are_stable() -> None:
    assert short_hash("web") == "4b5e57f6eb"
    assert short_hash("web", 4) == short_hash("web")[:4]
    assert short_hash("\ud800")
