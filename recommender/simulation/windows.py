"""Packets at the network interfaces of nodes, gathered by connection and aggregation interval."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recommender.simulation.cluster import Node
    from recommender.simulation.ends import End
    from recommender.simulation.truth import Tally

_SECOND: Final = 10**9
#: How long after its end an interval may still get packets of connections made known late.
_LATE: Final = 90 * _SECOND


@dataclass(slots=True, eq=False)
class Connection:
    """A connection as the packets between nodes name it.

    Attributes:
        client: The client as its packets leave the node: the node itself where it translates.
        server: The server.
        client_port: The client's port on the wire.
        server_port: The server's port.
        protocol: ``TCP``, ``UDP``, ``SCTP`` or ``ICMP``.
        tally: Its edge in the truth.
        translated: The node stands for the client.
        denied: Whose firewall turns it away: ``client``, ``server`` or empty.
        begun: Interfaces that have reported its beginning.
        seen: Whether the log has anything of it.
    """

    client: End
    server: End
    client_port: int
    server_port: int
    protocol: str
    tally: Tally
    translated: bool
    denied: str = ""
    begun: set[int] = field(default_factory=set)
    seen: bool = False

    def mark_seen(self) -> None:
        """Count it in the truth as one that the log shows."""
        if not self.seen:
            self.seen = True
            self.tally.seen += 1
            self.tally.translated += self.translated


@dataclass(slots=True)
class Counted:
    """Packets of one direction.

    Attributes:
        packets: How many.
        bytes: Their bytes with headers.
        payload: Their bytes without.
        flags: TCP flags as AWS counts them, or-ed.
        first: Nanosecond of the window of the first.
        last: Nanosecond of the last.
    """

    packets: int = 0
    bytes: int = 0
    payload: int = 0
    flags: int = 0
    first: int = 0
    last: int = 0

    def add(self, moment: int, packet: Packet) -> None:
        """Count a packet."""
        if not self.packets:
            self.first = moment
        self.packets += 1
        self.bytes += packet.header + packet.payload
        self.payload += packet.payload
        self.flags |= packet.flags
        self.last = moment


class Packet(NamedTuple):
    """What counts of a packet: bytes of headers and payload, TCP flags as AWS counts them."""

    header: int
    payload: int
    flags: int


@dataclass(slots=True)
class Cell:
    """One connection at one interface in one interval.

    Attributes:
        connection: The connection.
        outbound: Whether the client is on this side of the interface.
        rejected: Whether the cloud's firewall turns its packets away here.
        ended: Whether its last packet was in the interval.
        request: Packets from the client.
        reply: Packets from the server.
    """

    connection: Connection
    outbound: bool
    rejected: bool
    ended: bool = False
    request: Counted = field(default_factory=Counted)
    reply: Counted = field(default_factory=Counted)

    def rows(self) -> Iterator[tuple[bool, Counted]]:
        """Both directions that had packets, and whether each is the replies'."""
        if self.request.packets:
            yield False, self.request
        if self.reply.packets:
            yield True, self.reply


@dataclass(frozen=True, slots=True)
class Interface:
    """The network interface of a node.

    Attributes:
        node: The node.
        addresses: Its own addresses by family.
        mac: Its MAC address, twelve hexadecimal digits.
        number: A number in hexadecimal of which clouds make their identifiers.
    """

    node: Node
    addresses: Mapping[str, str]
    mac: str
    number: str


@dataclass(frozen=True, slots=True)
class Interval:
    """What one interface saw in one aggregation interval.

    Attributes:
        interface: The interface.
        start: Nanosecond of the window at which it begins.
        end: At which it ends.
        cells: Its connections, by their first packet.
    """

    interface: Interface
    start: int
    end: int
    cells: list[Cell]


class Writer(Protocol):
    """Writes intervals in the format of one cloud.

    Attributes:
        seconds: Length of an interval where the settings name none.
    """

    seconds: int

    def lines(self, interval: Interval) -> Iterator[tuple[int, bytes]]:
        """Its lines, with how many records each holds."""

    def idle(self, interface: Interface, start: int, end: int) -> bytes:
        """What an interface without traffic leaves; empty where it is nothing."""

    def skipped(self, interface: Interface, start: int, end: int) -> bytes:
        """What an interface leaves whose records were lost; empty where it is nothing."""


class Windows:
    """Open intervals of every interface.

    Args:
        seconds: Length of an interval.
        interfaces: The interfaces; the intervals of each begin at a moment of its own.
    """

    def __init__(self, seconds: int, interfaces: list[Interface]) -> None:
        self._length = seconds * _SECOND
        self._interfaces = interfaces
        self._open: dict[tuple[int, int], dict[Connection, Cell]] = {}
        self._next = 0

    def bounds(self, interface: int, moment: int) -> tuple[int, int]:
        """Beginning and end of the interval of an interface that holds a moment."""
        offset = int(self._interfaces[interface].number[:6], 16) * 1000 % self._length
        start = moment - (moment - offset) % self._length
        return start, start + self._length

    def cell(
        self, interface: int, moment: int, connection: Connection, *, outbound: bool, rejected: bool
    ) -> Cell:
        """Where a packet of a connection counts."""
        _, end = self.bounds(interface, moment)
        key = (end, interface)
        held = self._open.get(key)
        if held is None:
            held = self._open[key] = {}
            self._next = min(self._next, end + _LATE) if len(self._open) > 1 else end + _LATE
        found = held.get(connection)
        if found is None:
            found = held[connection] = Cell(connection, outbound, rejected)
        return found

    def due(self, moment: int | None) -> Iterator[Interval]:
        """Intervals that are over at a moment, by their end; all that are open when None."""
        if moment is not None and moment < self._next:
            return
        over = sorted(key for key in self._open if moment is None or key[0] + _LATE <= moment)
        for end, index in over:
            held = self._open.pop((end, index))
            cells = sorted(held.values(), key=_first)
            yield Interval(self._interfaces[index], end - self._length, end, cells)
        self._next = min((key[0] + _LATE for key in self._open), default=0)


def _first(cell: Cell) -> tuple[int, int]:
    moments = [counted.first for _, counted in cell.rows()]
    return min(moments), cell.connection.client_port
