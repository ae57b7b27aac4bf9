"""CronJobs are held against the window by their schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from review.windows import START, edge, present

from recommender.inventory.types import Inventory, Schedule, Workload
from recommender.model.entities import Entity
from recommender.review.assess import assess
from recommender.review.cronjobs import cron_job_findings, cron_job_runs

if TYPE_CHECKING:
    from recommender.model.findings import Finding

JOB = Entity.workload("shop", "CronJob", "report")
WEEK = (START, START + timedelta(days=7))


def told(schedule: Schedule, *, seen: bool = False) -> list[Finding]:
    known = Inventory(workloads={JOB: Workload(JOB, schedule=schedule)})
    return list(cron_job_findings(cron_job_runs(known, WEEK, {JOB} if seen else set())))


def test_a_monthly_job_outside_the_window_is_told_with_its_next_run() -> None:
    (finding,) = told(Schedule("@monthly"))
    assert finding.code == "cronjob-outside-window"
    assert "next: 2026-04-01 00:00 UTC" in finding.message
    assert "kubectl -n shop create job --from=cronjob/report report-recorded" in finding.hint
    assert finding.where == "@monthly"


def test_a_job_that_was_due_and_seen_is_no_finding() -> None:
    assert told(Schedule("0 3 * * *"), seen=True) == []


def test_a_job_that_was_due_and_not_seen_is_told_with_how_often() -> None:
    (finding,) = told(Schedule("0 3 * * *"))
    assert finding.code == "cronjob-not-seen"
    assert "due 7 times" in finding.message


def test_the_time_zone_decides_whether_a_job_was_due() -> None:
    # The first of March, 23:00 in New York, is the second of March in UTC.
    assert told(Schedule("0 23 1 * *", "America/New_York"), seen=True) == []
    assert told(Schedule("0 23 1 * *"))[0].code == "cronjob-outside-window"


def test_a_suspended_job_and_an_unreadable_schedule_are_told_apart() -> None:
    assert told(Schedule("@daily", suspended=True))[0].code == "cronjob-suspended"
    assert told(Schedule("@daily", suspended=True), seen=True) == []
    assert told(Schedule("every day"))[0].code == "cronjob-unreadable"
    assert told(Schedule("@daily", "Mars/Phobos"))[0].code == "cronjob-unreadable"


def test_a_run_hands_on_what_the_schedules_say() -> None:
    known = Inventory(workloads={JOB: Workload(JOB, schedule=Schedule("@monthly"))})
    web, cart = (Entity.workload("shop", "Deployment", name) for name in ("web", "cart"))
    found = assess([edge(web, cart, 80, 7)], known, present(7))
    assert [job.runs for job in found.jobs] == [0]
    assert "cronjob-outside-window" in {finding.code for finding in found.findings}
