"""Draft policies from logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.api.arguments import (
    Paths,
    corrections_of,
    decisions_of,
    goals_of,
    inventory_of,
    several,
    with_names,
)
from recommender.api.pipeline import Asked, draft, load_ahead
from recommender.review.settings import ReviewSettings
from recommender.sources.options import AS_FOUND, ReadOptions, ReplyFlag
from recommender.synthesis.settings import Settings

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from datetime import date

    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory
    from recommender.reporting.policy_set import PolicySet
    from recommender.review.decisions import Decisions
    from recommender.review.goals import Goals
    from recommender.segments.corrections import Corrections
    from recommender.segments.types import SegmentSettings


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

    chosen = settings or Settings()
    require_bound(min_coverage)
    asked = Asked(
        settings=chosen,
        review=review or ReviewSettings(),
        thresholds=segments,
        corrections=corrections_of(corrections),
        min_coverage=min_coverage,
        decisions=decisions_of(decisions),
        goals=goals_of(goals),
        as_of=as_of,
    )
    known = with_names(inventory_of(inventory), names)
    logs = several(paths)
    loading = load_ahead(chosen.granularity)
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
    from recommender.reporting.policy_set import PolicySet

    result = PolicySet(draft(logs, found, known, asked))
    if found.accounting.files:
        result.require_records()
    if not allow_partial:
        result.require_complete()
    return result
