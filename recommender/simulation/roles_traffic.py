"""The edges of a cluster of roles: what was seen in the window and after it, and what was amiss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.simulation.dice import Dice
from recommender.simulation.roles import RoleCluster, RoleSettings, Service, role_cluster

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = tuple[int, int, Service]

_SWEEP: Final = 40
_FOOTHOLDS: Final = 3
_FOOTHOLD_RATE: Final = 0.8
#: Up to which share of the edges, and their chance of a day to be seen on.
_RATES: Final = ((0.74, 0.98), (0.89, 0.4), (0.97, 0.12), (1.0, 0.03))
_EXCEPTIONS: Final = 0.03
_NOISE_AGAIN: Final = 0.03
_TO_QUIET: Final = 0.1
_QUIET_CALLS: Final = 0.7


@dataclass(frozen=True, slots=True)
class RoleEdge:
    """An edge as a table of edges shows it; workloads by number, days from 1."""

    source: int
    destination: int
    service: Service
    flows: int
    days: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RoleTraffic:
    """A cluster and what was seen of it.

    Attributes:
        cluster: Workloads, segments, permissions.
        born: Workloads that appear only after the window.
        seen: Edges of the window: permitted ones, noise, and attacks.
        future: Permitted edges of the later window between workloads known in the first.
        exceptions: Pairs that are permitted beyond the permissions of segments.
        attacks: Edges of attackers.
    """

    cluster: RoleCluster
    born: frozenset[int]
    seen: tuple[RoleEdge, ...]
    future: tuple[RoleEdge, ...]
    exceptions: frozenset[Key]
    attacks: frozenset[Key]


def role_traffic(seed: int, settings: RoleSettings | None = None) -> RoleTraffic:
    """Make up a cluster of roles and its traffic.

    Args:
        seed: Number of the run.
        settings: Its shape.

    Raises:
        UsageError: Fewer workloads than the shape needs.
    """
    cluster = role_cluster(seed, settings)
    dice = Dice(seed, "roles-traffic")
    born, gone = _churn(dice, cluster)
    exceptions = _exceptions(dice, cluster)
    days = _Days(dice, cluster.settings)
    for key in [*_permitted(dice, cluster), *exceptions]:
        days.draw(key, born, gone)
    attacks = _attacks(dice, cluster, born, days)
    _noise(dice, cluster, born, days)
    window = cluster.settings.days
    seen = _edges(days.seen, 1, window)
    legitimate = days.permitted
    future = [
        edge
        for edge in _edges(days.seen, window + 1, window + cluster.settings.later)
        if (edge.source, edge.destination, edge.service) in legitimate
        and edge.source not in born
        and edge.destination not in born
    ]
    kept = frozenset(attacks - legitimate)
    return RoleTraffic(
        cluster, frozenset(born), tuple(seen), tuple(future), frozenset(exceptions), kept
    )


class _Days:
    """On which days each edge was seen, as one bit a day."""

    def __init__(self, dice: Dice, settings: RoleSettings) -> None:
        self.seen: dict[Key, int] = {}
        self.permitted: set[Key] = set()
        self._dice = dice
        self._window = settings.days
        self._total = settings.days + settings.later

    def draw(self, key: Key, born: set[int], gone: set[int]) -> None:
        """Draw the days of a permitted edge."""
        chance = self._dice.unit()
        rate = next((rate for upto, rate in _RATES if chance < upto), _RATES[-1][1])
        first, last = 0, self._total
        if key[0] in born or key[1] in born:
            first = self._window
        if key[0] in gone or key[1] in gone:
            last = self._window
        self.permitted.add(key)
        self.add(key, first, last, rate)

    def add(self, key: Key, first: int, last: int, rate: float) -> None:
        """Let an edge be seen on each day of ``[first, last)`` by chance."""
        chance = self._dice.chance
        days = sum(1 << day for day in range(first, last) if chance(rate))
        if days:
            self.seen[key] = self.seen.get(key, 0) | days


def _churn(dice: Dice, cluster: RoleCluster) -> tuple[set[int], set[int]]:
    count = len(cluster.workloads)
    some = round(cluster.settings.churn * count)
    hubs = sum(workload.segment < _hubs() for workload in cluster.workloads)
    order = dice.shuffled(range(hubs, count))
    return set(order[:some]), set(order[some : 2 * some])


def _hubs() -> int:
    from recommender.simulation.roles import _HUBS

    return len(_HUBS)


def _permitted(dice: Dice, cluster: RoleCluster) -> Iterable[Key]:
    """The edges that permissions lead to: each caller meets a few of those it may call."""
    members, workloads = cluster.members(), cluster.workloads
    for permission in cluster.permissions:
        pool = [
            number
            for number in members[permission.destination]
            if permission.everyone or not workloads[number].quiet or dice.chance(_TO_QUIET)
        ]
        for source in members[permission.source]:
            if not dice.chance(permission.taking_part):
                continue
            most = len(pool) if permission.everyone else cluster.settings.fanout
            hub = permission.destination < _hubs() or permission.source < _hubs()
            if workloads[source].quiet and not hub:
                most = int(dice.chance(_QUIET_CALLS))
            chosen = pool if most >= len(pool) else dice.some(pool, most)
            yield from ((source, there, permission.service) for there in chosen if there != source)


def _exceptions(dice: Dice, cluster: RoleCluster) -> list[Key]:
    """Pairs that are in order though nothing alike is: an old integration, a debugging tool."""
    count = len(cluster.workloads)
    out = []
    for _ in range(round(_EXCEPTIONS * count)):
        source, there = dice.below(count), dice.below(count)
        if source != there:
            out.append((source, there, dice.pick(cluster.permissions).service))
    return sorted(set(out))


def _attacks(dice: Dice, cluster: RoleCluster, born: set[int], days: _Days) -> set[Key]:
    there = [number for number in range(len(cluster.workloads)) if number not in born]
    out = set()
    for attacker in dice.shuffled(there)[: cluster.settings.attackers]:
        day = dice.below(cluster.settings.days)
        targets = [number for number in dice.some(there, _SWEEP) if number != attacker]
        keys = [(attacker, other, dice.pick(cluster.permissions).service) for other in targets]
        for key in keys:
            days.add(key, day, day + 1, 1.0)
        for key in keys[:_FOOTHOLDS]:
            days.add(key, day + 1, cluster.settings.days, _FOOTHOLD_RATE)
        out |= set(keys)
    return out


def _noise(dice: Dice, cluster: RoleCluster, born: set[int], days: _Days) -> None:
    there = [number for number in range(len(cluster.workloads)) if number not in born]
    for _ in range(round(cluster.settings.noise * len(days.permitted))):
        source, other = dice.pick(there), dice.pick(there)
        key = (source, other, dice.pick(cluster.permissions).service)
        if source == other or key in days.permitted:
            continue
        for _ in range(1 + dice.chance(_NOISE_AGAIN)):
            day = dice.below(cluster.settings.days)
            days.add(key, day, day + 1, 1.0)


def _edges(seen: dict[Key, int], first: int, last: int) -> list[RoleEdge]:
    out = []
    mask = ((1 << last) - 1) & ~((1 << (first - 1)) - 1)
    for key in sorted(seen):
        days = seen[key] & mask
        if days:
            count = days.bit_count()
            low = (days & -days).bit_length()
            out.append(RoleEdge(*key, 3 * count, count, low, days.bit_length()))
    return out
