"""Streams: for each call of an application, when connections are made and between which pods."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from recommender.simulation.graph import Intent

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.simulation.cluster import Placement, Pod
    from recommender.simulation.graph import Call
    from recommender.simulation.truth import Tally

_FEW: Final = 3
_HOUR_NS: Final = 3600 * 10**9
_DAY_NS: Final = 24 * _HOUR_NS
#: How busy each hour of a UTC day is, for what people cause.
_BY_DAY: Final = (
    3, 2, 2, 2, 2, 3, 5, 8, 11, 13, 14, 14, 13, 13, 14, 13, 12, 11, 10, 9, 8, 7, 5, 4,
)  # fmt: skip
_EVENLY: Final = (1,) * 24


@dataclass(slots=True, eq=False)
class Stream:
    """The connections of one call in one cluster.

    Attributes:
        call: The call.
        cluster: The cluster of the client, or of the server when the client is no workload.
        client: Where the client's pods are; None when it is no workload.
        server: Where the server's pods are; None when it is no workload.
        quota: How many connections it makes in the window.
        phase: Where between two connections the window begins, in [0, 1).
        made: How many it has made.
        looked_up: Client pods that have looked up the server's name.
        tallies: Its tallies in the truth, by client and server entity.
        runs: When its client's pods run, for a Job or CronJob: moments at which connections
            start.
    """

    call: Call
    cluster: str
    client: Placement | None
    server: Placement | None
    quota: int = 0
    phase: float = 0.0
    made: int = 0
    looked_up: set[str] = field(default_factory=set)
    tallies: dict[tuple[object, object], Tally] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)

    @property
    def by_runs(self) -> bool:
        """Whether it makes its connections when its client runs, not by the hour."""
        return self.client is not None and self.client.workload.kind in {"CronJob", "Job"}

    def weight(self, window_ns: int) -> float:
        """How many connections its rate makes in the window."""
        days = window_ns / _DAY_NS
        share = len([day for day in self.call.days if day < days]) / days if self.call.days else 1.0
        return self.call.rate * 24 * days * share

    @property
    def profile(self) -> tuple[int, ...]:
        """How busy each hour of the day is."""
        return _BY_DAY if self.call.intent is Intent.APPLICATION else _EVENLY


def busy(stream: Stream, first: int, last: int) -> float:
    """How much of a stream's activity lies between two nanoseconds, in hours of full activity."""
    total = 0.0
    profile = stream.profile
    hour = first // _HOUR_NS
    while hour * _HOUR_NS < last:
        if not stream.call.days or hour // 24 in stream.call.days:
            overlap = min(last, (hour + 1) * _HOUR_NS) - max(first, hour * _HOUR_NS)
            total += profile[hour % 24] * overlap / _HOUR_NS
        hour += 1
    return total


def slots(streams: list[Stream], bounds: list[int]) -> Callable[[int], list[int]]:
    """Spread the connections of streams over the slots of the window.

    Args:
        streams: Streams with quotas.
        bounds: Where slots begin, and the end of the last one.

    Returns:
        A function of the number of a slot, to be asked in ascending order: the index of a stream
        for each connection that starts in the slot.
    """
    count = len(bounds) - 1
    running: dict[object, list[float]] = {}
    few: list[list[int]] = [[] for _ in range(count)]
    many: list[tuple[int, Stream, list[float]]] = []
    for order, stream in enumerate(streams):
        key = (stream.profile, stream.call.days)
        if key not in running:
            running[key] = _running(stream, bounds)
        share = running[key]
        if not share[-1]:
            continue
        if stream.quota > count:
            many.append((order, stream, share))
            continue
        # A stream that skips slots is put where its connections fall, not asked in each slot.
        for number in range(stream.quota):
            at = share[-1] * (number + 1 - stream.phase) / stream.quota
            few[min(count - 1, bisect_right(share, at) - 1)].append(order)

    def due(index: int) -> list[int]:
        out = few[index]
        few[index] = []
        for order, stream, share in many:
            wanted = int(stream.quota * share[index + 1] / share[-1] + stream.phase)
            out.extend([order] * (wanted - stream.made))
            stream.made = max(stream.made, wanted)
        return out

    return due


def _running(stream: Stream, bounds: list[int]) -> list[float]:
    """A stream's activity from the start of the window to each bound."""
    out = [0.0]
    for first, last in pairwise(bounds):
        out.append(out[-1] + busy(stream, first, last))
    return out


def alive(placement: Placement, moment: int) -> tuple[Pod, ...]:
    """The pods of a workload that live at a moment."""
    index = bisect_right(placement.moments, moment) - 1
    return placement.living[index] if index >= 0 else ()


def spread_quotas(streams: list[Stream], window_ns: int, connections: int | None) -> None:
    """Decide how many connections each stream makes.

    Args:
        streams: All streams.
        window_ns: Length of the window.
        connections: How many connections all together should make; None follows the rates.
    """
    free = [stream for stream in streams if not stream.by_runs]
    bound = sum(len(stream.runs) for stream in streams if stream.by_runs)
    weights = [stream.weight(window_ns) for stream in free]
    total = sum(weights)
    scale = 1.0
    if connections is not None and total:
        scale = max(0, connections - bound) / total
    # What the graph says happens is seen a few times, however small the log.
    few = _FEW if connections is None else max(1, min(_FEW, connections // (2 * len(streams))))
    for stream, weight in zip(free, weights, strict=True):
        if not weight:
            stream.quota = 0
        elif stream.call.intent in {Intent.DEBUG, Intent.SCAN}:
            stream.quota = 1
        else:
            stream.quota = max(few, round(weight * scale))
