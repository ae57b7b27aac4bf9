"""What comes by the calendar: weekends and turns of the month that the window lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_SATURDAY: Final = 5


def calendar_findings(start: datetime, end: datetime) -> Iterator[Finding]:
    """Kinds of days that lie outside of a window, UTC."""
    days = {start.date() + timedelta(days=n) for n in range((end.date() - start.date()).days + 1)}
    lacking = []
    if not any(day.weekday() >= _SATURDAY for day in days):
        lacking.append("weekend")
    if not any(day.weekday() < _SATURDAY for day in days):
        lacking.append("working day")
    if not any(day.day == 1 for day in days):
        lacking.append("turn of a month")
    if lacking:
        yield Finding(
            "calendar-gap",
            Severity.NOTE,
            "window",
            f"the window holds no {' and no '.join(lacking)}: what comes by the calendar is not "
            "in the drafts",
            hint="keep the drafts staged over these days, or record over them",
        )
