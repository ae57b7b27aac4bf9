"""How goals fare, as text for a terminal and as a JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from recommender.model.findings import Severity
from recommender.reporting.goals_part import goals_part
from recommender.reporting.layout import Style, pad, wrap
from recommender.reporting.parts import finding_part
from recommender.reporting.terminal import count
from recommender.review.goal_proof import Status
from recommender.review.goal_report import goals_text
from recommender.review.goal_traffic import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.review.goal_report import GoalOutcome, GoalReport

#: Version of the JSON document; raised when a field changes its meaning or goes away.
VERSION: Final = 1

_COLOURS: Final = {Status.KEPT: "green", Status.BROKEN: "red", Status.UNKNOWN: "yellow"}
_SEVERITIES: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_LEAD: Final = 9


def to_text(report: GoalReport, *, proven: bool, width: int = 100, colour: bool = False) -> str:
    """The goals one by one, the findings, and a line that sums them up.

    Args:
        report: How the goals fare.
        proven: Whether policies were held against them.
        width: Columns of the terminal.
        colour: Whether to colour.
    """
    style = Style(colour)
    lines = [line for one in report.outcomes for line in _goal(one, style, width, proven=proven)]
    for finding in report.findings:
        text = f"{finding.code} {finding.subject}: {finding.message}"
        found = list(wrap(text, width, first=" " * _LEAD, rest=" " * _LEAD))
        word = style(_SEVERITIES[finding.severity], finding.severity.value)
        lines.append(word + pad("", _LEAD - len(finding.severity.value)) + found[0][_LEAD:])
        lines += found[1:]
    lines.append(goals_text(report) if proven else count(len(report.outcomes), "goal"))
    return "\n".join(lines) + "\n"


def to_json(report: GoalReport) -> str:
    """The goals and the findings as a versioned document."""
    document = {
        "kind": "goals",
        "version": VERSION,
        "as_of": report.day.isoformat() if report.day else None,
        "goals": goals_part(report),
        "findings": [finding_part(finding) for finding in report.findings],
    }
    return json.dumps(document, indent=2) + "\n"


def _goal(one: GoalOutcome, style: Style, width: int, *, proven: bool) -> Iterator[str]:
    goal, status = one.proven.goal, one.proven.status
    word = status.value if proven else "read"
    text = f"{goal.id}: {goal.text or summary(goal)}"
    lines = list(wrap(text, width, first=" " * _LEAD, rest=" " * _LEAD))
    yield (
        style(_COLOURS[status] if proven else "dim", word)
        + pad("", _LEAD - len(word))
        + (lines[0][_LEAD:])
    )
    yield from lines[1:]
