"""Bundles: the line patterns of every event that connections between two ends can cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.simulation import scripts
from recommender.simulation.dialects import dialect, envelope
from recommender.simulation.events import Events
from recommender.simulation.graph import Outcome
from recommender.simulation.lines import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.simulation.ends import Ends
    from recommender.simulation.settings import Settings
    from recommender.simulation.wires import Sighting, Wire

#: Most bundles kept: about 10 kB each.
_KEPT: Final = 4096
_NOTHING: Final[tuple[tuple[int, int, bytes], ...]] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """How connections between two ends run.

    Attributes:
        outcome: What the datapath does with them.
        l7: ``http``, ``dns`` or empty.
        client_enforced: The client's policies report verdicts.
        server_enforced: The server's policies report verdicts.
        long_lived: They stay open for a while.
    """

    outcome: Outcome = Outcome.ACCEPTED
    l7: str = ""
    client_enforced: bool = False
    server_enforced: bool = False
    long_lived: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """The events of connections between two ends.

    Attributes:
        script: The steps of one connection.
        groups: For each group of events that a step can name: node, nanoseconds of delay and
            line pattern of each.
    """

    script: tuple[scripts.Step, ...]
    groups: Mapping[str, Sequence[tuple[int, int, bytes]]]


class Bundles:
    """Makes bundles, and keeps those of late.

    Args:
        ends: Describes ends as nodes see them.
        settings: Kind of datapath and log.
    """

    def __init__(self, ends: Ends, settings: Settings) -> None:
        self._ends = ends
        self._events = Events(ends, settings)
        self._dialect = dialect(settings.style)
        self._envelope = envelope(settings.envelope)
        self._kept: dict[tuple[object, ...], Bundle] = {}

    def of(self, wire: Wire, route: Route) -> Bundle:
        """The bundle of these ends and this route."""
        key = (id(wire.client), id(wire.server), wire.port, wire.protocol, route)
        bundle = self._kept.get(key)
        if bundle is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            bundle = self._make(wire, route)
            self._kept[key] = bundle
        return bundle

    def _make(self, wire: Wire, route: Route) -> Bundle:
        if route.l7:
            sightings = self._proxied(wire)
        elif route.outcome in {Outcome.DENIED_INGRESS, Outcome.DENIED_EGRESS}:
            direction = "INGRESS" if route.outcome is Outcome.DENIED_INGRESS else "EGRESS"
            sent = self._events.sent(wire) if direction == "INGRESS" else []
            sightings = {"sent": sent, "drop": self._events.drop(wire, direction)}
        else:
            sightings = {
                "verdict": self._verdicts(wire, route),
                "request": self._events.request(wire),
                "reply": self._events.reply(wire),
            }
        groups = {name: self._patterns(group) for name, group in sightings.items()}
        return Bundle(script(wire, route), groups)

    def _verdicts(self, wire: Wire, route: Route) -> list[Sighting]:
        out: list[Sighting] = []
        audited = route.outcome is Outcome.AUDIT
        if route.client_enforced:
            out.extend(self._events.verdict(wire, "EGRESS", "FORWARDED"))
        if route.server_enforced or audited:
            verdict = "AUDIT" if audited else "FORWARDED"
            out.extend(self._events.verdict(wire, "INGRESS", verdict))
        return out

    def _proxied(self, wire: Wire) -> dict[str, list[Sighting]]:
        events, node = self._events, wire.client.node
        if node is None:
            return {}
        router = self._ends.host(node, wire.client.family, router=True)
        behind, behind_reply = events.behind_proxy(wire, router)
        return {
            "verdict": events.verdict(wire, "EGRESS", "REDIRECTED"),
            "proxy": events.to_proxy(wire),
            "reply": events.from_proxy(wire),
            "access": events.access(wire, reply=False),
            "access-reply": events.access(wire, reply=True),
            "behind": behind,
            "behind-reply": behind_reply,
        }

    def _patterns(self, sightings: list[Sighting]) -> Sequence[tuple[int, int, bytes]]:
        out = []
        for sighting in sightings:
            line = pattern(sighting.event, self._dialect, self._envelope)
            if line is not None:
                out.append((sighting.node.index, sighting.lag, line))
        return tuple(out) or _NOTHING

    def single(self, sighting: Sighting) -> tuple[int, int, bytes] | None:
        """The pattern of one event that stands alone; None when the producer has no such event."""
        patterns = self._patterns([sighting])
        return patterns[0] if patterns else None


def script(wire: Wire, route: Route) -> tuple[scripts.Step, ...]:
    """The steps of a connection that runs that way."""
    if route.l7:
        return scripts.HTTP if route.l7 == "http" else scripts.DNS
    tcp = wire.protocol == "TCP"
    if route.outcome in {Outcome.DENIED_INGRESS, Outcome.DENIED_EGRESS}:
        return scripts.TCP_DENIED if tcp else scripts.UDP_DENIED
    if route.outcome is Outcome.REFUSED:
        return scripts.TCP_REFUSED if tcp else scripts.UDP_REFUSED
    if tcp:
        return scripts.TCP_LONG if route.long_lived else scripts.TCP
    return scripts.SCTP if wire.protocol == "SCTP" else scripts.EXCHANGE
