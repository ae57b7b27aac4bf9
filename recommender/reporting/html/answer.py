"""What stands at the top of the page: the figures that people decide by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.reporting.document import Document

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The figures at the top.

    Attributes:
        before: Pairs of workloads that may talk before the drafts, None where not counted.
        after: The same with the drafts.
        removed: The share that goes away, None where there is none to remove.
        workloads: How many workloads are known.
        drafted: How many of them have a draft.
        drafts: How many drafts there are, without the default-denies.
        accepted: Accepted edges.
        waiting: Those that wait for a decision.
        waiting_flows: Connections of those that wait or were rejected.
        rejected: Those that were rejected.
        aside: Edges that make no rule, by their verdict.
        added: Pairs that rules between whole segments allow and nobody saw.
        denied: Accepted edges that the drafts would deny though they were drafted.
        days: Length of the window in days, None where unknown.
        coverage: The share of a day to come that the window shows, None where not estimated.
        at_least: What it does not fall below, with confidence.
        goals: How many goals are kept, broken, unknown.
    """

    before: int | None
    after: int | None
    removed: float | None
    workloads: int
    drafted: int
    drafts: int
    accepted: int
    waiting: int
    waiting_flows: int
    rejected: int
    aside: dict[str, int]
    added: int
    denied: int
    days: float | None
    coverage: float | None
    at_least: float | None
    goals: dict[str, int]

    @property
    def breaks(self) -> int:
        """Edges that were accepted and would be denied."""
        return self.denied + self.waiting + self.rejected


def answer(document: Document) -> Answer:
    """The figures of a document."""
    exposure: Part = document.get("exposure") or {}
    edges = {edge["id"]: edge for edge in document["edges"]}
    verdicts = Counter(edge["verdict"] for edge in document["edges"])
    held = [item for item in document.get("review") or () if not item.get("drafted")]
    open_items = [item for item in held if item["decision"] != "reject"]
    workloads = [entity["workload"] for entity in document["entities"] if entity["workload"]]
    window: Part = document.get("window_coverage") or {}
    cluster: Part = window.get("cluster") or {}
    replay: Part = document["replay"] or {}
    return Answer(
        before=exposure.get("pairs_before"),
        after=exposure.get("pairs_after"),
        removed=exposure.get("removed"),
        workloads=len(workloads),
        drafted=sum(bool(workload["policies"]) for workload in workloads),
        drafts=sum(not policy["default_deny"] for policy in document["policies"]),
        accepted=verdicts.pop("accepted", 0),
        waiting=len(open_items),
        waiting_flows=sum(edges[item["edge"]]["flows"] for item in held if item["edge"] in edges),
        rejected=len(held) - len(open_items),
        aside=dict(sorted(verdicts.items())),
        added=sum(block["added"] for block in document.get("blocks") or ()),
        denied=replay.get("denied", 0),
        days=_days(document["window"]),
        coverage=cluster.get("coverage"),
        at_least=cluster.get("at_least"),
        goals=_goals(document.get("goals") or ()),
    )


def _goals(goals: Iterable[Part]) -> dict[str, int]:
    found = Counter(goal["status"] for goal in goals)
    return {word: found[word] for word in ("kept", "broken", "unknown")} if found else {}


def _days(window: Part) -> float | None:
    if window["first_seen"] is None:
        return None
    begin, end = (datetime.fromisoformat(window[name]) for name in ("first_seen", "last_seen"))
    return (end - begin).total_seconds() / 86_400
