"""Parquet files are read row by row, whatever types their columns have."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources.clouds import account, seen

from recommender.connections.edges import connect
from recommender.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

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
    connection = {"src_ip": "10.4.0.1", "dest_ip": "10.4.0.2", "src_port": 41000.0}
    connection |= {"dest_port": 8080.0, "protocol": 6.0}
    payload = {"connection": connection, "reporter": "SRC", "bytes_sent": "100"}
    path = tmp_path / "a.parquet"
    path.write_bytes(table([{"logName": "vpc_flows", "jsonPayload": payload}]))
    found = account(path)
    assert (found.format, found.records, found.malformed) == ("gcp", 1, {})


def test_the_real_sample_is_read_row_by_row(shared: Path) -> None:
    found = account(shared / "samples/aws/flowlogs-reader/flows.parquet")
    # One of its rows has the protocol 8080.
    assert (found.format, found.records, found.set_aside["no-data"]) == ("aws", 3, 1)
    assert found.malformed == {"malformed-value": 1}
