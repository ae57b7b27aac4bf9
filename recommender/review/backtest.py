"""Backtest: draft from the past, replay the future, and say what would have been denied."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from recommender.evaluation.judging import Outcome
from recommender.evaluation.pairs import pairs
from recommender.evaluation.replay import replay
from recommender.inventory.combine import combine
from recommender.model.edges import Verdict
from recommender.model.entities import Entity, EntityKind
from recommender.model.errors import InputError, UsageError
from recommender.model.policies import Direction
from recommender.synthesis.settings import Settings
from recommender.synthesis.subjects import home_cluster

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import pandas as pd

    from recommender.connections.edges import Connections
    from recommender.connections.slices import Log
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy
    from recommender.review.window import WindowCoverage

#: What makes two edges the same edge.
Key: TypeAlias = "tuple[Entity, Entity, str, int, str]"

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
#: Most folds and points of a curve in one run.
MOST_FOLDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How a log is cut into past and future.

    Attributes:
        train: How long the past is that drafts are made from.
        test: How long the future is that is replayed over them.
        step: How far apart the folds are.
        lengths: Lengths of the pasts of the learning curve; every multiple of the step where
            none are given.
    """

    train: timedelta = 7 * _DAY
    test: timedelta = _DAY
    step: timedelta = _DAY
    lengths: tuple[timedelta, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be cut.

        Raises:
            UsageError: A length is not at least an hour, or not whole hours.
        """
        named = (("train", self.train), ("test", self.test), ("step", self.step))
        for name, value in (*named, *(("lengths", one) for one in self.lengths)):
            if value < _HOUR or value % _HOUR:
                raise UsageError(f"--{name} of {value}", hint="give whole hours, such as 7d or 12h")


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice of settings.

    Attributes:
        name: What is special about it, as reports show it.
        granularity: ``auto``, ``workload`` or ``segment``.
        doubt_threshold: Edges whose doubt reaches it are not drafted.
    """

    name: str
    granularity: str = "auto"
    doubt_threshold: float = 0.5


class Made(Protocol):
    """What drafting gives."""

    @property
    def policies(self) -> tuple[NetworkPolicy, ...]:
        """The drafts."""

    @property
    def inventory(self) -> Inventory:
        """The cluster that they are for."""

    @property
    def window_coverage(self) -> WindowCoverage | None:
        """What the window is likely to have missed."""


class Draft(Protocol):
    """Makes drafts of what a log shows."""

    def __call__(self, found: Connections, variant: Variant) -> Made:
        """Draft with the settings of a variant."""


@dataclass(frozen=True, slots=True)
class Fold:
    """How the drafts of one past fared in its future.

    Attributes:
        variant: Name of the settings.
        since: Beginning of the past.
        until: Its end, and the beginning of the future.
        end: End of the future.
        rules: Rules of the drafts.
        policies: Drafts.
        edges: Accepted edges of the future that a policy can speak of.
        denied_edges: Those that would have been denied.
        flows: Their flows.
        denied_flows: Flows that would have been denied.
        first_denied: The first edges that would have been denied, by their flows.
        allowed_pairs: Pairs of workloads that the drafts allow to talk.
        unseen_pairs: Those that neither the past nor the future showed.
        coverage: The coverage that was estimated from the past; None while too early.
        least: What it was said not to be below.
        truth: The share of the future's edges, each counted once a day, that the past had shown.
        sides: Directions of workloads with later traffic for which a coverage was estimated.
        sides_held: Those whose coverage was not below what was said.
    """

    variant: str
    since: datetime
    until: datetime
    end: datetime
    rules: int
    policies: int
    edges: int
    denied_edges: int
    flows: int
    denied_flows: int
    first_denied: tuple[str, ...]
    allowed_pairs: int
    unseen_pairs: int
    coverage: float | None
    least: float | None
    truth: float | None
    sides: int = 0
    sides_held: int = 0

    @property
    def days(self) -> float:
        """Length of the past in days."""
        return (self.until - self.since) / _DAY

    @property
    def denied_share(self) -> float:
        """Share of the future's flows that would have been denied."""
        return self.denied_flows / self.flows if self.flows else 0.0

    @property
    def over_permission(self) -> float:
        """Share of the allowed pairs of workloads that nothing showed."""
        return self.unseen_pairs / self.allowed_pairs if self.allowed_pairs else 0.0


@dataclass(frozen=True, slots=True)
class Backtest:
    """Folds of one length, and a curve over lengths that all begin with the log.

    Attributes:
        plan: How the log was cut.
        folds: The folds by time, each with every variant.
        curve: Pasts that grow by a step from the beginning of the log, each with every variant.
    """

    plan: Plan
    folds: tuple[Fold, ...]
    curve: tuple[Fold, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the settings, in the order given."""
        return tuple(dict.fromkeys(fold.variant for fold in self.folds))

    def frame(self, *, curve: bool = False) -> pd.DataFrame:
        """One row a fold and variant; with ``curve`` one a point of the learning curve.

        Returns:
            The fields of :class:`Fold`, with ``days``, ``denied_share`` and ``over_permission``.
        """
        import pandas as pd

        names = [item.name for item in fields(Fold)]
        derived = ["days", "denied_share", "over_permission"]
        rows = self.curve if curve else self.folds
        return pd.DataFrame(
            [[getattr(row, name) for name in (*names, *derived)] for row in rows],
            columns=[*names, *derived],
        )

    def safe_after(self, variant: str, most: float = 0.0) -> float | None:
        """Days after which no later draft would have denied more; None where there are none.

        Args:
            variant: Name of the settings.
            most: Share of flows that may be denied.
        """
        found: float | None = None
        for point in self.curve:
            if point.variant == variant:
                if point.denied_share > most:
                    found = None
                elif found is None:
                    found = point.days
        return found


def backtest(  # noqa: PLR0913 - a log, how to cut it, and what to compare
    log: Log | None,
    plan: Plan,
    variants: Sequence[Variant],
    draft: Draft,
    *,
    known: Inventory | None = None,
    curve: bool = True,
) -> Backtest:
    """Draft from every past of a plan and replay its future.

    Args:
        log: The log; None where no record has a time.
        plan: How it is cut.
        variants: The settings to compare.
        draft: Makes drafts of what a log shows.
        known: The cluster as known.
        curve: Whether to draft from ever longer pasts as well.

    Raises:
        InputError: The log has no times, or spans less than a past and a future.
        UsageError: The plan makes more folds than anybody would wait for.
    """
    if log is None:
        raise InputError("no record has a time, so there is no past and no future")
    start = log.first.replace(hour=0)
    end = log.last + _HOUR
    cuts = list(_cuts(start, end, plan, growing=False))
    if not cuts:
        span = (end - start) / _DAY
        message = f"the log spans {span:.1f} days, less than a past and a future"
        raise InputError(message, hint="give a shorter --train or --test, or a longer log")
    growing = list(_cuts(start, end, plan, growing=True)) if curve else []
    if len(cuts) + len(growing) > MOST_FOLDS:
        message = f"{len(cuts) + len(growing):,} folds"
        raise UsageError(message, hint="give a longer --step")
    run = _Run(log, plan, tuple(variants), draft, known, {})
    return Backtest(
        plan,
        tuple(fold for cut in cuts for fold in run.folds(*cut)),
        tuple(fold for cut in growing for fold in run.folds(*cut)),
    )


def _cuts(
    start: datetime, end: datetime, plan: Plan, *, growing: bool
) -> Iterator[tuple[datetime, datetime]]:
    """Beginning and end of each past whose future is in the log."""
    # The end of a log is hardly ever full: a tenth of the future may be missing.
    latest = end + max(_HOUR, plan.test / 10) - plan.test
    if growing and plan.lengths:
        ends = [start + length for length in sorted(set(plan.lengths))]
        yield from ((start, until) for until in ends if until <= latest)
        return
    since, until = start, start + (plan.step if growing else plan.train)
    while until <= latest:
        yield since, until
        until += plan.step
        since += timedelta() if growing else plan.step


@dataclass(frozen=True, slots=True)
class _Run:
    log: Log
    plan: Plan
    variants: tuple[Variant, ...]
    draft: Draft
    known: Inventory | None
    done: dict[tuple[datetime, datetime], tuple[Fold, ...]]

    def folds(self, since: datetime, until: datetime) -> tuple[Fold, ...]:
        """The folds of one past, each variant once; drafted once however often asked for."""
        if (since, until) not in self.done:
            end = until + self.plan.test
            past = self.log.between(since, until)
            future = self.log.between(until, end)
            # Who was there in the future; a policy that selects nobody denies nobody.
            world = combine(self.known, self.log.between(since, end).inventory)
            self.done[since, until] = tuple(
                self._fold(variant, past, future, world, (since, until, end))
                for variant in self.variants
            )
        return self.done[since, until]

    def _fold(
        self,
        variant: Variant,
        past: Connections,
        future: Connections,
        world: Inventory,
        times: tuple[datetime, datetime, datetime],
    ) -> Fold:
        made = self.draft(past, variant)
        accepted = [edge for edge in future.edges if edge.verdict is Verdict.ACCEPTED]
        replayed = replay(accepted, made.policies, world)
        told = [row for row in replayed.rows if row.outcome is not Outcome.UNDEFINED]
        denied = sorted(
            (row.edge for row in told if row.outcome is Outcome.DENIED),
            key=lambda edge: (-edge.flows, edge.key),
        )
        allowed, unseen = _pairs(made.policies, world, [*past.edges, *accepted])
        window = made.window_coverage
        since, until, end = times
        seen = {edge.key for edge in past.edges}
        held = _sides(window, seen, accepted) if window else []
        return Fold(
            variant=variant.name,
            since=since,
            until=until,
            end=end,
            rules=sum(len(one.ingress) + len(one.egress) for one in made.policies),
            policies=len(made.policies),
            edges=len(told),
            denied_edges=len(denied),
            flows=sum(row.edge.flows for row in told),
            denied_flows=sum(edge.flows for edge in denied),
            first_denied=tuple(edge.id for edge in denied[:_NAMED]),
            allowed_pairs=allowed,
            unseen_pairs=unseen,
            coverage=window.coverage if window else None,
            least=window.least if window else None,
            truth=_truth(seen, accepted),
            sides=len(held),
            sides_held=sum(held),
        )


_NAMED: Final = 5


def _pairs(
    policies: Iterable[NetworkPolicy], world: Inventory, seen: Iterable[Edge]
) -> tuple[int, int]:
    """Pairs of workloads that may talk, and how many of them nothing showed."""
    allowed = pairs(policies, world, home=home_cluster(world, Settings()))
    unit = {entity: place for place, members in enumerate(allowed.units) for entity in members}
    talked = {
        (edge.client, edge.server)
        for edge in seen
        if edge.verdict is Verdict.ACCEPTED and edge.client != edge.server
    }
    shown = sum(
        client in unit and server in unit and bool(allowed.numbers[unit[client], unit[server]])
        for client, server in talked
    )
    return allowed.count, allowed.count - shown


def _sides(window: WindowCoverage, seen: Collection[Key], future: Iterable[Edge]) -> list[bool]:
    """Whether what was said of each direction of a workload held."""
    by_end: defaultdict[tuple[Entity, Direction], list[Edge]] = defaultdict(list)
    for edge in future:
        by_end[edge.server, Direction.INGRESS].append(edge)
        by_end[edge.client, Direction.EGRESS].append(edge)
    found = []
    for one in window.workloads:
        for side in one.sides:
            truth = _truth(seen, by_end.get((one.entity, side.direction), []))
            if truth is not None and side.least is not None:
                found.append(side.least <= truth)
    return found


def _shown(edge: Edge, seen: Collection[Key]) -> bool:
    """Whether an edge is among those seen; an address outside also as part of everywhere."""
    if edge.key in seen or edge.client.kind is not EntityKind.CIDR:
        return edge.key in seen
    _, *rest = edge.key
    everywhere = Entity.cidr("::/0" if ":" in edge.client.name else "0.0.0.0/0")
    return (everywhere, *rest) in seen


def _truth(seen: Collection[Key], future: Collection[Edge]) -> float | None:
    """The share of the future's edge-days whose edge the past had shown as accepted."""
    total = sum(edge.days for edge in future)
    known = sum(edge.days for edge in future if _shown(edge, seen))
    return known / total if total else None
