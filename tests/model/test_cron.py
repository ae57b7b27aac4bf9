"""Schedules mean what they mean to the CronJob controller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.cron import parse_cron
from recommender.model.errors import InputError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def runs(schedule: str, start: str, end: str, zone: str = "") -> list[str]:
    found = parse_cron(schedule, zone).runs(at(start), at(end))
    return [f"{moment:%m-%d %H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("30 2 * * *", ["03-02 02:30", "03-03 02:30"]),
        ("*/45 3 2 * *", ["03-02 03:00", "03-02 03:45"]),
        ("0 1-3/2,22 2 3 *", ["03-02 01:00", "03-02 03:00", "03-02 22:00"]),
        ("5/30 0 2 * ?", ["03-02 00:05", "03-02 00:35"]),
        ("0 12 * mar TUE", ["03-03 12:00"]),
        ("@daily", ["03-02 00:00", "03-03 00:00"]),
        ("@midnight", ["03-02 00:00", "03-03 00:00"]),
        ("@weekly", []),
        ("@monthly", []),
        ("@yearly", []),
        ("0 0 31 2 *", []),
    ],
)
def test_fields_words_lists_steps_and_names(schedule: str, expected: list[str]) -> None:
    # A Monday and a Tuesday.
    assert runs(schedule, "2026-03-02", "2026-03-04") == expected


def test_two_restricted_day_fields_mean_either_of_them() -> None:
    found = runs("0 0 13 * 5", "2026-03-01", "2026-03-16")
    assert found == ["03-06 00:00", "03-13 00:00"]
    assert runs("0 0 4 * 5", "2026-03-01", "2026-03-08") == ["03-04 00:00", "03-06 00:00"]


def test_a_day_field_with_a_step_is_restricted_and_a_free_one_is_not() -> None:
    # Every second day of the month, or a Friday.
    assert len(runs("0 0 */2 * 5", "2026-03-01", "2026-03-08")) == 5
    assert len(runs("0 0 * * 5", "2026-03-01", "2026-03-08")) == 1
    assert len(runs("0 0 */1 * 5", "2026-03-01", "2026-03-08")) == 1


def test_the_clock_of_the_time_zone_counts() -> None:
    assert runs("30 2 * * *", "2026-03-02", "2026-03-03", "Asia/Kolkata") == ["03-02 21:00"]
    assert runs("TZ=Asia/Kolkata 30 2 * * *", "2026-03-02", "2026-03-03") == ["03-02 21:00"]


def test_a_time_that_the_change_to_summer_time_leaves_out_does_not_come() -> None:
    berlin = "Europe/Berlin"
    assert runs("30 2 * * *", "2026-03-28", "2026-03-31", berlin) == ["03-28 01:30", "03-30 00:30"]


def test_a_time_that_comes_twice_comes_twice() -> None:
    found = runs("30 2 * * *", "2026-10-24", "2026-10-26", "Europe/Berlin")
    assert found == ["10-24 00:30", "10-25 00:30", "10-25 01:30"]


def test_a_period_counts_from_the_start() -> None:
    assert runs("@every 1h30m", "2026-03-02", "2026-03-02T04:00") == ["03-02 01:30", "03-02 03:00"]


def test_the_end_of_the_window_is_not_in_it() -> None:
    assert runs("0 4 * * *", "2026-03-02T04:00", "2026-03-03T04:00") == ["03-02 04:00"]


@pytest.mark.parametrize(
    "schedule",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *"),
        *("* * * * 7", "5-3 * * * *", "*/0 * * * *", "*/x * * * *", "x * * * *", "1,,2 * * * *"),
        *("@fortnightly", "@every", "@every 0s", "@every soon", "²* * * * *"),
    ],
)
def test_what_kubernetes_refuses_is_refused(schedule: str) -> None:
    with pytest.raises(InputError):
        parse_cron(schedule)


def test_an_unknown_time_zone_is_named() -> None:
    with pytest.raises(InputError, match="'Europe/Atlantis' is not known"):
        parse_cron("@daily", "Europe/Atlantis")
    with pytest.raises(InputError):
        parse_cron("@daily", "../../etc/passwd")


@given(st.integers(0, 59), st.integers(0, 23), st.integers(1, 27))
def test_a_single_moment_of_the_day_comes_once_a_day(minute: int, hour: int, days: int) -> None:
    start = at("2026-03-01")
    found = list(parse_cron(f"{minute} {hour} * * *").runs(start, start + timedelta(days=days)))
    assert len(found) == days
    assert {(moment.hour, moment.minute) for moment in found} == {(hour, minute)}
