"""The part of the document about goals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.review.goal_report import GoalOutcome, GoalReport

Part = dict[str, Any]


def goals_part(report: GoalReport | None) -> list[Part]:
    """Every goal with how it fares, in the order of the file; empty without goals."""
    return [_goal(one) for one in report.outcomes] if report else []


def _goal(one: GoalOutcome) -> Part:
    from recommender.review.goal_traffic import summary

    goal = one.proven.goal
    return {
        "id": goal.id,
        "kind": goal.kind.value,
        "text": goal.text or summary(goal),
        "status": one.proven.status.value,
        "pairs": one.proven.count,
        "edges": [edge.id for edge in one.edges],
        "hint": one.hint,
    }
