"""What a connection leaves in a log: by Hubble's events, or by what crosses the cloud's network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from recommender.simulation.bundles import Bundles
from recommender.simulation.emitter import Clock, Emitter
from recommender.simulation.lines import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.simulation.bundles import Route
    from recommender.simulation.cluster import Node
    from recommender.simulation.emitter import Line
    from recommender.simulation.ends import Ends
    from recommender.simulation.settings import Settings
    from recommender.simulation.truth import Tally
    from recommender.simulation.wires import Sighting, Wire


@dataclass(frozen=True, slots=True)
class Made:
    """A connection that is made.

    Attributes:
        wire: Its ends.
        route: How it runs.
        values: Ports, and what a proxy's log says, by mark.
        tally: Its edge in the truth.
    """

    wire: Wire
    route: Route
    values: Mapping[bytes, bytes]
    tally: Tally


class Recorder(Protocol):
    """Writes the log of a simulation.

    Attributes:
        records: Records written, where a line can hold several of them; else 0.
    """

    records: int

    def play(self, made: Made, moment: int, out: list[Line]) -> int:
        """Record a connection and append the lines that are ready.

        Args:
            made: The connection.
            moment: When it starts.
            out: Where lines go.

        Returns:
            When it ends.
        """

    def dropped(self, sighting: Sighting, moment: int, summary: bytes, out: list[Line]) -> None:
        """Record a packet that is dropped for another reason than policy."""

    def lost(self, node: Node, report: dict[str, Any], moment: int, out: list[Line]) -> None:
        """Record that a node, or its interface, could not keep up."""

    def finish(self, out: list[Line]) -> None:
        """Append what is still held."""


class HubbleRecorder:
    """Writes what Hubble reports.

    Args:
        ends: Describes ends as nodes see them.
        settings: Kind of datapath and log.
    """

    def __init__(self, ends: Ends, settings: Settings) -> None:
        self.records = 0
        self._bundles = Bundles(ends, settings)
        self._emitter = Emitter(Clock(settings.start), settings.seed)

    def play(self, made: Made, moment: int, out: list[Line]) -> int:
        """Append the lines of a connection."""
        bundle = self._bundles.of(made.wire, made.route)
        return self._emitter.play(bundle, moment, made.values, out)

    def dropped(self, sighting: Sighting, moment: int, summary: bytes, out: list[Line]) -> None:
        """Append the line of a drop, where the producer reports such events."""
        item = self._bundles.single(sighting)
        if item is not None:
            out.append(self._emitter.once(item, moment, summary))

    def lost(self, node: Node, report: dict[str, Any], moment: int, out: list[Line]) -> None:
        """Append a report of lost events."""
        stamp = self._emitter.clock.stamp(moment).decode()
        line = {"lost_events": report, "node_name": node.log_name, "time": stamp}
        out.append((moment, node.index, encode(line) + b"\n"))

    def finish(self, out: list[Line]) -> None:
        """Nothing is held."""
