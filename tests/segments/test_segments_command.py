"""`recommender segments`: tables in, segments and rules out."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from segments.clusters import TINY, made

from recommender.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tables")
    cluster = made(1, TINY)
    cluster.edges.to_csv(folder / "edges.csv", index=False)
    cluster.workloads.to_csv(folder / "workloads.csv", index=False)
    return ["--edges", str(folder / "edges.csv"), "--workloads", str(folder / "workloads.csv")]


def test_csv_has_one_row_a_workload(tables: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segments", *tables, "-o", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["workload", "segment", "stability"]
    assert [row["workload"] for row in rows] == sorted(made(1, TINY).truth)


def test_json_lists_every_workload_once(
    tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["segments", *tables, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    members = [member for segment in document["segments"] for member in segment["members"]]
    assert sorted(members) == sorted(made(1, TINY).truth)


def test_rules_and_review_are_written_to_two_files(
    tables: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["segments", *tables, "--rules", str(tmp_path / "rules.csv")]) == 0
    assert capsys.readouterr().out
    rules = list(csv.DictReader(io.StringIO((tmp_path / "rules.csv").read_text())))
    assert list(rules[0]) == ["src", "dst", "protocol", "port", "kind"]
    assert {row["kind"] for row in rules} == {"block", "pair"}
    review = list(csv.DictReader(io.StringIO((tmp_path / "rules-review.csv").read_text())))
    assert all(row["reason"] for row in review)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["segments"], "give flow logs"),
        (["segments", "--edges", "edges.csv"], "add --workloads"),
        (["segments", "flows.jsonl", "--edges", "e.csv", "--workloads", "w.csv"], "one of the two"),
    ],
)
def test_flows_or_both_tables(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_missing_column_is_named(
    tables: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "edges.csv"
    made(1, TINY).edges.rename(columns={"days_active": "day_active"}).to_csv(broken, index=False)
    assert main(["segments", "--edges", str(broken), *tables[2:]]) == 3
    said = capsys.readouterr().err
    assert "missing column days_active" in said
    assert "did you mean day_active?" in said


def test_a_file_of_a_person_is_not_replaced(
    tables: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "rules.csv"
    own.write_text("my notes\n")
    assert main(["segments", *tables, "--rules", str(own)]) == 2
    assert "--force" in capsys.readouterr().err
    assert own.read_text() == "my notes\n"
