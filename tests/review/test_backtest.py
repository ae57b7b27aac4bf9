"""Drafts of the past are held against the future, fold by fold."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connections.test_slices import at, cut

import recommender as nr
from recommender.cli.app import main
from recommender.model.errors import InputError, UsageError
from recommender.reporting import backtest_forms
from recommender.review.folds import Backtest, Fold

if TYPE_CHECKING:
    from recommender.model.edges import Edge

DATA = Path(__file__).resolve().parents[2] / "data"
FLOWS, INVENTORY = str(DATA / "flows.jsonl.gz"), str(DATA / "inventory.json")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def found() -> Backtest:
    variants = [nr.Variant("usual"), nr.Variant("=all", doubt_threshold=1.0)]
    return nr.backtest(FLOWS, INVENTORY, plan=nr.Plan(5 * DAY, DAY, DAY), variants=variants)


def test_every_past_with_a_whole_future_is_a_fold_with_each_variant(found: Backtest) -> None:
    assert [(fold.days, f"{fold.until:%m-%d}", fold.variant) for fold in found.folds] == [
        (5.0, "03-07", "usual"), (5.0, "03-07", "=all"),
        (5.0, "03-08", "usual"), (5.0, "03-08", "=all"),
    ]  # fmt: skip
    assert [point.days for point in found.curve if point.variant == "usual"] == [1, 2, 3, 4, 5, 6]


def test_a_fold_says_what_replaying_the_future_over_drafts_of_the_past_says(
    found: Backtest, tmp_path: Path
) -> None:
    # The same by hand: draft from five days, replay the sixth.
    drafts = nr.recommend(cut(tmp_path, at(0), at(5)), INVENTORY)
    drafts.to_dir(tmp_path / "out")
    (tmp_path / "future").mkdir()
    future = cut(tmp_path / "future", at(5), at(6))
    replayed = nr.replay(future, tmp_path / "out" / "policies", INVENTORY)
    denied: list[Edge] = [row.edge for row in replayed.breaking]
    fold = found.folds[0]
    assert fold.denied_edges == len(denied)
    assert fold.denied_flows == sum(edge.flows for edge in denied)
    assert fold.rules == sum(len(p.ingress) + len(p.egress) for p in drafts.policies)
    window = drafts.run.window_coverage
    assert window is not None
    assert fold.least == window.least


def test_shares_lie_between_nothing_and_everything(found: Backtest) -> None:
    for fold in (*found.folds, *found.curve):
        assert 0.0 <= fold.denied_share <= 1.0
        assert 0.0 <= fold.over_permission <= 1.0
        assert fold.truth is not None
        assert 0.0 <= fold.truth <= 1.0
        assert fold.denied_flows >= fold.denied_edges >= len(fold.first_denied) > -1


def point(days: int, denied: int) -> Fold:
    return Fold(
        "usual", at(0), at(days), at(days + 1), 1, 1, 10, min(denied, 1), 1000, denied, (),
        1, 0, None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("denied", "most", "safe"),
    [
        ([9, 5, 0, 0], 0.0, 3.0),
        ([9, 0, 5, 0], 0.0, 4.0),
        ([9, 0, 5, 1], 0.0, None),
        ([9, 0, 5, 1], 0.005, 2.0),
        ([0, 0, 0, 0], 0.0, 1.0),
    ],
)
def test_drafts_are_safe_from_the_day_after_which_nothing_more_was_denied(
    denied: list[int], most: float, safe: float | None
) -> None:
    curve = tuple(point(day, number) for day, number in enumerate(denied, start=1))
    assert Backtest(nr.Plan(), (), curve).safe_after("usual", most) == safe


def test_csv_has_no_cell_that_a_spreadsheet_takes_for_a_formula(found: Backtest) -> None:
    rows = list(csv.DictReader(io.StringIO(backtest_forms.to_csv(found))))
    assert len(rows) == len(found.folds) + len(found.curve)
    assert {row["settings"] for row in rows} == {"usual", "'=all"}
    assert int(rows[0]["denied_flows"]) == found.folds[0].denied_flows


def test_json_and_frame_hold_the_folds(found: Backtest) -> None:
    document = json.loads(backtest_forms.to_json(found))
    assert document["plan"] == {"train_hours": 120.0, "test_hours": 24.0, "step_hours": 24.0}
    assert len(document["folds"]) == len(found.frame()) == 4
    assert found.frame(curve=True)["denied_share"].between(0, 1).all()


def test_the_plot_is_one_page_and_its_names_stay_text(found: Backtest) -> None:
    fold = replace(found.folds[0], variant="</script><script>alert(1)</script>")
    page = backtest_forms.to_html(replace(found, folds=(fold,), curve=()))
    assert "<script>alert(1)" not in page
    assert backtest_forms.is_plot(page.encode())
    assert "https://cdn" not in page.partition("<body>")[2][:2000]


def test_the_command_compares_settings_writes_a_plot_and_gates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "plot.html"
    line = ["backtest", FLOWS, "--train", "6d", "--no-curve", "--plot", str(plot)]
    line += ["--doubt-threshold", "0.5", "--doubt-threshold", "1"]
    assert main(line) == 0
    shown = capsys.readouterr().out
    assert "doubt 0.5: " in shown
    assert "doubt 1: " in shown
    assert backtest_forms.is_plot(plot.read_bytes())
    assert main([*line[:5], "--max-denied", "0"]) == 1
    plot.write_text("mine", encoding="utf-8")
    assert main(line) == 2
    assert plot.read_text(encoding="utf-8") == "mine"


def test_a_log_that_is_too_short_and_lengths_that_are_none_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["backtest", FLOWS, "--train", "30d"]) == 3
    assert "less than a past and a future" in capsys.readouterr().err
    assert main(["backtest", FLOWS, "--train", "soon"]) == 2
    assert main(["backtest", FLOWS, "--granularity", "pod"]) == 2
    with pytest.raises(InputError):
        nr.backtest(FLOWS, plan=nr.Plan(train=30 * DAY))
    with pytest.raises(UsageError, match="whole hours"):
        nr.Plan(step=timedelta(minutes=90))
