"""Pairs of workloads that may talk, counted, and how far one workload leads to others.

The count is cautious: a pair counts where any answer to an open question of the specification
lets it talk.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recommender.evaluation.hops import Reachable
from recommender.evaluation.modes import Modes
from recommender.evaluation.reach import Reach
from recommender.evaluation.wording import ports_text
from recommender.evaluation.worlds import Prepared
from recommender.model.policies import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from recommender.evaluation.compiling import Policy
    from recommender.inventory.types import Inventory
    from recommender.model.entities import Entity
    from recommender.model.policies import NetworkPolicy

#: First unit, first unit after the run, and the number of the ports: units in a row that one
#: unit may reach on the same ports.
Run = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class MeanReach:
    """How many other workloads one workload can reach, on average.

    Attributes:
        one: Directly.
        two: In at most two hops, each over any allowed port.
        any: In any number of hops.
    """

    one: float
    two: float
    any: float


@dataclass(frozen=True, eq=False)
class Pairs:
    """Who may talk to whom in one cluster under some policies.

    Attributes:
        units: Workloads that every policy treats alike, as one unit; sorted by their first.
        numbers: Numbers of the port sets from unit to unit; 0 where nothing may pass.
        ports: The port sets that the numbers mean, as text; the first is empty.
        from_outside: Workloads that some address outside may reach.
        to_outside: Workloads that may reach some address outside.
    """

    units: tuple[tuple[Entity, ...], ...]
    numbers: NDArray[np.int32]
    ports: tuple[str, ...]
    from_outside: int
    to_outside: int

    @cached_property
    def workloads(self) -> int:
        """How many workloads there are."""
        return int(self._weights.sum())

    @cached_property
    def count(self) -> int:
        """Ordered pairs of two workloads of which the first may open connections to the other."""
        return int(self._others(self.numbers > 0).sum())

    @cached_property
    def mean_reach(self) -> MeanReach:
        """How many other workloads one can reach, on average."""
        if not self.workloads:
            return MeanReach(0, 0, 0)
        near = Reachable(self.numbers > 0)
        found = (near.direct, near.within_two, near.at_all)
        return MeanReach(*(float(self._others(each).sum()) / self.workloads for each in found))

    def runs(self, unit: int) -> list[Run]:
        """The units that one unit may reach, those in a row with equal ports together."""
        row = self.numbers[unit]
        starts = np.concatenate(([0], np.flatnonzero(np.diff(row)) + 1))
        ends = np.append(starts[1:], len(row))
        kept = row[starts] > 0
        found = zip(starts[kept].tolist(), ends[kept].tolist(), row[starts][kept], strict=True)
        return [(start, end, int(number)) for start, end, number in found]

    @cached_property
    def _weights(self) -> NDArray[np.int64]:
        return np.array([len(unit) for unit in self.units], dtype=np.int64)

    def _others(self, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        """By unit how many pairs its workloads are the first of; none is with itself."""
        weights = self._weights
        return weights * (allowed @ weights - np.diagonal(allowed))


@dataclass(frozen=True, eq=False)
class ExposureChange:
    """What drafts change about who may talk to whom.

    Attributes:
        before: Under the policies that the cluster has, if any.
        after: With the drafts beside them.
    """

    before: Pairs
    after: Pairs

    @property
    def removed(self) -> float | None:
        """The share of the pairs that may no longer talk, None where none may before."""
        return 1 - self.after.count / self.before.count if self.before.count else None


def exposure_change(
    drafts: Iterable[NetworkPolicy],
    inventory: Inventory,
    home: str = "",
    *,
    ready: Prepared | None = None,
) -> ExposureChange:
    """Who may talk before the drafts are applied, and after.

    A policy of the cluster stays unless a draft has its namespace and name: then it is replaced.

    Args:
        drafts: The drafts.
        inventory: The cluster as known, with its policies.
        home: Name of the cluster that the drafts are for.
        ready: The drafts, where they are ready to be asked already.
    """
    new = tuple(drafts)
    names = {(policy.namespace, policy.name) for policy in new}
    known = inventory.policies
    kept = [policy for policy in known if (policy.namespace, policy.name) not in names]
    after: tuple[Policy, ...] = (*kept, *new, *inventory.tiers)
    if ready is None or ready.policies != after:
        ready = Prepared(after, inventory)
    return ExposureChange(
        before=pairs((*known, *inventory.tiers), inventory, home=home),
        after=_pairs(ready, home),
    )


def pairs(
    policies: Iterable[Policy],
    inventory: Inventory,
    *,
    home: str = "",
    modes: Modes | None = None,
) -> Pairs:
    """Who may talk to whom among the workloads of one cluster that have a running pod.

    Args:
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster as known.
        home: Name of the cluster whose workloads count.
        modes: Answers to what the specification leaves open.
    """
    return _pairs(Prepared(tuple(policies), inventory, modes or Modes()), home)


def _pairs(prepared: Prepared, home: str) -> Pairs:
    reached = Reach(prepared.engines, prepared.modes)
    members: dict[int, list[Entity]] = {}
    for workload in reached.workloads:
        if workload.cluster == home:
            members.setdefault(reached.unit(workload), []).append(workload)
    order = np.fromiter(members, dtype=np.intp)
    used, numbers = np.unique(reached.possible[np.ix_(order, order)], return_inverse=True)
    texts = [ports_text(reached.table.ports(int(number))) if number else "" for number in used]
    if not used.size or used[0]:
        # Number 0 means no port at all, whether or not it occurs.
        texts, numbers = ["", *texts], numbers + 1
    ingress, egress = _outside(reached, frozenset().union(*members.values()))
    return Pairs(
        units=tuple(map(tuple, members.values())),
        numbers=numbers.reshape(len(order), len(order)).astype(np.int32),
        ports=tuple(texts),
        from_outside=ingress,
        to_outside=egress,
    )


def _outside(reached: Reach, own: frozenset[Entity]) -> tuple[int, int]:
    counts = []
    for direction in (Direction.INGRESS, Direction.EGRESS):
        open_units: dict[int, bool] = {}
        for workload in own:
            unit = reached.unit(workload)
            if unit not in open_units:
                open_units[unit] = reached.is_open_outside(direction, workload)
        counts.append(sum(open_units[reached.unit(workload)] for workload in own))
    return counts[0], counts[1]
