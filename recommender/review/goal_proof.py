"""Policies proven against goals, by the evaluator that shares no code with the generator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.evaluation.reach import reach
from recommender.model.addresses import IPSet
from recommender.model.policies import Direction
from recommender.model.ports import PortSet
from recommender.review.goals import Kind
from recommender.review.members import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.modes import Modes
    from recommender.evaluation.ranges import AddressRange
    from recommender.evaluation.reach import Reach
    from recommender.inventory.types import Inventory
    from recommender.model.entities import Entity
    from recommender.review.goal_traffic import GoalJudge
    from recommender.review.goals import Goal, Way

#: Pairs of a broken goal that are named.
_NAMED: Final = 3


class Status(StrEnum):
    """How policies fare under a goal."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Breach:
    """What a policy allows against a goal, or denies against one.

    Attributes:
        source: A workload, or outside addresses, as a text.
        destination: The same.
        ports: The ports.
        certain: Whether it is so however open questions are answered.
    """

    source: str
    destination: str
    ports: PortSet
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination} ({self.ports})"


@dataclass(frozen=True, slots=True)
class Proven:
    """One goal and what policies make of it.

    Attributes:
        goal: The goal.
        status: Kept, broken or unknown.
        count: How many pairs are against it.
        breaches: The first of them.
        nobody: Groups of the goal that hold nobody.
    """

    goal: Goal
    status: Status
    count: int = 0
    breaches: tuple[Breach, ...] = ()
    nobody: tuple[str, ...] = ()


def prove_goals(
    judge: GoalJudge,
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes | None = None,
) -> tuple[Proven, ...]:
    """Hold policies against every goal.

    Args:
        judge: The goals with their groups and exceptions.
        policies: The policies: drafts, or those of a cluster.
        inventory: The cluster.
        modes: Answers to what the specification leaves open.
    """
    if not judge.goals.goals:
        return ()
    found = reach(policies, inventory, modes)
    return tuple(_Prover(judge, found).prove(goal) for goal in judge.goals.goals)


@dataclass(frozen=True, slots=True)
class Denied:
    """Addresses outside that a workload must not exchange anything with on some ports.

    Attributes:
        workload: The workload.
        direction: Whether it must not send to them, or not receive from them.
        addresses: The addresses.
        ports: The ports; None for all.
    """

    workload: Entity
    direction: Direction
    addresses: IPSet
    ports: PortSet | None


