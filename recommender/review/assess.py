"""Everything there is to say about the window, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.edges import Verdict
from recommender.review.calendar import calendar_findings
from recommender.review.cronjobs import cron_job_findings, cron_job_runs
from recommender.review.gaps import gap_findings
from recommender.review.items import Decision
from recommender.review.window import window_coverage
from recommender.review.window_findings import window_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.connections.presence import Presence
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.findings import Finding
    from recommender.review.cronjobs import CronJobRuns
    from recommender.review.items import Item
    from recommender.review.window import WindowCoverage


# Grounds for doubt of whoever looks for what there is, edge by edge and once each.
_SCANS: Final = frozenset({"fan-out", "folded"})


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the window shows, and what it cannot.

    Attributes:
        window: Coverage of the cluster and of each workload.
        jobs: How often each CronJob was due.
        findings: What a person should know, in order.
    """

    window: WindowCoverage
    jobs: tuple[CronJobRuns, ...]
    findings: tuple[Finding, ...]


def assess(  # noqa: PLR0913 - what was seen, and what was decided about it
    edges: Sequence[Edge],
    inventory: Inventory,
    presence: Sequence[Presence],
    *,
    items: Iterable[Item] = (),
    bound: float | None = None,
    home: str = "",
) -> Assessment:
    """Estimate coverage, hold CronJobs against the window, and look for gaps.

    Args:
        edges: All edges.
        inventory: The cluster as known.
        presence: When the log as a whole, and each node, reported.
        items: What waits for a person or was decided: what is none of the cluster's own traffic
            does not count, or a scan would make every window look short.
        bound: What workloads are held against, where the user gives one.
        home: Name of the cluster that is drafted for.
    """
    strange = {item.edge for item in items if _strange(item)}
    usual = [edge for edge in edges if edge not in strange]
    window = window_coverage(usual, inventory, presence, bound=bound, home=home)
    found = [*window_findings(window), *gap_findings(presence)]
    jobs: tuple[CronJobRuns, ...] = ()
    if window.first_seen is not None and window.last_seen is not None:
        span = (window.first_seen, window.last_seen)
        accepted = [edge for edge in edges if edge.verdict is Verdict.ACCEPTED]
        seen = {end for edge in accepted for end in (edge.client, edge.server)}
        jobs = cron_job_runs(inventory, span, seen)
        found += [*calendar_findings(*span), *cron_job_findings(jobs)]
    return Assessment(window, jobs, tuple(sorted(found, key=lambda finding: finding.order)))


def _strange(item: Item) -> bool:
    """Whether traffic is none that the cluster needs: rejected, against a goal, or a scan's."""
    if item.decision is Decision.ACCEPT and not item.forbidden:
        return False
    scans = any(reason.code in _SCANS for reason in item.reasons)
    return item.forbidden or item.decision is Decision.REJECT or (scans and not item.drafted)
