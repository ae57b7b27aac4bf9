"""Names of ranges outside the cluster: read, refused, and shown as evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import recommender as nr
from recommender.inventory.ranges import NamedRange, RangeNames, read_ranges
from recommender.model.addresses import parse_network
from recommender.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    file = folder / "addresses.yaml"
    file.write_text(text)
    return file


def test_a_name_has_a_range_an_address_or_a_list_of_them(tmp_path: Path) -> None:
    text = '"orders-rds": 10.9.0.0/24\npartners:\n- 198.51.100.7\n- 2001:db8::/48\n'
    ranges, findings = read_ranges(write(tmp_path, text))
    assert [(item.name, str(item.network)) for item in ranges] == [
        ("orders-rds", "10.9.0.0/24"),
        ("partners", "198.51.100.7/32"),
        ("partners", "2001:db8::/48"),
    ]
    assert ranges[1].where.endswith("addresses.yaml:3")
    assert findings == ()


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("a: 10.9.0.300", 1, "not a CIDR or an address: '10.9.0.300'", "one name a line"),
        ("a: 10.1.0.0/16\nb: 10.9.0.7/24", 2, "not a CIDR", "did you mean 10.9.0.0/24?"),
        ("a: [10.9.0.0/24, oops]", 1, "not a CIDR or an address: 'oops'", "one name a line"),
        ("a: 10.0.0.0/8\nb: 10.0.0.0/8", 2, "10.0.0.0/8 has two names: 'a' and 'b'", ":1"),
        ("a: 10.0.0.0/8\na: 10.1.0.0/16", 2, "the name 'a' stands twice", "one list"),
        ("a: {b: 10.0.0.0/8}", 1, "the value of 'a' is no range", "one name a line"),
        ("a:\n  - [10.0.0.0/8]", 2, "the value of 'a' is no range", "one name a line"),
        ("'': 10.0.0.0/8", 1, "a name is a text of", "one name a line"),
        ("? [x]\n: 10.0.0.0/8", 1, "a name is a text of", "one name a line"),
        ("a: [10.0.0.0/8", 2, "not YAML", "one name a line"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_a_way_out(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_ranges(write(tmp_path, text))
    assert message in caught.value.message
    assert caught.value.where.endswith(f"addresses.yaml:{line}")
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["", "- 10.0.0.0/8", "10.0.0.0/8"])
def test_a_file_without_names_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="not a mapping of names to ranges"):
        read_ranges(write(tmp_path, text))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_ranges(tmp_path / "absent.yaml")


def test_a_range_within_another_of_a_different_name_is_said(tmp_path: Path) -> None:
    text = "company: 10.0.0.0/8\nrds: 10.9.0.0/24\noffice: 10.1.0.0/16\n"
    text += "same: [10.1.1.0/24, 10.1.1.7]\n"
    _, findings = read_ranges(write(tmp_path, text))
    assert [(found.code, found.subject, found.message) for found in findings] == [
        (
            "names-overlap",
            "office 10.1.0.0/16",
            "lies within 10.0.0.0/8 of company: the narrower range counts",
        ),
        (
            "names-overlap",
            "same 10.1.1.0/24",
            "lies within 10.1.0.0/16 of office: the narrower range counts",
        ),
        (
            "names-overlap",
            "rds 10.9.0.0/24",
            "lies within 10.0.0.0/8 of company: the narrower range counts",
        ),
    ]


def test_the_narrowest_range_names_an_address() -> None:
    names = RangeNames(
        NamedRange(name, parse_network(text))
        for name, text in {"all": "0.0.0.0/0", "rds": "10.9.0.0/24", "db": "10.9.0.7"}.items()
    )
    found = [names.of(ip) for ip in ("10.9.0.7", "10.9.0.8", "10.8.0.1", "2001:db8::1", "x")]
    assert found == ["db", "rds", "all", "", ""]


networks = st.tuples(st.integers(0, 255), st.integers(24, 32)).map(
    lambda pair: parse_network(f"192.0.2.{pair[0]}/{pair[1]}")
)


@given(st.dictionaries(networks, st.text("abc", min_size=1, max_size=3)), st.integers(0, 255))
def test_a_name_is_that_of_the_longest_prefix(known: dict[object, str], last: int) -> None:
    ranges = [NamedRange(name, parse_network(str(network))) for network, name in known.items()]
    address = parse_network(f"192.0.2.{last}")
    holding = [
        item
        for item in ranges
        if address.subnet_of(item.network)  # type: ignore[arg-type]
    ]
    best = max(holding, key=lambda item: item.network.prefixlen, default=None)
    assert RangeNames(ranges).of(f"192.0.2.{last}") == (best.name if best else "")


def test_a_name_stands_in_the_evidence_of_drafts_and_report_and_widens_nothing(
    tmp_path: Path, repository: Path
) -> None:
    flows, inventory = (
        repository / "data" / "flows.jsonl.gz",
        repository / "data" / "inventory.json",
    )
    plain = nr.recommend(flows, inventory)
    edge = next(
        edge
        for edge in plain.run.edges
        if edge.server.name.endswith("/32")
        and edge.verdict == "accepted"
        and edge.client.is_workload
    )
    address = edge.server.name.partition("/")[0]
    around = parse_network(address).supernet(new_prefix=24)
    named = nr.recommend(flows, inventory, names=write(tmp_path, f'"orders, the db": {around}\n'))
    (again,) = [other for other in named.run.edges if other.key == edge.key]
    assert again.names == tuple(sorted({*edge.names, "orders, the db"}))
    assert f"({', '.join(again.names)})" in named.to_yaml()
    assert "orders, the db" in json.dumps(named.report()["edges"])

    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.lstrip().startswith("#")]

    assert rules(named.to_yaml()) == rules(plain.to_yaml())
