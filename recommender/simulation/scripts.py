"""The packets of a connection that reach the log, as lists of steps.

Monitor aggregation ``medium`` reports the first packet, every TCP flag not yet seen in its
direction, and an open connection about every five seconds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_MS: Final = 10**6
_S: Final = 10**9
# Longer than a packet is on its way, so that nobody answers what has not arrived.
_TRIP: Final = 250_000


class Step(NamedTuple):
    """One packet, or one entry of the proxy's log.

    Attributes:
        delay: Nanoseconds after the step before, at least; chance stretches it up to twofold.
        group: Which group of a bundle's events it causes.
        flags: TCP flags, a key of `FLAGS`; empty for other protocols.
        reason: The trace reason.
    """

    delay: int
    group: str
    flags: str
    reason: str


#: TCP flags by name: the object of the log and the text of its summary.
FLAGS: Final[dict[str, tuple[bytes, bytes]]] = {
    "SYN": (b'{"SYN":true}', b"TCP Flags: SYN"),
    "SYN-ACK": (b'{"SYN":true,"ACK":true}', b"TCP Flags: SYN, ACK"),
    "ACK": (b'{"ACK":true}', b"TCP Flags: ACK"),
    "PSH-ACK": (b'{"PSH":true,"ACK":true}', b"TCP Flags: ACK, PSH"),
    "FIN-ACK": (b'{"FIN":true,"ACK":true}', b"TCP Flags: ACK, FIN"),
    "RST-ACK": (b'{"RST":true,"ACK":true}', b"TCP Flags: ACK, RST"),
}

_NEW, _OPEN, _REPLY = "NEW", "ESTABLISHED", "REPLY"

_HANDSHAKE: Final = (
    Step(0, "verdict", "SYN", _NEW),
    Step(4_000, "request", "SYN", _NEW),
    Step(_TRIP, "reply", "SYN-ACK", _REPLY),
    Step(_TRIP, "request", "ACK", _OPEN),
    Step(40_000, "request", "PSH-ACK", _OPEN),
    Step(2 * _MS, "reply", "PSH-ACK", _REPLY),
)
_GOODBYE: Final = (
    Step(_MS, "request", "FIN-ACK", _OPEN),
    Step(_TRIP, "reply", "FIN-ACK", _REPLY),
)
_KEPT_OPEN: Final = (
    Step(5 * _S, "request", "ACK", _OPEN),
    Step(300_000, "reply", "ACK", _REPLY),
)

#: One request over TCP.
TCP: Final = (*_HANDSHAKE, *_GOODBYE)
#: A TCP connection that stays open for a quarter of a minute.
TCP_LONG: Final = (*_HANDSHAKE, *_KEPT_OPEN, *_KEPT_OPEN, *_GOODBYE)
#: A request and an answer over UDP or ICMP.
EXCHANGE: Final = (
    Step(0, "verdict", "", _NEW),
    Step(4_000, "request", "", _NEW),
    Step(_TRIP, "reply", "", _REPLY),
)
#: An association over SCTP.
SCTP: Final = (
    *EXCHANGE,
    Step(_TRIP, "request", "", _OPEN),
    Step(5 * _S, "request", "", _OPEN),
    Step(_TRIP, "reply", "", _REPLY),
)
#: A connection to a port where nothing listens.
TCP_REFUSED: Final = (
    Step(0, "request", "SYN", _NEW),
    Step(_TRIP, "reply", "RST-ACK", _REPLY),
)
#: A datagram to a port where nothing listens.
UDP_REFUSED: Final = (Step(0, "request", "", _NEW),)
#: A connection that policy drops: the first packet and two more attempts.
TCP_DENIED: Final = (
    Step(0, "sent", "SYN", _NEW),
    Step(0, "drop", "SYN", _NEW),
    Step(_S, "drop", "SYN", _NEW),
    Step(2 * _S, "drop", "SYN", _NEW),
)
#: A datagram that policy drops.
UDP_DENIED: Final = (Step(0, "sent", "", _NEW), Step(0, "drop", "", _NEW))
#: An HTTP request through the proxy of the client's node.
HTTP: Final = (
    Step(0, "verdict", "SYN", _NEW),
    Step(4_000, "proxy", "SYN", _NEW),
    Step(50_000, "reply", "SYN-ACK", _REPLY),
    Step(40_000, "proxy", "ACK", _OPEN),
    Step(30_000, "proxy", "PSH-ACK", _OPEN),
    Step(300_000, "access", "", "REQUEST"),
    Step(100_000, "behind", "SYN", _NEW),
    Step(_TRIP, "behind-reply", "SYN-ACK", _REPLY),
    Step(_TRIP, "behind", "PSH-ACK", _OPEN),
    Step(2 * _MS, "behind-reply", "PSH-ACK", _REPLY),
    Step(200_000, "access-reply", "", "RESPONSE"),
    Step(60_000, "reply", "PSH-ACK", _REPLY),
    Step(_MS, "proxy", "FIN-ACK", _OPEN),
    Step(60_000, "reply", "FIN-ACK", _REPLY),
)
#: A look-up through the DNS proxy of the client's node.
DNS: Final = (
    Step(0, "verdict", "", _NEW),
    Step(4_000, "proxy", "", _NEW),
    Step(200_000, "access", "", "REQUEST"),
    Step(60_000, "behind", "", _NEW),
    Step(300_000, "behind-reply", "", _REPLY),
    Step(150_000, "access-reply", "", "RESPONSE"),
    Step(40_000, "reply", "", _REPLY),
)
