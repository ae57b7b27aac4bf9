"""Hubble events of one packet, as the nodes on its way report them.

What each node reports, under monitor aggregation ``medium``:

- the client's node, of packets towards the server: at the tunnel (``TO_OVERLAY``) or the host's
  stack (``TO_STACK``) when the server is elsewhere;
- the server's node, of the same packets: ``TO_ENDPOINT``;
- the same the other way round for replies, whose source is the server. The direction is that of
  the connection: replies that leave the server's pod say ``INGRESS``, replies delivered to the
  client ``EGRESS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.simulation import lines
from recommender.simulation.wires import Flows, Sighting, Wire, layer4

if TYPE_CHECKING:
    from recommender.simulation.cluster import Node
    from recommender.simulation.ends import End, Ends
    from recommender.simulation.settings import Settings

#: Drop reason of the datapath when no rule allows a packet.
POLICY_DENIED: Final = 133
#: The port of the node's proxy that redirected connections go to.
PROXY: Final = 15_001

_SUB_TYPE: Final = {"TO_ENDPOINT": 0, "TO_PROXY": 1, "TO_STACK": 3, "TO_OVERLAY": 4}
_TRACE, _DROP, _VERDICT, _ACCESS = 4, 1, 5, 129
_TUNNEL_INTERFACE: Final = {"index": 6, "name": "cilium_vxlan"}
_DROP_SOURCE: Final = {"EGRESS": 1361, "INGRESS": 2094}
# Nanoseconds a packet takes from the client's node to the server's.
_WIRE_NS: Final = 180_000


class Events:
    """Composes events.

    Args:
        ends: Describes ends as nodes see them.
        settings: Kind of datapath.
    """

    def __init__(self, ends: Ends, settings: Settings) -> None:
        self._ends = ends
        self._tunnel = settings.through_tunnel
        self._flows = Flows(ends)

    # --- traced packets ----------------------------------------------------------------------

    def request(self, wire: Wire) -> list[Sighting]:
        """Events of a packet from the client to the server."""
        client, server = wire.client, wire.server
        out: list[Sighting] = []
        if server.pod is None or server.node is None or client.node is not server.node:
            out.extend(self._sent(wire, client, server, reply=False))
        if self._has_endpoint(server):
            lag = _WIRE_NS if client.node is not server.node else 20_000
            out.append(self._delivered(wire, server, lag, reply=False))
        return out

    def reply(self, wire: Wire) -> list[Sighting]:
        """Events of a packet from the server back to the client."""
        client, server = wire.client, wire.server
        out: list[Sighting] = []
        if client.pod is None or client.node is None or client.node is not server.node:
            out.extend(self._sent(wire, server, client, reply=True))
        if self._has_endpoint(client):
            lag = _WIRE_NS if client.node is not server.node else 20_000
            out.append(self._delivered(wire, client, lag, reply=True))
        return out

    def sent(self, wire: Wire) -> list[Sighting]:
        """Events of a request on its way only: it never arrives."""
        if wire.client.node is wire.server.node:
            return []
        return list(self._sent(wire, wire.client, wire.server, reply=False))

    @staticmethod
    def _has_endpoint(end: End) -> bool:
        return end.node is not None and (
            end.pod is not None or "reserved:health" in end.class_labels
        )

    def _sent(self, wire: Wire, source: End, target: End, *, reply: bool) -> list[Sighting]:
        node = source.node
        if node is None:
            return []
        from_host = not self._has_endpoint(source)
        through_tunnel = self._tunnel and self._behind_tunnel(target, node)
        if from_host and not through_tunnel:
            return []
        event = self._trace(node, "TO_OVERLAY" if through_tunnel else "TO_STACK", wire, reply=reply)
        if through_tunnel:
            event["interface"] = _TUNNEL_INTERFACE
        if from_host:
            # The tunnel device has no connection tracking of its own for the host's traffic, and
            # takes the node for one of the others.
            event["source"] = {"identity": 6, "labels": ["reserved:remote-node"]}
            for unknown in ("reply", "is_reply", "trace_reason", "traffic_direction"):
                event.pop(unknown, None)
        return [Sighting(node, 0, event)]

    def _behind_tunnel(self, target: End, node: Node) -> bool:
        if target.node is None or target.node is node:
            return False
        router = target.address == target.node.routers[target.family]
        return router or self._has_endpoint(target)

    def _delivered(self, wire: Wire, target: End, lag: int, *, reply: bool) -> Sighting:
        node = target.node
        if node is None:  # pragma: no cover - callers ask _has_endpoint first
            raise AssertionError
        event = self._trace(node, "TO_ENDPOINT", wire, reply=reply)
        if target.pod is not None:
            index, name = target.pod.interface
            event["interface"] = {"index": index, "name": name}
        else:
            event["interface"] = {"index": 4, "name": "lxc_health"}
        if reply and wire.service is not None:
            address, port = wire.service
            event["IP"] = {"source": event["IP"]["source"], "source_xlated": address} | event["IP"]
            event["l4"] = layer4(wire, reply=True, port=port)
        return Sighting(node, lag, event)

    def _trace(self, node: Node, point: str, wire: Wire, *, reply: bool) -> lines.Event:
        sub_type = _SUB_TYPE[point]
        event = self._flows.common(node, wire, reply=reply)
        event |= {
            "verdict": "FORWARDED",
            "reply": True if reply else None,
            "event_type": {"type": _TRACE} | ({"sub_type": sub_type} if sub_type else {}),
            "traffic_direction": _direction(point, reply=reply),
            "trace_observation_point": point,
            "trace_reason": lines.REASON,
            "is_reply": reply,
        }
        return event

    # --- verdicts and drops --------------------------------------------------------------------

    def verdict(self, wire: Wire, direction: str, verdict: str) -> list[Sighting]:
        """The policy verdict on the first packet, at the end whose policy decides.

        Args:
            wire: The connection.
            direction: ``EGRESS`` for the client's policy, ``INGRESS`` for the server's.
            verdict: ``FORWARDED``, ``REDIRECTED``, ``AUDIT`` or ``DROPPED``.
        """
        judged = wire.client if direction == "EGRESS" else wire.server
        if judged.pod is None or judged.node is None:
            return []
        event = self._flows.common(judged.node, wire, reply=False)
        dropped = verdict == "DROPPED"
        allowed = verdict in {"FORWARDED", "REDIRECTED"}
        event |= {
            "verdict": verdict,
            "drop_reason": POLICY_DENIED if dropped else None,
            "event_type": {"type": _VERDICT},
            "traffic_direction": direction,
            "policy_match_type": 2 if allowed else None,
            "drop_reason_desc": "POLICY_DENIED" if dropped else None,
            "is_reply": None if dropped else False,
        }
        if allowed:
            event[f"{direction.lower()}_allowed_by"] = [_policy(judged)]
        lag = 0 if direction == "EGRESS" or wire.client.node is wire.server.node else _WIRE_NS
        return [Sighting(judged.node, lag, event)]

    def drop(self, wire: Wire, direction: str) -> list[Sighting]:
        """The two events of a packet that policy drops: the drop and the verdict."""
        judged = wire.client if direction == "EGRESS" else wire.server
        if judged.pod is None or judged.node is None:
            return []
        event = self._flows.common(judged.node, wire, reply=False)
        event |= {
            "verdict": "DROPPED",
            "drop_reason": POLICY_DENIED,
            "event_type": {"type": _DROP, "sub_type": POLICY_DENIED},
            "traffic_direction": direction,
            "file": {"name": "bpf_lxc.c", "line": _DROP_SOURCE[direction]},
            "drop_reason_desc": "POLICY_DENIED",
        }
        verdicts = self.verdict(wire, direction, "DROPPED")
        return [*verdicts, Sighting(judged.node, verdicts[0].lag + 9_000, event)]

    # --- proxied connections -------------------------------------------------------------------

    def to_proxy(self, wire: Wire) -> list[Sighting]:
        """Events of a packet that the client's node hands to its proxy."""
        node = wire.client.node
        if node is None:
            return []
        event = self._trace(node, "TO_PROXY", wire, reply=False)
        event["proxy_port"] = PROXY
        return [Sighting(node, 0, event)]

    def from_proxy(self, wire: Wire) -> list[Sighting]:
        """Events of a packet that the proxy sends back to the client in the server's name."""
        return [self._delivered(wire, wire.client, 0, reply=True)]

    def behind_proxy(self, wire: Wire, router: End) -> tuple[list[Sighting], list[Sighting]]:
        """Events between the proxy and the server: requests, replies.

        The packets carry the node's address and the client's identity.

        Args:
            wire: The connection that the client opened.
            router: The client's node as the packets name it.
        """
        second = Wire(router, wire.server, wire.port, wire.protocol, None, lines.PROXY_PORT)
        node = wire.client.node
        borrowed = (
            None
            if node is None
            else {
                key: value
                for key, value in self._ends.view(wire.client, node).items()
                if key in {"identity", "labels"}
            }
        )
        requests = self.request(second)
        for sighting in requests:
            sighting.event["source"] = borrowed
        return requests, self.reply(second)

    def access(self, wire: Wire, *, reply: bool) -> list[Sighting]:
        """The proxy's own log of a request or a response."""
        node = wire.client.node
        if node is None:
            return []
        event = self._flows.common(node, wire, reply=reply)
        del event["ethernet"]
        event |= {
            "verdict": "FORWARDED",
            "l4": layer4(wire, reply=reply, flags=False),
            "Type": "L7",
            "l7": lines.L7,
            "reply": True if reply else None,
            "event_type": {"type": _ACCESS},
            "traffic_direction": "EGRESS",
            "is_reply": reply,
        }
        return [Sighting(node, 0, event)]


def _direction(point: str, *, reply: bool) -> str:
    """The direction of the connection at the pod that the event belongs to."""
    if point == "TO_ENDPOINT":
        return "EGRESS" if reply else "INGRESS"
    return "INGRESS" if reply else "EGRESS"


def _policy(judged: End) -> dict[str, Any]:
    workload = judged.entity
    return {
        "name": workload.name,
        "namespace": workload.namespace,
        "labels": [
            "k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy",
            f"k8s:io.cilium.k8s.policy.name={workload.name}",
            f"k8s:io.cilium.k8s.policy.namespace={workload.namespace}",
        ],
        "revision": "2",
        "kind": "NetworkPolicy",
    }
