"""Label selectors select as ``k8s.io/apimachinery/pkg/labels`` does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.errors import ModelError
from recommender.model.labels import (
    LabelSelector,
    Operator,
    Requirement,
    is_label_key,
    is_label_value,
    namespace_selector,
)

keys = st.sampled_from(["app", "tier", "env"])
values = st.sampled_from(["", "a", "b"])
label_maps = st.dictionaries(keys, values, max_size=3)
requirements = st.one_of(
    st.builds(
        lambda key, op, items: Requirement(key, op, tuple(sorted(items))),
        keys,
        st.sampled_from([Operator.IN, Operator.NOT_IN]),
        st.sets(values, min_size=1),
    ),
    st.builds(Requirement, keys, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
)


#: Does it match a pod without the key, with a value listed, with another, with ""?
TABLE = [
    (Operator.IN, ("a",), [False, True, False, False]),
    (Operator.IN, ("", "a"), [False, True, False, True]),
    (Operator.NOT_IN, ("a",), [True, False, True, True]),
    (Operator.NOT_IN, ("", "a"), [True, False, True, False]),
    (Operator.EXISTS, (), [False, True, True, True]),
    (Operator.DOES_NOT_EXIST, (), [True, False, False, False]),
]


@pytest.mark.parametrize(("operator", "listed", "expected"), TABLE)
def test_operators(operator: Operator, listed: tuple[str, ...], expected: list[bool]) -> None:
    requirement = Requirement("app", operator, listed)
    pods: list[dict[str, str]] = [{"tier": "a"}, {"app": "a"}, {"app": "b"}, {"app": ""}]
    assert [requirement.matches(labels) for labels in pods] == expected


def test_an_empty_value_in_match_labels_needs_the_key() -> None:
    selector = LabelSelector.of({"app": ""})
    assert selector.matches({"app": ""})
    assert not selector.matches({})
    assert not selector.matches({"app": "a"})


@given(label_maps, label_maps, st.lists(requirements, max_size=3))
def test_everything_required_must_hold(
    labels: dict[str, str], pairs: dict[str, str], expressions: list[Requirement]
) -> None:
    if not pairs and not expressions:
        return
    selector = LabelSelector.of(pairs, expressions)
    expected = pairs.items() <= labels.items() and all(e.matches(labels) for e in expressions)
    assert selector.matches(labels) is expected


@given(label_maps, keys, st.sets(values, min_size=1))
def test_not_in_is_the_complement_of_in(labels: dict[str, str], key: str, items: set[str]) -> None:
    listed = tuple(sorted(items))
    inside = Requirement(key, Operator.IN, listed)
    outside = Requirement(key, Operator.NOT_IN, listed)
    assert inside.matches(labels) is not outside.matches(labels)


@given(label_maps)
def test_everything_selects_everything(labels: dict[str, str]) -> None:
    assert LabelSelector.everything().matches(labels)


def test_the_empty_selector_exists_only_by_name() -> None:
    with pytest.raises(ModelError, match="everything"):
        LabelSelector()
    with pytest.raises(ModelError, match="everything"):
        LabelSelector.of({})
    with pytest.raises(ModelError, match="everything"):
        LabelSelector((("app", "web"),), matches_all=True)


def test_the_text_is_that_of_kubectl() -> None:
    selector = LabelSelector.of(
        {"b": "1", "a": "2"},
        [
            Requirement("c", Operator.IN, ("x", "y")),
            Requirement("d", Operator.NOT_IN, ("z",)),
            Requirement("e", Operator.EXISTS),
            Requirement("f", Operator.DOES_NOT_EXIST),
        ],
    )
    assert str(selector) == "a=2,b=1,c in (x,y),d notin (z),e,!f"
    assert str(LabelSelector.everything()) == "*"
    assert selector.keys() == frozenset("abcdef")


def test_a_namespace_is_selected_by_the_label_the_server_sets() -> None:
    assert namespace_selector("shop").matches({"kubernetes.io/metadata.name": "shop"})
    assert not namespace_selector("shop").matches({"name": "shop"})


# The grammar as upstream writes it (pkg/api/validate/content), to compare with ours.
NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def upstream_key(key: str) -> bool:
    parts = key.split("/")
    if len(parts) > 2:
        return False
    if len(parts) == 2 and (len(parts[0]) > 253 or not SUBDOMAIN.fullmatch(parts[0])):
        return False
    return len(parts[-1]) <= 63 and NAME.fullmatch(parts[-1]) is not None


near_names = st.text(st.sampled_from("aZ09-_./ \n"), max_size=12) | st.text(max_size=5)


@given(near_names)
def test_label_keys_are_those_of_upstream(text: str) -> None:
    assert is_label_key(text) is upstream_key(text)


@given(near_names)
def test_label_values_are_those_of_upstream(text: str) -> None:
    assert is_label_value(text) is (text == "" or NAME.fullmatch(text) is not None)


@pytest.mark.parametrize("length", [62, 63, 64])
def test_names_have_at_most_63_characters(length: int) -> None:
    assert is_label_value("a" * length) is (length <= 63)
    assert is_label_key("a" * length) is (length <= 63)
    assert is_label_key("x.io/" + "a" * length) is (length <= 63)


@pytest.mark.parametrize("length", [252, 253, 254])
def test_prefixes_have_at_most_253_characters(length: int) -> None:
    assert is_label_key("a" * length + "/b") is (length <= 253)