@dataclass(frozen=True, slots=True)
class _Prover:
    judge: GoalJudge
    reach: Reach

    def prove(self, goal: Goal) -> Proven:
        names = {name for way in goal.ways for name in (*way.sources, *way.targets)}
        nobody = self.judge.members.missing(sorted(names | ({goal.guarded} - {""})))
        # Whom a goal lets in or out may be nobody, and it can be proven all the same.
        needed = set(nobody) if goal.kind in {Kind.FORBIDDEN, Kind.MUST_ALLOW} else {goal.guarded}
        if goal.kind is Kind.MUST_ALLOW:
            found = list(self._lacking(goal))
        else:
            found = [*self._inside(goal), *self._outside(goal)]
        ordered = sorted(found, key=lambda one: (not one.certain, one.source, one.destination))
        if any(one.certain for one in ordered):
            status = Status.BROKEN
        else:
            # Of a group that holds nobody nothing can be proven.
            status = Status.UNKNOWN if ordered or needed & set(nobody) else Status.KEPT
        return Proven(goal, status, len(ordered), tuple(ordered[:_NAMED]), nobody)

    # --- between workloads -----------------------------------------------------------------------

    def _inside(self, goal: Goal) -> Iterator[Breach]:
        if goal.kind is Kind.INTERNET:
            return
        for sources, targets, ports in self._denied(goal):
            certain = self._numbers(self.reach.numbers, sources, targets)
            possible = self._numbers(self.reach.possible, sources, targets)
            for row, column in zip(*np.nonzero(self._some(possible, ports)), strict=True):
                source, target = sources[row], targets[column]
                sure = self._left(goal, source, target, int(certain[row, column]), ports)
                if sure:
                    yield Breach(source.id, target.id, sure)
                elif left := self._left(goal, source, target, int(possible[row, column]), ports):
                    yield Breach(source.id, target.id, left, certain=False)

    def _denied(self, goal: Goal) -> Iterator[tuple[list[Entity], list[Entity], PortSet | None]]:
        """Workloads that must not connect, as sources and targets; never one with itself."""
        members = self.judge.members
        if goal.kind is Kind.SENSITIVE:
            guarded = members.workloads((goal.guarded,))
            yield self._known(members.everyone - guarded), self._known(guarded), goal.ports
        else:
            for way in goal.ways:
                sources, targets = map(members.workloads, (way.sources, way.targets))
                yield self._known(sources), self._known(targets), way.ports

    def _known(self, workloads: Iterable[Entity]) -> list[Entity]:
        running = set(self.reach.workloads)
        return sorted(workload for workload in workloads if workload in running)

    def _numbers(
        self, matrix: NDArray[np.int32], sources: Sequence[Entity], targets: Sequence[Entity]
    ) -> NDArray[np.int32]:
        rows, columns = ([self.reach.unit(one) for one in side] for side in (sources, targets))
        return matrix[np.ix_(np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp))]

    def _some(self, numbers: NDArray[np.int32], ports: PortSet | None) -> NDArray[np.bool_]:
        """Where a set of ports holds any of these."""
        wanted = [
            int(number)
            for number in np.unique(numbers)
            if _within(self.reach.table.ports(int(number)), ports)
        ]
        return np.isin(numbers, wanted)

    def _left(
        self, goal: Goal, source: Entity, target: Entity, number: int, ports: PortSet | None
    ) -> PortSet:
        """The ports that break a goal, less what its own ways and exceptions let through."""
        if source == target:
            return PortSet()
        found = _within(self.reach.table.ports(number), ports)
        lets = [*(goal.ways if goal.kind is Kind.SENSITIVE else ()), *self._waived(goal)]
        members = self.judge.members
        for way in lets:
            if source in members.workloads(way.sources) and target in members.workloads(
                way.targets
            ):
                found = found - (way.ports or PortSet.every())
        return found

    def _waived(self, goal: Goal) -> tuple[Way, ...]:
        return tuple(one.way for one in self.judge.goals.valid(goal.id, self.judge.day))

    # --- with addresses outside ------------------------------------------------------------------

    def _outside(self, goal: Goal) -> Iterator[Breach]:
        table = self.reach.table
        for denied in self._denied_outside(goal):
            for addresses, *numbers in self.reach.ranges(denied.direction, denied.workload):
                for number, sure in zip(numbers, (True, False), strict=True):
                    left, ports = self._left_outside(
                        goal, denied, _as_set(addresses), table.ports(number)
                    )
                    if left and ports:
                        yield _breach(denied.workload, denied.direction, left, ports, sure=sure)
                        break

    def _denied_outside(self, goal: Goal) -> Iterator[Denied]:
        members = self.judge.members
        if goal.kind is Kind.SENSITIVE:
            for workload in self._known(members.workloads((goal.guarded,))):
                yield Denied(workload, Direction.INGRESS, IPSet.every(), goal.ports)
        elif goal.kind is Kind.INTERNET:
            for workload in self._known(members.everyone):
                yield Denied(workload, Direction.EGRESS, PUBLIC, None)
        else:
            for way in goal.ways:
                if targets := members.addresses(way.targets):
                    for workload in self._known(members.workloads(way.sources)):
                        yield Denied(workload, Direction.EGRESS, targets, way.ports)
                if sources := members.addresses(way.sources):
                    for workload in self._known(members.workloads(way.targets)):
                        yield Denied(workload, Direction.INGRESS, sources, way.ports)

    def _left_outside(
        self, goal: Goal, denied: Denied, addresses: IPSet, ports: PortSet
    ) -> tuple[IPSet, PortSet]:
        """The addresses and ports of a range that no way and no exception lets through.

        A way with ports of its own takes its ports off where it holds the whole range that is
        left; a way over all of the ports takes its addresses off.
        """
        members = self.judge.members
        left, found = addresses & denied.addresses, _within(ports, denied.ports)
        own = goal.ways if goal.kind in {Kind.SENSITIVE, Kind.INTERNET} else ()
        for way in (*own, *self._waived(goal)):
            inside, beyond = way.targets, way.sources
            if denied.direction is Direction.EGRESS:
                inside, beyond = beyond, inside
            if denied.workload not in members.workloads(inside):
                continue
            allowed = members.addresses(beyond)
            if way.ports is None or found <= way.ports:
                left = left - allowed
            elif left <= allowed:
                found = found - way.ports
        return left, found

    # --- what must be allowed --------------------------------------------------------------------

    def _lacking(self, goal: Goal) -> Iterator[Breach]:
        members = self.judge.members
        for way in goal.ways:
            ports = way.ports or PortSet.every()
            sources, targets = map(members.workloads, (way.sources, way.targets))
            yield from self._lacking_inside(self._known(sources), self._known(targets), ports)
            for workload in self._known(sources):
                wanted = members.addresses(way.targets)
                yield from self._lacking_outside(workload, Direction.EGRESS, wanted, ports)
            for workload in self._known(targets):
                wanted = members.addresses(way.sources)
                yield from self._lacking_outside(workload, Direction.INGRESS, wanted, ports)

    def _lacking_inside(
        self, sources: list[Entity], targets: list[Entity], ports: PortSet
    ) -> Iterator[Breach]:
        table = self.reach.table
        certain = self._numbers(self.reach.numbers, sources, targets)
        possible = self._numbers(self.reach.possible, sources, targets)
        lacking = [int(n) for n in np.unique(certain) if not ports <= table.ports(int(n))]
        for row, column in zip(*np.nonzero(np.isin(certain, lacking)), strict=True):
            if sources[row] != targets[column]:
                sure = not ports <= table.ports(int(possible[row, column]))
                missing = ports - table.ports(int(certain[row, column]))
                yield Breach(sources[row].id, targets[column].id, missing, sure)

    def _lacking_outside(
        self, workload: Entity, direction: Direction, wanted: IPSet, ports: PortSet
    ) -> Iterator[Breach]:
        if not wanted:
            return
        if not self.reach.shows_ipv6:
            wanted = IPSet(wanted.v4)
        left = wanted
        for addresses, certain, _ in self.reach.ranges(direction, workload):
            if ports <= self.reach.table.ports(certain):
                left = left - _as_set(addresses)
        if left:
            yield _breach(workload, direction, left, ports, sure=True)


def _breach(
    workload: Entity, direction: Direction, addresses: IPSet, ports: PortSet, *, sure: bool
) -> Breach:
    networks = addresses.networks()
    more = f" and {len(networks) - 1:,} more" if len(networks) > 1 else ""
    there = f"{networks[0]}{more}"
    if direction is Direction.EGRESS:
        return Breach(workload.id, there, ports, sure)
    return Breach(there, workload.id, ports, sure)


def _within(found: PortSet, ports: PortSet | None) -> PortSet:
    return found if ports is None else found & ports


def _as_set(addresses: AddressRange) -> IPSet:
    span = ((int(addresses.low), int(addresses.high)),)
    return IPSet(v4=span) if addresses.low.version == 4 else IPSet(v6=span)  # noqa: PLR2004 - family
