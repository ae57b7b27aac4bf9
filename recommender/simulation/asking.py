"""Clients look names up before they connect: who asks the resolver what, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.simulation.graph import Call, Intent, TargetKind
from recommender.simulation.lookups import log_values, questions
from recommender.simulation.wires import Wire

if TYPE_CHECKING:
    from recommender.simulation.cluster import Pod
    from recommender.simulation.emitter import Line
    from recommender.simulation.streams import Stream
    from recommender.simulation.traffic import Traffic

_DNS_PORT: Final = 53
_SHARE: Final = 0.12
_OVER_TCP: Final = 0.02


class Asking:
    """Makes the look-ups of a simulation.

    Args:
        traffic: Makes their connections.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._resolver = traffic.application.resolver

    def look_up(
        self,
        stream: Stream,
        client: Pod,
        family: str,
        moment: int,
        out: list[Line],
    ) -> int:
        """Let a client ask for the server's name: always the first time, then sometimes.

        Returns:
            When it has the answer.
        """
        traffic, resolver = self._traffic, self._resolver
        if resolver is None or client.workload.target == resolver or client.workload.host_network:
            return moment
        if client.name in stream.looked_up and not traffic.dice.chance(_SHARE):
            return moment
        stream.looked_up.add(client.name)
        key = (stream.cluster, resolver.namespace, resolver.name)
        server = traffic.picker.pod(traffic.cluster.placements.get(key), moment)
        if server is None:
            return moment
        source, target = traffic.ends.pod(client, family), traffic.ends.pod(server, family)
        port = _port(server)
        for name, exists in questions(stream.call, client.workload.namespace, traffic.services):
            answer = self._answer(stream, family) if exists else []
            protocol = "TCP" if traffic.dice.chance(_OVER_TCP) else "UDP"
            wire = Wire(source, target, port, protocol)
            call = Call(
                client.workload.target,
                resolver,
                port,
                protocol,
                intent=Intent.PLATFORM,
            )
            said = log_values(name, answer, family, traffic.dice)
            moment = traffic.ask(wire, call, said, moment, out)
        return moment

    def _answer(self, stream: Stream, family: str) -> list[str]:
        call, traffic = stream.call, self._traffic
        if call.server.kind is TargetKind.FQDN:
            return traffic.ends.addresses(call.server, family)[:3]
        found = traffic.services.of(call.server, call.port, call.protocol)
        if found is None:
            return []
        address = traffic.services.address(found[0], family)
        if address or stream.server is None:
            return [address]
        return sorted(pod.addresses[family] for pod in stream.server.pods)[:3]


def _port(server: Pod) -> int:
    for port in server.workload.ports:
        if port.protocol == "UDP":
            return port.number
    return _DNS_PORT
