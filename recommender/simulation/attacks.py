"""Injected attacks: traffic that was let through and was never meant, labelled in the truth.

Each attack starts somewhere in the window and is carried out by a pod of one workload. How many
connections it makes is a share of all connections of the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.simulation.dice import Dice
from recommender.simulation.graph import Call, Intent, Outcome, Target, TargetKind
from recommender.simulation.streams import alive
from recommender.simulation.wires import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from recommender.simulation.cluster import Placement
    from recommender.simulation.emitter import Line
    from recommender.simulation.ends import End
    from recommender.simulation.traffic import Traffic

_SECOND: Final = 10**9
_DAY_NS: Final = 86_400 * _SECOND
_SSH: Final = 22
_DNS: Final = 53
#: Ports of mining pools; three in ten use another one, or that of the web.
_POOL_PORTS: Final = (3333, 4444, 5555, 7777, 14444, 45700)
#: The ports that a scan tries first; then come all others.
_FIRST_PORTS: Final = (22, 80, 443, 2379, 3306, 5432, 6379, 8080, 8443, 9090, 10250, 27017)
_LAST_PORT: Final = 65_535
_FEWEST_SCANNED: Final = 20
_VICTIMS: Final = 3
_OUTSIDE: Final = Target(TargetKind.WORLD)


@dataclass(frozen=True, slots=True)
class _Knock:
    """One connection of an attack."""

    client: Placement
    server: Placement | str
    call: Call

    def play(self, traffic: Traffic, moment: int, out: list[Line]) -> None:
        """Make it, if both ends live at that moment."""
        clients = alive(self.client, moment)
        if not clients:
            return
        family = traffic.settings.families[0]
        server = self._server(traffic, moment, family)
        if server is not None:
            call = self.call
            wire = Wire(traffic.ends.pod(clients[0], family), server, call.port, call.protocol)
            traffic.connect(wire, call, moment, out)

    def _server(self, traffic: Traffic, moment: int, family: str) -> End | None:
        if isinstance(self.server, str):
            return traffic.ends.stranger(self.server, family)
        pods = alive(self.server, moment)
        return traffic.ends.pod(pods[0], family) if pods else None


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where an attack takes place.

    Attributes:
        attacker: The workload one of whose pods was taken over.
        others: The other workloads of its cluster that have pods of their own.
        called: Who calls whom by right.
        connections: How many connections to make.
        window_ns: Length of the window in nanoseconds.
        dice: Decides.
    """

    attacker: Placement
    others: tuple[Placement, ...]
    called: frozenset[tuple[Target, Target]]
    connections: int
    window_ns: int
    dice: Dice

    def spread(self, count: int) -> list[int]:
        """So many moments between a start somewhere in the window and its end."""
        start = self.window_ns * (0.05 + 0.8 * self.dice.unit())
        left = self.window_ns - start
        return sorted(int(start + left * self.dice.unit()) for _ in range(count))

    def strangers(self) -> list[Placement]:
        """Others that the attacker has no business with."""
        me = self.attacker.workload.target
        return [one for one in self.others if (me, one.workload.target) not in self.called]

    def knock(self, server: Placement | str, port: int, intent: Intent, **more: str) -> _Knock:
        """One connection to a port that answers."""
        return self._knock(server, port, intent, Outcome.ACCEPTED, more.get("protocol", "TCP"))

    def probe(self, server: Placement, port: int, intent: Intent) -> _Knock:
        """One connection to a port that may be closed."""
        outcome = Outcome.ACCEPTED if port in _listens(server) else Outcome.REFUSED
        return self._knock(server, port, intent, outcome, "TCP")

    def _knock(
        self, server: Placement | str, port: int, intent: Intent, outcome: Outcome, protocol: str
    ) -> _Knock:
        target = _OUTSIDE if isinstance(server, str) else server.workload.target
        me = self.attacker.workload.target
        call = Call(me, target, port, protocol, outcome=outcome, intent=intent)
        return _Knock(self.attacker, server, call)


def attacks(traffic: Traffic, connections: int) -> list[tuple[int, _Knock]]:
    """The connections of every attack that the settings ask for, and when each is made.

    Args:
        traffic: The window.
        connections: How many connections the application makes in it.
    """
    settings = traffic.settings
    wanted = max(1, round(connections * settings.attack_share))
    out: list[tuple[int, _Knock]] = []
    for name in settings.attacks:
        dice = Dice(settings.seed, f"attack/{name}")
        placements = [
            placement
            for placement in traffic.cluster.placements.values()
            if placement.workload.kind in {"Deployment", "StatefulSet", "DaemonSet"}
            and not placement.workload.host_network
        ]
        if len(placements) < 2:  # noqa: PLR2004 - nobody to attack
            continue
        attacker = dice.pick(placements)
        others = tuple(
            one for one in placements if one is not attacker and one.cluster == attacker.cluster
        )
        called = frozenset((call.client, call.server) for call in traffic.application.calls)
        stage = _Stage(attacker, others, called, wanted, settings.window_ns, dice)
        out.extend(_ATTACKS[name](stage))
    return out


