"""Connections as packets carry them, and what every event says of a packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from recommender.simulation import lines

if TYPE_CHECKING:
    from recommender.simulation.cluster import Node
    from recommender.simulation.ends import End, Ends

#: Versions that write ``emitter`` and the labels of named ports.
EMITTER: Final = {"name": "Hubble", "version": "1.20.1+g8a3f1c5e"}


@dataclass(frozen=True, slots=True)
class Wire:
    """The two ends of a connection as its packets name them.

    Attributes:
        client: Who opens it.
        server: Who answers.
        port: The server's port.
        protocol: Its protocol.
        service: Address and port that the client called when packets, not sockets, are
            translated; None when the log shows the server itself.
        client_port: The mark that stands for the client's port.
    """

    client: End
    server: End
    port: int
    protocol: str
    service: tuple[str, int] | None = None
    client_port: Any = lines.PORT


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event that a packet causes.

    Attributes:
        node: The node that reports it.
        lag: Nanoseconds after the packet was sent.
        event: The event, with marks.
    """

    node: Node
    lag: int
    event: lines.Event


class Flows:
    """Composes the part that all events of a packet share.

    Args:
        ends: Describes ends as nodes see them.
    """

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._node_labels: dict[int, list[str]] = {}

    def common(self, node: Node, wire: Wire, *, reply: bool) -> lines.Event:
        """What an event says whatever caused it: when, who, where, and the packet itself.

        Args:
            node: The node that reports it.
            wire: The connection.
            reply: The packet goes from the server to the client.
        """
        source, target = (wire.server, wire.client) if reply else (wire.client, wire.server)
        event: lines.Event = {
            "time": lines.TIME,
            "uuid": lines.UUID,
            "emitter": EMITTER,
            "ethernet": {
                "source": _mac(source, target, node),
                "destination": _mac(target, source, node),
            },
            "IP": {
                "source": source.address,
                "destination": target.address,
                "ipVersion": source.family,
            },
            "l4": layer4(wire, reply=reply),
            "source": self._ends.view(source, node),
            "destination": self._ends.view(target, node),
            "Type": "L3_L4",
            "node_name": node.log_name,
            "node_labels": self._labels(node),
            "Summary": lines.SUMMARY,
        }
        # The name is known where the client looked it up.
        if wire.server.names and wire.client.local_to(node):
            event["source_names" if reply else "destination_names"] = list(wire.server.names)
        return event

    def _labels(self, node: Node) -> list[str]:
        found = self._node_labels.get(node.index)
        if found is None:
            found = [f"{key}={value}" for key, value in node.labels.items()]
            self._node_labels[node.index] = found
        return found


def layer4(
    wire: Wire,
    *,
    reply: bool,
    flags: bool = True,
    port: int | None = None,
) -> lines.Event:
    """The ``l4`` object of a packet.

    Args:
        wire: The connection.
        reply: The packet goes from the server to the client.
        flags: With TCP flags; the proxy's log has none.
        port: The server's port where the packet carries another than the pod's.
    """
    if wire.protocol == "ICMP":
        version = "ICMPv6" if wire.server.family == "IPv6" else "ICMPv4"
        request, answer = (
            ({"type": 128}, {"type": 129}) if version == "ICMPv6" else ({"type": 8}, {})
        )
        return {version: answer if reply else request}
    server_port = wire.port if port is None else port
    ports = (
        {"source_port": server_port, "destination_port": wire.client_port}
        if reply
        else {"source_port": wire.client_port, "destination_port": server_port}
    )
    if wire.protocol == "TCP" and flags:
        ports["flags"] = lines.FLAGS
    return {wire.protocol: ports}


def _mac(end: End, other: End, node: Node) -> str:
    """The MAC address by which that node sees an end: its pod's own, or the wire's other side."""
    if end.pod is not None and end.node is node:
        return end.pod.mac
    if other.pod is not None and other.node is node:
        return other.pod.host_mac
    return node.mac
