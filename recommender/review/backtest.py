"""Backtest: draft from the past, replay the future, and say what would have been denied."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from recommender.evaluation.judging import Outcome
from recommender.evaluation.pairs import pairs
from recommender.evaluation.replay import replay
from recommender.inventory.combine import combine
from recommender.model.edges import Verdict
from recommender.model.entities import Entity, EntityKind
from recommender.model.errors import InputError, UsageError
from recommender.model.policies import Direction
from recommender.review.folds import Backtest, Fold
from recommender.synthesis.settings import Settings
from recommender.synthesis.subjects import home_cluster

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from recommender.connections.slices import Log
    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy
    from recommender.review.folds import Draft, Plan, Variant
    from recommender.review.window import WindowCoverage

#: What makes two edges the same edge.
Key: TypeAlias = "tuple[Entity, Entity, str, int, str]"

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
#: Most folds and points of a curve in one run.
MOST_FOLDS: Final = 1000


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
