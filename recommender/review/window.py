"""Whether the window was long enough: coverage of the cluster and of each workload's sides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from recommender.connections.marks import OWN_NODE, TIME_UNKNOWN
from recommender.model.edges import Verdict
from recommender.model.errors import UsageError
from recommender.model.policies import Direction
from recommender.review.estimates import FEWEST_UNITS, Incidence
from recommender.review.pooling import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recommender.connections.presence import Presence
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

#: Status of a workload without any accepted traffic.
NEVER_SEEN: Final = "never-seen"
#: Status of a workload both of whose sides are covered.
COVERED: Final = "covered"
#: The bound that workloads are held against where the user gives none.
USUAL_BOUND: Final = 0.9
#: The coverage that the advice on the length of the window aims at.
TARGET: Final = 0.99
#: Days on which a workload has to be seen for its sides to count as covered.
FEWEST_DAYS: Final = 3
# A quiet log of three whole days spans an hour or two less, from its first record to its last.
_SHORTEST: Final = 24 * FEWEST_DAYS - 2
_RULED: Final = frozenset({"TCP", "UDP", "SCTP"})


@dataclass(frozen=True, slots=True)
class SideCoverage:
    """One direction of a workload.

    Attributes:
        direction: Ingress or egress.
        incidence: Its edges over the days of the window.
        least: What its coverage is not below; None where nothing can be said.
        partial: Why it is not covered: ``too-early``, ``hardly-seen`` or ``below-bound``; empty
            where it is covered.
    """

    direction: Direction
    incidence: Incidence
    least: float | None
    partial: str = ""

    @property
    def coverage(self) -> float | None:
        """The estimate itself; None where nothing can be said."""
        known = self.least is not None and self.incidence.total
        return self.incidence.coverage if known else None


@dataclass(frozen=True, slots=True)
class WorkloadCoverage:
    """How well the window shows one workload.

    Attributes:
        entity: The workload.
        days: Days on which it was seen, at least.
        ingress: Its ingress.
        egress: Its egress.
    """

    entity: Entity
    days: int
    ingress: SideCoverage
    egress: SideCoverage

    @property
    def sides(self) -> tuple[SideCoverage, SideCoverage]:
        """Both sides, ingress first."""
        return (self.ingress, self.egress)

    @property
    def partial(self) -> frozenset[Direction]:
        """The directions that are not covered."""
        return frozenset(side.direction for side in self.sides if side.partial)

    @property
    def status(self) -> str:
        """``covered``, ``partial``, ``hardly-seen`` or ``never-seen``."""
        if not self.days:
            return NEVER_SEEN
        if any(side.partial == "hardly-seen" for side in self.sides):
            return "hardly-seen"
        return "partial" if self.partial else COVERED


@dataclass(frozen=True, slots=True)
class WindowCoverage:
    """What the window is likely to have missed.

    Attributes:
        first_seen: Time of the first record; None where no record has a time.
        last_seen: Time of the last one.
        days: The cluster's edges over calendar days.
        hours: The same over clock hours. Traffic comes in bursts, so hours flatter: they are
            shown beside the days, and decide nothing.
        span: Hours from the first record to the last, whatever they tell.
        bound: What workloads are held against.
        chosen: Whether the user gave the bound.
        workloads: Every workload of the inventory and of the edges, sorted.
    """

    first_seen: datetime | None
    last_seen: datetime | None
    days: Incidence
    hours: Incidence
    span: int = 0
    bound: float = USUAL_BOUND
    chosen: bool = False
    workloads: tuple[WorkloadCoverage, ...] = field(default=())

    @property
    def early(self) -> bool:
        """Whether it is too early to estimate anything."""
        return not self.days.enough or self.span < _SHORTEST

    @property
    def coverage(self) -> float | None:
        """The cluster's coverage; None while it is too early."""
        return None if self.early else self.days.coverage

    @property
    def least(self) -> float | None:
        """What the cluster's coverage is not below; None while it is too early."""
        return None if self.early else self.days.least

    @property
    def more_days(self) -> int | None:
        """Days to add until the coverage is :data:`TARGET`, or the bound where that is higher."""
        return None if self.early else self.days.more_units(max(TARGET, self.bound))

    @property
    def partial(self) -> Mapping[Entity, frozenset[Direction]]:
        """The directions that are not covered, for each workload that was seen."""
        return {one.entity: one.partial for one in self.workloads if one.days and one.partial}

    @property
    def below(self) -> bool:
        """Whether the cluster, or any workload that was seen, is below the bound."""
        return self.least is None or self.least < self.bound or bool(self.partial)


