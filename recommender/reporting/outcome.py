"""Who got a policy, who did not, and why: the questions every report answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.model.edges import Verdict
from recommender.model.findings import Severity
from recommender.reporting.run import drafts_by_entity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import Direction, NetworkPolicy
    from recommender.reporting.run import Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one workload.

    Attributes:
        entity: The workload.
        policies: Its drafts, sorted; empty where it got none.
        reason: Why it got none; empty where it got one.
    """

    entity: Entity
    policies: tuple[NetworkPolicy, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one code and severity.

    Attributes:
        severity: Their severity.
        code: Their code.
        count: How many there are.
        first: The first of them.
    """

    severity: Severity
    code: str
    count: int
    first: Finding


def outcomes(run: Run) -> list[Outcome]:
    """What became of every workload of the inventory and of the edges, sorted."""
    ends = {end for edge in run.edges for end in (edge.client, edge.server) if end.is_workload}
    drafts = drafts_by_entity(run.policies)
    busy = {
        end
        for edge in run.edges
        if edge.verdict is Verdict.ACCEPTED
        for end in (edge.client, edge.server)
    }
    findings: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(run.findings, key=lambda finding: finding.order):
        findings[finding.subject].append(finding)
    found = []
    for entity in sorted({*ends, *run.inventory.workloads}):
        policies = tuple(drafts.get(entity.id, ()))
        reason = "" if policies else _reason(entity, run, findings, busy=entity in busy)
        found.append(Outcome(entity, policies, reason))
    return found


def groups(findings: Iterable[Finding]) -> list[Group]:
    """The findings by severity and code, the gravest and most frequent first."""
    gathered: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.order):
        gathered.setdefault((finding.severity, finding.code), []).append(finding)
    found = [
        Group(severity, code, len(items), items[0]) for (severity, code), items in gathered.items()
    ]
    rank = list(Severity)
    return sorted(found, key=lambda group: (rank.index(group.severity), -group.count, group.code))


def direction_words(policies: Iterable[NetworkPolicy], direction: Direction) -> str:
    """What drafts do in one direction: ``3 rules``, ``denied``, or ``open`` where not isolated."""
    isolating = [policy for policy in policies if policy.isolates(direction)]
    if not isolating:
        return "open"
    rules = sum(len(policy.rules(direction)) for policy in isolating)
    return f"{rules} rule{'' if rules == 1 else 's'}" if rules else "denied"


def _reason(
    entity: Entity,
    run: Run,
    findings: Mapping[str, list[Finding]],
    *,
    busy: bool,
) -> str:
    draft = f"{entity.namespace}/{entity.name}"
    for subject in (entity.id, draft, f"{draft}-{entity.workload_kind.lower()}"):
        if about := findings.get(subject):
            code = about[0].code
            messages = [finding.message for finding in about if finding.code == code]
            return f"{code}: {'; '.join(messages)}"
    if entity not in run.inventory.workloads:
        return "unknown-workload: the inventory does not know it"
    if not run.observed.get(entity):
        return "not-observed: no node that runs it reported its traffic"
    if not busy:
        return "no-traffic: no accepted traffic of it was seen"
    return "no-rule: none of its traffic can be written as a rule"
