"""Everything there is to say about the window, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.review.calendar import calendar_findings
from recommender.review.gaps import gap_findings
from recommender.review.window import window_coverage
from recommender.review.window_findings import window_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.connections.presence import Presence
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.findings import Finding
    from recommender.review.window import WindowCoverage


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the window shows, and what it cannot.

    Attributes:
        window: Coverage of the cluster and of each workload.
        findings: What a person should know, in order.
    """

    window: WindowCoverage
    findings: tuple[Finding, ...]


def assess(
    edges: Sequence[Edge],
    inventory: Inventory,
    presence: Sequence[Presence],
    *,
    bound: float | None = None,
    home: str = "",
) -> Assessment:
    """Estimate coverage, and look for gaps and missing days.

    Args:
        edges: All edges.
        inventory: The cluster as known.
        presence: When the log as a whole, and each node, reported.
        bound: What workloads are held against, where the user gives one.
        home: Name of the cluster that is drafted for.
    """
    window = window_coverage(edges, inventory, presence, bound=bound, home=home)
    found = [*window_findings(window), *gap_findings(presence)]
    if window.first_seen is not None and window.last_seen is not None:
        found += calendar_findings(window.first_seen, window.last_seen)
    return Assessment(window, tuple(sorted(found, key=lambda finding: finding.order)))
