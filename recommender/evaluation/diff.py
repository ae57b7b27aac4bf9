"""Diff: what two sets of policies allow differently, in workloads and ports."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from recommender.evaluation.axes import Axes
from recommender.evaluation.modes import Modes
from recommender.evaluation.ranges import AddressRange, outside_numbers, runs
from recommender.evaluation.reach import Reach
from recommender.evaluation.wording import end_text, ports_text
from recommender.evaluation.worlds import worlds
from recommender.model.addresses import parse_address
from recommender.model.errors import ModelError
from recommender.model.policies import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.reach import ReachEnd
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.ports import PortSet


class Change(StrEnum):
    """What became of the connections between two ends."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class DiffRow:
    """Two ends between which the two sets differ.

    Attributes:
        source: A workload, or a range of outside addresses.
        destination: The same for the other end.
        old: Ports that the old set allows for certain.
        new: Ports that the new set allows for certain.
        lost: Observed flows that only the old set allows; 0 without flows.
        gained: Observed flows that only the new set allows; 0 without flows.
    """

    source: ReachEnd
    destination: ReachEnd
    old: PortSet
    new: PortSet
    lost: int = 0
    gained: int = 0

    @property
    def change(self) -> Change:
        """Added, removed or changed."""
        if not self.old:
            return Change.ADDED
        return Change.CHANGED if self.new else Change.REMOVED


@dataclass(frozen=True, slots=True)
class Diff:
    """All that two sets of policies allow differently.

    Attributes:
        rows: Sorted by change, source and destination; with flows, the most lost first.
        workloads_added: Workloads that only the new side has.
        workloads_removed: Workloads that only the old side has.
    """

    rows: tuple[DiffRow, ...]
    workloads_added: tuple[Entity, ...] = ()
    workloads_removed: tuple[Entity, ...] = field(default=())

    @property
    def same(self) -> bool:
        """Whether the two sets allow the same."""
        return not self.rows

    def counts(self) -> dict[str, int]:
        """Rows by kind of change."""
        return {kind.value: sum(row.change is kind for row in self.rows) for kind in Change}

    def frame(self) -> pd.DataFrame:
        """One row a difference: change, ends, old and new ports, flows lost and gained."""
        import pandas as pd

        return pd.DataFrame(
            [
                (
                    row.change.value,
                    end_text(row.source),
                    end_text(row.destination),
                    ports_text(row.old),
                    ports_text(row.new),
                    row.lost,
                    row.gained,
                )
                for row in self.rows
            ],
            columns=["change", "source", "destination", "old", "new", "lost", "gained"],
        )


def diff(
    old: tuple[Iterable[Policy], Inventory],
    new: tuple[Iterable[Policy], Inventory],
    *,
    edges: Iterable[Edge] = (),
    modes: Modes | None = None,
) -> Diff:
    """What two sets of policies allow differently.

    Args:
        old: Policies and cluster before.
        new: Policies and cluster after.
        edges: Observed traffic to weigh the differences by.
        modes: Answers to what the specification leaves open; what depends on an unanswered
            question counts as not allowed on both sides.
    """
    chosen = modes or Modes()
    sides = [(tuple(policies), inventory) for policies, inventory in (old, new)]
    axes = Axes(sides, chosen)
    before, after = (
        Reach(worlds(axes, compiled, inventory, chosen), chosen)
        for compiled, (_, inventory) in zip(axes.compiled, sides, strict=True)
    )
    rows = [*_inside(before, after), *_outside(before, after)]
    weighed = list(_weigh(rows, list(edges)))
    first, second = set(before.workloads), set(after.workloads)
    return Diff(
        tuple(sorted(weighed, key=_order)),
        tuple(sorted(second - first)),
        tuple(sorted(first - second)),
    )


def _order(row: DiffRow) -> tuple[int, int, str, str, str]:
    ends = end_text(row.source), end_text(row.destination)
    return (-row.lost, -row.gained, row.change.value, *ends)


