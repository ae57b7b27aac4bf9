"""Forms of the answers of replay, diff and explain: text for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from recommender.evaluation.compiling import policy_name
from recommender.evaluation.judging import Outcome
from recommender.evaluation.wording import end_text, ports_text
from recommender.model.text import clean, csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.evaluation.diff import Diff, DiffRow
    from recommender.evaluation.explain import Explanation
    from recommender.evaluation.replay import Replay, Replayed

#: Version of the JSON documents.
VERSION: Final = 1

#: Longest reason of an edge; it lists every policy behind a denial.
_MAX_WHY: Final = 1000

_DIFF_COLUMNS: Final = ("change", "source", "destination", "old", "new", "lost", "gained")
_REPLAY_COLUMNS: Final = (
    "outcome",
    "client",
    "server",
    "protocol",
    "port",
    "verdict",
    "flows",
    "sides",
    "policies",
    "reason",
)


def replay_text(replay: Replay, *, every: bool = False) -> str:
    """What would break and what is not told, then the counts.

    Args:
        replay: The answer.
        every: Also the edges that are allowed.
    """
    lines: list[str] = []
    shown = [
        (row.outcome.value, _edge(row), str(row.edge.flows), clean(row.why, limit=_MAX_WHY))
        for row in sorted(replay.rows, key=_gravity)
        if every or row.breaks or row.outcome is Outcome.UNDEFINED
    ]
    if shown:
        lines += _aligned([("OUTCOME", "EDGE", "FLOWS", "WHY"), *shown])
        lines.append("")
    counts = replay.counts()
    total = sum(counts.values())
    lines.append(
        f"{total} edges: {counts['allowed']} allowed, {counts['denied']} denied, "
        f"{counts['undefined']} undefined",
    )
    breaking = replay.breaking
    if breaking:
        flows = sum(row.edge.flows for row in breaking)
        lines.append(f"would break {len(breaking)} edges that were accepted ({flows} flows)")
    else:
        lines.append("no accepted traffic would be denied")
    return "\n".join(lines) + "\n"


def replay_json(replay: Replay) -> str:
    """One object with counts and every edge."""
    document = {
        "version": VERSION,
        "counts": replay.counts(),
        "breaking": len(replay.breaking),
        "edges": [
            {
                **dict(zip(_REPLAY_COLUMNS, _replay_row(row), strict=True)),
                "sides": [side.value for side in row.judgement.sides],
                "policies": list(row.judgement.policies),
                "why": row.why,
            }
            for row in replay.rows
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def replay_csv(replay: Replay) -> str:
    """One line an edge."""
    return _csv(_REPLAY_COLUMNS, (_replay_row(row) for row in replay.rows))


def diff_text(found: Diff, *, weighed: bool = False) -> str:
    """What is added, removed and changed; with flows the most lost first."""
    lines: list[str] = []
    if found.rows:
        head: tuple[str, ...] = ("CHANGE", "SOURCE", "DESTINATION", "OLD", "NEW")
        rows = [tuple(str(cell) for cell in _diff_row(row)[:5]) for row in found.rows]
        if weighed:
            head = (*head, "LOST", "GAINED")
            flows = [(str(row.lost), str(row.gained)) for row in found.rows]
            rows = [(*row, *pair) for row, pair in zip(rows, flows, strict=True)]
        lines += [*_aligned([head, *rows]), ""]
    for word, entities in (
        ("new", found.workloads_added),
        ("gone", found.workloads_removed),
    ):
        if entities:
            names = ", ".join(end_text(entity) for entity in entities)
            lines.append(f"workloads that are {word}: {names}")
    counts = found.counts()
    lines.append(
        "the two sets allow the same"
        if found.same
        else ", ".join(f"{number} {kind}" for kind, number in counts.items()),
    )
    return "\n".join(lines) + "\n"


def diff_json(found: Diff) -> str:
    """One object with counts and rows."""
    document = {
        "version": VERSION,
        "counts": found.counts(),
        "workloads_added": [entity.id for entity in found.workloads_added],
        "workloads_removed": [entity.id for entity in found.workloads_removed],
        "rows": [dict(zip(_DIFF_COLUMNS, _diff_row(row), strict=True)) for row in found.rows],
    }
    return json.dumps(document, indent=2) + "\n"


def diff_csv(found: Diff) -> str:
    """One line a difference."""
    return _csv(_DIFF_COLUMNS, (_diff_row(row) for row in found.rows))


def explain_json(found: Explanation) -> str:
    """One object: ends, verdict, and every rule that was asked."""
    document = {
        "version": VERSION,
        "source": found.source,
        "destination": found.destination,
        "protocol": found.protocol,
        "port": found.port,
        "outcome": found.outcome.value,
        "reason": found.judgement.reason,
        "ports": ports_text(found.ports),
        "sides": [
            {
                "direction": side.direction.value,
                "allowed": side.allowed,
                "isolating": [policy_name(policy) for policy in side.isolating],
                "by": policy_name(side.by) if side.by else None,
                "steps": [
                    {
                        "policy": policy_name(step.policy),
                        "origin": step.policy.origin,
                        "rule": step.rule,
                        "action": step.action.value,
                        "peer": step.peer,
                        "port": step.port,
                        "decides": step.decides,
                    }
                    for step in side.steps
                ],
            }
            for side in found.sides
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _gravity(row: Replayed) -> tuple[bool, str, int, str]:
    return (not row.breaks, row.outcome.value, -row.edge.flows, row.edge.id)


def _edge(row: Replayed) -> str:
    return clean(row.edge.id)


def _replay_row(row: Replayed) -> tuple[str | int, ...]:
    edge, judgement = row.edge, row.judgement
    return (
        judgement.outcome.value,
        edge.client.id,
        edge.server.id,
        edge.protocol,
        edge.port,
        edge.verdict.value,
        edge.flows,
        ",".join(side.value for side in judgement.sides),
        ", ".join(judgement.policies),
        judgement.reason,
    )


def _diff_row(row: DiffRow) -> tuple[str | int, ...]:
    return (
        row.change.value,
        end_text(row.source),
        end_text(row.destination),
        ports_text(row.old),
        ports_text(row.new),
        row.lost,
        row.gained,
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _csv(columns: Sequence[str], rows: Iterable[tuple[str | int, ...]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([csv_cell(cell) for cell in row])
    return stream.getvalue()
