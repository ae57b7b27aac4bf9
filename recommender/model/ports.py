"""Sets of ports per protocol, as unions of closed intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The protocols a NetworkPolicy can name, in the order in which they are written.
PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
MIN_PORT: Final = 1
MAX_PORT: Final = 65535

Interval = tuple[int, int]


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Closed intervals in canonical form: sorted, disjoint, none adjacent to the next."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if low > high:
            message = f"an interval must not end before it begins: {low}-{high}"
            raise ModelError(message)
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersect(left: Iterable[Interval], right: Iterable[Interval]) -> tuple[Interval, ...]:
    """What two canonical interval lists share; linear in their lengths."""
    first, second = list(left), list(right)
    shared: list[Interval] = []
    i = j = 0
    while i < len(first) and j < len(second):
        low, high = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if low <= high:
            shared.append((low, high))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return tuple(shared)


def subtract(left: Iterable[Interval], right: Iterable[Interval]) -> tuple[Interval, ...]:
    """What the first canonical interval list has and the second has not."""
    holes = list(right)
    rest: list[Interval] = []
    for begin, high in left:
        low = begin
        for hole_low, hole_high in holes:
            if hole_high < low or hole_low > high:
                continue
            if hole_low > low:
                rest.append((low, hole_low - 1))
            low = hole_high + 1
            if low > high:
                break
        if low <= high:
            rest.append((low, high))
    return tuple(rest)


@dataclass(frozen=True, slots=True)
class PortSet:
    """A set of (protocol, port) pairs.

    Attributes:
        intervals: Per protocol in the order of ``PROTOCOLS``, the canonical port intervals.
    """

    intervals: tuple[tuple[Interval, ...], ...] = ((), (), ())

    @classmethod
    def of(cls, protocol: str, low: int, high: int | None = None) -> PortSet:
        """The ports ``low`` to ``high`` (or just ``low``) of one protocol."""
        top = low if high is None else high
        if protocol not in PROTOCOLS or not MIN_PORT <= low <= top <= MAX_PORT:
            message = f"no such ports: {protocol} {low}-{top}"
            raise ModelError(message)
        return cls(tuple(((low, top),) if name == protocol else () for name in PROTOCOLS))

    @classmethod
    def every(cls, protocols: Iterable[str] = PROTOCOLS) -> PortSet:
        """All ports of the given protocols (of every protocol, if none is named)."""
        wanted = frozenset(protocols)
        full = ((MIN_PORT, MAX_PORT),)
        return cls(tuple(full if name in wanted else () for name in PROTOCOLS))

    def __or__(self, other: PortSet) -> PortSet:
        """Union."""
        pairs = zip(self.intervals, other.intervals, strict=True)
        return PortSet(tuple(merge((*a, *b)) for a, b in pairs))

    def __and__(self, other: PortSet) -> PortSet:
        """Intersection."""
        pairs = zip(self.intervals, other.intervals, strict=True)
        return PortSet(tuple(intersect(a, b) for a, b in pairs))

    def __sub__(self, other: PortSet) -> PortSet:
        """Difference."""
        pairs = zip(self.intervals, other.intervals, strict=True)
        return PortSet(tuple(subtract(a, b) for a, b in pairs))

    def __le__(self, other: PortSet) -> bool:
        """Whether every port of this set is in the other."""
        return not self - other

    def __bool__(self) -> bool:
        """Whether the set holds anything."""
        return any(self.intervals)

    def __contains__(self, item: tuple[str, int]) -> bool:
        """Whether one (protocol, port) is in the set."""
        protocol, port = item
        if protocol not in PROTOCOLS:
            return False
        ranges = self.intervals[PROTOCOLS.index(protocol)]
        return any(low <= port <= high for low, high in ranges)

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        """Every interval as (protocol, low, high)."""
        for name, ranges in zip(PROTOCOLS, self.intervals, strict=True):
            for low, high in ranges:
                yield name, low, high

    @property
    def is_every(self) -> bool:
        """Whether the set is all ports of all protocols."""
        return self == PortSet.every()

    def __str__(self) -> str:
        """``TCP 80,8000-8010,UDP 53``, ``All Connections`` or ``No Connections``."""
        if self.is_every:
            return "All Connections"
        if not self:
            return "No Connections"
        parts = []
        for name, ranges in zip(PROTOCOLS, self.intervals, strict=True):
            if ranges:
                shown = (f"{low}-{high}" if low != high else str(low) for low, high in ranges)
                parts.append(f"{name} {','.join(shown)}")
        return ",".join(parts)
