"""Reach: who may talk to whom, on what, under some policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.evaluation.matrix import Units, pair_matrix
from recommender.evaluation.modes import Modes
from recommender.evaluation.naming import find_workloads
from recommender.evaluation.ranges import AddressRange, outside_rows
from recommender.evaluation.worlds import engines
from recommender.model.entities import Entity
from recommender.model.policies import Direction
from recommender.model.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from recommender.evaluation.atoms import PortTable
    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.engine import Engine
    from recommender.inventory.types import Inventory
    from recommender.model.findings import Finding

ReachEnd = Entity | AddressRange

#: Source, destination, and the numbers of the port sets for certain and possibly allowed.
Numbered = tuple[ReachEnd, ReachEnd, int, int]

_NO_PORTS: Final = PortSet()


@dataclass(frozen=True, slots=True)
class ReachRow:
    """One pair of ends and the ports between them.

    Attributes:
        source: A workload, or a range of outside addresses.
        destination: The same for the other end.
        ports: What is allowed however the open questions are answered.
        unsettled: What is allowed by some answers only.
    """

    source: ReachEnd
    destination: ReachEnd
    ports: PortSet
    unsettled: PortSet


@dataclass(frozen=True, eq=False)
class Reach:
    """Everything that some policies allow in a cluster, workload by workload.

    The pairs are held as numbers of port sets between classes of workloads; rows are made when
    they are asked for, because there are as many as workloads squared.

    Attributes:
        engines: One for each world that the open questions leave possible.
        modes: How they were answered.
    """

    engines: tuple[Engine, ...]
    modes: Modes = field(default_factory=Modes)

    @cached_property
    def workloads(self) -> tuple[Entity, ...]:
        """The workloads with a running pod, in order."""
        return tuple(sorted(self._units.workloads))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Oddities of the input."""
        return self.engines[0].inventory.findings

    @property
    def table(self) -> PortTable:
        """The port sets that the numbers mean."""
        return self.engines[0].axes.table

    @cached_property
    def numbers(self) -> NDArray[np.int32]:
        """Numbers of the port sets between units, allowed in every world."""
        return self._combined(union=False)

    @cached_property
    def possible(self) -> NDArray[np.int32]:
        """Numbers of the port sets between units, allowed in some world."""
        return self._combined(union=True)

    def unit(self, workload: Entity) -> int:
        """The place of a workload in ``numbers``; workloads with equal rights share one."""
        return self._units.of[workload]

    def classes(self, workload: Entity) -> tuple[tuple[int, ...], ...]:
        """The classes of a workload in each world."""
        return self._units.classes_in_worlds(self.unit(workload))

    @property
    def shows_ipv6(self) -> bool:
        """Whether IPv6 addresses exist here."""
        known = self.modes.ipv6
        return self.engines[0].axes.has_ipv6 if known is None else known

    def between(self, source: Entity, destination: Entity) -> PortSet:
        """What one workload may send to another in every world."""
        return self.table.ports(int(self.numbers[self.unit(source), self.unit(destination)]))

    def rows(self, focus: str | None = None) -> Iterator[ReachRow]:
        """Every pair that may talk, outside addresses first; never a workload with itself.

        Args:
            focus: Only rows with this workload: ``name``, ``namespace/name`` or
                ``namespace/kind/name``.

        Raises:
            UsageError: There is no such workload.
        """
        for row in self.numbered(focus):
            yield self._row(*row)

    def numbered(self, focus: str | None = None) -> Iterator[Numbered]:
        """The same as bare tuples: source, destination, and numbers of the port sets.

        The first number is of what is allowed in every world, the second of what in some.
        """
        chosen = self._focused(focus) if focus else None
        near = self.workloads if chosen is None else tuple(sorted(chosen))
        yield from self._outside(Direction.INGRESS, near)
        for source in self.workloads:
            yield from self._inside(source, chosen)
        yield from self._outside(Direction.EGRESS, near)

    def outside_rows(self) -> Iterator[ReachRow]:
        """Just the pairs of a workload and outside addresses."""
        for direction in Direction:
            for row in self._outside(direction, self.workloads):
                yield self._row(*row)

    def is_open_outside(self, direction: Direction, workload: Entity) -> bool:
        """Whether any outside address may talk with a workload in one direction, in some world."""
        return bool(self._ranges(direction, self.unit(workload)))

    def unsettled(self, certain: int, possible: int) -> PortSet:
        """The ports of the second number that the first has not."""
        table = self.table
        return table.ports(table.id(table.masks[possible] & ~table.masks[certain]))

    def ranges(
        self, direction: Direction, workload: Entity
    ) -> tuple[tuple[AddressRange, int, int], ...]:
        """What a workload may exchange with outside addresses, range by range.

        Returns:
            Ranges with the numbers of the ports allowed in every world and in some world; ranges
            with which nothing is possible are left out.
        """
        return self._ranges(direction, self.unit(workload))

    def frame(self) -> pd.DataFrame:
        """One row a pair: source, destination, ports, unsettled ports, as text."""
        import pandas as pd

        from recommender.evaluation.wording import end_text

        return pd.DataFrame(
            [
                (end_text(r.source), end_text(r.destination), str(r.ports), str(r.unsettled))
                for r in self.rows()
            ],
            columns=["source", "destination", "ports", "unsettled"],
        )

    @cached_property
    def _units(self) -> Units:
        return Units(self.engines)

    def _combined(self, *, union: bool) -> NDArray[np.int32]:
        found: NDArray[np.int32] | None = None
        for world, engine in enumerate(self.engines):
            matrix = pair_matrix(engine, self._units.faces(world))
            found = matrix if found is None else self.table.combine(found, matrix, union=union)
        assert found is not None  # noqa: S101 - there is always a world
        return found

    def _focused(self, focus: str) -> frozenset[Entity]:
        return frozenset(find_workloads(self.workloads, focus))

    def _inside(self, source: Entity, chosen: frozenset[Entity] | None) -> Iterator[Numbered]:
        unit = self.unit(source)
        certain, possible = self.numbers[unit][self._places], self.possible[unit][self._places]
        places = np.flatnonzero(possible)
        everything = chosen is None or source in chosen
        numbers = certain[places].tolist(), possible[places].tolist()
        for place, sure, open_ in zip(places.tolist(), *numbers, strict=True):
            destination = self.workloads[place]
            if destination is not source and (everything or destination in (chosen or ())):
                yield source, destination, sure, open_

    def _row(self, source: ReachEnd, destination: ReachEnd, certain: int, open_: int) -> ReachRow:
        unsettled = _NO_PORTS if certain == open_ else self.unsettled(certain, open_)
        return ReachRow(source, destination, self.table.ports(certain), unsettled)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """The unit of each workload, in order."""
        return np.array([self.unit(workload) for workload in self.workloads], dtype=np.intp)

    def _outside(self, direction: Direction, workloads: Iterable[Entity]) -> Iterator[Numbered]:
        for workload in workloads:
            for addresses, certain, possible in self._ranges(direction, self.unit(workload)):
                if direction is Direction.EGRESS:
                    yield workload, addresses, certain, possible
                else:
                    yield addresses, workload, certain, possible

    def _ranges(self, direction: Direction, unit: int) -> tuple[tuple[AddressRange, int, int], ...]:
        classes = self._units.classes_in_worlds(unit)
        key = (direction, classes)
        if key not in self._range_cache:
            rows = outside_rows(self.engines, direction, classes, ipv6=self.shows_ipv6)
            self._range_cache[key] = rows
        return self._range_cache[key]

    @cached_property
    def _range_cache(
        self,
    ) -> dict[
        tuple[Direction, tuple[tuple[int, ...], ...]],
        tuple[tuple[AddressRange, int, int], ...],
    ]:
        return {}


def reach(
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes | None = None,
) -> Reach:
    """Who may talk to whom, on what.

    Args:
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster.
        modes: Answers to what the specification leaves open; without, ports that depend on one
            stand apart as unsettled.
    """
    chosen = modes or Modes()
    return Reach(engines(tuple(policies), inventory, chosen), chosen)