def _inside(before: Reach, after: Reach) -> Iterator[DiffRow]:
    """Pairs of workloads; a side that lacks a workload allows it nothing."""
    workloads = sorted({*before.workloads, *after.workloads})
    known = [frozenset(before.workloads), frozenset(after.workloads)]
    kinds: dict[tuple[int, int], list[Entity]] = defaultdict(list)
    for entity in workloads:
        old = before.unit(entity) if entity in known[0] else -1
        new = after.unit(entity) if entity in known[1] else -1
        kinds[old, new].append(entity)
    units = list(kinds)
    first = _spread(before, [old for old, _ in units])
    second = _spread(after, [new for _, new in units])
    for left, right in zip(*np.nonzero(first != second), strict=True):
        was = before.table.ports(int(first[left, right]))
        now = before.table.ports(int(second[left, right]))
        for source in kinds[units[left]]:
            for destination in kinds[units[right]]:
                if source != destination:
                    yield DiffRow(source, destination, was, now)


def _spread(reached: Reach, units: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    places = np.array(units, dtype=np.int64)
    if not reached.workloads:
        return np.zeros((len(units), len(units)), dtype=np.int32)
    found = reached.numbers[np.maximum(places, 0)[:, None], np.maximum(places, 0)[None, :]].copy()
    found[places < 0] = 0
    found[:, places < 0] = 0
    return found


def _outside(before: Reach, after: Reach) -> Iterator[DiffRow]:
    """Workloads with outside addresses, over the atoms that both sides share."""
    axis = before.engines[0].axes.addresses
    count = axis.count if before.shows_ipv6 else axis.v4_count
    known = [frozenset(before.workloads), frozenset(after.workloads)]
    for entity in sorted({*before.workloads, *after.workloads}):
        for direction in Direction:
            numbers = []
            for reached, present in zip((before, after), known, strict=True):
                row = np.zeros(axis.count, dtype=np.int32)
                if entity in present:
                    classes = reached.classes(entity)
                    row = outside_numbers(reached.engines, direction, classes)[0]
                numbers.append(row[:count])
            if np.array_equal(numbers[0], numbers[1]):
                continue
            for start, end in runs(numbers, axis.v4_count):
                old, new = (int(row[start]) for row in numbers)
                if old != new:
                    addresses = AddressRange(*axis.bounds(start, end))
                    ports = before.table.ports(old), after.table.ports(new)
                    if direction is Direction.EGRESS:
                        yield DiffRow(entity, addresses, *ports)
                    else:
                        yield DiffRow(addresses, entity, *ports)


def _weigh(rows: list[DiffRow], edges: list[Edge]) -> Iterator[DiffRow]:
    """Rows with the observed flows that they would lose or gain."""
    by_pair: dict[tuple[Entity, Entity], list[Edge]] = defaultdict(list)
    by_client: dict[Entity, list[Edge]] = defaultdict(list)
    by_server: dict[Entity, list[Edge]] = defaultdict(list)
    for edge in edges:
        by_pair[edge.client, edge.server].append(edge)
        if not edge.server.is_workload:
            by_client[edge.client].append(edge)
        if not edge.client.is_workload:
            by_server[edge.server].append(edge)
    for row in rows:
        if isinstance(row.destination, AddressRange):
            found = (
                by_client.get(row.source, []) if not isinstance(row.source, AddressRange) else []
            )
            near = [edge for edge in found if _touches(edge, row.destination)]
        elif isinstance(row.source, AddressRange):
            near = [e for e in by_server.get(row.destination, []) if _touches(e, row.source)]
        else:
            near = by_pair.get((row.source, row.destination), [])
        gone, come = row.old - row.new, row.new - row.old
        lost = sum(edge.flows for edge in near if (edge.protocol, edge.port) in gone)
        gained = sum(edge.flows for edge in near if (edge.protocol, edge.port) in come)
        yield DiffRow(row.source, row.destination, row.old, row.new, lost, gained)


def _touches(edge: Edge, addresses: AddressRange) -> bool:
    for text in edge.addresses:
        try:
            address = parse_address(text)
        except ModelError:
            continue
        same = address.version == addresses.low.version
        if same and int(addresses.low) <= int(address) <= int(addresses.high):
            return True
    return False
