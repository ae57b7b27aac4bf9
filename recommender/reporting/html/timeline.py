"""When edges were first seen: whether the window is long enough to have seen what there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from recommender.reporting.document import Document

WIDTH: Final = 720
HEIGHT: Final = 180
_TICKS: Final = 4
_LATE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Timeline:
    """A curve of distinct accepted edges over time, in the units of its picture.

    Attributes:
        line: The curve as an SVG path.
        area: What is under it.
        total: How many edges there are at the end.
        late: How many of them were first seen in the last quarter of the window.
        times: Places along the axis of time, with their labels.
        counts: Places along the axis of edges, with their labels.
    """

    line: str
    area: str
    total: int
    late: int
    times: list[tuple[float, str]]
    counts: list[tuple[float, str]]

    @property
    def verdict(self) -> str:
        """What the curve says, in one sentence."""
        share = self.late / self.total
        told = f"{self.late:,} of {self.total:,} edges ({share:.0%}) were first seen in the last "
        told += "quarter of the window"
        if not self.late:
            return f"{told}: the window looks saturated."
        rest = "a longer one will show more" if share > _LATE / 5 else "few are still to come"
        return f"{told}: {rest}."


def timeline(document: Document) -> Timeline | None:
    """The curve, None where times are not known or all edges were seen at once."""
    window = document["window"]
    if window["first_seen"] is None:
        return None
    begin, end = (datetime.fromisoformat(window[name]) for name in ("first_seen", "last_seen"))
    span = (end - begin).total_seconds()
    seen = sorted(
        (datetime.fromisoformat(edge["first_seen"]) - begin).total_seconds() / span
        for edge in document["edges"]
        if span and edge["verdict"] == "accepted" and edge["first_seen"]
    )
    if not seen:
        return None
    total = len(seen)
    points = _points(seen)
    line = "".join(f"H{x * WIDTH:.1f}V{HEIGHT - y / total * HEIGHT:.1f}" for x, y in points)
    line = f"M0 {HEIGHT}{line}H{WIDTH}"
    return Timeline(
        line=line,
        area=f"{line}V{HEIGHT}Z",
        total=total,
        late=sum(place > 1 - _LATE for place in seen),
        times=_times(begin, end),
        counts=_counts(total),
    )


def _points(seen: list[float]) -> list[tuple[float, int]]:
    """At most one point a step of the picture: place and how many were seen until there."""
    found = {round(place * WIDTH): count for count, place in enumerate(seen, start=1)}
    return [(place / WIDTH, count) for place, count in found.items()]


def _times(begin: datetime, end: datetime) -> list[tuple[float, str]]:
    days = (end - begin).total_seconds() >= 2 * 86_400
    form = "%d %b" if days else "%d %b %H:%M"
    places = [step / _TICKS for step in range(_TICKS + 1)]
    moments = [(begin + (end - begin) * place).astimezone(UTC) for place in places]
    return [
        (place * WIDTH, moment.strftime(form))
        for place, moment in zip(places, moments, strict=True)
    ]


def _counts(total: int) -> list[tuple[float, str]]:
    step = next(
        size
        for power in range(12)
        for size in (10**power, 2 * 10**power, 5 * 10**power)
        if total / size <= _TICKS
    )
    return [(HEIGHT - n / total * HEIGHT, f"{n:,}") for n in range(0, total + 1, step)]
