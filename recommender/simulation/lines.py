"""From an event to the bytes of its line: composed once, filled in for every packet.

An event is composed as a mapping in which the few values that differ between packets of one
connection are marks. Its line becomes a bytes pattern, and each packet costs one formatting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Fields in the order in which flow.proto declares them and protojson writes them.
_ORDER: Final = (
    "time",
    "uuid",
    "emitter",
    "verdict",
    "drop_reason",
    "ethernet",
    "IP",
    "l4",
    "source",
    "destination",
    "Type",
    "node_name",
    "node_labels",
    "source_names",
    "destination_names",
    "l7",
    "reply",
    "event_type",
    "source_service",
    "destination_service",
    "traffic_direction",
    "policy_match_type",
    "trace_observation_point",
    "trace_reason",
    "file",
    "drop_reason_desc",
    "is_reply",
    "interface",
    "proxy_port",
    "Summary",
    "egress_allowed_by",
    "ingress_allowed_by",
    "aggregate",
)

Event = dict[str, Any]


def _text_mark(name: str) -> orjson.Fragment:
    # NUL and SOH cannot occur in JSON text, so nothing in a log can be taken for a mark.
    return orjson.Fragment(f'"\x00{name}\x01"'.encode())


def _raw_mark(name: str) -> orjson.Fragment:
    return orjson.Fragment(f"\x00{name}\x01".encode())


#: The moment of the event.
TIME: Final = _text_mark("t")
#: The event's own identifier.
UUID: Final = _text_mark("u")
#: The client's port.
PORT: Final = _raw_mark("p")
#: The port of a proxy that calls in the client's place.
PROXY_PORT: Final = _raw_mark("q")
#: The TCP flags object.
FLAGS: Final = _raw_mark("f")
#: Why the datapath traced the packet: ``NEW``, ``ESTABLISHED`` or ``REPLY``.
REASON: Final = _text_mark("r")
#: What is shown of the packet in one line; the text inside the quotes.
SUMMARY: Final = _text_mark("s")
#: The ``l7`` object.
L7: Final = _raw_mark("l")


def encode(value: object) -> bytes:
    """JSON as Go's encoder writes it: compact, with ``<``, ``>`` and ``&`` as escapes."""
    out = orjson.dumps(value)
    if b"&" in out or b"<" in out or b">" in out:
        out = out.replace(b"&", b"\\u0026").replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
    return out


def text(value: str) -> bytes:
    """The inside of a JSON string, without its quotes."""
    return encode(value)[1:-1]


def ordered(event: Mapping[str, Any]) -> Event:
    """The event with its fields in the order of the protocol; absent and empty ones left out."""
    return {name: event[name] for name in _ORDER if event.get(name) is not None}


def pattern(
    event: Mapping[str, Any],
    dialect: Callable[[Event], Event | None],
    envelope: Callable[[Event], Event],
) -> bytes | None:
    """The bytes pattern of an event's line.

    Args:
        event: The event, with marks for what differs between packets.
        dialect: What a producer makes of the event; None when it does not report such events.
        envelope: What a line holds around the flow.

    Returns:
        A pattern for ``%`` with a mapping of mark names to bytes, ending in a line feed; None
        when the producer does not report the event.
    """
    spoken = dialect(ordered(event))
    if spoken is None:
        return None
    line = encode(envelope(spoken)).replace(b"%", b"%%")
    return line.replace(b"\x00", b"%(").replace(b"\x01", b")b") + b"\n"
