"""What a report needs to know of a run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from recommender.inventory.types import Inventory
from recommender.model.accounting import Accounting
from recommender.reporting.segments_part import Segments
from recommender.reporting.times import is_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from recommender.evaluation.pairs import ExposureChange
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import Direction, NetworkPolicy
    from recommender.review.cronjobs import CronJobRuns
    from recommender.review.goal_report import GoalReport
    from recommender.review.items import Item
    from recommender.review.window import WindowCoverage

#: What a setting can be in a report.
Setting: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """How the accepted edges fare under the drafts, as an independent evaluator says.

    Attributes:
        allowed: Accepted edges that the drafts allow.
        denied: Accepted edges that the drafts deny.
        undefined: Accepted edges that NetworkPolicy does not define, such as ICMP.
    """

    allowed: int
    denied: int
    undefined: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what went in, what was seen, what was drafted, what there is to say.

    The order of edges, policies and findings does not matter: every report sorts them.

    Attributes:
        tool_version: Version of this program.
        inputs: Files, folders and globs as the user named them.
        accounting: What became of every record.
        edges: All edges, of whatever verdict.
        inventory: The cluster as known; its workloads are those a report speaks of.
        observed: Per workload the directions in which the log would have shown its traffic.
        policies: The drafts.
        findings: What a person should know or decide.
        coverage: Findings about what the logs cannot have shown: losses, gaps, aggregation.
        settings: The choices that shaped the drafts, by name; nothing of this machine.
        replay: How the accepted edges fare under the drafts, None where it was not asked for.
        review: What waits for a person, and what was decided.
        segments: The segments that were found, and which of them share a policy.
        window_coverage: What the window is likely to have missed, None where not estimated.
        cron_jobs: How often each CronJob was due in the window.
        exposure: Who may talk to whom before the drafts and after, None where it was not asked
            for.
        goals: How the goals fare, None where none were given.
    """

    tool_version: str
    inputs: tuple[str, ...]
    accounting: Accounting = field(default_factory=Accounting)
    edges: tuple[Edge, ...] = ()
    inventory: Inventory = field(default_factory=Inventory)
    observed: Mapping[Entity, frozenset[Direction]] = field(default_factory=dict)
    policies: tuple[NetworkPolicy, ...] = ()
    findings: tuple[Finding, ...] = ()
    coverage: tuple[Finding, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    replay: Replay | None = None
    review: tuple[Item, ...] = ()
    segments: Segments = field(default_factory=Segments)
    window_coverage: WindowCoverage | None = None
    cron_jobs: tuple[CronJobRuns, ...] = ()
    exposure: ExposureChange | None = None
    goals: GoalReport | None = None

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """Time of the first and the last record that made an edge, None where none has one."""
        timed = [edge for edge in self.edges if is_known(edge.first_seen)]
        if not timed:
            return None
        return min(edge.first_seen for edge in timed), max(edge.last_seen for edge in timed)


def drafts_by_entity(policies: Iterable[NetworkPolicy]) -> dict[str, list[NetworkPolicy]]:
    """The drafts made for each entity, by its id: a policy's origin names one or several."""
    found: defaultdict[str, list[NetworkPolicy]] = defaultdict(list)
    for policy in sorted(policies, key=lambda policy: (policy.namespace, policy.name)):
        for origin in {policy.origin, *policy.origin.split(" ")}:
            found[origin].append(policy)
    return dict(found)
