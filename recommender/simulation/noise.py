"""What disturbs a log: a port scan, a connection made by hand, drops that no policy caused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from recommender.simulation.dice import Dice
from recommender.simulation.graph import Call, Intent, Outcome
from recommender.simulation.lines import SUMMARY, TIME, UUID
from recommender.simulation.streams import alive
from recommender.simulation.wires import EMITTER, Sighting, Wire

if TYPE_CHECKING:
    from recommender.simulation.cluster import Placement
    from recommender.simulation.emitter import Line
    from recommender.simulation.traffic import Traffic

_MS: Final = 10**6
_SCANNED_PORTS: Final = (22, 80, 443, 5432, 6379, 8080)
_SCANNED_PODS: Final = 6
_INVALID_SOURCE_IP: Final = 132
_DROPS: Final = 4
_TRIES: Final = 200
#: Envelopes with a place for something that is no flow.
_CARRIES_LOSSES: Final = ("wrapped", "exporter")
_LOSSES: Final = ("HUBBLE_RING_BUFFER", "PERF_EVENT_RING_BUFFER", "OBSERVER_EVENTS_QUEUE")


class Disturbance(Protocol):
    """Something that happens once in the window."""

    def play(self, traffic: Traffic, moment: int, out: list[Line]) -> None:
        """Append its lines."""


def disturbances(traffic: Traffic) -> list[tuple[int, Disturbance]]:
    """What happens besides the streams, and when."""
    settings = traffic.settings
    dice = Dice(settings.seed, "noise")
    window = settings.window_ns

    def moment() -> int:
        return int(window * (0.05 + 0.9 * dice.unit()))

    out: list[tuple[int, Disturbance]] = []
    if settings.log != "hubble" or settings.envelope in _CARRIES_LOSSES:
        out.extend((moment(), _Loss(dice)) for _ in range(settings.lost_events))
    if not settings.noise:
        return out
    out.extend((moment(), _Drop(dice)) for _ in range(_DROPS))
    placements = [
        placement
        for placement in traffic.cluster.placements.values()
        if placement.workload.kind == "Deployment" and not placement.workload.host_network
    ]
    if len(placements) > 1:
        out.append((moment(), _Scan(dice.pick(placements), dice)))
        out.append((moment(), _ByHand(placements, dice)))
    return out


class _Scan:
    """One pod tries a list of ports on other pods of its cluster."""

    def __init__(self, scanner: Placement, dice: Dice) -> None:
        self._scanner = scanner
        self._dice = dice

    def play(self, traffic: Traffic, moment: int, out: list[Line]) -> None:
        family = traffic.settings.families[0]
        scanners = alive(self._scanner, moment)
        if not scanners:
            return
        scanner = scanners[0]
        targets = [
            pod
            for placement in traffic.cluster.placements.values()
            if placement.cluster == self._scanner.cluster
            and placement.workload is not self._scanner.workload
            and not placement.workload.host_network
            for pod in alive(placement, moment)
        ]
        client = traffic.ends.pod(scanner, family)
        for pod in self._dice.shuffled(targets)[:_SCANNED_PODS]:
            open_ports = {port.number for port in pod.workload.ports if port.protocol == "TCP"}
            for port in _SCANNED_PORTS:
                outcome = Outcome.ACCEPTED if port in open_ports else Outcome.REFUSED
                call = Call(
                    scanner.workload.target,
                    pod.workload.target,
                    port,
                    outcome=outcome,
                    intent=Intent.SCAN,
                )
                traffic.connect(
                    Wire(client, traffic.ends.pod(pod, family), port, "TCP"), call, moment, out
                )
                moment += self._dice.between(2, 15) * _MS


class _ByHand:
    """Somebody connects from one pod to another's port, once."""

    def __init__(self, placements: list[Placement], dice: Dice) -> None:
        self._placements = placements
        self._dice = dice

    def play(self, traffic: Traffic, moment: int, out: list[Line]) -> None:
        called = {(call.client, call.server) for call in traffic.application.calls}
        client, server = self._placements[:2]
        for _ in range(_TRIES):
            client = self._dice.pick(self._placements)
            server = self._dice.pick(self._placements)
            pair = (client.workload.target, server.workload.target)
            if client.cluster == server.cluster and client is not server and pair not in called:
                break
        else:
            return
        clients, servers = alive(client, moment), alive(server, moment)
        ports = [port.number for port in server.workload.ports if port.protocol == "TCP"]
        if not clients or not servers or not ports:
            return
        family = traffic.settings.families[0]
        wire = Wire(
            traffic.ends.pod(clients[0], family),
            traffic.ends.pod(servers[0], family),
            ports[0],
            "TCP",
        )
        call = Call(
            client.workload.target,
            server.workload.target,
            ports[0],
            intent=Intent.DEBUG,
        )
        traffic.connect(wire, call, moment, out)


class _Drop:
    """A node drops an IPv6 router solicitation of an interface without an address."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice

    def play(self, traffic: Traffic, moment: int, out: list[Line]) -> None:
        node = self._dice.pick(traffic.cluster.nodes)
        host = f"{self._dice.bits(16):x}"
        event = {
            "time": TIME,
            "uuid": UUID,
            "emitter": EMITTER,
            "verdict": "DROPPED",
            "drop_reason": _INVALID_SOURCE_IP,
            "ethernet": {"source": self._dice.mac(), "destination": "33:33:00:00:00:02"},
            "IP": {
                "source": f"fe80::64d8:8aff:fe72:{host}",
                "destination": "ff02::2",
                "ipVersion": "IPv6",
            },
            "l4": {"ICMPv6": {"type": 133}},
            "source": {},
            "destination": {},
            "Type": "L3_L4",
            "node_name": node.log_name,
            "event_type": {"type": 1, "sub_type": _INVALID_SOURCE_IP},
            "file": {"name": "bpf_lxc.c", "line": 1214},
            "drop_reason_desc": "INVALID_SOURCE_IP",
            "Summary": SUMMARY,
        }
        sighting = Sighting(node, 0, event)
        traffic.recorder.dropped(sighting, moment, b"ICMPv6 RouterSolicitation", out)


class _Loss:
    """A node says that it could not keep up and lost events."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice

    def play(self, traffic: Traffic, moment: int, out: list[Line]) -> None:
        node = self._dice.pick(traffic.cluster.nodes)
        source = self._dice.pick(_LOSSES)
        lost: dict[str, object] = {
            "source": source,
            "num_events_lost": str(self._dice.between(1, 4000)),
        }
        if source == "PERF_EVENT_RING_BUFFER":
            lost["cpu"] = self._dice.below(8)
        traffic.recorder.lost(node, lost, moment, out)