def _port_scan(stage: _Stage) -> Iterator[tuple[int, _Knock]]:
    """A sweep within minutes: many ports of one workload, or some ports of many."""
    count = max(_FEWEST_SCANNED, stage.connections)
    targets = stage.dice.shuffled(stage.others)
    wide = stage.dice.chance(0.5)
    targets = targets[: max(1, min(len(targets), count // len(_FIRST_PORTS)))] if wide else targets
    targets = targets if wide else targets[:1]
    moment = int(stage.window_ns * (0.05 + 0.85 * stage.dice.unit()))
    for number, port in enumerate(_ports(-(-count // len(targets)))):
        for target in targets[: count - number * len(targets)]:
            yield moment, stage.probe(target, port, Intent.ATTACK_PORT_SCAN)
            moment += stage.dice.between(2, 15) * _SECOND // 1000


def _ports(count: int) -> list[int]:
    rest = (port for port in range(1, _LAST_PORT + 1) if port not in _FIRST_PORTS)
    found = list(_FIRST_PORTS[:count])
    while len(found) < count and (port := next(rest, 0)):
        found.append(port)
    return found


def _lateral_ssh(stage: _Stage) -> Iterator[tuple[int, _Knock]]:
    """From pod to pod by ssh, again and again until the window ends."""
    victims = stage.dice.shuffled(stage.others)[: stage.dice.between(1, _VICTIMS)]
    for moment in stage.spread(max(len(victims), stage.connections)):
        victim = stage.dice.pick(victims)
        yield moment, stage.knock(victim, _SSH, Intent.ATTACK_LATERAL_SSH)


def _dns_tunnel(stage: _Stage) -> Iterator[tuple[int, _Knock]]:
    """Look-ups that carry data, to a resolver outside the cluster."""
    server = _address(stage.dice)
    for moment in stage.spread(max(2, stage.connections)):
        yield moment, stage.knock(server, _DNS, Intent.ATTACK_DNS_TUNNEL, protocol="UDP")


def _miner(stage: _Stage) -> Iterator[tuple[int, _Knock]]:
    """Connections to a mining pool, known by its address alone."""
    server, port = _address(stage.dice), stage.dice.pick(_POOL_PORTS)
    if stage.dice.chance(0.3):
        port = 443 if stage.dice.chance(0.5) else stage.dice.between(1024, _LAST_PORT)
    for moment in stage.spread(max(2, stage.connections)):
        yield moment, stage.knock(server, port, Intent.ATTACK_MINER)


def _slow_scan(stage: _Stage) -> Iterator[tuple[int, _Knock]]:
    """One port of one workload a day, so that no hour looks busy; most of them are open."""
    opened = [(one, port) for one in stage.others for port in _listens(one)]
    closed = [(one, port) for one in stage.others for port in _FIRST_PORTS if port != _DNS]
    opened, closed = stage.dice.shuffled(opened), stage.dice.shuffled(closed)
    for day in range(max(1, stage.window_ns // _DAY_NS)):
        targets = closed if not opened or stage.dice.chance(0.3) else opened
        target, port = targets.pop()
        moment = int(min(stage.window_ns, _DAY_NS) * stage.dice.unit()) + day * _DAY_NS
        yield moment, stage.probe(target, port, Intent.ATTACK_SLOW_SCAN)


def _mimicry(stage: _Stage) -> Iterator[tuple[int, _Knock]]:
    """A wrong client of a port that others rightly use, as steadily as they do."""
    listening = [(one, port) for one in stage.strangers() for port in _listens(one)]
    if listening:
        server, port = stage.dice.pick(listening)
        for moment in stage.spread(max(2, stage.connections)):
            yield moment, stage.knock(server, port, Intent.ATTACK_MIMICRY)


def _listens(placement: Placement) -> list[int]:
    """The TCP ports that a workload listens on, but for DNS, which everybody may use."""
    ports = placement.workload.ports
    return [port.number for port in ports if port.protocol == "TCP" and port.number != _DNS]


def _address(dice: Dice) -> str:
    return f"198.18.{dice.below(256)}.{dice.between(1, 254)}"


_ATTACKS: Final[Mapping[str, Callable[[_Stage], Iterator[tuple[int, _Knock]]]]] = {
    "port-scan": _port_scan,
    "lateral-ssh": _lateral_ssh,
    "dns-tunnel": _dns_tunnel,
    "miner": _miner,
    "slow-scan": _slow_scan,
    "mimicry": _mimicry,
}