def require_bound(bound: float | None) -> None:
    """Hold that a bound is one.

    Raises:
        UsageError: It is not above 0 and below 1.
    """
    if bound is not None and not 0.0 < bound < 1.0:
        message = f"a least coverage of {bound:g}"
        raise UsageError(message, hint="give a share above 0 and below 1, such as 0.95")


def window_coverage(
    edges: Iterable[Edge],
    inventory: Inventory,
    presence: Sequence[Presence],
    *,
    bound: float | None = None,
    home: str = "",
) -> WindowCoverage:
    """Estimate what the window has missed.

    Args:
        edges: All edges; accepted ones count that a rule can speak of.
        inventory: The cluster as known.
        presence: When the log as a whole reported.
        bound: What the user holds workloads against; :data:`USUAL_BOUND` where not given.
        home: Name of the cluster that is drafted for.
    """
    counted = [edge for edge in edges if _counts(edge, home)]
    whole = next((one for one in presence if not one.observer), None)
    units = (whole.days, whole.hours) if whole else (0, 0)
    result = WindowCoverage(
        first_seen=min((edge.first_seen for edge in counted), default=None),
        last_seen=max((edge.last_seen for edge in counted), default=None),
        days=Incidence.of((edge.days for edge in counted), units[0]),
        hours=Incidence.of((edge.hours for edge in counted), units[1]),
        span=whole.last - whole.first + 1 if whole else 0,
        bound=USUAL_BOUND if bound is None else bound,
        chosen=bound is not None,
    )
    known = {entity for entity in inventory.workloads if entity.cluster == home}
    ends = {end for edge in counted for end in (edge.client, edge.server) if end.is_workload}
    return _with_workloads(result, sorted(known | {e for e in ends if e.cluster == home}), counted)


def _counts(edge: Edge, home: str) -> bool:
    """Whether an edge is one that a rule of this cluster can allow."""
    ends = [end for end in (edge.client, edge.server) if end.is_workload]
    return (
        edge.verdict is Verdict.ACCEPTED
        and edge.protocol in _RULED
        and OWN_NODE not in edge.marks
        and (TIME_UNKNOWN not in edge.marks or edge.first_seen.year > _EPOCH.year)
        and any(end.cluster == home for end in ends)
    )


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _with_workloads(
    window: WindowCoverage, entities: Sequence[Entity], edges: Sequence[Edge]
) -> WindowCoverage:
    by_end: defaultdict[tuple[Entity, Direction], list[int]] = defaultdict(list)
    for edge in edges:
        by_end[edge.server, Direction.INGRESS].append(edge.days)
        by_end[edge.client, Direction.EGRESS].append(edge.days)
    units = window.days.units
    sides = {
        (entity, direction): Incidence.of(by_end.get((entity, direction), ()), units)
        for entity in entities
        for direction in Direction
    }
    pool = None if window.early else Pool.of(window.days, list(sides.values()))
    found = []
    for entity in entities:
        counts = [days for side in Direction for days in by_end.get((entity, side), ())]
        days = max(counts, default=0)
        both = {
            direction: _side(direction, sides[entity, direction], days, pool, window.bound)
            for direction in Direction
        }
        found.append(
            WorkloadCoverage(entity, days, both[Direction.INGRESS], both[Direction.EGRESS])
        )
    return replace(window, workloads=tuple(found))


def _side(
    direction: Direction, incidence: Incidence, days: int, pool: Pool | None, bound: float
) -> SideCoverage:
    if not days:
        return SideCoverage(direction, incidence, None)
    if pool is None:
        return SideCoverage(direction, incidence, None, "too-early")
    least = pool.least(incidence)
    if days < FEWEST_UNITS:
        return SideCoverage(direction, incidence, least, "hardly-seen")
    return SideCoverage(direction, incidence, least, "below-bound" if least < bound else "")
