"""Draft policies from logs, and draft from their past to replay their future."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Final

from recommender._version import __version__
from recommender.api.arguments import (
    Paths,
    corrections_of,
    decisions_of,
    goals_of,
    inventory_of,
    several,
    with_names,
)
from recommender.connections.orient import ReplyFlag
from recommender.model.errors import UsageError
from recommender.review.settings import ReviewSettings
from recommender.sources.options import AS_FOUND, ReadOptions
from recommender.synthesis.settings import Granularity, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from recommender.connections.edges import Connections
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.reporting.policy_set import PolicySet
    from recommender.reporting.run import Run
    from recommender.review.backtest import Backtest, Plan, Variant
    from recommender.review.decisions import Decisions
    from recommender.review.goal_report import GoalCourt
    from recommender.review.goals import Goals
    from recommender.segments.corrections import Corrections
    from recommender.segments.types import Segmentation, SegmentSettings


# What drafts, proves and writes: loaded while the logs are read, when the engine is at work.
_AFTER_READING: Final = (
    "recommender.inventory.combine",
    "recommender.synthesis.synthesize",
    "recommender.review.assess",
    "recommender.review.proof",
    "recommender.review.ready_made",
    "recommender.review.sorting",
    "recommender.reporting.policy_set",
    "recommender.reporting.html.page",
    "recommender.reporting.terminal",
)


# What finds segments.
_FOR_SEGMENTS: Final = ("recommender.segments.segmenting",)


def recommend(  # noqa: PLR0913 - a caller chooses what the command's options choose
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    names: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    review: ReviewSettings | None = None,
    segments: SegmentSettings | None = None,
    corrections: Corrections | str | os.PathLike[str] | None = None,
    reply_flag: str | ReplyFlag = ReplyFlag.AUTO,
    min_coverage: float | None = None,
    decisions: str | os.PathLike[str] | Decisions | None = None,
    goals: str | os.PathLike[str] | Goals | None = None,
    as_of: date | None = None,
    allow_partial: bool = False,
    options: ReadOptions = AS_FOUND,
    found: Connections | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> PolicySet:
    """Draft least-privilege NetworkPolicies from flow logs.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: snapshots, manifests or kubectl
            dumps. Without it, selectors come from the labels that the flows show.
        names: A YAML file with names of ranges outside the cluster, for the evidence.
        settings: Choices that shape the drafts.
        review: Choices about what waits for a person.
        segments: Thresholds of the rules that segments may share; ``settings.granularity`` says
            whether they share any.
        corrections: What a reviewer has settled about segments, or the segments file that says so.
        reply_flag: Whether to believe the log's reply flag: ``auto``, ``trust`` or ``ignore``.
        min_coverage: Coverage that the cluster and each workload are held against, above 0 and
            below 1. Directions of workloads under it are staged: left open. Hold the whole to it
            with :meth:`PolicySet.require_coverage`.
        decisions: A decisions file: what people accepted, rejected or deferred.
        goals: A goals file: traffic that breaks a goal is never drafted, what must be allowed
            always is, and the drafts are proven against every goal.
        as_of: The day that exceptions to goals are held against; the last of the window where
            not given.
        allow_partial: Draft also from files that end early or are corrupt.
        options: How to read logs whose content does not tell it.
        found: What the logs told, where they were read already; ``paths`` then only name them.
        progress: Called while reading with a file's name and the bytes read of it since.

    Returns:
        The drafts with their evidence, findings and accounting.

    Raises:
        InputError: An input cannot be used.
        PartialInputError: A file ends early or is corrupt, and ``allow_partial`` is not set.
        UsageError: No workload of the chosen cluster was seen.
    """
    from recommender.connections.edges import connect
    from recommender.review.window import require_bound

    chosen, doubting = settings or Settings(), review or ReviewSettings()
    require_bound(min_coverage)
    aims, decided, wishes = goals_of(goals), decisions_of(decisions), corrections_of(corrections)
    known = with_names(inventory_of(inventory), names)
    logs = several(paths)
    loading = _load_ahead(chosen.granularity)
    if found is None:
        found = connect(
            logs,
            inventory=known,
            options=options,
            reply_flag=ReplyFlag(reply_flag),
            world_threshold=chosen.world_threshold,
            progress=progress,
        )
    loading.join()
    from recommender.evaluation.judging import Outcome
    from recommender.evaluation.pairs import exposure_change
    from recommender.inventory.combine import combine
    from recommender.reporting.policy_set import PolicySet
    from recommender.reporting.run import Replay as ReplayCounts
    from recommender.reporting.run import Run
    from recommender.reporting.segments_part import Segments
    from recommender.review.assess import assess
    from recommender.review.boundaries import boundary_findings
    from recommender.review.closing import closed_pairs
    from recommender.review.proof import prove
    from recommender.review.ready_made import review_findings, with_rules
    from recommender.review.sorting import sort_out
    from recommender.synthesis.subjects import home_cluster
    from recommender.synthesis.synthesize import synthesize

    cluster = combine(known, found.inventory)
    home = _home(chosen, cluster, found)
    name = home_cluster(cluster, home)
    day = as_of or (found.last_seen.date() if found.last_seen else None)
    judge = _court(aims, cluster, found, day, name)
    chosen_edges = sort_out(
        found.edges,
        cluster,
        window=found.window,
        decisions=decided,
        goals=judge,
        settings=doubting,
    )
    wanted = chosen_edges.drafted
    seen = assess(
        found.edges,
        cluster,
        found.presence,
        items=chosen_edges.items,
        bound=min_coverage,
        home=name,
    )
    partial = {} if min_coverage is None else seen.window.partial
    groups = _segmentation(wanted, cluster, home, segments, wishes)
    drafts = synthesize(
        wanted,
        cluster,
        observed=found.observed,
        partial=partial,
        wanted=judge.wanted() if judge else (),
        settings=home,
        segmentation=groups,
        closed=closed_pairs(found.edges, chosen_edges.items, judge),
    )
    advice = boundary_findings(groups, wanted, cluster) if groups else ()
    proof = prove(drafts.policies, wanted, cluster, name)
    items = with_rules(chosen_edges.items, proof.policies, cluster, drafts.roster)
    held = judge.hold(proof.policies, cluster, found.edges) if judge else None
    run = Run(
        tool_version=__version__,
        inputs=tuple(os.fspath(name) for name in logs),
        accounting=found.accounting,
        edges=found.edges,
        inventory=cluster,
        observed=found.observed,
        policies=proof.policies,
        findings=(
            *proof.findings,
            *chosen_edges.findings,
            *(held.findings if held else ()),
            *review_findings(drafts.findings, items, drafts.roster),
            *advice,
            *cluster.findings,
        ),
        coverage=(*found.findings, *seen.findings),
        settings=_settings(chosen, doubting, found) | {"min_coverage": min_coverage},
        replay=ReplayCounts(
            *map(proof.count, (Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDEFINED))
        ),
        review=items,
        segments=Segments(groups, drafts.segments, drafts.blocks, drafts.labels),
        window_coverage=seen.window,
        cron_jobs=seen.jobs,
        exposure=exposure_change(proof.policies, cluster, name),
        goals=held,
    )
    result = PolicySet(run)
    if found.accounting.files:
        result.require_records()
    if not allow_partial:
        result.require_complete()
    return result


def backtest(  # noqa: PLR0913 - a log, how to cut it, and what to compare
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    plan: Plan | None = None,
    variants: Iterable[Variant] = (),
    settings: Settings | None = None,
    decisions: str | os.PathLike[str] | Decisions | None = None,
    goals: str | os.PathLike[str] | Goals | None = None,
    curve: bool = True,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> Backtest:
    """Draft from the past of a log, replay its future, and say what would have been denied.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it.
        plan: How the log is cut: a week to draft from, a day to replay, a step of a day.
        variants: Settings to compare; the usual ones where none are given.
        settings: Choices that all variants share.
        decisions: A decisions file that all variants draft with.
        goals: A goals file that all variants draft with.
        curve: Whether to draft from ever longer pasts as well, for a learning curve.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Returns:
        The folds and the curve; its ``frame()`` has one row a fold and variant.

    Raises:
        InputError: An input cannot be used, or the log is shorter than a past and a future.
    """
    from recommender.connections.slices import open_log
    from recommender.review.backtest import Plan, Variant
    from recommender.review.backtest import backtest as run_backtest

    known, chosen = inventory_of(inventory), settings or Settings()
    aims, decided = goals_of(goals), decisions_of(decisions)

    def draft(found: Connections, variant: Variant) -> Run:
        shared = replace(chosen, granularity=Granularity(variant.granularity))
        return recommend(
            (),
            known,
            settings=shared,
            review=ReviewSettings(doubt_threshold=variant.doubt_threshold),
            decisions=decided,
            goals=aims,
            found=found,
        ).run

    with open_log(
        several(paths),
        inventory=known,
        options=options,
        world_threshold=chosen.world_threshold,
        progress=progress,
    ) as log:
        compared = tuple(variants) or (Variant("usual"),)
        return run_backtest(log, plan or Plan(), compared, draft, known=known, curve=curve)


def _court(
    aims: Goals | None, cluster: Inventory, found: Connections, day: date | None, home: str
) -> GoalCourt | None:
    """What holds traffic and drafts against the goals, where there are any."""
    if aims is None:
        return None
    from recommender.review.goal_report import goal_court

    return goal_court(aims, cluster, found.edges, day, home)


def _segmentation(
    edges: Iterable[Edge],
    cluster: Inventory,
    chosen: Settings,
    thresholds: SegmentSettings | None,
    wishes: Corrections | None,
) -> Segmentation | None:
    # One workload has nobody to share a policy with.
    if chosen.granularity is Granularity.WORKLOAD or len(cluster.workloads) <= 1:
        return None
    from recommender.segments.segmenting import segment_edges

    return segment_edges(edges, cluster, thresholds, corrections=wishes)


def _load_ahead(granularity: Granularity) -> Thread:
    """Load what comes after reading in a thread; to be joined before any of it is used."""
    grouping = () if granularity is Granularity.WORKLOAD else _FOR_SEGMENTS
    names = (*_AFTER_READING, *grouping)
    thread = Thread(target=lambda: [*map(import_module, names)], daemon=True)
    thread.start()
    return thread


def _home(chosen: Settings, cluster: Inventory, found: Connections) -> Settings:
    """The choices with the cluster as the edges name it: the only one of a log has no name there.

    Raises:
        UsageError: No workload of that cluster was seen.
    """
    names = {entity.cluster for entity in cluster.workloads}
    if chosen.cluster is None or chosen.cluster in names:
        return chosen
    if names == {""} and found.clusters == (chosen.cluster,):
        return replace(chosen, cluster="")
    seen = ", ".join(sorted(names - {""}) or found.clusters)
    message = f"no workload of a cluster {chosen.cluster!r} was seen"
    raise UsageError(message, hint=f"seen: {seen}" if seen else "leave the cluster out")


def _settings(
    chosen: Settings,
    review: ReviewSettings,
    found: Connections,
) -> dict[str, bool | int | float | str | None]:
    return {**asdict(chosen), **asdict(review), "reply_flag_trusted": found.reply_flag_trusted}
