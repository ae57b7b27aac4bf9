"""A simulation as a whole: the log, the inventory that matches it, and the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack

from recommender.simulation.applications import find
from recommender.simulation.checks import check
from recommender.simulation.graph import TargetKind
from recommender.simulation.inventory import Inventory
from recommender.simulation.lifetimes import lifetimes
from recommender.simulation.placing import place
from recommender.simulation.reading import ApplicationError
from recommender.simulation.settings import Options, Settings
from recommender.simulation.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from recommender.simulation.cluster import Cluster, Node
    from recommender.simulation.graph import Application
    from recommender.simulation.output import Layout, Written
    from recommender.simulation.truth import Truth

#: Version of the document that `Simulation.truth_document` returns.
TRUTH_VERSION: Final = "simulation-truth/1"
_PILOT: Final = 3000
_FLOWS: Final = 5_000
_TRIALS: Final = 4
_LINES_A_CONNECTION: Final = 9


def simulate(
    application: Application | str,
    settings: Settings | None = None,
    **options: Unpack[Options],
) -> Simulation:
    """Simulate an application.

    Args:
        application: An application, the name of a built-in one (``shop``), or the path of an
            application file or of a folder of manifests.
        settings: Size, window and kind of log; a week of about 5,000 lines where not given.
        **options: Fields of the settings to change: ``simulate("shop", seed=7, flows=20_000)``.

    Raises:
        UsageError: No application of that name, or no such value of an option.
        InputError: The application file cannot be read or contradicts itself.
    """
    if isinstance(application, str):
        application = find(application)
    else:
        check(application, where=application.name)
    chosen = settings or Settings(flows=_FLOWS)
    return Simulation(application, replace(chosen, **options))


class Simulation:
    """The log, inventory and truth of one application, settings and seed.

    Attributes:
        application: What is simulated.
        settings: Size, window and kind of log.
        cluster: Its nodes and pods.
    """

    def __init__(self, application: Application, settings: Settings) -> None:
        self.application = application
        self.settings = settings
        if settings.family == "ipv4":
            _refuse_ipv6(application)
        self.cluster: Cluster = place(application, settings)
        self._connections: int | None = None
        self._truth: Truth | None = None

    @property
    def nodes(self) -> list[Node]:
        """The nodes, in the order in which `lines` numbers them."""
        return self.cluster.nodes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The log: the number of the reporting node and the line with its line feed.

        Lines come in the order of time and are made while they are read; when the last one was
        read, the truth is complete.
        """
        traffic = self._traffic(self._wanted())
        lines = ((node, line) for _, node, line in traffic.lines())
        yield from lines
        self._truth = traffic.truth

    @property
    def truth(self) -> Truth:
        """What was connected; makes the log once when nobody has read it to its end."""
        if self._truth is None:
            for _ in self.lines():
                pass
        if self._truth is None:  # pragma: no cover - lines() has just set it
            raise AssertionError
        return self._truth

    def inventory(self, moment: int | None = None, *, cluster: str = "") -> dict[str, Any]:
        """The cluster as ``kubectl get -o json`` would list it.

        Args:
            moment: Nanosecond of the window; its end where not given.
            cluster: Which cluster, where there are two; the application's own otherwise.
        """
        settings = self.settings
        when = settings.window_ns if moment is None else moment
        name = cluster or self.application.cluster
        return Inventory(self.application, self.cluster, settings, name).at(when)

    def truth_document(self) -> dict[str, Any]:
        """The truth as a document: settings, edges with their tallies, lives of pods."""
        start = self.settings.start
        edges: list[dict[str, Any]] = []
        for edge, tally in self.truth:
            entry = {
                "client": edge.client.id,
                "server": edge.server.id,
                "protocol": edge.protocol,
                "port": edge.port,
                "verdict": edge.verdict,
                "outcome": edge.outcome.value,
                "intent": edge.intent.value,
                "connections": tally.connections,
                "clients": len(tally.clients),
                "firstSeen": _moment(start + timedelta(microseconds=tally.first // 1000)),
                "lastSeen": _moment(start + timedelta(microseconds=tally.last // 1000)),
                "days": sorted(tally.days),
            }
            if self.settings.log != "hubble":
                entry["seen"] = tally.seen
                if tally.translated:
                    entry["translated"] = tally.translated
            if tally.addresses:
                entry["addresses"] = sorted(tally.addresses)
            if edge.host_network:
                entry["hostNetwork"] = list(edge.host_network)
            edges.append(entry)
        return {
            "schema": TRUTH_VERSION,
            "application": self.application.name,
            "seed": self.settings.seed,
            "start": _moment(start),
            "days": self.settings.days,
            "clusters": sorted({node.cluster for node in self.nodes}),
            "connections": self.truth.connections,
            "edges": edges,
            "pods": lifetimes(self.cluster, start),
        }

    def write(
        self,
        directory: Path,
        layout: Layout | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Written:
        """Write the log, the inventory, the truth and the application into a folder.

        Args:
            directory: Where; made when it is not there.
            layout: Compression, splitting and rotation; one gzip file where not given.
            progress: Called now and then with the number of lines made so far.

        Raises:
            OutputError: A file is there already, or cannot be written.
        """
        from recommender.simulation.output import write

        return write(self, directory, layout, progress)

    # --- size ------------------------------------------------------------------------------------

    def _traffic(self, connections: int | None) -> Traffic:
        return Traffic(self.application, self.settings, self.cluster, connections)

    def _wanted(self) -> int | None:
        """How many connections make about as many lines as were asked for."""
        settings = self.settings
        if settings.flows is None:
            return settings.connections
        if self._connections is None:
            self._connections = self._calibrated(settings.flows)
        return self._connections

    def _calibrated(self, flows: int) -> int:
        """How many connections make that many lines, by trying with fewer."""
        guess = max(1, min(_PILOT, flows // _LINES_A_CONNECTION))
        best, distance = guess, flows
        for _ in range(_TRIALS):
            made = self._count(guess)
            if abs(made - flows) < distance:
                best, distance = guess, abs(made - flows)
            guess = max(1, round(guess * flows / max(1, made)))
            if guess > _PILOT * 2:
                return guess
        return best

    def _count(self, connections: int) -> int:
        traffic = self._traffic(connections)
        lines = sum(1 for _ in traffic.lines())
        return traffic.recorder.records or lines


def _refuse_ipv6(application: Application) -> None:
    for index, call in enumerate(application.calls):
        for target in (call.client, call.server):
            if target.kind is TargetKind.CIDR and ":" in target.name:
                raise ApplicationError(
                    f"{target} cannot be reached from a cluster without IPv6",
                    where=f"{application.name}.calls[{index}]",
                    hint="choose the family ipv6 or dual",
                )


def _moment(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")
