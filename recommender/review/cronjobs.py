"""CronJobs that were not due in the window, so that nobody knows what they need.

No estimate from what was seen can tell of traffic that comes once a month. A schedule can.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from recommender.model.cron import parse_cron
from recommender.model.errors import InputError
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from recommender.inventory.types import Inventory, Schedule
    from recommender.model.entities import Entity

#: How far ahead the next run is looked for.
_AHEAD: Final = timedelta(days=400)
_MOST_RUNS: Final = 1000


@dataclass(frozen=True, slots=True)
class CronJobRuns:
    """How often a CronJob was due in the window.

    Attributes:
        entity: The CronJob.
        schedule: Its schedule as written.
        runs: How often it was due; None where the schedule cannot be read.
        following: When it is due next after the window; None where that is not known.
        suspended: Whether it starts no Jobs.
        seen: Whether traffic of it was seen.
        problem: Why the schedule cannot be read.
    """

    entity: Entity
    schedule: str
    runs: int | None
    following: datetime | None
    suspended: bool
    seen: bool
    problem: str = ""


def cron_job_runs(
    inventory: Inventory,
    window: tuple[datetime, datetime],
    seen: Collection[Entity],
) -> tuple[CronJobRuns, ...]:
    """Hold the schedule of every CronJob against the window.

    Args:
        inventory: The cluster as known.
        window: Time of the first and the last record.
        seen: Entities with accepted traffic.
    """
    return tuple(
        _runs(entity, workload.schedule, window, seen=entity in seen)
        for entity, workload in sorted(inventory.workloads.items())
        if workload.schedule is not None
    )


def _runs(
    entity: Entity, schedule: Schedule, window: tuple[datetime, datetime], *, seen: bool
) -> CronJobRuns:
    suspended = schedule.suspended
    try:
        cron = parse_cron(schedule.cron, schedule.time_zone)
    except InputError as error:
        return CronJobRuns(entity, schedule.cron, None, None, suspended, seen, error.message)
    start, end = window
    # The first record may be from the very minute of a run.
    start = start.replace(second=0, microsecond=0)
    runs = sum(1 for _, _ in zip(cron.runs(start, end), range(_MOST_RUNS), strict=False))
    following = cron.first_run(end, end + _AHEAD)
    return CronJobRuns(entity, schedule.cron, runs, following, suspended, seen)


def cron_job_findings(jobs: tuple[CronJobRuns, ...]) -> Iterator[Finding]:
    """CronJobs that the window cannot show, or should have shown."""
    for job in jobs:
        yield from _job_finding(job)


def _job_finding(job: CronJobRuns) -> Iterator[Finding]:
    where = job.schedule
    if job.problem:
        message = f"its schedule cannot be read, so nobody knows whether it ran: {job.problem}"
        yield Finding("cronjob-unreadable", Severity.WARNING, job.entity.id, message, where=where)
    elif job.suspended:
        if not job.seen:
            message = "it is suspended and was not seen: what it needs is not in the drafts"
            yield Finding("cronjob-suspended", Severity.NOTE, job.entity.id, message, where=where)
    elif not job.runs:
        following = f" (next: {job.following:%Y-%m-%d %H:%M} UTC)" if job.following else ""
        yield Finding(
            "cronjob-outside-window",
            Severity.WARNING,
            job.entity.id,
            f"it was not due in the window{following}: what it needs is not in the drafts",
            hint=f"record until it has run, or run it while you record: {_by_hand(job.entity)}",
            where=where,
        )
    elif not job.seen:
        times = "once" if job.runs == 1 else f"{job.runs:,} times"
        message = f"it was due {times} in the window, and no accepted traffic of it was seen"
        hint = "look whether its Jobs ran, and whether their nodes reported"
        yield Finding(
            "cronjob-not-seen", Severity.WARNING, job.entity.id, message, hint=hint, where=where
        )


def _by_hand(entity: Entity) -> str:
    name = entity.name
    return f"kubectl -n {entity.namespace} create job --from=cronjob/{name} {name}-recorded"
