"""`recommender goals` and `recommend --goals`, from a file to the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import recommender as nr
from recommender.cli.app import main

DATA = Path(__file__).resolve().parents[2] / "data"
FLOWS, INVENTORY = str(DATA / "flows.jsonl.gz"), str(DATA / "inventory.json")
GOALS = """\
version: 1
groups:
  db: {names: data/StatefulSet/db}
  users: {namespaces: [shop, payments]}
  scraper: {names: monitoring/prometheus}
sensitive:
  - {id: data, group: db, reachable_from: users, ports: 5432}
must_allow:
  - {id: scrape, from: scraper, to: db, ports: 9187}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("goals")
    (folder / "goals.yaml").write_text(GOALS, encoding="utf-8")
    nr.recommend(FLOWS, INVENTORY, goals=folder / "goals.yaml").to_dir(folder / "out")
    return folder


def test_the_report_tells_how_each_goal_fares(folder: Path) -> None:
    report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    assert [(one["id"], one["kind"], one["status"]) for one in report["goals"]] == [
        ("data", "sensitive", "kept"),
        ("scrape", "must-allow", "kept"),
    ]


def test_goals_that_the_policies_keep_end_with_0(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goals, policies = str(folder / "goals.yaml"), str(folder / "out" / "policies")
    assert main(["goals", goals, policies, "-i", INVENTORY, "--flows", FLOWS]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 goals: 2 kept"


def test_a_goal_that_is_broken_ends_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = folder / "narrow.yaml"
    narrow.write_text(GOALS.replace("[shop, payments]", "payments"), encoding="utf-8")
    policies = str(folder / "out" / "policies")
    assert main(["goals", str(narrow), policies, "-i", INVENTORY, "-o", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["status"] for one in told["goals"]] == ["broken", "kept"]
    assert "shop/CronJob/report -> data/StatefulSet/db (TCP 5432)" in told["goals"][0]["hint"]


def test_a_file_alone_is_read_and_not_proven(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["goals", str(folder / "goals.yaml")]) == 0
    assert "read     data: db may be reached by users" in capsys.readouterr().out


def test_a_file_with_a_mistake_ends_with_3_and_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = folder / "wrong.yaml"
    wrong.write_text(GOALS.replace("to: db", "to: dbs"), encoding="utf-8")
    assert main(["goals", str(wrong)]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "wrong.yaml:9, must_allow[0].to: no group is called 'dbs'" in line
    assert main(["recommend", FLOWS, "--goals", str(wrong)]) == 3


def test_the_example_is_a_file_that_can_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["goals", "--example"]) == 0
    (folder / "example.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["goals", str(folder / "example.yaml"), "--as-of", "2026-12-31"]) == 0
    assert main(["goals", str(folder / "example.yaml"), "--as-of", "2027-01-01"]) == 1
    assert "exception-expired" in capsys.readouterr().out


def test_no_file_and_no_date_are_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["goals"]) == 2
    assert main(["goals", "x.yaml", "--as-of", "soon"]) == 2
    assert "write it as 2026-12-31" in capsys.readouterr().err


def test_the_frame_has_one_row_a_goal(folder: Path) -> None:
    frame = nr.check_goals(folder / "goals.yaml", folder / "out" / "policies", INVENTORY).frame()
    assert frame[["id", "status"]].to_numpy().tolist() == [["data", "kept"], ["scrape", "kept"]]
