"""A span of a log shows what a log of that span alone would show."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.connections.edges import connect
from recommender.connections.slices import open_log

if TYPE_CHECKING:
    from recommender.model.edges import Edge

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "flows.jsonl.gz"
START = datetime(2026, 3, 2, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def plain(edges: tuple[Edge, ...]) -> list[Edge]:
    """Edges without the places of their records, which are others in a file that was cut."""
    return [replace(edge, samples=()) for edge in edges]


def cut(folder: Path, since: datetime, until: datetime) -> Path:
    """The sample with the records of a span alone."""
    file = folder / "cut.jsonl"
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines, file.open("w") as out:
        for line in lines:
            time = json.loads(line)["time"]
            if since.isoformat()[:19] <= time[:19] < until.isoformat()[:19]:
                out.write(line)
    return file


@pytest.mark.parametrize(("since", "until"), [(0, 1), (1.5, 4), (6, 7)])
def test_a_span_shows_what_its_records_alone_would(
    tmp_path: Path, since: float, until: float
) -> None:
    alone = connect([cut(tmp_path, at(since), at(until))])
    with open_log([SAMPLE]) as log:
        assert log is not None
        found = log.between(at(since), at(until))
    assert plain(found.edges) == plain(alone.edges)
    assert found.inventory == alone.inventory
    assert found.observed == alone.observed
    assert found.presence == alone.presence
    assert found.window == alone.window


def test_all_of_a_log_is_the_log() -> None:
    whole = connect([SAMPLE])
    with open_log([SAMPLE]) as log:
        assert log is not None
        assert log.between(log.first, log.last + timedelta(hours=1)).edges == whole.edges


def test_spans_can_be_asked_for_in_any_order_and_again() -> None:
    with open_log([SAMPLE]) as log:
        assert log is not None
        first = log.between(at(1), at(2))
        log.between(at(0), at(7))
        assert log.between(at(1), at(2)).edges == first.edges
        assert log.between(at(100), at(101)).edges == ()


def test_a_log_without_times_has_no_spans(tmp_path: Path) -> None:
    file = tmp_path / "timeless.jsonl"
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        record = json.loads(next(lines))
    record.pop("time")
    record["flow"].pop("time", None)
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    with open_log([file]) as log:
        assert log is None
