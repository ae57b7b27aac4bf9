"""The moments at which a CronJob starts, exactly as the CronJob controller reads its schedule.

The controller uses the Go library robfig/cron, version 3: five fields (minute, hour, day of the
month, month, day of the week) with ``*``, ``?``, lists, ranges, steps and names, or a word such as
``@monthly``, or ``@every`` with a duration. A day matches both day fields, or one of them where
both are restricted; a field with a step counts as restricted. Times are those of the time zone's
clock: one that a change to summer time leaves out does not happen, one that comes twice does so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from recommender.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANGES: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTH_NAMES: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_WEEKDAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_NAMES: Final[tuple[dict[str, int], ...]] = ({}, {}, {}, _MONTHS, _WEEKDAYS)
_WORDS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY: Final = "@every "
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_ZONE: Final = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)", re.DOTALL)
# Offsets of time zones are whole quarters of an hour, and change at one.
_QUARTER: Final = timedelta(minutes=15)
_ANY: Final = frozenset("*?")
_HINT: Final = "five fields such as '30 2 * * 1-5', or a word such as @daily"


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule as sets of minutes, hours and days, or as a period.

    Attributes:
        fields: The values of each field: minutes, hours, days, months, weekdays (0 is Sunday).
        any_day: Whether the day of the month is free.
        any_weekday: Whether the day of the week is free.
        zone: The time zone whose clock counts.
        period: For ``@every``: the time between two runs; the moments themselves depend on when
            the controller started.
    """

    fields: tuple[frozenset[int], ...]
    any_day: bool
    any_weekday: bool
    zone: ZoneInfo
    period: timedelta | None = None

    def runs(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The moments in ``[start, end)`` at which a run starts, ascending, in UTC.

        For ``@every`` the first is a period after ``start``: more is not known.
        """
        if self.period is not None:
            moment = start.astimezone(UTC) + self.period
            while moment < end:
                yield moment
                moment += self.period
            return
        minutes, hours, *_ = self.fields
        block = start.astimezone(UTC).replace(second=0, microsecond=0)
        block -= timedelta(minutes=block.minute % 15)
        while block < end:
            local = block.astimezone(self.zone)
            if local.hour in hours and self._right_day(local):
                for minute in range(local.minute, local.minute + 15):
                    moment = block + timedelta(minutes=minute - local.minute)
                    if minute in minutes and start <= moment < end:
                        yield moment
            block += _QUARTER

    def first_run(self, start: datetime, end: datetime) -> datetime | None:
        """The first run in ``[start, end)``, None where there is none."""
        return next(self.runs(start, end), None)

    def _right_day(self, local: datetime) -> bool:
        _, _, days, months, weekdays = self.fields
        day, weekday = local.day in days, local.isoweekday() % 7 in weekdays
        free = self.any_day or self.any_weekday
        return (day and weekday if free else day or weekday) and local.month in months


def parse_cron(text: str, time_zone: str = "") -> Cron:
    """Read a schedule.

    Args:
        text: The schedule as a CronJob has it.
        time_zone: Name of the time zone; empty for UTC, the usual one of the controller.

    Raises:
        InputError: It is none that Kubernetes accepts, or the time zone is not known.
    """
    wanted, name = text.strip(), time_zone
    if match := _ZONE.fullmatch(wanted):
        name, wanted = match.group(1), match.group(2).strip()
    zone = _zone(name)
    if wanted.startswith(_EVERY):
        return Cron((), any_day=True, any_weekday=True, zone=zone, period=_period(wanted))
    fields = _WORDS.get(wanted.lower(), wanted).split()
    if len(fields) != len(_RANGES):
        raise InputError(f"{text!r} is no schedule: it has {len(fields)} fields", hint=_HINT)
    sets = tuple(_field(field, position) for position, field in enumerate(fields))
    free = [_is_free(fields[position]) for position in (2, 4)]
    return Cron(sets, any_day=free[0], any_weekday=free[1], zone=zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError) as error:
        hint = "a name such as Europe/Berlin"
        raise InputError(f"the time zone {name!r} is not known", hint=hint) from error


def _period(text: str) -> timedelta:
    match = _DURATION.fullmatch(text.removeprefix(_EVERY).strip())
    parts = [int(part or 0) for part in match.groups()] if match else []
    if not any(parts):
        raise InputError(f"{text!r} is no schedule", hint="a duration such as @every 1h30m")
    hours, minutes, seconds = parts
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _is_free(field: str) -> bool:
    """Whether a field restricts nothing; one with a step above 1 does, even ``*/2``."""
    return any(
        part.partition("/")[0] in _ANY and part.partition("/")[2] in {"", "1"}
        for part in field.split(",")
    )


def _field(field: str, position: int) -> frozenset[int]:
    low, high = _RANGES[position]
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in _ANY and not dash:
            start, end = low, high
        else:
            start = _number(first, position, field)
            end = _number(last, position, field) if dash else (high if slash else start)
        stride = int(step) if step.isascii() and step.isdigit() else 1 - bool(slash)
        if not (low <= start <= end <= high and stride > 0):
            raise InputError(f"{part!r} is not within {low}-{high}", hint=_HINT)
        found.update(range(start, end + 1, stride))
    return frozenset(found)


def _number(text: str, position: int, field: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return _NAMES[position][text.lower()]
    except KeyError as error:
        raise InputError(f"{field!r} is no field of a schedule", hint=_HINT) from error
