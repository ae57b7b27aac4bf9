"""Doubt from when an edge was seen: once, on few days, or only since the middle of the window.

A short window cannot show whether something comes again, so each of these grounds counts only
where the window is long enough for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from recommender.review.scene import HARDLY, QUIET
from recommender.review.weights import ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.model.edges import Edge
    from recommender.review.items import Reason
    from recommender.review.scene import Scene, Span

#: Shortest windows in which each ground counts.
BURST_WINDOW: Final = timedelta(days=2)
DAYS_WINDOW: Final = timedelta(days=5)
NEW_WINDOW: Final = timedelta(days=2)

_BURST: Final = 0.02
_FEW: Final = 0.3
_BY_CHANCE: Final = 0.05
#: Kinds of what runs by a schedule or to its end is rare by design.
SCHEDULED: Final = frozenset({"CronJob", "Job"})
_SCHEDULED_SHARE: Final = 0.4


def time_grounds(edge: Edge, scene: Scene) -> Iterator[Reason]:
    """Grounds for doubt in the times of an edge."""
    if scene.start is None or edge.first_seen.timestamp() == 0:
        return
    span = scene.span(edge)
    share = _SCHEDULED_SHARE if edge.client.workload_kind in SCHEDULED else 1.0
    if _is_burst(span, scene):
        times = f"{span.flows:,} time{'' if span.flows == 1 else 's'}"
        when = f"{span.first:%Y-%m-%d %H:%M} UTC"
        text = f"seen {times} within {_long(span.last - span.first)} at {when}, and never again"
        yield ground("one-burst", f"{text} in {_long(scene.length)}", share)
    elif scene.lasts(DAYS_WINDOW) and span.days <= _FEW * scene.days:
        hardly = span.hours <= HARDLY and not scene.sparse
        code = "hardly-seen" if hardly else "few-days"
        text = f"seen in {span.hours} hours on {span.days} of {scene.days} days"
        yield ground(code, text, share)
    elif scene.lasts(NEW_WINDOW):
        yield from _new(span, scene)


def _is_burst(span: Span, scene: Scene) -> bool:
    lasted = span.last - span.first
    return scene.lasts(BURST_WINDOW) and lasted <= scene.length * _BURST


def _new(span: Span, scene: Scene) -> Iterator[Reason]:
    """Nothing at first, and then so often that the silence before is no chance."""
    assert scene.start is not None  # noqa: S101 - time_grounds has looked
    before = (span.first - scene.start) / scene.length
    if before >= QUIET and (1 - before) ** span.hours < _BY_CHANCE:
        text = f"not seen in the first {_long(span.first - scene.start)} of {_long(scene.length)}"
        yield ground("new-in-window", f"{text}, then in {span.hours} hours")


def _long(time: timedelta) -> str:
    """A length of time in words: ``3.5 days``, ``20 minutes``."""
    seconds = time.total_seconds()
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            number = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{number} {unit}{'' if number == '1' else 's'}"
    return "a minute"
