"""Rows of AWS VPC flow logs: one a direction, interface and interval, separated by spaces.

The side of the interface shows the interface's own first address, whichever of its addresses the
packet had; the packet's addresses stand in ``pkt-srcaddr`` and ``pkt-dstaddr``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.simulation.ends import End
    from recommender.simulation.settings import Settings
    from recommender.simulation.windows import Cell, Counted, Interface, Interval

_SECOND: Final = 10**9
_DEFAULT: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
_CUSTOM: Final = (
    "version account-id vpc-id subnet-id instance-id interface-id srcaddr dstaddr srcport "
    "dstport pkt-srcaddr pkt-dstaddr protocol packets bytes start end action tcp-flags log-status"
)
#: Fields of each kind of log.
FIELDS: Final = {
    "aws": _CUSTOM.split(),
    "aws-noflags": _CUSTOM.replace("tcp-flags ", "").split(),
    "aws-default": _DEFAULT.split(),
}
_PROTOCOLS: Final = {"TCP": 6, "UDP": 17, "SCTP": 132, "ICMP": 1}
_ICMP6: Final = 58
#: Addresses that AWS never logs: instance metadata, its resolver, its clock.
_UNLOGGED: Final = ("169.254.", "fd00:ec2::")


class AwsRows:
    """Writes rows.

    Args:
        settings: Which fields, and the first moment of the window.
    """

    #: Instances on Nitro, which EKS nodes are, aggregate over one minute at most.
    seconds = 60

    def __init__(self, settings: Settings) -> None:
        self._fields = FIELDS[settings.log]
        # The highest version that one of the fields came with.
        self._version = 2 if settings.log == "aws-default" else 3
        self._start = int(settings.start.timestamp())

    @staticmethod
    def header(log: str) -> bytes:
        """The line that names the fields."""
        return (" ".join(FIELDS[log]) + "\n").encode()

    def lines(self, interval: Interval) -> Iterator[tuple[int, bytes]]:
        """A row for each direction of each connection."""
        for cell in interval.cells:
            remote = cell.connection.server if cell.outbound else cell.connection.client
            if remote.address.startswith(_UNLOGGED):
                continue
            for reply, counted in cell.rows():
                cell.connection.mark_seen()
                yield 1, self._row(interval.interface, cell, counted, reply=reply)

    def idle(self, interface: Interface, start: int, end: int) -> bytes:
        """A row that says that there was no traffic."""
        return self._empty(interface, start, end, "NODATA")

    def skipped(self, interface: Interface, start: int, end: int) -> bytes:
        """A row that says that records were skipped."""
        return self._empty(interface, start, end, "SKIPDATA")

    def _row(self, interface: Interface, cell: Cell, counted: Counted, *, reply: bool) -> bytes:
        connection = cell.connection
        ends = [
            (connection.client, connection.client_port, cell.outbound),
            (connection.server, connection.server_port, not cell.outbound),
        ]
        source, target = reversed(ends) if reply else ends
        protocol = _PROTOCOLS[connection.protocol]
        if protocol == 1 and connection.client.family == "IPv6":
            protocol = _ICMP6
        values = self._common(interface) | {
            "srcaddr": _shown(source[0], interface, local=source[2]),
            "dstaddr": _shown(target[0], interface, local=target[2]),
            "srcport": source[1],
            "dstport": target[1],
            "pkt-srcaddr": source[0].address,
            "pkt-dstaddr": target[0].address,
            "protocol": protocol,
            "packets": counted.packets,
            "bytes": counted.bytes,
            "start": self._start + counted.first // _SECOND,
            "end": self._start + counted.last // _SECOND,
            "action": "REJECT" if cell.rejected else "ACCEPT",
            "tcp-flags": counted.flags,
            "log-status": "OK",
        }
        return self._joined(values)

    def _empty(self, interface: Interface, start: int, end: int, status: str) -> bytes:
        return self._joined(
            self._common(interface)
            | {
                "start": self._start + start // _SECOND,
                "end": self._start + end // _SECOND,
                "log-status": status,
            }
        )

    def _common(self, interface: Interface) -> dict[str, object]:
        return {
            "version": self._version,
            "account-id": "123456789012",
            "vpc-id": "vpc-0a1b2c3d4e5f60718",
            "subnet-id": "subnet-0a1b2c3d4e5f60718",
            "instance-id": f"i-{interface.number}",
            "interface-id": f"eni-{interface.number}",
        }

    def _joined(self, values: dict[str, object]) -> bytes:
        return (" ".join(str(values.get(name, "-")) for name in self._fields) + "\n").encode()


def _shown(end: End, interface: Interface, *, local: bool) -> str:
    """The address in ``srcaddr`` or ``dstaddr``: on this side that of the interface."""
    if local and end.family == "IPv4":
        return interface.addresses["IPv4"]
    return end.address
