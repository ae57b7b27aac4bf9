"""Tables of edges and workloads: what is refused, and how that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import recommender as nr
from recommender.model.errors import InputError
from recommender.segments.forms import as_segments_csv
from recommender.segments.rules import as_csv, rule_frame
from recommender.segments.types import SegmentSettings

if TYPE_CHECKING:
    from pathlib import Path

EDGE = {
    "src": "web",
    "dst": "db",
    "protocol": "TCP",
    "port": 5432,
    "flows": 10,
    "days_active": 3,
    "first_day": 1,
    "last_day": 5,
}
QUICK = SegmentSettings(bootstraps=0)


def _edges(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([EDGE | change for change in changes])


def _workloads(*names: str, labels: str = "{}") -> pd.DataFrame:
    row = {"namespace": "shop", "kind": "Deployment", "replicas": 1}
    more = {"service_account": "", "image": "", "labels": labels}
    return pd.DataFrame([{"workload": name} | row | more for name in names])


def _pairs(edges: pd.DataFrame, workloads: pd.DataFrame) -> list[tuple[Any, ...]]:
    found = nr.segment(edges, workloads, settings=QUICK)
    return [tuple(row[:4]) for row in rule_frame(found).to_numpy().tolist()]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"src": ""}, "edges, line 3: src '' is empty"),
        ({"protocol": "HTTP"}, "line 3: protocol 'HTTP' is not TCP, UDP or SCTP"),
        ({"port": 70000}, "line 3: port '70000' is not in 1 to 65535"),
        ({"port": "x"}, "line 3: port 'x' is not a whole number"),
        ({"flows": 0}, "line 3: flows '0' is less than 1"),
        ({"days_active": 9}, "line 3: days_active '9' is more than the days between"),
        ({"last_day": 0}, "line 3: last_day '0' is before first_day"),
        ({"first_day": "soon"}, "line 3: first_day 'soon' is neither a day's number nor a date"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        nr.segment(_edges({}, change), _workloads("web", "db"))
    assert said in str(error.value)


def test_labels_that_are_no_json_are_refused() -> None:
    with pytest.raises(InputError, match="workloads, line 2: labels are not JSON"):
        nr.segment(_edges({}), _workloads("web", "db", labels="app=web"))


def test_a_workload_that_is_there_twice_is_refused() -> None:
    with pytest.raises(InputError, match="line 3: workload 'web' is there twice"):
        nr.segment(_edges({}), _workloads("web", "web"))


def test_days_may_be_dates() -> None:
    dated = _edges({"first_day": "2026-03-01", "last_day": "2026-03-05"})
    assert nr.segment(dated, _workloads("web", "db"), settings=QUICK).window_days == 5


def test_rows_of_one_edge_are_drawn_together() -> None:
    twice = _edges({"days_active": 1, "last_day": 1}, {"days_active": 1, "first_day": 5})
    assert _pairs(twice, _workloads("web", "db")) == [("web", "db", "TCP", 5432)]


def test_an_end_that_is_no_workload_is_never_grouped() -> None:
    edges = _edges({}, {"dst": "192.0.2.0/24"})
    found = nr.segment(edges, _workloads("web", "db"), settings=QUICK)
    assert {found.texts[m] for segment in found.segments for m in segment.members} == {"web", "db"}
    assert ("web", "192.0.2.0/24", "TCP", 5432) in _pairs(edges, _workloads("web", "db"))


def test_without_any_edge_every_workload_has_a_segment() -> None:
    found = nr.segment(_edges({}).iloc[:0], _workloads("web", "db", "cache"), settings=QUICK)
    assert len(found.of) == 3
    assert found.admission.rules == 0


def test_a_single_workload_is_a_segment() -> None:
    found = nr.segment(_edges({}), _workloads("web"), settings=QUICK)
    assert len(found.segments) == 1


def test_a_workload_that_talks_to_itself_is_allowed_exactly() -> None:
    own = _edges({"src": "db", "dst": "db"})
    assert _pairs(own, _workloads("web", "db")) == [("db", "db", "TCP", 5432)]


def test_no_cell_is_a_formula() -> None:
    names = ("=cmd|'/C calc'!A0", "@sum")
    found = nr.segment(_edges({"src": names[0], "dst": names[1]}), _workloads(*names))
    for text in (as_segments_csv(found), as_csv(rule_frame(found))):
        assert not [line for line in text.splitlines() if line.startswith(("=", "@"))]


def test_an_empty_line_of_a_file_is_passed_over_and_counted(tmp_path: Path) -> None:
    good, bad = _edges({}).to_csv(index=False), "web,db,TCP,none,1,1,1,1\n"
    (tmp_path / "edges.csv").write_text(good + "\n" + bad)
    _workloads("web", "db").to_csv(tmp_path / "workloads.csv", index=False)
    with pytest.raises(InputError, match="line 4: port 'none'"):
        nr.segment(tmp_path / "edges.csv", tmp_path / "workloads.csv")


@pytest.mark.parametrize(
    ("content", "said"), [("", "the file is empty"), ("a,b\n1,2,3\n", "cannot be read as CSV")]
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "edges.csv").write_text(content)
    with pytest.raises(InputError, match=said):
        nr.segment(tmp_path / "edges.csv", _workloads("web"))


def test_the_tradeoff_has_a_row_for_each_choice_of_thresholds() -> None:
    edges = _edges({}, {"dst": "cache"}, {"src": "api", "first_day": 5, "days_active": 1})
    choices = nr.segment_tradeoff(edges, _workloads("web", "db", "cache", "api"))
    assert len(choices) == 9
    # Learned on days 1 to 3: what is first seen on day 5 is denied, the two others are not.
    assert set(choices[choices["min_days"] < 3]["denied"].round(3)) == {0.333}
