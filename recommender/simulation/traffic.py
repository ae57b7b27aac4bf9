"""The traffic of a window: every connection in the order of time, as the lines it leaves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from recommender.simulation import noise
from recommender.simulation.bundles import Bundles, Route
from recommender.simulation.dice import Dice
from recommender.simulation.emitter import Clock, Emitter, Line, in_order, summaries
from recommender.simulation.ends import End, Ends
from recommender.simulation.events import Wire
from recommender.simulation.graph import Call, Intent, Outcome, Target, TargetKind
from recommender.simulation.lookups import (
    ServiceAddresses,
    http_values,
    log_values,
    questions,
)
from recommender.simulation.streams import Stream, alive, slots, spread_quotas
from recommender.simulation.truth import TrueEdge, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.simulation.cluster import Cluster, Placement, Pod
    from recommender.simulation.graph import Application
    from recommender.simulation.settings import Settings

_SECOND: Final = 10**9
_HOUR_NS: Final = 3600 * _SECOND
_BATCH: Final = 256
_FIRST_EPHEMERAL, _LAST_EPHEMERAL = 32_768, 60_999
_HEALTH_PORT: Final = 4240
_DNS_PORT: Final = 53
_NODE: Final = Target(TargetKind.NODE)
# Shares of what the cluster does by itself, of the application's own connections.
_PROBE_SHARE: Final = 0.1
_HEALTH_SHARE: Final = 0.01
_LOOKUP_SHARE: Final = 0.12
_CROSS_CLUSTER_SHARE: Final = 0.1
_OVER_TCP: Final = 0.02


class Traffic:
    """One pass over the window.

    Args:
        application: What is simulated.
        settings: Size, window and kind of log.
        cluster: Its nodes and pods.
        connections: How many connections to make; None follows the rates of the application.
    """

    def __init__(
        self,
        application: Application,
        settings: Settings,
        cluster: Cluster,
        connections: int | None,
    ) -> None:
        self.truth = Truth()
        self.application = application
        self.settings = settings
        self.cluster = cluster
        self.ends = Ends(application, settings, cluster.nodes)
        self.bundles = Bundles(self.ends, settings)
        self.emitter = Emitter(Clock(settings.start), settings.seed)
        self.services = ServiceAddresses(application)
        self.dice = Dice(settings.seed, "traffic")
        self._namespaces = {entry.name: entry for entry in application.namespaces}
        self._nodes = {
            name: [node for node in cluster.nodes if node.cluster == name]
            for name in dict.fromkeys(node.cluster for node in cluster.nodes)
        }
        self._summaries: dict[tuple[str, str], dict[bytes, bytes]] = {}
        self.streams = self._streams()
        for stream in self.streams:
            stream.phase = self.dice.unit()
            if stream.by_runs:
                stream.runs = self._run_moments(stream)
        spread_quotas(self.streams, settings.window_ns, connections)

    # --- what there is to connect ------------------------------------------------------------

    def _streams(self) -> list[Stream]:
        out: list[Stream] = []
        for cluster in self._nodes:
            calls = [*self.application.calls, *self._platform_calls(cluster)]
            for call in calls:
                client = self._placement(cluster, call.client)
                server = self._placement(cluster, call.server)
                out.append(Stream(call, cluster, client, server))
                if client is None or server is None:
                    continue
                out.extend(
                    self._across(call, cluster, client, other)
                    for other in self._nodes
                    if other != cluster
                )
        return out

    def _across(self, call: Call, cluster: str, client: Placement, other: str) -> Stream:
        share = replace(call, rate=call.rate * _CROSS_CLUSTER_SHARE)
        server = self._placement(other, call.server)
        return Stream(share, cluster, client, server, peer_cluster=other)

    def _placement(self, cluster: str, target: Target) -> Placement | None:
        return self.cluster.placements.get((cluster, target.namespace, target.name))

    def _platform_calls(self, cluster: str) -> list[Call]:
        """What nodes do by themselves: kubelet probes and health checks of each other."""
        total = sum(call.rate for call in self.application.calls) or 1.0
        probed = [
            (workload, port)
            for workload in self.application.workloads
            if not workload.host_network
            for port in workload.probes
        ]
        calls = [
            Call(
                _NODE,
                workload.target,
                port,
                rate=_PROBE_SHARE * total / len(probed),
                intent=Intent.PROBE,
            )
            for workload, port in probed
        ]
        if len(self._nodes[cluster]) > 1:
            health = _HEALTH_SHARE * total / 2
            for protocol, port in (("ICMP", 0), ("TCP", _HEALTH_PORT)):
                calls.append(
                    Call(_NODE, _NODE, port, protocol, rate=health, intent=Intent.PLATFORM),
                )
        return calls

    def _run_moments(self, stream: Stream) -> list[int]:
        """When a Job's or CronJob's pods connect: within each run, as often as the rate says."""
        out: list[int] = []
        if stream.client is None:
            return out
        window = self.settings.window_ns
        for pod in stream.client.pods:
            for _ in range(max(1, round(stream.call.rate))):
                span = min(pod.end, window) - pod.start
                moment = pod.start + int(span * 0.8 * self.dice.unit())
                day = moment // (24 * _HOUR_NS)
                if 0 <= moment < window and (not stream.call.days or day in stream.call.days):
                    out.append(moment)
        return sorted(out)

    # --- the order of time ---------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        """The lines of the window in the order of time."""
        return in_order(self._batches())

    def _batches(self) -> Iterator[tuple[int, list[Line]]]:
        out: list[Line] = []
        for count, (moment, stream) in enumerate(self._moments(), start=1):
            if isinstance(stream, Stream):
                self._connect(stream, moment, out)
            else:
                stream.play(self, moment, out)
            if count % _BATCH == 0:
                yield moment, out
                out = []
        yield self.settings.window_ns, out

    def _moments(self) -> Iterator[tuple[int, Stream | noise.Disturbance]]:
        """What starts when, in the order of time."""
        window = self.settings.window_ns
        slot = min(_HOUR_NS, max(_SECOND, window // 24))
        bounds = [*range(0, window, slot), window]
        specials = noise.disturbances(self)
        by_hour = [stream for stream in self.streams if not stream.by_runs and stream.quota]
        by_run = [stream for stream in self.streams if stream.by_runs]
        due_in = slots(by_hour, bounds)
        for index, (first, last) in enumerate(pairwise(bounds)):
            due: list[tuple[int, int, Stream | noise.Disturbance]] = [
                (first + int((last - first) * self.dice.unit()), order, by_hour[order])
                for order in due_in(index)
            ]
            for order, stream in enumerate(by_run):
                due.extend(
                    (moment, -order - 1, stream) for moment in stream.runs if first <= moment < last
                )
            due.extend(
                (moment, len(by_hour) + order, special)
                for order, (moment, special) in enumerate(specials)
                if first <= moment < last
            )
            due.sort(key=itemgetter(0, 1))
            for moment, _, source in due:
                yield moment, source

    # --- one connection ------------------------------------------------------------------------

    def _connect(self, stream: Stream, moment: int, out: list[Line]) -> None:
        family = self._family(stream.call)
        ends = self._pick_ends(stream, moment, family)
        if ends is None:
            return
        client, server, client_pod = ends
        call = stream.call
        if client_pod is not None:
            moment = self._look_up(stream, client_pod, family, moment, out)
        self.connect(Wire(client, server, call.port, call.protocol), call, moment, out)

    def connect(self, wire: Wire, call: Call, moment: int, out: list[Line]) -> int:
        """Make one connection, count it in the truth and append its lines.

        Args:
            wire: Its ends and port.
            call: What it is made for.
            moment: When.
            out: Where the lines go.

        Returns:
            When it ends.
        """
        if self.settings.service_lb == "packet" and wire.client.pod is not None:
            wire = self._through_service(wire, call)
        self.count(wire, call, moment)
        route = Route(
            outcome=call.outcome,
            l7=call.l7 if self._proxied(wire) else "",
            client_enforced=self._enforced(wire.client),
            server_enforced=self._enforced(wire.server),
            long_lived=call.long_lived,
        )
        values = self.values(wire)
        if route.l7 == "http":
            host = wire.server.names[0] if wire.server.names else call.server.name
            values |= http_values(host or wire.server.address, call.port, self.dice)
        return self.emitter.play(self.bundles.of(wire, route), moment, values, out)

    def values(self, wire: Wire) -> dict[bytes, bytes]:
        """Ports and summaries of a new connection."""
        key = (wire.protocol, wire.client.family)
        found = self._summaries.get(key)
        if found is None:
            found = summaries(*key)
            self._summaries[key] = found
        return {**found, b"p": self._ephemeral(), b"q": self._ephemeral()}

    def count(self, wire: Wire, call: Call, moment: int) -> None:
        """Count a connection in the truth."""
        host_network = tuple(
            side
            for side, end in (("client", wire.client), ("server", wire.server))
            if end.entity.is_workload and end.pod is None
        )
        edge = TrueEdge(
            wire.client.entity,
            wire.server.entity,
            wire.protocol,
            wire.port,
            call.outcome,
            call.intent,
            host_network,
        )
        pod = wire.client.pod
        client = pod.name if pod is not None else wire.client.address
        others = [end.address for end in (wire.client, wire.server) if end.pod is None]
        self.truth.tally(edge).add(moment, client, others)

    def _ephemeral(self) -> bytes:
        return b"%d" % self.dice.between(_FIRST_EPHEMERAL, _LAST_EPHEMERAL)

    def _enforced(self, end: End) -> bool:
        if end.pod is None:
            return False
        return self._namespaces[end.pod.workload.namespace].enforced

    def _proxied(self, wire: Wire) -> bool:
        # Retina comes with no proxy.
        return wire.client.pod is not None and self.settings.style != "retina"

    def _through_service(self, wire: Wire, call: Call) -> Wire:
        found = self.services.of(call.server, wire.port, wire.protocol)
        if found is None:
            return wire
        address = self.services.address(found[0], wire.client.family)
        if not address:
            return wire
        return Wire(wire.client, wire.server, wire.port, wire.protocol, (address, found[1]))

    def _family(self, call: Call) -> str:
        families = self.settings.families
        if len(families) == 1:
            return families[0]
        for target in (call.client, call.server):
            if target.kind is TargetKind.CIDR:
                return "IPv6" if ":" in target.name else "IPv4"
        return families[self.dice.below(3) == 0]

    # --- choosing ends -------------------------------------------------------------------------

    def _pick_ends(
        self,
        stream: Stream,
        moment: int,
        family: str,
    ) -> tuple[End, End, Pod | None] | None:
        server_pod = self._pick_pod(stream.server, moment)
        if stream.server is not None and server_pod is None:
            return None
        client_pod = self._pick_pod(stream.client, moment, apart_from=server_pod)
        if stream.client is not None and client_pod is None:
            return None
        call = stream.call
        if server_pod is not None:
            server = self.ends.pod(server_pod, family)
        else:
            server = self._pick_other(call, call.server, stream.cluster, family)
        if client_pod is not None:
            router = client_pod.workload.host_network and self._tunnelled(server)
            client = self.ends.pod(client_pod, family, router=router)
        elif call.intent is Intent.PROBE and server_pod is not None:
            client = self.ends.host(server_pod.node, family, router=self._tunnelled(server))
        else:
            client = self._pick_other(call, call.client, stream.cluster, family, client=True)
        return client, server, client_pod

    def _tunnelled(self, server: End) -> bool:
        return self.settings.datapath == "tunnel" and server.pod is not None

    def _pick_pod(
        self,
        placement: Placement | None,
        moment: int,
        apart_from: Pod | None = None,
    ) -> Pod | None:
        if placement is None:
            return None
        pods = alive(placement, moment)
        if apart_from is not None and apart_from.workload is placement.workload:
            pods = tuple(pod for pod in pods if pod is not apart_from)
        return self.dice.pick(pods) if pods else None

    def _pick_other(
        self,
        call: Call,
        target: Target,
        cluster: str,
        family: str,
        *,
        client: bool = False,
    ) -> End:
        if target.kind is TargetKind.APISERVER:
            return self.ends.apiserver(cluster, family)
        if target.kind is not TargetKind.NODE:
            return self.ends.external(target, family, self.dice)
        node = self.dice.pick(self._nodes[cluster])
        if call.server.kind is TargetKind.NODE and call.client.kind is TargetKind.NODE:
            if client:
                return self.ends.host(node, family, router=self.settings.datapath == "tunnel")
            return self.ends.health(node, family)
        router = client and self.settings.datapath == "tunnel"
        return self.ends.host(node, family, router=router)

    # --- names ---------------------------------------------------------------------------------

    def _look_up(
        self,
        stream: Stream,
        client: Pod,
        family: str,
        moment: int,
        out: list[Line],
    ) -> int:
        """Ask for the server's name first, sometimes; returns when the answer is there."""
        resolver = self.application.resolver
        if resolver is None or client.workload.target == resolver:
            return moment
        known = client.name in stream.looked_up
        if known and not self.dice.chance(_LOOKUP_SHARE):
            return moment
        stream.looked_up.add(client.name)
        placement = self._placement(stream.cluster, resolver)
        server = self._pick_pod(placement, moment, apart_from=client)
        if server is None or client.workload.host_network:
            return moment
        port = _resolver_port(server)
        for name, exists in questions(stream.call, client.workload.namespace, self.services):
            answer = self._answer(stream, family) if exists else []
            wire = Wire(self.ends.pod(client, family), self.ends.pod(server, family), port, "UDP")
            moment = self._ask(wire, client, (name, answer), moment, out)
        return moment

    def _ask(
        self,
        wire: Wire,
        client: Pod,
        question: tuple[str, list[str]],
        moment: int,
        out: list[Line],
    ) -> int:
        if self.dice.chance(_OVER_TCP):
            wire = Wire(wire.client, wire.server, wire.port, "TCP")
        resolver = Target.workload(
            wire.server.entity.namespace,
            wire.server.entity.name,
        )
        asking = Target.workload(client.workload.namespace, client.workload.name)
        call = Call(asking, resolver, wire.port, wire.protocol, intent=Intent.PLATFORM)
        namespace = self._namespaces[client.workload.namespace]
        if not namespace.dns_visibility or wire.protocol == "TCP" or not self._proxied(wire):
            return self.connect(wire, call, moment, out)
        self.count(wire, call, moment)
        name, answer = question
        values = self.values(wire) | log_values(name, answer, wire.client.family, self.dice)
        route = Route(l7="dns", outcome=Outcome.ACCEPTED)
        return self.emitter.play(self.bundles.of(wire, route), moment, values, out)

    def _answer(self, stream: Stream, family: str) -> list[str]:
        call = stream.call
        if call.server.kind is TargetKind.FQDN:
            return self.ends.addresses(call.server, family)[:3]
        found = self.services.of(call.server, call.port, call.protocol)
        if found is None:
            return []
        address = self.services.address(found[0], family)
        if address or stream.server is None:
            return [address]
        return sorted(pod.addresses[family] for pod in stream.server.pods)[:3]


def _resolver_port(server: Pod) -> int:
    for port in server.workload.ports:
        if port.protocol == "UDP":
            return port.number
    return _DNS_PORT
