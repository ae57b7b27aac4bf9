"""From edges to proven drafts: the stages of the main job, in their order."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Final

from recommender._version import __version__
from recommender.model.errors import UsageError
from recommender.synthesis.settings import Granularity, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.reporting.run import Replay, Run
    from recommender.review.decisions import Decisions
    from recommender.review.goal_report import GoalCourt
    from recommender.review.goals import Goals
    from recommender.review.proof import Proof
    from recommender.review.settings import ReviewSettings
    from recommender.segments.corrections import Corrections
    from recommender.segments.types import Segmentation, SegmentSettings


# What drafts, proves and writes: loaded while the logs are read, when the engine is at work.
_AFTER_READING: Final = (
    "recommender.connections.gathering",
    "recommender.inventory.combine",
    "recommender.synthesis.synthesize",
    "recommender.review.assess",
    "recommender.review.proof",
    "recommender.review.ready_made",
    "recommender.review.sorting",
    "recommender.reporting.policy_set",
    "recommender.reporting.terminal",
)


# What finds segments, and what numpy loads only when days are drawn.
_FOR_SEGMENTS: Final = ("recommender.segments.segmenting", "numpy.random")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user chose, decided and wants held.

    Attributes:
        settings: Choices that shape the drafts.
        review: Choices about what waits for a person.
        thresholds: Those of the rules that segments may share.
        corrections: What a reviewer has settled about segments.
        min_coverage: Coverage below which directions of workloads are left open.
        decisions: What people decided about doubtful traffic.
        goals: What must never be allowed, and what always has to be.
        as_of: The day that exceptions to goals are held against.
    """

    settings: Settings
    review: ReviewSettings
    thresholds: SegmentSettings | None
    corrections: Corrections | None
    min_coverage: float | None
    decisions: Decisions | None
    goals: Goals | None
    as_of: date | None


def draft(
    logs: Sequence[str | os.PathLike[str]],
    found: Connections,
    known: Inventory | None,
    asked: Asked,
) -> Run:
    """From edges to proven drafts, and everything to report of them."""
    from recommender.evaluation.pairs import exposure_change
    from recommender.inventory.combine import combine
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
    chosen = _home(asked.settings, cluster, found)
    home = home_cluster(cluster, chosen)
    judge = _court(asked, cluster, found, home)
    sorted_out = sort_out(
        found.edges,
        cluster,
        window=found.window,
        decisions=asked.decisions,
        goals=judge,
        settings=asked.review,
    )
    wanted = sorted_out.drafted
    seen = assess(
        found.edges,
        cluster,
        found.presence,
        items=sorted_out.items,
        bound=asked.min_coverage,
        home=home,
    )
    groups = _segmentation(wanted, cluster, chosen, asked)
    drafts = synthesize(
        wanted,
        cluster,
        observed=found.observed,
        partial={} if asked.min_coverage is None else seen.window.partial,
        wanted=judge.wanted() if judge else (),
        settings=chosen,
        segmentation=groups,
        closed=closed_pairs(found.edges, sorted_out.items, judge),
    )
    advice = boundary_findings(groups, wanted, cluster) if groups else ()
    proof = prove(drafts.policies, wanted, cluster, home)
    items = with_rules(sorted_out.items, proof, cluster, drafts.roster)
    held = judge.hold(proof.policies, cluster, found.edges) if judge else None
    return Run(
        tool_version=__version__,
        inputs=tuple(os.fspath(name) for name in logs),
        accounting=found.accounting,
        edges=found.edges,
        inventory=cluster,
        observed=found.observed,
        policies=proof.policies,
        findings=(
            *proof.findings,
            *sorted_out.findings,
            *(held.findings if held else ()),
            *review_findings(drafts.findings, items, drafts.roster),
            *advice,
            *cluster.findings,
        ),
        coverage=(*found.findings, *seen.findings),
        settings=_settings(asked, found),
        replay=_replayed(proof),
        review=items,
        segments=Segments(groups, drafts.segments, drafts.blocks, drafts.labels),
        window_coverage=seen.window,
        cron_jobs=seen.jobs,
        exposure=exposure_change(proof.policies, cluster, home, ready=proof.prepared),
        goals=held,
    )


def _replayed(proof: Proof) -> Replay:
    from recommender.evaluation.judging import Outcome
    from recommender.reporting.run import Replay

    return Replay(*map(proof.count, (Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDEFINED)))


def _court(asked: Asked, cluster: Inventory, found: Connections, home: str) -> GoalCourt | None:
    """What holds traffic and drafts against the goals, where there are any."""
    if asked.goals is None:
        return None
    from recommender.review.goal_report import goal_court

    day = asked.as_of or (found.last_seen.date() if found.last_seen else None)
    return goal_court(asked.goals, cluster, found.edges, day, home)


def _segmentation(
    edges: Iterable[Edge], cluster: Inventory, chosen: Settings, asked: Asked
) -> Segmentation | None:
    # One workload has nobody to share a policy with.
    if chosen.granularity is Granularity.WORKLOAD or len(cluster.workloads) <= 1:
        return None
    from recommender.segments.segmenting import segment_edges

    return segment_edges(edges, cluster, asked.thresholds, corrections=asked.corrections)


def load_ahead(granularity: Granularity) -> Thread:
    """Load what comes after reading in a thread; to be joined before any of it is used."""
    grouping = granularity is not Granularity.WORKLOAD
    thread = Thread(target=_load, args=(grouping,), daemon=True)
    thread.start()
    return thread


def _load(grouping: bool) -> None:  # noqa: FBT001 - the target of a thread
    for name in _AFTER_READING:
        import_module(name)
    from recommender.reporting.html.page import prepare

    prepare()
    if grouping:
        for name in _FOR_SEGMENTS:
            import_module(name)
        from recommender.segments.threads import thread_pools

        thread_pools()


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


def _settings(asked: Asked, found: Connections) -> dict[str, bool | int | float | str | None]:
    return {
        **asdict(asked.settings),
        **asdict(asked.review),
        "reply_flag_trusted": found.reply_flag_trusted,
        "min_coverage": asked.min_coverage,
    }
