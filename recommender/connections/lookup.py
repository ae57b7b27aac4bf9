"""Who held the addresses of many records at their times: a lookup in arrays of numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from recommender.sources.columns import places

if TYPE_CHECKING:
    import pyarrow as pa

    from recommender.connections.history import Flags, History, Integers

# Cells of the table that tells the interval of an address at the begin of each slot of time.
_CELLS: Final = 1 << 20
# Protocols whose ports somebody may be known to listen on.
_NUMBER: Final = {"TCP": 6, "UDP": 17, "SCTP": 132}
_PORTS: Final = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One end of many records: who held its address.

    Attributes:
        known: Whether it was a pod's address then, or one that nobody can be named for.
        who: The number of its holder; below 0 where there is none.
        bit: The holder's pod as a bit.
        within: Whether one interval holds the whole record.
    """

    known: Flags
    who: Integers
    bit: Integers
    within: Flags

    def only(self, chosen: Integers) -> Held:
        """The ends of some of the records."""
        return Held(*(getattr(self, one.name).take(chosen) for one in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The part of the history that touches a span of time.

    The intervals of an address follow each other, so that the one of a moment is that of the
    begin of its slot, or one of the next.

    Attributes:
        history: The whole history.
        until: The ends of the intervals in it; likewise ``who``, ``bit``, ``is_pod``.
        cells: Which interval an address has at the begin of a slot.
        slots: How many slots an address has.
        low: Begin of the first slot.
        shift: The length of a slot, as a power of 2.
    """

    history: History
    until: Integers
    who: Integers
    bit: Integers
    is_pod: Flags
    cells: Integers
    slots: int
    low: int
    shift: int

    def find(self, ip: pa.DictionaryArray, start: Integers, until: Integers) -> Held:
        """Who held some addresses.

        Args:
            ip: The addresses as the log wrote them.
            start: Begin of each record, in the span.
            until: Its end.
        """
        import numpy as np

        place = places(ip, self.history.addresses)
        known = place >= 0
        # What is not of the cluster is looked up as well, and not used.
        cell = np.maximum(place, 0) * self.slots
        cell += (start - self.low) >> self.shift
        at = self.cells.take(cell)
        end = self.until.take(at)
        late = np.flatnonzero(start >= end)
        while len(late):
            at[late] += 1
            end[late] = self.until.take(at[late])
            late = late[start[late] >= end[late]]
        within = until < end
        who, is_pod = self.who.take(at), self.is_pod.take(at)
        if not within.all():
            who = np.where(within, who, self.history.beyond)
            is_pod |= ~within
        return Held(known & is_pod, who, self.bit.take(at), within)


def span_of_history(known: History, low: int, high: int) -> Span:
    """The part of a history from one moment to another, both included."""
    import numpy as np

    rows = np.flatnonzero((known.from_us <= high) & (known.until_us > low))
    most = max(1, _CELLS // len(known.addresses))
    shift = max(0, ((high - low) // most).bit_length())
    slots = ((high - low) >> shift) + 1
    length = 1 << shift
    begin, end = np.maximum(known.from_us[rows], low), known.until_us[rows]
    # Of the begins of slots those in an interval; all intervals of an address share them all.
    first = -(-(begin - low) // length)
    last = np.minimum(-(-(np.minimum(end, high + length) - low) // length), slots)
    cells = np.repeat(np.arange(len(rows), dtype=np.int32), np.maximum(last - first, 0))
    who, bit, is_pod = known.who[rows], known.bit[rows], known.is_pod[rows]
    return Span(known, end, who, bit, is_pod, cells, slots, low, shift)


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """Ports that holders are known to listen on.

    Attributes:
        ports: By port number, whether anybody does.
        keys: Holder, protocol and port of each.
    """

    ports: Flags
    keys: pa.Int64Array

    def find(self, held: Held, protocol: Integers, port: Integers) -> Flags:
        """Whether the holder of an end is known to listen on its port."""
        import numpy as np
        import pyarrow as pa
        from pyarrow import compute

        found = self.ports[port] & held.within
        asked = np.flatnonzero(found)
        keys = _key(held.who[asked], protocol[asked], port[asked])
        found[asked] = compute.is_in(pa.array(keys), value_set=self.keys).to_numpy(
            zero_copy_only=False
        )
        return found


def listening(rows: list[tuple[int, str, int]]) -> Listening:
    """Ports by who listens on them.

    Args:
        rows: Number of a holder, protocol, port.
    """
    import numpy as np
    import pyarrow as pa

    asked = [(who, _NUMBER[name], port) for who, name, port in rows if name in _NUMBER]
    who, protocol, port = np.array(asked, np.int64).reshape(-1, 3).T
    ports = np.zeros(_PORTS, bool)
    ports[port] = True
    return Listening(ports, pa.array(_key(who, protocol, port)))


def _key(who: Integers, protocol: Integers, port: Integers) -> Integers:
    key: Integers = (who.astype("int64") << 24) | (protocol.astype("int64") << 16) | port
    return key
