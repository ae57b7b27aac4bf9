"""What the logs could see and what they could not: directions observed, losses, gaps."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from recommender.connections import marks
from recommender.model.findings import Finding, Severity
from recommender.model.policies import Direction
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.connections.ingest import Ingested
    from recommender.connections.resolve import Resolution
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.sources.endpoint import Endpoint

_BOTH = frozenset(Direction)


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
    described: Sequence[Endpoint],
    resolution: Resolution,
    edges: Sequence[Edge],
) -> tuple[Finding, ...]:
    """Losses and gaps of the logs, as findings in order."""
    found = [
        *_losses(ingested),
        *_incomplete(ingested),
        *_unreported(described, resolution),
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
    ]


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
