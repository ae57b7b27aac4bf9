"""Connections as a cloud's network sees them: at the interfaces of nodes, and nowhere else.

- Packets between pods of one node cross no interface and leave nothing.
- A node stands for its pods towards addresses that are not private (SNAT).
- The cloud's own firewall is what denies; audit mode and refusals are nothing to it.
- There is no tunnel and no proxy: pods have addresses of the network.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from recommender.simulation import aws_rows, azure_rows, gcp_rows, ibm_rows
from recommender.simulation.bundles import script
from recommender.simulation.dice import Dice
from recommender.simulation.graph import Outcome
from recommender.simulation.windows import Connection, Interface, Packet, Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.simulation.cluster import Node
    from recommender.simulation.emitter import Line
    from recommender.simulation.ends import Ends
    from recommender.simulation.lookups import ServiceAddresses
    from recommender.simulation.recorder import Made
    from recommender.simulation.scripts import Step
    from recommender.simulation.settings import Settings
    from recommender.simulation.windows import Interval, Writer
    from recommender.simulation.wires import Sighting, Wire

_ON_THE_WIRE: Final = frozenset({"request", "reply", "drop"})
_HEADERS: Final = {"TCP": 52, "UDP": 28, "SCTP": 44, "ICMP": 28}
_PAYLOAD: Final = {"PSH-ACK": (160, 1100), "": (64, 180)}
_FLAGS: Final = {"SYN": 2, "SYN-ACK": 18, "FIN-ACK": 1, "RST-ACK": 4}
#: What nodes do not translate towards: private and shared ranges.
_PRIVATE: Final = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
_DENIED: Final = {Outcome.DENIED_EGRESS: "client", Outcome.DENIED_INGRESS: "server"}


class CloudRecorder:
    """Writes the flow log of a cloud's network.

    Args:
        ends: Knows the nodes' own addresses.
        services: The Services, which some clouds write beside the pods.
        settings: Which cloud, and how it samples and aggregates.
        nodes: The nodes; each has one interface.
    """

    def __init__(
        self, ends: Ends, services: ServiceAddresses, settings: Settings, nodes: list[Node]
    ) -> None:
        self.records = 0
        self._ends = ends
        self._dice = Dice(settings.seed, "cloud")
        self._samples = Dice(settings.seed, "samples")
        self._share = settings.captured
        self._interfaces = [_interface(node, settings) for node in nodes]
        self._writer = _writer(settings, services)
        seconds = settings.aggregate or self._writer.seconds
        self._windows = Windows(seconds, self._interfaces)
        self._private: dict[str, bool] = {}
        self._now = 0

    def play(self, made: Made, moment: int, out: list[Line]) -> int:
        """Count the packets of a connection; append the lines of intervals that are over."""
        self._now = moment
        self._flush(moment, out)
        connection = self._connection(made)
        steps = script(made.wire, replace(made.route, l7=""))
        unit = self._dice.unit
        for number, step in enumerate(steps):
            moment += int(step.delay * (1.0 + unit()))
            if step.group in _ON_THE_WIRE and connection.client.node is not connection.server.node:
                self._packet(connection, moment, step, last=number == len(steps) - 1)
        return moment

    def dropped(self, sighting: Sighting, moment: int, summary: bytes, out: list[Line]) -> None:
        """Such packets never reach the network; an interface is idle instead."""
        del summary
        self._once(self._writer.idle, sighting.node, moment, out)

    def lost(self, node: Node, report: dict[str, Any], moment: int, out: list[Line]) -> None:
        """Say that records of an interface were lost."""
        del report
        self._once(self._writer.skipped, node, moment, out)

    def finish(self, out: list[Line]) -> None:
        """Append the lines of all intervals that are open."""
        self._flush(None, out)

    # --- packets -------------------------------------------------------------------------------

    def _connection(self, made: Made) -> Connection:
        wire, values = made.wire, made.values
        client, port = wire.client, int(values[b"p"])
        translated = self._translates(wire)
        if translated and client.node is not None:
            client, port = self._ends.host(client.node, client.family), int(values[b"q"])
        server = wire.server
        if "reserved:health" in server.class_labels and server.node is not None:
            # Cilium's health endpoints have no counterpart in a cloud's own network.
            server = self._ends.host(server.node, server.family)
        icmp = wire.protocol == "ICMP"
        return Connection(
            client,
            server,
            0 if icmp else port,
            0 if icmp else wire.port,
            wire.protocol,
            made.tally,
            translated=translated,
            denied=_DENIED.get(made.route.outcome, ""),
        )

    def _translates(self, wire: Wire) -> bool:
        """Whether the client's node puts its own address in the pod's place."""
        if wire.client.pod is None or wire.client.family == "IPv6" or wire.server.node is not None:
            return False
        address = wire.server.address
        found = self._private.get(address)
        if found is None:
            # The ranges for documentation stand for the internet in simulations.
            found = self._private[address] = _is_private(address)
        return not found

    def _packet(self, connection: Connection, moment: int, step: Step, *, last: bool) -> None:
        """Count a packet at the interfaces it crosses."""
        packet = self._measured(connection, step.flags)
        denied = connection.denied
        for node, outbound in ((connection.client.node, True), (connection.server.node, False)):
            if node is None or (denied == "client" and not outbound):
                continue
            if self._share < 1.0 and not self._samples.chance(self._share):
                continue
            rejected = denied == ("client" if outbound else "server")
            cell = self._windows.cell(
                node.index, moment, connection, outbound=outbound, rejected=rejected
            )
            (cell.reply if step.group == "reply" else cell.request).add(moment, packet)
            cell.ended = cell.ended or last

    def _measured(self, connection: Connection, flags: str) -> Packet:
        bounds = _PAYLOAD.get(flags)
        payload = self._dice.between(*bounds) if bounds else 0
        return Packet(_HEADERS[connection.protocol], payload, _FLAGS.get(flags, 0))

    # --- lines ---------------------------------------------------------------------------------

    def _flush(self, moment: int | None, out: list[Line]) -> None:
        for interval in self._windows.due(moment):
            at = max(interval.end, self._now)
            self._write(interval, at, out)

    def _write(self, interval: Interval, at: int, out: list[Line]) -> None:
        node = interval.interface.node.index
        for records, line in self._writer.lines(interval):
            self.records += records
            out.append((at, node, line))

    def _once(
        self,
        write: Callable[[Interface, int, int], bytes],
        node: Node,
        moment: int,
        out: list[Line],
    ) -> None:
        start, end = self._windows.bounds(node.index, moment)
        line = write(self._interfaces[node.index], start, end)
        if line:
            self.records += 1
            out.append((moment, node.index, line))


def _is_private(address: str) -> bool:
    value = ip_address(address)
    return any(value in network for network in _PRIVATE)


def _interface(node: Node, settings: Settings) -> Interface:
    dice = Dice(settings.seed, f"interface/{node.index}")
    mac = node.mac.replace(":", "").upper()
    return Interface(node, node.addresses, mac, dice.hexadecimal(17))


def _writer(settings: Settings, services: ServiceAddresses) -> Writer:
    name = settings.log
    if name.startswith("aws"):
        return aws_rows.AwsRows(settings)
    if name == "gcp":
        return gcp_rows.GcpRows(settings, services)
    if name == "ibm":
        return ibm_rows.IbmRows(settings)
    return azure_rows.AzureRows(settings)
