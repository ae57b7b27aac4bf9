"""What the logs could see and what they could not: directions observed, losses, gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recommender.connections import marks
from recommender.model.findings import Finding, Severity
from recommender.model.policies import Direction
from recommender.model.text import clean
from recommender.sources.canonical import SKIPPED
from recommender.sources.endpoint import EndClass
from recommender.sources.formats import format_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.connections.identify import Ends
    from recommender.connections.ingested import Ingested
    from recommender.connections.presence import Presence
    from recommender.connections.resolve import Resolution
    from recommender.inventory.types import Inventory
    from recommender.model.accounting import Accounting
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.sources.endpoint import Endpoint

_BOTH = frozenset(Direction)
_HOUR = 3600


def observed_directions(
    described: Sequence[Endpoint],
    resolution: Resolution,
    edges: Sequence[Edge],
) -> Mapping[Entity, frozenset[Direction]]:
    """In which directions each workload's traffic would have been logged.

    Hubble logs a pod's traffic on the pod's own node. A workload is observed when the node of
    one of its pods reported; where a log names no local ends at all (its fields are masked),
    the traffic itself is the only evidence: a direction counts when it was seen.
    """
    local: set[Entity] = set()
    every: set[Entity] = set()
    for end, found in zip(described, resolution.ends, strict=True):
        if found.entity is not None and found.entity.is_workload:
            every.add(found.entity)
            if end.local:
                local.add(found.entity)
    if local:
        return dict.fromkeys(sorted(local), _BOTH)
    seen: dict[Entity, set[Direction]] = defaultdict(set)
    for edge in edges:
        if edge.client.is_workload:
            seen[edge.client].add(Direction.EGRESS)
        if edge.server.is_workload:
            seen[edge.server].add(Direction.INGRESS)
    return {entity: frozenset(seen[entity]) for entity in sorted(every)}


def coverage_findings(
    ingested: Ingested,
    ends: Ends,
    edges: Sequence[Edge],
    accounting: Accounting,
    *,
    cluster_known: bool,
) -> tuple[Finding, ...]:
    """Losses and gaps of the logs, as findings in order."""
    found = [
        *_losses(ingested),
        *_skipped(ingested),
        *_of_layouts(ingested, cluster_known=cluster_known),
        *_unnamed(accounting),
        *_nobody_known(ingested, edges, accounting, cluster_known=cluster_known),
        *_incomplete(ingested),
        *_unreported(ends.described, ends.resolution),
        *_aggregated(edges),
    ]
    return tuple(sorted(found, key=lambda finding: finding.order))


def _losses(ingested: Ingested) -> list[Finding]:
    hint = "raise Hubble's buffer sizes or export to files; traffic may be missing from the drafts"
    return [
        Finding(
            "lost-events",
            Severity.WARNING,
            observer or "unknown node",
            f"{lost:,} events were lost in {source or 'the producer'}",
            hint,
        )
        for (observer, source), lost in sorted(ingested.lost.items())
        if source != SKIPPED
    ]


def _skipped(ingested: Ingested) -> list[Finding]:
    lost = {observer: n for (observer, source), n in ingested.lost.items() if source == SKIPPED}
    if not lost:
        return []
    message = (
        f"AWS could not log what passed {len(lost):,} interfaces in {sum(lost.values()):,} "
        f"windows (SKIPDATA), the first of them {clean(min(lost))}"
    )
    hint = "traffic of these windows may be missing from the drafts: record longer"
    return [Finding("skipped-data", Severity.WARNING, "input", message, hint)]


def _of_layouts(ingested: Ingested, *, cluster_known: bool) -> list[Finding]:
    """What the formats say of how the logs are written: once, with the first file that is so."""
    found: dict[Finding, str] = {}
    for tally in sorted(ingested.files, key=lambda tally: tally.file):
        for remark in format_of(tally.layout).remarks(tally.layout, cluster_known=cluster_known):
            found.setdefault(remark, tally.file)
    return [replace(remark, where=file) for remark, file in found.items()]


def _unnamed(accounting: Accounting) -> list[Finding]:
    """Records with an end that the cluster's history cannot name."""
    reasons: Counter[str] = Counter()
    for file in accounting.files:
        reasons.update({why: n for why, n in file.set_aside.items() if why.startswith("ip-")})
    if not reasons:
        return []
    told = ", ".join(f"{why} {count:,}" for why, count in sorted(reasons.items()))
    message = f"{reasons.total():,} records have an end that nobody can be named for: {told}"
    hint = "take snapshots of the cluster while you record: recommender inventory snapshot"
    return [Finding("identity-unresolved", Severity.WARNING, "input", message, hint)]


