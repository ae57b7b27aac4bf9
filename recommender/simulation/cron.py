"""The runs of a CronJob: the five-field schedule, as far as schedules in clusters go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_RANGES: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule: the minutes, hours, days, months and weekdays on which it fires.

    Attributes:
        minutes: 0 to 59.
        hours: 0 to 23.
        days: Days of the month.
        months: 1 to 12.
        weekdays: 0 is Sunday.
        any_day: Whether the day field is ``*``.
        any_weekday: Whether the weekday field is ``*``.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def runs(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The moments in ``[start, end)`` at which a run starts, ascending."""
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        while midnight < end:
            if self._right_day(midnight):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        moment = midnight + timedelta(hours=hour, minutes=minute)
                        if start <= moment < end:
                            yield moment
            midnight += timedelta(days=1)

    def _right_day(self, midnight: datetime) -> bool:
        day = midnight.day in self.days
        weekday = midnight.isoweekday() % 7 in self.weekdays
        # Cron joins the two day fields by "or" when both are restricted.
        right = day and weekday if self.any_day or self.any_weekday else day or weekday
        return right and midnight.month in self.months


def parse(text: str) -> Schedule:
    """Read a five-field schedule: numbers, lists, ranges, ``*`` and steps.

    Raises:
        ValueError: It is none.
    """
    fields = text.split()
    if len(fields) != len(_RANGES):
        raise ValueError(f"{text!r} has {len(fields)} fields, a schedule has 5")
    sets = [_values(field, low, high) for field, (low, high) in zip(fields, _RANGES, strict=True)]
    weekdays = frozenset(day % 7 for day in sets[4])
    return Schedule(
        sets[0],
        sets[1],
        sets[2],
        sets[3],
        weekdays,
        fields[2].startswith("*"),
        fields[4].startswith("*"),
    )


def _values(field: str, low: int, high: int) -> frozenset[int]:
    out: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if slash else 1
        if step < 1:
            raise ValueError(f"step {step} in {field!r}")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = int(first)
            end = int(last) if dash else (high if slash else start)
        if not low <= start <= end <= high:
            raise ValueError(f"{part!r} is outside {low}-{high}")
        out.update(range(start, end + 1, step))
    return frozenset(out)
