"""The truth of a simulation: what was connected to what, whoever reads the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recommender.simulation.graph import Intent, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.model.entities import Entity

_DAY_NS = 86_400 * 10**9

#: Which outcomes the datapath lets through.
_VERDICTS = {
    Outcome.ACCEPTED: "accepted",
    Outcome.REFUSED: "accepted",
    Outcome.AUDIT: "audit",
    Outcome.DENIED_INGRESS: "denied",
    Outcome.DENIED_EGRESS: "denied",
}


@dataclass(frozen=True, slots=True, order=True)
class TrueEdge:
    """What a perfect reader of the log would find between two ends.

    Attributes:
        client: Who opens the connections; its cluster is named where there are two.
        server: Who is called.
        protocol: ``TCP``, ``UDP``, ``SCTP`` or ``ICMP``.
        port: The pod's port; 0 for ICMP.
        outcome: What the datapath does with them.
        intent: Why they are made.
        host_network: Which ends are pods in a node's network, which the log shows as nodes:
            ``client``, ``server``, both or none.
    """

    client: Entity
    server: Entity
    protocol: str
    port: int
    outcome: Outcome = Outcome.ACCEPTED
    intent: Intent = Intent.APPLICATION
    host_network: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """``accepted``, ``audit`` or ``denied``: the verdict class of the edge.

        A refused connection is accepted: policy let it through, nothing listened.
        """
        return _VERDICTS[self.outcome]


@dataclass(slots=True)
class Tally:
    """How often an edge was there.

    Attributes:
        connections: Connections made.
        clients: Names of the client pods, or the client's addresses.
        first: Nanosecond of the window of the first connection.
        last: Nanosecond of the last one.
        days: Days of the window on which it was there, counted from 0.
        addresses: Addresses of the end that is no pod.
        seen: Connections that a cloud's log has anything of.
        translated: Those of them that it shows with the node's address in the client's place.
    """

    connections: int = 0
    clients: set[str] = field(default_factory=set)
    first: int = 0
    last: int = 0
    days: set[int] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    seen: int = 0
    translated: int = 0

    def add(self, moment: int, client: str, addresses: Iterable[str]) -> None:
        """Count a connection.

        Args:
            moment: When, in nanoseconds of the window.
            client: Name of the client pod, or the client's address.
            addresses: Addresses of ends that are no pods.
        """
        if not self.connections:
            self.first = moment
        self.connections += 1
        self.last = max(self.last, moment)
        self.first = min(self.first, moment)
        self.clients.add(client)
        self.days.add(moment // _DAY_NS)
        self.addresses.update(addresses)


class Truth:
    """The edges of a simulation with their tallies, growing while lines are made."""

    def __init__(self) -> None:
        self._tallies: dict[TrueEdge, Tally] = {}

    def tally(self, edge: TrueEdge) -> Tally:
        """The tally of an edge, an empty one when it is new."""
        found = self._tallies.get(edge)
        if found is None:
            found = Tally()
            self._tallies[edge] = found
        return found

    def __iter__(self) -> Iterator[tuple[TrueEdge, Tally]]:
        """Edges that were there, with their tallies, in a stable order."""
        for edge in sorted(self._tallies, key=_order):
            if self._tallies[edge].connections:
                yield edge, self._tallies[edge]

    def __len__(self) -> int:
        """How many edges were there."""
        return sum(1 for tally in self._tallies.values() if tally.connections)

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return sum(tally.connections for tally in self._tallies.values())

    def edges(self, *, verdict: str = "accepted", application: bool = True) -> set[TrueEdge]:
        """Edges of one verdict class.

        Args:
            verdict: ``accepted``, ``audit`` or ``denied``.
            application: Leave out probes and what scans and hands did.
        """
        wanted = {Intent.APPLICATION, Intent.PLATFORM} if application else set(Intent)
        return {edge for edge, _ in self if edge.verdict == verdict and edge.intent in wanted}


def _order(edge: TrueEdge) -> tuple[Any, ...]:
    return (
        edge.client.id,
        edge.server.id,
        edge.protocol,
        edge.port,
        edge.outcome.value,
        edge.intent.value,
    )
