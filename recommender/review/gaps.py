"""Hours in which nothing was recorded although much was to be expected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.connections.presence import Presence

#: Records that a gap would hold at the usual rate for it to be no chance. Nights are quieter than
#: the average, so it is far above what chance alone would need.
_EXPECTED: Final = 100.0

Span = tuple[int, int]


def gap_findings(presence: Sequence[Presence]) -> Iterator[Finding]:
    """Gaps of the log as a whole, then those of single nodes while others reported."""
    whole = next((one for one in presence if not one.observer), None)
    if whole is None:
        return
    if silent := _unlikely(whole, whole.gaps):
        yield Finding(
            "window-gap",
            Severity.WARNING,
            "window",
            f"no node reported in {_told(silent)}, though the log is busy otherwise",
            hint="look for rotated or missing files; what happened then is not in the drafts",
        )
    for one in presence:
        if one.observer and (silent := _unlikely(one, _without(one.gaps, whole.gaps))):
            yield Finding(
                "node-gap",
                Severity.WARNING,
                one.observer,
                f"the node did not report in {_told(silent)} while others did",
                hint="fetch the files of this node; what its pods did then is not in the drafts",
            )


def hour_text(hour: int) -> str:
    """An hour since the epoch as a date and a time, UTC."""
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour):%Y-%m-%d %H:%M}"


def _unlikely(one: Presence, gaps: Iterable[Span]) -> list[Span]:
    rate = one.records / (one.last - one.first + 1)
    return [(start, end) for start, end in gaps if rate * (end - start) >= _EXPECTED]


def _without(gaps: Iterable[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Gaps less the hours in which nobody reported."""
    for start, end in gaps:
        at = start
        for low, high in others:
            if high <= at or low >= end:
                continue
            if low > at:
                yield at, low
            at = max(at, high)
        if at < end:
            yield at, end


def _told(gaps: list[Span]) -> str:
    hours = sum(end - start for start, end in gaps)
    start, end = max(gaps, key=lambda span: (span[1] - span[0], -span[0]))
    words = f"{hours:,} {'hour' if hours == 1 else 'hours'}"
    many = f" ({len(gaps):,} gaps, the longest" if len(gaps) > 1 else " ("
    return f"{words}{many} from {hour_text(start)} to {hour_text(end)} UTC)".replace("( ", "(")
