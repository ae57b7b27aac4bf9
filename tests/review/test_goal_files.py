"""Goals files: what they may say, and errors that lead to the line."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recommender.model.ports import PortSet
from recommender.review.goal_files import parse_goals, read_goals, starter
from recommender.review.goals import Goals, Kind
from recommender.review.nodes import ReviewFileError, parse_nodes

if TYPE_CHECKING:
    from pathlib import Path

SMALL = """\
version: 1
groups:
  web: {names: shop/web}
  db: {namespaces: [data]}
forbidden:
  - {id: apart, from: web, to: db}
"""


@pytest.fixture(scope="module")
def form(repository: Path) -> Draft202012Validator:
    schema = json.loads((repository / "docs" / "goals.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def parse(text: str) -> Goals:
    return parse_goals(parse_nodes(text, "goals.yaml", "goals"))


def test_the_starter_is_a_goals_file_with_every_kind_of_goal(form: Draft202012Validator) -> None:
    goals = parse(starter())
    assert {goal.kind for goal in goals.goals} == set(Kind)
    assert goals.waivers[0].expires == date(2026, 12, 31)
    # As JSON has it, dates are texts.
    as_json = json.loads(json.dumps(yaml.safe_load(starter()), default=str))
    assert list(form.iter_errors(as_json)) == []


def test_goals_keep_their_order_and_lines() -> None:
    goals = parse(SMALL)
    (goal,) = goals.goals
    assert (goal.id, goal.kind, goal.line) == ("apart", Kind.FORBIDDEN, 6)
    assert goals.groups["db"].line == 4


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("443", PortSet.of("TCP", 443)),
        ("tcp/443", PortSet.of("TCP", 443)),
        ("[UDP/53, TCP/53]", PortSet.of("TCP", 53) | PortSet.of("UDP", 53)),
        ("TCP/8000-8010", PortSet.of("TCP", 8000, 8010)),
        ("SCTP", PortSet.of("SCTP", 1, 65535)),
    ],
)
def test_ports_are_read_as_people_write_them(ports: str, expected: PortSet) -> None:
    goals = parse(SMALL.replace("to: db}", f"to: db, ports: {ports}}}"))
    assert goals.goals[0].ways[0].ports == expected


@pytest.mark.parametrize(
    ("wrong", "right", "where", "message"),
    [
        ("version: 1", "version: 2", "goals.yaml:1, version", "not known"),
        ("version: 1\n", "", "goals.yaml:1", "version of the form is missing"),
        ("forbidden:", "forbiden:", "goals.yaml:6, forbiden", "did you mean forbidden?"),
        ("to: db", "to: dbs", "goals.yaml:6, forbidden[0].to", "no group is called 'dbs'"),
        ("id: apart", "id: No Way", "goals.yaml:6, forbidden[0].id", "small letters"),
        ("from: web, ", "", "goals.yaml:6, forbidden[0]", "from is missing"),
        ("to: db", "to: []", "goals.yaml:6, forbidden[0].to", "the list is empty"),
        ("to: db", "to: db, ports: http", "goals.yaml:6, forbidden[0].ports", "not a port"),
        ("to: db", "to: db, ports: 0", "goals.yaml:6, forbidden[0].ports", "between 1 and 65535"),
        ("to: db", "to: db, both_ways: 1", "goals.yaml:6", "true or false"),
        ("shop/web", "web", "goals.yaml:3, groups.web.names", "namespace/name"),
        ("  web:", "  any:", "goals.yaml:3, groups.any", "reserved"),
        ("{namespaces: [data]}", "{cidrs: 10.0.0.0/33}", "goals.yaml:4, groups.db", "not a CIDR"),
        ("{namespaces: [data]}", "{}", "goals.yaml:4, groups.db", "says nothing"),
        ("[data]}", "[data], cidrs: 10.0.0.1}", "goals.yaml:4", "mixes workloads and addresses"),
        ("[data]}", "[data], namespaces: x}", "goals.yaml:4", "stands twice"),
        ("[data]}", "[data}", "goals.yaml:4", "not YAML"),
        ("[data]}", "[{a: b}]}", "goals.yaml:4, groups.db.namespaces[0]", "expected text"),
    ],
)
def test_an_error_names_the_line_the_field_and_what_to_do(
    wrong: str, right: str, where: str, message: str
) -> None:
    assert wrong in SMALL
    with pytest.raises(ReviewFileError) as caught:
        parse(SMALL.replace(wrong, right, 1))
    assert caught.value.where.startswith(where)
    assert message in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("goal: yep", "no goal is called 'yep'"),
        ("expires: soon", "not a date"),
        ("owner: ''", "expected text, found nothing"),
    ],
)
def test_an_exception_needs_a_goal_an_owner_and_a_date(field: str, message: str) -> None:
    name = field.partition(":")[0]
    known = {"goal": "apart", "from": "web", "to": "db", "owner": "ann", "expires": "2026-12-31"}
    parts = [field if key == name else f"{key}: {value}" for key, value in known.items()]
    with pytest.raises(ReviewFileError, match=message):
        parse(SMALL + f"exceptions:\n  - {{{', '.join(parts)}}}\n")


def test_two_goals_do_not_share_an_id() -> None:
    with pytest.raises(ReviewFileError, match="stands twice, first in line 6"):
        parse(SMALL + "  - {id: apart, from: db, to: web}\n")


def test_a_file_that_expands_to_far_too_much_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ReviewFileError, match="expands to far too much"):
        parse("\n".join(lines))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ReviewFileError, match="cannot be read"):
            read_goals(path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "from", "to", "ports", "goal", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["groups", "sensitive", "forbidden", "must_allow", "internet", "exceptions"]
        ),
        VALUES,
    )
)
def test_whatever_stands_in_a_file_it_is_read_or_refused(document: dict[str, Any]) -> None:
    text = yaml.safe_dump({"version": 1, **document}, allow_unicode=True)
    with suppress(ReviewFileError):
        parse(text)


@given(
    st.dictionaries(st.sampled_from(["sensitive", "forbidden", "must_allow", "internet"]), VALUES)
)
def test_what_is_read_has_the_form_of_the_schema(
    form: Draft202012Validator, document: dict[str, Any]
) -> None:
    whole = {"version": 1, **document}
    try:
        parse(json.dumps(whole))
    except ReviewFileError:
        return
    assert list(form.iter_errors(whole)) == []
