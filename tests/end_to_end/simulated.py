"""Simulated clusters, what the program makes of their logs, and what was really there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from recommender.connections.marks import OWN_NODE
from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind
from recommender.simulation import Settings, simulate
from recommender.simulation.applications import find
from recommender.simulation.graph import Intent, Outcome
from recommender.simulation.output import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.reporting.policy_set import PolicySet
    from recommender.simulation import Simulation
    from recommender.simulation.graph import Application
    from recommender.simulation.output import Written
    from recommender.simulation.truth import TrueEdge

#: Ends that are no workload, as coarse as a simulation and every dialect of the log tell them: a
#: control-plane node is a node and the API server, an outside address may have a name or not.
_OUTSIDE: Final = {
    EntityKind.CIDR: "outside",
    EntityKind.NAME: "outside",
    EntityKind.NODE: "host",
    EntityKind.APISERVER: "host",
}


class Talk(NamedTuple):
    """Who talks to whom on what, in words that truth and recommendation share."""

    client: str
    server: str
    protocol: str
    port: int

    @property
    def turned(self) -> Talk:
        """The same with client and server swapped."""
        return Talk(self.server, self.client, self.protocol, self.port)


def _plain_shop() -> Application:
    """The shop without a proxy in the node and without audit, which not every log can show."""
    shop = find("shop")
    return replace(
        shop,
        namespaces=tuple(replace(one, dns_visibility=False) for one in shop.namespaces),
        calls=tuple(
            replace(call, l7="") for call in shop.calls if call.outcome is not Outcome.AUDIT
        ),
    )


@dataclass(frozen=True)
class Case:
    """A kind of log.

    Attributes:
        settings: What to simulate.
        layout: How the log lies on disk.
        kinds: Whether the log tells the kinds of workloads.
        classes: Whether the log tells nodes from outside addresses.
        plain: Leave out what needs a proxy or audit mode.
        known: Whether an inventory, taken at the end of the window, comes with the log.
    """

    settings: Settings
    layout: Layout = field(default_factory=lambda: Layout(compression="none"))
    kinds: bool = True
    classes: bool = True
    plain: bool = False
    known: bool = False

    def end(self, entity: Entity, *, hosted: bool = False) -> str:
        """One end in shared words."""
        if entity.kind is EntityKind.WORKLOAD and not hosted:
            parts = [entity.namespace, entity.workload_kind if self.kinds else "", entity.name]
            if self.settings.multi_cluster:
                parts.insert(0, entity.cluster)
            return "/".join(parts)
        if not self.classes:
            return "elsewhere"
        return "host" if hosted else _OUTSIDE.get(entity.kind, entity.id)

    def truly(self, edge: TrueEdge) -> Talk:
        """A true edge in shared words."""
        client = self.end(edge.client, hosted="client" in edge.host_network)
        server = self.end(edge.server, hosted="server" in edge.host_network)
        return Talk(client, server, edge.protocol, edge.port)

    def found(self, edge: Edge) -> Talk:
        """A recommended edge in shared words."""
        return Talk(self.end(edge.client), self.end(edge.server), edge.protocol, edge.port)


def _of(**settings: object) -> Settings:
    return replace(Settings(flows=2000, days=3), **settings)  # type: ignore[arg-type]


_ROTATED: Final = Layout(compression="gzip", per_node=True, rotate_bytes=300_000)

CASES: Final = {
    "modern": Case(_of(seed=1)),
    "quiet": Case(_of(seed=2, noise=False)),
    "packet-services": Case(_of(seed=3, service_lb="packet", datapath="native")),
    "churn": Case(_of(seed=4, churn=3.0)),
    "ipv6": Case(_of(seed=5, family="ipv6")),
    "dual": Case(_of(seed=6, family="dual", lost_events=3)),
    "two-clusters": Case(_of(seed=7, multi_cluster=True)),
    "aggregated": Case(_of(seed=8, aggregate=60)),
    "old": Case(_of(seed=9, style="old"), kinds=False),
    "retina": Case(_of(seed=10, style="retina"), plain=True),
    "masked": Case(
        _of(seed=11, style="masked"), kinds=False, classes=False, plain=True, known=True
    ),
    "rotated": Case(_of(seed=12, envelope="exporter"), layout=_ROTATED),
    "bare": Case(_of(seed=13, envelope="bare"), layout=Layout(compression="zstd")),
    "flow-only": Case(_of(seed=14, envelope="flow-only")),
    "known": Case(_of(seed=16, churn=2.0), known=True),
    "array": Case(_of(seed=15, envelope="array"), layout=Layout(compression="gzip")),
}


@dataclass(frozen=True)
class Outcomes:
    """A simulation, its log and what the program made of it."""

    case: Case
    simulation: Simulation
    written: Written
    result: PolicySet

    @property
    def accepted(self) -> dict[Talk, Edge]:
        """The accepted edges that were found."""
        edges = self.result.run.edges
        return {self.case.found(edge): edge for edge in edges if edge.verdict is Verdict.ACCEPTED}

    def truth(self, *verdicts: str, intents: frozenset[Intent] = frozenset(Intent)) -> set[Talk]:
        """True edges of these verdict classes and intents."""
        return {
            self.case.truly(edge)
            for edge, _ in self.simulation.truth
            if edge.verdict in verdicts and edge.intent in intents
        }


def play(name: str, folder: Path) -> Outcomes:
    """Simulate a case and recommend from its log."""
    import recommender as nr

    case = CASES[name]
    application = _plain_shop() if case.plain else find("shop")
    simulation = simulate(application, case.settings)
    written = simulation.write(folder, case.layout)
    inventory = folder / "inventory.json" if case.known else None
    # A few lines of a few days: what is said of drafts is said of all that was accepted.
    review = nr.ReviewSettings(accept_all=True)
    result = nr.recommend(written.logs, inventory, review=review)
    return Outcomes(case, simulation, written, result)


def writable(edge: Edge) -> bool:
    """Whether an edge needs a rule and NetworkPolicy has words for it."""
    return edge.protocol in {"TCP", "UDP", "SCTP"} and OWN_NODE not in edge.marks
