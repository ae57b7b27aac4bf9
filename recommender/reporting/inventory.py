"""What is known of a cluster, as text for a terminal and as a JSON document."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.holdings import REASONS, NoHolder, timeline
from recommender.model.text import clean
from recommender.reporting.layout import Style, wrap
from recommender.reporting.terminal import count
from recommender.reporting.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.inventory.snapshot import Snapshot
    from recommender.inventory.types import Inventory
    from recommender.model.findings import Finding

#: Version of the JSON document; raised when a field changes its meaning or goes away.
VERSION: Final = 1

_LEAD: Final = 13
_MOST_CONTESTED: Final = 5


def taken_text(snapshot: Snapshot, file: str, *, width: int = 100, colour: bool = False) -> str:
    """What a snapshot holds and lacks, in a few lines."""
    style, kinds = Style(colour), Counter(item["kind"] for item in snapshot.objects)
    place = "standard output" if file == "-" else clean(file)
    text = f"{count(len(snapshot.objects), 'object')} to {place}, as of {_time(snapshot)}"
    lines = [*_lines("Wrote", text, style, width)]
    if kinds:
        told = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
        lines += _lines("Objects", told, style, width)
    for gap in snapshot.look.missing:
        where = f" in {clean(gap.namespace)}" if gap.namespace else ""
        told = f"{clean(gap.resource)}{where}: {clean(gap.message or gap.reason)}"
        lines += _lines("Missing", told, style, width)
    return "\n".join(lines) + "\n"


def _time(snapshot: Snapshot) -> str:
    return f"{snapshot.look.taken:%Y-%m-%d %H:%M:%S} UTC"


def to_text(inventory: Inventory, *, width: int = 100, colour: bool = False) -> str:
    """What an inventory holds: counts, the time it is of, and its findings."""
    style, about = Style(colour), to_document(inventory)
    taken = inventory.taken
    told = f"{taken:%Y-%m-%d %H:%M:%S} UTC" if taken else "no time is known: no snapshot among it"
    lines = [*_lines("Taken", told, style, width)]
    kinds = ", ".join(f"{n:,} {clean(kind)}" for kind, n in about["workloads"].items())
    lines += _lines("Workloads", kinds or "none", style, width)
    things = ("namespaces", "pods", "services", "nodes", "policies", "cluster_policies")
    told = ", ".join(f"{about[thing]:,} {thing.replace('_', ' ')}" for thing in things)
    lines += _lines("Objects", told, style, width)
    roles = ", ".join(f"{n:,} {role}" for role, n in about["addresses"].items())
    lines += _lines("Addresses", roles or "none", style, width)
    if about["contested"]:
        shown = ", ".join(clean(ip) for ip in about["contested"][:_MOST_CONTESTED])
        more = ", ..." if len(about["contested"]) > _MOST_CONTESTED else ""
        told = f"{len(about['contested']):,} at times held by several at once: {shown}{more}"
        lines += _lines("Contested", told, style, width)
    for schedule in about["schedules"]:
        told = " ".join(clean(part) for part in (schedule["workload"], schedule["cron"]) if part)
        zone = f" ({clean(schedule['time_zone'])})" if schedule["time_zone"] else ""
        lines += _lines("Schedule", told + zone + _halted(schedule), style, width)
    for finding in inventory.findings:
        lines += _finding(finding, style, width)
    return "\n".join(lines) + "\n"


def _halted(schedule: dict[str, Any]) -> str:
    return ", suspended" if schedule["suspended"] else ""


def to_json(inventory: Inventory) -> str:
    """What an inventory holds, as a versioned document."""
    return json.dumps(to_document(inventory), indent=2) + "\n"


def to_document(inventory: Inventory) -> dict[str, Any]:
    """What an inventory holds: mappings, lists, strings, numbers, booleans and None only."""
    workloads = inventory.workloads.values()
    kinds = Counter(entity.workload_kind for entity in inventory.workloads)
    roles = Counter({(held.role.value, held.ip) for held in inventory.holdings})
    return {
        "kind": "inventory",
        "version": VERSION,
        "taken": rfc3339(inventory.taken) if inventory.taken else None,
        "complete": inventory.complete,
        "namespaces": len(inventory.namespaces),
        "workloads": dict(sorted(kinds.items())),
        "pods": sum(len(workload.pods) for workload in workloads),
        "services": len(inventory.services),
        "nodes": len(inventory.nodes),
        "policies": len(inventory.policies),
        "cluster_policies": len(inventory.tiers),
        "addresses": dict(sorted(Counter(role for role, _ in roles).items())),
        "holdings": len(inventory.holdings),
        "contested": _contested(inventory),
        "schedules": [
            {
                "workload": workload.entity.id,
                "cron": workload.schedule.cron,
                "time_zone": workload.schedule.time_zone,
                "suspended": workload.schedule.suspended,
            }
            for workload in workloads
            if workload.schedule is not None
        ],
        "findings": [
            {
                "severity": each.severity.value,
                "code": each.code,
                "subject": each.subject,
                "message": each.message,
                "hint": each.hint,
                "where": each.where,
            }
            for each in sorted(inventory.findings, key=lambda each: each.order)
        ],
    }


def _contested(inventory: Inventory) -> list[str]:
    """Addresses that several entities held at once, as the inventory says, sorted."""
    spans = timeline(inventory.holdings, timedelta(0))
    found = spans.ip[spans.reason == REASONS.index(NoHolder.OVERLAP)]
    return sorted(set(found.tolist()))


def _finding(finding: Finding, style: Style, width: int) -> Iterator[str]:
    text = f"{finding.code} {clean(finding.subject)}: {clean(finding.message, limit=500)}"
    hint = f" ({clean(finding.hint)})" if finding.hint else ""
    yield from _lines(finding.severity.value.capitalize(), text + hint, style, width)


def _lines(name: str, text: str, style: Style, width: int) -> Iterator[str]:
    first, *rest = wrap(text, width - _LEAD)
    yield style("bold", name.ljust(_LEAD)) + first
    for line in rest:
        yield " " * _LEAD + line
