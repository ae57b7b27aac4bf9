"""The exporter's own aggregation: the first flow of a window for each key, with counts.

Values that are not part of the key describe that first flow alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.simulation.lines import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COUNTS: Final = {
    "INGRESS": "ingress_flow_count",
    "EGRESS": "egress_flow_count",
    None: "unknown_direction_flow_count",
}
_ORDER: Final = tuple(_COUNTS.values())


def aggregated(lines: Iterable[tuple[int, bytes]], seconds: int) -> Iterator[tuple[int, bytes]]:
    """Aggregate a log as each node's exporter would, before it is written.

    Args:
        lines: Node and line, in the order of time.
        seconds: Length of a window.

    Yields:
        Node and line: one for each node, window and key.
    """
    held: dict[tuple[object, ...], tuple[int, Any, dict[str, int]]] = {}
    until = 0.0
    for node, line in lines:
        document = orjson.loads(line)
        flow = document.get("flow", document)
        if "verdict" not in flow:
            yield node, line
            continue
        now = datetime.fromisoformat(flow["time"][:19] + "+00:00").timestamp()
        if now >= until:
            yield from _flush(held)
            until = now - now % seconds + seconds
        key = (node, *_key(flow))
        if key not in held:
            held[key] = (node, document, dict.fromkeys(_ORDER, 0))
        held[key][2][_COUNTS[flow.get("traffic_direction")]] += 1
    yield from _flush(held)


def _key(flow: dict[str, Any]) -> tuple[object, ...]:
    """Source and destination pods and identities, verdict, direction, reply and the ports.

    The port of a client differs for each connection, so that only the lower port counts.
    """
    layer4 = flow.get("l4", {})
    protocol: str = next(iter(layer4), "")
    ports: dict[str, Any] = layer4.get(protocol, {})
    port = min(ports.get("source_port", 0), ports.get("destination_port", 0))
    ends = (flow.get("source", {}), flow.get("destination", {}))
    return (
        *((end.get("namespace"), end.get("pod_name"), end.get("identity")) for end in ends),
        flow["verdict"],
        flow.get("traffic_direction"),
        flow.get("is_reply"),
        protocol,
        port,
    )


def _flush(
    held: dict[tuple[object, ...], tuple[int, Any, dict[str, int]]],
) -> Iterator[tuple[int, bytes]]:
    for node, document, counts in held.values():
        flow = document.get("flow", document)
        flow["aggregate"] = {name: count for name, count in counts.items() if count}
        yield node, encode(document) + b"\n"
    held.clear()
