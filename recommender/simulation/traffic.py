"""The traffic of a window: every connection in the order of time, as the lines it leaves."""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from recommender.simulation import noise
from recommender.simulation.asking import Asking
from recommender.simulation.attacks import attacks
from recommender.simulation.bundles import Route
from recommender.simulation.cloud import CloudRecorder
from recommender.simulation.dice import Dice
from recommender.simulation.emitter import Line, in_order, summaries
from recommender.simulation.ends import End, Ends
from recommender.simulation.lookups import ServiceAddresses, http_values
from recommender.simulation.picking import Picker
from recommender.simulation.population import populate
from recommender.simulation.recorder import HubbleRecorder, Made, Recorder
from recommender.simulation.streams import Stream, slots
from recommender.simulation.truth import TrueEdge, Truth
from recommender.simulation.wires import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.simulation.cluster import Cluster
    from recommender.simulation.graph import Application, Call
    from recommender.simulation.settings import Settings
    from recommender.simulation.truth import Tally

_SECOND: Final = 10**9
_HOUR_NS: Final = 3600 * _SECOND
_BATCH: Final = 256
_FIRST_EPHEMERAL, _LAST_EPHEMERAL = 32_768, 60_999


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
        self.services = ServiceAddresses(application)
        self.recorder = self._recorder()
        self.dice = Dice(settings.seed, "traffic")
        self.picker = Picker(self.ends, settings, cluster, self.dice)
        self._asking = Asking(self)
        self._namespaces = {entry.name: entry for entry in application.namespaces}
        self._summaries: dict[tuple[str, str], dict[bytes, bytes]] = {}
        self._streams = populate(
            application,
            cluster,
            settings.window_ns,
            connections,
            self.dice,
        )

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
        self.recorder.finish(out)
        yield self.settings.window_ns, out

    def _moments(self) -> Iterator[tuple[int, Stream | noise.Disturbance]]:
        """What starts when, in the order of time."""
        window = self.settings.window_ns
        slot = min(_HOUR_NS, max(_SECOND, window // 24))
        bounds = [*range(0, window, slot), window]
        specials: list[tuple[int, noise.Disturbance]] = noise.disturbances(self)
        made = sum(stream.quota + len(stream.runs) for stream in self._streams)
        specials += attacks(self, made)
        by_hour = [stream for stream in self._streams if not stream.by_runs and stream.quota]
        by_run = [stream for stream in self._streams if stream.by_runs]
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
        picked = self.picker.ends(stream, moment)
        if picked is None:
            return
        client, server, pod = picked
        call = stream.call
        if pod is not None:
            moment = self._asking.look_up(stream, pod, client.family, moment, out)
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
        tally = self.count(wire, call, moment)
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
        return self.recorder.play(Made(wire, route, values, tally), moment, out)

    def ask(
        self,
        wire: Wire,
        call: Call,
        said: dict[bytes, bytes],
        moment: int,
        out: list[Line],
    ) -> int:
        """Make one look-up, through the DNS proxy where the client's policies send it there.

        Args:
            wire: Its ends and port.
            call: What it is made for.
            said: What the proxy's log says of the question and its answer.
            moment: When.
            out: Where the lines go.

        Returns:
            When it ends.
        """
        pod = wire.client.pod
        visible = pod is not None and self._namespaces[pod.workload.namespace].dns_visibility
        if not visible or wire.protocol == "TCP" or not self._proxied(wire):
            return self.connect(wire, call, moment, out)
        tally = self.count(wire, call, moment)
        values = self.values(wire) | said
        return self.recorder.play(Made(wire, Route(l7="dns"), values, tally), moment, out)

    def values(self, wire: Wire) -> dict[bytes, bytes]:
        """Ports and summaries of a new connection."""
        key = (wire.protocol, wire.client.family)
        found = self._summaries.get(key)
        if found is None:
            found = summaries(*key)
            self._summaries[key] = found
        return {**found, b"p": self._ephemeral(), b"q": self._ephemeral()}

    def count(self, wire: Wire, call: Call, moment: int) -> Tally:
        """Count a connection in the truth, and return the tally of its edge."""
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
        tally = self.truth.tally(edge)
        tally.add(moment, client, others)
        return tally

    def _recorder(self) -> Recorder:
        settings = self.settings
        if settings.log == "hubble":
            return HubbleRecorder(self.ends, settings)
        return CloudRecorder(self.ends, self.services, settings, self.cluster.nodes)

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
