"""What `recommender validate` found, as text for a terminal and as a JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from recommender.model.findings import Severity
from recommender.model.text import clean
from recommender.reporting.layout import Style, pad, wrap
from recommender.reporting.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.evaluation.validating import Validation
    from recommender.model.findings import Finding

#: Version of the JSON document; raised when a field changes its meaning or goes away.
VERSION: Final = 1

_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_LEAD: Final = 9
_MOST: Final = 1000


def to_text(validation: Validation, *, width: int = 100, colour: bool = False) -> str:
    """The findings one by one, the gravest first, and a line that sums them up."""
    style = Style(colour)
    lines = [line for each in validation.findings for line in _lines(each, style, width)]
    return "\n".join([*lines, *_total(validation, width)]) + "\n"


def to_json(validation: Validation) -> str:
    """The findings as a versioned document."""
    document: dict[str, Any] = {
        "kind": "validation",
        "version": VERSION,
        "policies": validation.policies,
        "workloads": validation.workloads,
        "edges": validation.edges,
        "counts": validation.counts(),
        "findings": [
            {
                "severity": each.severity.value,
                "code": each.code,
                "subject": each.subject,
                "message": each.message,
                "hint": each.hint,
                "where": each.where,
            }
            for each in validation.findings
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _lines(finding: Finding, style: Style, width: int) -> Iterator[str]:
    rest = " " * _LEAD
    text = f"{finding.code} {finding.subject}: {finding.message}"
    severity = finding.severity.value
    first, *others = wrap(text, width, first=pad(severity, _LEAD), rest=rest)
    yield style(_COLOURS[finding.severity], severity) + first[len(severity) :]
    yield from others
    # On one line whatever their length: a place to click on, a command to copy.
    if finding.where:
        yield rest + style("dim", f"at {clean(finding.where, limit=_MOST)}")
    if finding.hint:
        yield rest + style("dim", f"-> {clean(finding.hint, limit=_MOST)}")


def _total(validation: Validation, width: int) -> Iterator[str]:
    looked = f"{count(validation.policies, 'policy', 'policies')} looked at"
    looked += f" with {count(validation.workloads, 'workload')}"
    if validation.edges is not None:
        looked += f" and {count(validation.edges, 'edge')} of traffic"
    found = [count(number, name) for name, number in validation.counts().items() if number]
    if validation.findings:
        yield ""
    yield from wrap(f"{looked}: {', '.join(found) or 'nothing found'}", width)
