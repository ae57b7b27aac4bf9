"""Turning connections into lines in the order of time, without holding the log in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from recommender.simulation.dice import Dice
from recommender.simulation.scripts import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from recommender.simulation.bundles import Bundle

_SECOND: Final = 10**9
_POOL_BYTES: Final = 16_384
_DIGITS: Final = 32
_KEPT_SECONDS: Final = 20_000
_BATCH: Final = 4096
_SUMMARIES: Final = {
    "UDP": b"UDP",
    "SCTP": b"SCTP",
    "ICMP": (b"ICMPv4 EchoRequest", b"ICMPv4 EchoReply"),
    "ICMP6": (b"ICMPv6 EchoRequest", b"ICMPv6 EchoReply"),
}

#: A line with the nanosecond of the window and the node that reports it.
Line = tuple[int, int, bytes]


class Clock:
    """Writes nanoseconds of the window as the log's timestamps.

    Args:
        start: First moment of the window.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC).replace(microsecond=0)
        self._offset = start.microsecond * 1000
        self._seconds: dict[int, bytes] = {}

    def stamp(self, moment: int) -> bytes:
        """RFC 3339 in UTC with 0, 3, 6 or 9 fractional digits, as protojson writes it."""
        second, nanos = divmod(moment + self._offset, _SECOND)
        prefix = self._seconds.get(second)
        if prefix is None:
            if len(self._seconds) > _KEPT_SECONDS:
                self._seconds.clear()
            when = self._start + timedelta(seconds=second)
            prefix = when.strftime("%Y-%m-%dT%H:%M:%S").encode()
            self._seconds[second] = prefix
        if nanos % 1000:
            return b"%b.%09dZ" % (prefix, nanos)
        if not nanos:
            return prefix + b"Z"
        if nanos % 10**6:
            return b"%b.%06dZ" % (prefix, nanos // 1000)
        return b"%b.%03dZ" % (prefix, nanos // 10**6)


class Emitter:
    """Plays the scripts of connections.

    Args:
        clock: Writes timestamps.
        seed: Number of the run.

    Attributes:
        clock: The same.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self._stamp = clock.stamp
        self._dice = Dice(seed, "emitter")
        self._identifiers = Dice(seed, "uuid")
        self._pool = ""
        self._place = 0

    def uuid(self) -> bytes:
        """A random version 4 UUID."""
        place = self._place
        pool = self._pool
        if place >= len(pool):
            self._pool = pool = f"{self._identifiers.bits(8 * _POOL_BYTES):0{2 * _POOL_BYTES}x}"
            place = 0
        self._place = place + _DIGITS
        raw = pool[place : place + _DIGITS]
        return (
            f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{'89ab'[int(raw[16], 16) & 3]}{raw[17:20]}-"
            f"{raw[20:]}"
        ).encode()

    def play(
        self,
        bundle: Bundle,
        moment: int,
        values: Mapping[bytes, bytes],
        out: list[Line],
    ) -> int:
        """Append the lines of one connection.

        Args:
            bundle: The events of its ends.
            moment: When it starts, in nanoseconds of the window.
            values: What differs between its packets and others: ports, ``l7`` and summaries of
                the proxy's log by group.
            out: Where the lines go.

        Returns:
            When it ends.
        """
        unit = self._dice.unit
        filled = dict(values)
        groups = bundle.groups
        for delay, group, flags, reason in bundle.script:
            moment += int(delay * (1.0 + unit()))
            patterns = groups.get(group)
            if not patterns:
                continue
            if flags:
                filled[b"f"], filled[b"s"] = FLAGS[flags]
            else:
                key = group.encode()
                filled[b"s"] = values[b"s:" + key]
                filled[b"l"] = values.get(b"l:" + key, b"")
            filled[b"r"] = reason.encode()
            for node, lag, pattern in patterns:
                at = moment + lag
                filled[b"t"] = self._stamp(at)
                filled[b"u"] = self.uuid()
                out.append((at, node, pattern % filled))
        return moment

    def once(self, item: tuple[int, int, bytes], moment: int, summary: bytes) -> Line:
        """The line of an event that stands alone."""
        node, lag, pattern = item
        at = moment + lag
        filled = {b"t": self._stamp(at), b"u": self.uuid(), b"s": summary}
        return at, node, pattern % filled


def summaries(protocol: str, family: str) -> dict[bytes, bytes]:
    """Summaries of packets without TCP flags, for each group that can report one."""
    found = _SUMMARIES.get("ICMP6" if (protocol, family) == ("ICMP", "IPv6") else protocol, b"")
    request, reply = found if isinstance(found, tuple) else (found, found)
    requests = {b"s:" + name: request for name in (b"verdict", b"request", b"sent", b"drop")}
    proxied = {b"s:" + name: request for name in (b"proxy", b"behind")}
    replies = {b"s:" + name: reply for name in (b"reply", b"behind-reply")}
    return requests | proxied | replies


def in_order(batches: Iterable[tuple[int, Sequence[Line]]]) -> Iterator[Line]:
    """Lines in the order of time.

    Args:
        batches: Lines of connections, and a moment before which no later batch has lines.

    Yields:
        Every line once, by time; lines of one moment in the order in which they were made.
    """
    waiting: list[Line] = []
    moment = itemgetter(0)
    for horizon, batch in batches:
        waiting.extend(batch)
        if len(waiting) < _BATCH:
            continue
        waiting.sort(key=moment)
        ready = _before(waiting, horizon)
        yield from waiting[:ready]
        del waiting[:ready]
    waiting.sort(key=moment)
    yield from waiting


def _before(ordered: Sequence[Line], horizon: int) -> int:
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if ordered[middle][0] < horizon:
            low = middle + 1
        else:
            high = middle
    return low
