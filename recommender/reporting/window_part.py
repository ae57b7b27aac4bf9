"""The part of the document about what the window is likely to have missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.reporting.times import rfc3339
from recommender.review.estimates import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from recommender.review.cronjobs import CronJobRuns
    from recommender.review.estimates import Incidence
    from recommender.review.window import SideCoverage, WindowCoverage, WorkloadCoverage

Part = dict[str, Any]

_DIGITS: Final = 6


def window_part(window: WindowCoverage | None, jobs: Iterable[CronJobRuns]) -> Part | None:
    """Coverage of the cluster, of each workload, and the CronJobs; null where not estimated."""
    if window is None:
        return None
    return {
        "confidence": CONFIDENCE,
        "bound": window.bound,
        "bound_chosen": window.chosen,
        "cluster": _cluster(window),
        "workloads": [_workload(one) for one in window.workloads],
        "cron_jobs": [_job(job) for job in jobs],
    }


def rounded(value: float | None) -> float | None:
    """A number with so many digits that every machine writes the same."""
    return None if value is None else round(value, _DIGITS)


def coverage_frame(window: WindowCoverage | None) -> pd.DataFrame:
    """One row a workload and direction; the columns are those of ``PolicySet.coverage``."""
    import pandas as pd

    columns = [
        *("workload", "status", "days", "direction", "edges", "once", "total"),
        *("coverage", "at_least", "partial"),
    ]
    rows = [
        (one.entity.id, one.status, one.days, side.direction.value, *_side(side).values())
        for one in (window.workloads if window else ())
        for side in one.sides
    ]
    return pd.DataFrame(rows, columns=columns).astype({"coverage": float, "at_least": float})


def _cluster(window: WindowCoverage) -> Part:
    early = window.early
    low, high = (None, None) if early else window.days.unseen_interval()
    return {
        "too_early": early,
        "coverage": rounded(window.coverage),
        "at_least": rounded(window.least),
        "unseen": None if early else rounded(window.days.unseen),
        "unseen_low": rounded(low),
        "unseen_high": rounded(high),
        "new_edges_a_day": None if early else rounded(window.days.expected_new),
        "more_days": window.more_days,
        "days": _incidence(window.days),
        "hours": _incidence(window.hours),
    }


def _incidence(incidence: Incidence) -> Part:
    return {
        "units": incidence.units,
        "edges": incidence.seen,
        "once": incidence.once,
        "twice": incidence.twice,
        "total": incidence.total,
        "coverage": rounded(incidence.coverage) if incidence.enough else None,
    }


def _workload(one: WorkloadCoverage) -> Part:
    return {
        "workload": one.entity.id,
        "status": one.status,
        "days": one.days,
        "ingress": _side(one.ingress),
        "egress": _side(one.egress),
    }


def _side(side: SideCoverage) -> Part:
    return {
        "edges": side.incidence.seen,
        "once": side.incidence.once,
        "total": side.incidence.total,
        "coverage": rounded(side.coverage),
        "at_least": rounded(side.least),
        "partial": side.partial,
    }


def _job(job: CronJobRuns) -> Part:
    return {
        "workload": job.entity.id,
        "schedule": job.schedule,
        "runs": job.runs,
        "next": rfc3339(job.following) if job.following else None,
        "suspended": job.suspended,
        "seen": job.seen,
        "problem": job.problem,
    }
