"""How decisions stand against the report of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from recommender.reporting.layout import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.review.decisions import Decisions

_WIDTH: Final = 160


class Standing(NamedTuple):
    """One decision, or one question without any.

    Attributes:
        state: ``holds``, ``waits``, ``asked again`` or ``not seen``.
        decision: What was decided, empty where nothing was.
        key: What the rule means.
        reason: Why, in the person's words.
        by: Who decided.
    """

    state: str
    decision: str
    key: str
    reason: str = ""
    by: str = ""


def standing(decisions: Decisions, items: Iterable[dict[str, Any]] | None) -> list[Standing]:
    """What becomes of each decision and each item of a report, what needs a person first.

    Args:
        decisions: The decisions.
        items: The ``review`` of a report; None where there is none to hold them against.
    """
    asked = {item["key"]: item for item in items or ()}
    rows = []
    for key, ruling in decisions.rulings.items():
        state = "holds"
        if items is not None and key not in asked:
            state = "not seen"
        elif key in asked and set(asked[key]["evidence"]) - set(ruling.evidence or ()):
            overtaken = ruling.decision == "accept" and ruling.evidence is not None
            state = "asked again" if overtaken else "holds"
        rows.append(Standing(state, ruling.decision.value, key, ruling.reason, ruling.by))
    rows += [Standing("waits", "", key) for key in asked if _waits(asked[key], decisions)]
    order = ("asked again", "waits", "holds", "not seen")
    return sorted(rows, key=lambda row: (order.index(row.state), row.key))


def to_text(rows: Sequence[Standing]) -> str:
    """The rows as a table for the terminal."""
    if not rows:
        return "nothing is decided, and nothing waits\n"
    cells = [
        ("STATE", "DECISION", "BY", "KEY"),
        *((r.state, r.decision, r.by, r.key) for r in rows),
    ]
    return "\n".join(table(cells, _WIDTH, right=frozenset())) + "\n"


def to_json(rows: Sequence[Standing]) -> str:
    """The rows as JSON in ASCII."""
    return json.dumps([row._asdict() for row in rows], indent=2, ensure_ascii=True) + "\n"


def _waits(item: dict[str, Any], decisions: Decisions) -> bool:
    undecided = item["key"] not in decisions.rulings
    return undecided and not item["forbidden"] and not item["drafted"]