def _nobody_known(
    ingested: Ingested, edges: Sequence[Edge], accounting: Accounting, *, cluster_known: bool
) -> list[Finding]:
    """Whether logs that know addresses alone lack the inventory that names them."""
    formats = (format_of(tally.layout) for tally in ingested.files)
    if not any(known.platform and known.bare for known in formats):
        return []
    if not cluster_known:
        message = "the logs show addresses alone, and nothing says which of them are pods"
        hint = "recommender inventory snapshot -o prod.inventory.json, and give it with --inventory"
        return [Finding("inventory-missing", Severity.WARNING, "inventory", message, hint)]
    count = sum(file.set_aside.get("no-workload", 0) for file in accounting.files)
    if edges or not count:
        return []
    message = "no record has an address that the inventory knows as a pod's"
    hint = (
        "is it of the cluster and the time of the log? recommender inventory show FILE --address "
        "IP says who held an address"
    )
    return [Finding("inventory-elsewhere", Severity.WARNING, "inventory", message, hint)]


def outdated(
    inventory: Inventory | None, reported: Sequence[Presence], accounting: Accounting
) -> tuple[Finding, ...]:
    """Whether records are newer than the latest look at the cluster, and what that cost."""
    taken = None if inventory is None else inventory.taken
    lost = sum(file.set_aside.get("ip-gap", 0) for file in accounting.files)
    if taken is None or not reported or not lost:
        return ()
    last = datetime.fromtimestamp(reported[0].last * _HOUR, UTC)
    if last <= taken:
        return ()
    message = (
        f"the log goes on until {last:%Y-%m-%d %H}:00 or later, the latest snapshot is of "
        f"{taken:%Y-%m-%d %H:%M} UTC: who had an address after it is not known"
    )
    hint = "take a snapshot at the end of the recording, and give both"
    return (Finding("inventory-older", Severity.WARNING, "inventory", message, hint),)


def _incomplete(ingested: Ingested) -> list[Finding]:
    partial = [
        Finding(
            "input-partial",
            Severity.WARNING,
            tally.file,
            f"the file was read in part: {tally.problem}",
            "fetch it again; what it lacks is missing from the drafts",
            tally.file,
        )
        for tally in ingested.files
        if tally.problem
    ]
    skipped = [
        Finding("file-skipped", Severity.NOTE, name, f"passed over: {why}", where=name)
        for name, why in ingested.skipped
    ]
    return partial + skipped


def _unreported(described: Sequence[Endpoint], resolution: Resolution) -> list[Finding]:
    """Workloads some of whose pods run on nodes that did not report."""
    pods: dict[Entity, set[str]] = defaultdict(set)
    local: dict[Entity, set[str]] = defaultdict(set)
    for end, found in zip(described, resolution.ends, strict=True):
        if found.kind is EndClass.POD and found.entity is not None and end.pod:
            pods[found.entity].add(end.pod)
            if end.local:
                local[found.entity].add(end.pod)
    if not local:
        return []
    return [
        Finding(
            "partly-observed" if local[entity] else "not-observed",
            Severity.WARNING if not local[entity] else Severity.NOTE,
            entity.id,
            f"the own node reported for {len(local[entity])} of {len(names)} pods seen",
            "export the flows of every node",
        )
        for entity, names in sorted(pods.items())
        if entity.is_workload and len(local[entity]) < len(names)
    ]


def _aggregated(edges: Sequence[Edge]) -> list[Finding]:
    count = sum(marks.AGGREGATED in edge.marks for edge in edges)
    if not count:
        return []
    message = f"{count} edges come from aggregated records, which show one sample flow each"
    hint = "include l4, verdict and is_reply in the exporter's aggregationFields"
    return [Finding("aggregated-input", Severity.WARNING, "input", message, hint)]
