"""Hours without records are told where many were to be expected, and only there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from review.windows import HOUR, START

from recommender.connections.presence import Presence
from recommender.review.calendar import calendar_findings
from recommender.review.gaps import gap_findings


def log(observer: str, gaps: tuple[tuple[int, int], ...], *, records: int = 16_800) -> Presence:
    spans = tuple((HOUR + start, HOUR + end) for start, end in gaps)
    silent = sum(end - start for start, end in gaps)
    return Presence(observer, records, 168 - silent, 7, HOUR, HOUR + 167, spans)


def test_a_busy_log_with_two_silent_hours_has_a_gap() -> None:
    (finding,) = gap_findings([log("", ((50, 52),))])
    assert finding.code == "window-gap"
    assert "2 hours (from 2026-03-04 02:00 to 2026-03-04 04:00 UTC)" in finding.message


def test_a_sparse_log_has_hours_without_records_by_chance() -> None:
    assert list(gap_findings([log("", ((50, 52), (60, 63)), records=800)])) == []


def test_a_node_that_was_silent_while_others_reported_is_named() -> None:
    whole, node = log("", ((50, 52),)), log("node-1", ((40, 60),))
    found = {finding.code: finding for finding in gap_findings([whole, node])}
    assert found["node-gap"].subject == "node-1"
    assert "18 hours (2 gaps, the longest from 2026-03-03 16:00" in found["node-gap"].message


def test_a_log_without_times_has_no_gaps() -> None:
    assert list(gap_findings([])) == []


@pytest.mark.parametrize(
    ("first", "days", "lacking"),
    [
        (0, 5, "no weekend and no turn of a month"),
        (5, 2, "no working day and no turn of a month"),
        (0, 7, "no turn of a month"),
        (0, 31, ""),
    ],
)
def test_days_that_the_window_lacks_are_told(first: int, days: int, lacking: str) -> None:
    start = START + timedelta(days=first)
    found = list(calendar_findings(start, start + timedelta(days=days, hours=-1)))
    assert [lacking in finding.message for finding in found] == [True] * bool(lacking)
