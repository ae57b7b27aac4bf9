"""The one place where it is decided which accepted edges are drafted.

An edge is drafted unless a person turned it down, it breaks a goal, or its doubt reaches the
threshold and nobody accepted it. What is not drafted becomes an item for review with its
reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from recommender.model.edges import Verdict
from recommender.model.findings import Finding, Severity
from recommender.review.decisions import fingerprint
from recommender.review.doubt import Doubt, doubt_of
from recommender.review.items import Decision, Item, Reason, Sorted, rule_key
from recommender.review.scene import survey
from recommender.review.settings import ReviewSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.review.decisions import Decisions


class Forbidding(Protocol):
    """What must never be drafted: goals."""

    def breaks(self, edge: Edge) -> Iterable[Reason]:
        """The goals that an accepted edge breaks, none where it may be drafted."""


def sort_out(  # noqa: PLR0913 - what an edge is held against
    edges: Iterable[Edge],
    inventory: Inventory,
    *,
    window: tuple[datetime, datetime] | None = None,
    decisions: Decisions | None = None,
    goals: Forbidding | None = None,
    settings: ReviewSettings | None = None,
) -> Sorted:
    """Decide which accepted edges are drafted and which wait for a person.

    Args:
        edges: All edges of whatever verdict.
        inventory: The cluster as known.
        window: Time of the first and the last record; without it no reason speaks of time.
        decisions: What people decided.
        goals: What must never be drafted.
        settings: The user's choices.
    """
    chosen = settings or ReviewSettings()
    ordered = sorted(set(edges), key=lambda edge: edge.key)
    accepted = [edge for edge in ordered if edge.verdict is Verdict.ACCEPTED]
    scene = survey(ordered, inventory, window)
    doubts = {edge: doubt_of(edge, scene) for edge in accepted}
    judge = _Judge(chosen, doubts, decisions, goals)
    items = sorted(filter(None, map(judge.item, accepted)), key=lambda item: item.order)
    held = {item.edge for item in items if not item.drafted}
    return Sorted(
        drafted=tuple(edge for edge in ordered if edge not in held),
        items=tuple(items),
        findings=(*_findings(items, chosen), *_unused(decisions, items)),
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    settings: ReviewSettings
    doubts: Mapping[Edge, Doubt]
    decisions: Decisions | None
    goals: Forbidding | None

    def item(self, edge: Edge) -> Item | None:
        """The item of an edge; None where there is nothing to ask and nothing was decided."""
        doubt = self.doubts[edge]
        broken = tuple(self.goals.breaks(edge)) if self.goals else ()
        ruling = self.decisions.ruling(edge) if self.decisions else None
        doubtful = doubt.score >= self.settings.doubt_threshold
        if not (doubtful or broken or ruling):
            return None
        stale = bool(ruling and doubtful and ruling.news(doubt.reasons))
        decision = ruling.decision if ruling and not stale else None
        return Item(
            key=rule_key(edge),
            edge=edge,
            score=1.0 if broken else doubt.score,
            reasons=(*broken, *doubt.reasons),
            decision=decision,
            decision_reason=ruling.reason if ruling else "",
            decision_by=ruling.by if ruling else "",
            stale=stale,
            forbidden=bool(broken),
            drafted=not broken and self._drafted(decision, doubtful=doubtful),
        )

    def _drafted(self, decision: Decision | None, *, doubtful: bool) -> bool:
        if decision is Decision.REJECT:
            return False
        if decision is Decision.ACCEPT or self.settings.accept_all:
            return True
        return decision is None and not doubtful


def _findings(items: list[Item], settings: ReviewSettings) -> Iterator[Finding]:
    for item in items:
        first = item.reasons[0].text if item.reasons else "nothing speaks against it"
        if item.decision is Decision.REJECT:
            why = f": {item.decision_reason}" if item.decision_reason else ""
            message = f"it was rejected, so no rule allows it{why}; seen {_seen(item.edge)}"
            yield Finding("edge-rejected", Severity.NOTE, item.key, message)
        elif item.stale and not item.drafted:
            news = ", ".join(code for code in fingerprint(item.reasons))
            message = f"it was accepted, and is asked again: what is known now is {news}: {first}"
            hint = "decide it anew; what stands under evidence is what is known"
            yield Finding("decision-stale", Severity.WARNING, item.key, message, hint=hint)
        elif not item.drafted and not item.forbidden:
            yield Finding(
                "edge-in-review",
                Severity.WARNING,
                item.key,
                f"no rule allows it before a person has looked at it (doubt {item.score:.2f}): "
                f"{first}",
                hint="decide it in decisions.yaml, or apply its file in review/",
            )
    doubted = [item for item in items if item.drafted and item.decision is not Decision.ACCEPT]
    if settings.accept_all and doubted:
        yield Finding(
            "doubt-overruled",
            Severity.WARNING,
            "--accept-all",
            f"{len(doubted)} doubtful edges were drafted without a decision, first "
            f"{doubted[0].key}: {doubted[0].reasons[0].text}",
            hint="leave --accept-all out to decide them one by one",
        )


def _unused(decisions: Decisions | None, items: list[Item]) -> Iterator[Finding]:
    """Decisions are kept when their traffic is not seen: it may come back."""
    met = {item.key for item in items}
    rest = sorted(decisions.rulings.keys() - met) if decisions else []
    if rest and decisions:
        message = f"{len(rest)} decisions are about traffic that was not seen, first {rest[0]}"
        hint = "nothing: they hold when it comes back"
        yield Finding(
            "decision-unused", Severity.NOTE, decisions.file or "decisions", message, hint
        )


def _seen(edge: Edge) -> str:
    times = f"{edge.flows:,} time{'' if edge.flows == 1 else 's'}"
    return f"{times} on {edge.days} day{'' if edge.days == 1 else 's'}"
