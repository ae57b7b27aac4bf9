"""Parquet files are read row by row, whatever types their columns have."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from sources.clouds import account, seen

from recommender.connections.edges import connect
from recommender.model.errors import BombError, InputError

ROWS: list[dict[str, Any]] = [
    {
        "interface_id": "eni-1",
        "srcaddr": "10.0.0.1",
        "dstaddr": "10.0.0.2",
        "srcport": 41000 + number,
        "dstport": 8080,
        "protocol": 6,
        "bytes": 840,
        "start": 1_700_000_000,
        "end": 1_700_000_059,
        "action": "ACCEPT",
        "log_status": "OK",
    }
    for number in range(5)
]
EMPTY = dict.fromkeys(ROWS[0]) | {"interface_id": "eni-1", "log_status": "NODATA"}
_CONNECTION: dict[str, Any] = {
    "src_ip": "10.4.0.1",
    "dest_ip": "10.4.0.2",
    "src_port": 41000.0,
    "dest_port": 8080.0,
    "protocol": 6.0,
}
ENTRIES: list[dict[str, Any]] = [
    {
        "logName": "vpc_flows",
        "jsonPayload": {"connection": _CONNECTION, "reporter": "SRC", "bytes_sent": "100"},
    }
]


def table(rows: list[dict[str, Any]], **options: Any) -> bytes:  # noqa: ANN401 - any option
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, **options)
    return out.getvalue()


@pytest.mark.parametrize("types", ["numbers", "texts", "floats"])
def test_every_row_is_a_record(tmp_path: Path, types: str) -> None:
    cast: Any = {"numbers": int, "texts": str, "floats": float}[types]
    rows = [
        {name: cast(value) if isinstance(value, int) else value for name, value in row.items()}
        for row in ROWS
    ]
    path = tmp_path / "a.parquet"
    path.write_bytes(table([*rows, EMPTY], row_group_size=2, compression="gzip"))
    found = account(path)
    assert (found.format, found.records, found.set_aside["no-data"]) == ("aws", 6, 1)
    assert seen(path)[0] == (
        *("10.0.0.1", "10.0.0.2", 41000, 8080, "TCP", "accepted", None, "", 840),
    )


def test_partitions_of_a_folder_are_one_log(tmp_path: Path) -> None:
    for day in ("01", "02"):
        folder = tmp_path / f"aws-region=eu-central-1/year=2026/month=03/day={day}"
        folder.mkdir(parents=True)
        (folder / "x.log.parquet").write_bytes(table(ROWS))
    accounts = connect([tmp_path]).accounting.files
    assert [found.records for found in accounts] == [5, 5]


def test_a_table_that_is_cut_off_is_partial(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(table(ROWS)[:-9])
    (found,) = connect([path]).accounting.files
    assert (found.records, found.complete) == (0, False)
    assert "Parquet" in found.problem


def test_a_table_of_something_else_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(table([{"name": "x", "price": 1.5}]))
    with pytest.raises(InputError, match="not a flow log"):
        connect([path])


def test_nested_rows_of_bigquery_are_entries(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(table(ENTRIES))
    found = account(path)
    assert (found.format, found.records, found.malformed) == ("gcp", 1, {})


def test_the_real_sample_is_read_row_by_row(shared: Path) -> None:
    found = account(shared / "samples/aws/flowlogs-reader/flows.parquet")
    # One of its rows has the protocol 8080.
    assert (found.format, found.records, found.set_aside["no-data"]) == ("aws", 3, 1)
    assert found.malformed == {"malformed-value": 1}


def stdin(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("rows", [ROWS, ENTRIES], ids=["flat", "nested"])
def test_packed_tables_and_tables_from_standard_input_are_read_as_the_table_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]
) -> None:
    plain = tmp_path / "a.parquet"
    plain.write_bytes(table(rows))
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(table(rows)))
    (tmp_path / "a.parquet.zst").write_bytes(zstandard.compress(table(rows)))
    expected = seen(plain)
    assert len(expected) == len(rows)
    for packed in ("a.parquet.gz", "a.parquet.zst"):
        assert seen(tmp_path / packed) == expected
    for data in (table(rows), gzip.compress(table(rows))):
        stdin(data, monkeypatch)
        assert seen(Path("-")) == expected


def test_a_packed_table_whose_archive_ends_early_is_partial(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(table(ROWS))[:-30])
    (found,) = connect([path]).accounting.files
    assert (found.records, found.complete) == (0, False)
    assert "ends early" in found.problem


@pytest.mark.parametrize("rows", [ROWS, ENTRIES], ids=["flat", "nested"])
def test_a_table_of_far_more_rows_than_its_size_allows_is_refused(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    path = tmp_path / "a.parquet"
    same = pa.Table.from_pylist(rows[:1]).take(pa.array([0] * 1_000_000, pa.int32()))
    pq.write_table(same, path, compression="zstd")
    with pytest.raises(BombError, match="bomb"):
        connect([path])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("dstport", pa.array([8080.0] * 5)),
        ("dstport", pa.array(["8080"] * 5)),
        ("dstport", pa.array(["8080.0"] * 5)),
        ("dstport", pa.array([8080] * 5, pa.decimal128(10, 2))),
        ("action", pa.array(["ACCEPT"] * 5).dictionary_encode()),
        ("action", pa.array([b"ACCEPT"] * 5)),
        ("start", pa.array([1_700_000_000] * 5, pa.timestamp("s", "UTC"))),
        ("start", pa.array([1_700_000_000_000] * 5, pa.timestamp("ms"))),
    ],
)
def test_a_value_is_the_same_in_whatever_type_its_column_has(
    tmp_path: Path, column: str, values: pa.Array
) -> None:
    plain, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    rows = pa.Table.from_pylist(ROWS)
    pq.write_table(rows, plain)
    pq.write_table(rows.set_column(rows.column_names.index(column), column, values), other)
    assert seen(other, "start", "dst_port", "verdict", "aside") == seen(
        plain, "start", "dst_port", "verdict", "aside"
    )


def test_a_value_that_no_field_can_have_spoils_its_own_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    bad = [ROWS[1] | {"srcaddr": 'one,"two"\n'}, ROWS[2] | {"dstport": 70000}]
    path.write_bytes(table([ROWS[0], *bad, ROWS[3]]))
    connections = connect([path])
    (found,) = connections.accounting.files
    assert (found.records, found.malformed) == (4, {"malformed-value": 2})
    assert [item.record.line for item in connections.accounting.quarantined] == [2, 3]


def test_columns_that_nobody_knows_are_named_whatever_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    odd = {"team": 'a,"b"\n', "tags": ["x", "y"], "empty": None}
    path.write_bytes(table([row | odd for row in ROWS]))
    connections = connect([path])
    (found,) = connections.accounting.files
    assert (found.records, found.malformed) == (5, {})
    (told,) = [item for item in connections.findings if item.code == "unknown-fields"]
    assert "empty, tags, team" in told.message


def test_a_table_says_the_same_as_the_text_of_its_rows(tmp_path: Path) -> None:
    rows = [*ROWS, EMPTY, ROWS[0] | {"protocol": 1, "srcport": 0, "dstport": 0}]
    path, text = tmp_path / "a.parquet", tmp_path / "a.log"
    path.write_bytes(table(rows))
    names = list(ROWS[0])
    lines = [
        names,
        *([row[name] if row[name] is not None else "-" for name in names] for row in rows),
    ]
    text.write_text("".join(" ".join(map(str, line)) + "\n" for line in lines))
    assert seen(path) == seen(text)
    assert account(path).set_aside == account(text).set_aside
