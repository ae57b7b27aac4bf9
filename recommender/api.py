"""The public API: what commands and notebooks call. It composes the rooms and holds no logic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

from recommender._version import __version__
from recommender.connections.orient import ReplyFlag
from recommender.evaluation.modes import Modes
from recommender.inventory.types import Inventory
from recommender.model.errors import UsageError
from recommender.review.settings import ReviewSettings
from recommender.segments.types import SegmentSettings
from recommender.sources.options import AS_FOUND, ReadOptions
from recommender.synthesis.settings import Granularity, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    import pandas as pd

    from recommender.connections.edges import Connections
    from recommender.evaluation.diff import Diff
    from recommender.evaluation.explain import Explanation
    from recommender.evaluation.reach import Reach
    from recommender.evaluation.replay import Replay
    from recommender.evaluation.setting import Setting
    from recommender.evaluation.validating import Validation
    from recommender.inventory.snapshot import Snapshot
    from recommender.model.edges import Edge
    from recommender.reporting.evidence import RuleEvidence
    from recommender.reporting.policy_set import PolicySet
    from recommender.reporting.run import Run
    from recommender.review.backtest import Backtest, Plan, Variant
    from recommender.review.decisions import Decisions
    from recommender.review.goal_report import GoalReport
    from recommender.review.goals import Goals
    from recommender.segments.corrections import Corrections
    from recommender.segments.types import Segmentation

__all__ = [
    "Granularity",
    "Modes",
    "ReadOptions",
    "ReplyFlag",
    "ReviewSettings",
    "SegmentSettings",
    "Settings",
    "assert_allows",
    "assert_denies",
    "backtest",
    "check_goals",
    "diff",
    "edges",
    "explain",
    "explain_rule",
    "flow_tables",
    "reach",
    "read_decisions",
    "read_flows",
    "read_inventory",
    "recommend",
    "replay",
    "report",
    "segment",
    "segment_flows",
    "segment_tradeoff",
    "snapshot",
    "validate",
    "write_decisions",
]

# What drafts, proves and writes: loaded while the logs are read, when the engine is at work.
_AFTER_READING: Final = (
    "recommender.inventory.combine",
    "recommender.synthesis.synthesize",
    "recommender.review.assess",
    "recommender.review.goal_report",
    "recommender.review.proof",
    "recommender.review.ready_made",
    "recommender.review.sorting",
    "recommender.reporting.policy_set",
    "recommender.reporting.html.page",
    "recommender.reporting.terminal",
)

# What finds segments.
_FOR_SEGMENTS: Final = (
    "recommender.segments.segmenting",
    "scipy.cluster.hierarchy",
    "networkx",
)

#: One path or several: files, folders, globs, or ``-`` for standard input.
Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"
#: A frame, or a CSV file.
Table: TypeAlias = "pd.DataFrame | str | os.PathLike[str]"


def read_flows(
    paths: Paths, *, limit: int | None = None, options: ReadOptions = AS_FOUND
) -> pd.DataFrame:
    """Read flow logs into canonical flows: one row a record.

    Args:
        paths: Files, folders, globs, or ``-``.
        limit: Most rows to return; reading stops once they are there.
        options: How to read logs whose content does not tell it.

    Returns:
        A frame; its columns are described in :mod:`recommender.sources.canonical`.

    Raises:
        InputError: An input cannot be used.

    Example:
        >>> import recommender as nr
        >>> nr.read_flows("data/flows.jsonl.gz", limit=3)["verdict"].tolist()
        ['accepted', 'accepted', 'accepted']
    """
    from recommender.sources.flows import read_flows as read

    return read(_several(paths), limit=limit, options=options)


def edges(
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    names: str | os.PathLike[str] | None = None,
    reply_flag: str | ReplyFlag = ReplyFlag.AUTO,
    options: ReadOptions = AS_FOUND,
) -> pd.DataFrame:
    """Who talked to whom on which port: one row an edge, duplicates undone, replies folded in.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: snapshots, manifests or kubectl
            dumps.
        names: A YAML file with names of ranges outside the cluster.
        reply_flag: Whether to believe the log's reply flag: ``auto``, ``trust`` or ``ignore``.
        options: How to read logs whose content does not tell it.

    Returns:
        A frame with the columns of :class:`recommender.model.edges.Edge`.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.connections.frames import edge_frame

    known = _named(_inventory(inventory), names)
    found = connect(
        _several(paths), inventory=known, options=options, reply_flag=ReplyFlag(reply_flag)
    )
    return edge_frame(found.edges)


def recommend(  # noqa: PLR0913 - a caller chooses what the command's options choose
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    names: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    review: ReviewSettings | None = None,
    segments: SegmentSettings | None = None,
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
    aims, decided = _goals(goals), _decisions(decisions)
    known = _named(_inventory(inventory), names)
    logs = _several(paths)
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
    from recommender.review.goal_report import goal_court
    from recommender.review.proof import prove
    from recommender.review.ready_made import review_findings, with_rules
    from recommender.review.sorting import sort_out
    from recommender.synthesis.subjects import home_cluster
    from recommender.synthesis.synthesize import synthesize

    cluster = combine(known, found.inventory)
    home = _home(chosen, cluster, found)
    name = home_cluster(cluster, home)
    day = as_of or (found.last_seen.date() if found.last_seen else None)
    judge = None if aims is None else goal_court(aims, cluster, found.edges, day, name)
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
    groups = _segmentation(wanted, cluster, home, segments)
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


def report(
    document: str | os.PathLike[str] | Mapping[str, Any],
    form: str = "html",
) -> str:
    """The report of a run in another form.

    Args:
        document: A ``report.json``, ``-`` for standard input, or the document itself, as
            :meth:`PolicySet.report` returns it.
        form: ``html`` for the page, ``json`` for the document itself.

    Raises:
        InputError: It is no report that this version understands.
        UsageError: There is no such form.
    """
    from recommender.reporting.forms import render
    from recommender.reporting.reading import read_document

    known = dict(document) if isinstance(document, Mapping) else read_document(document)
    return render(known, form)


def segment(
    edges: Table,
    workloads: Table,
    *,
    settings: SegmentSettings | None = None,
    corrections: Corrections | str | os.PathLike[str] | None = None,
    previous: Mapping[str, str] | None = None,
) -> Segmentation:
    """Find segments: workloads that share a policy, and the rules between them.

    Args:
        edges: A frame or a CSV file with the columns ``src``, ``dst``, ``protocol``, ``port``,
            ``flows``, ``days_active``, ``first_day``, ``last_day``.
        workloads: A frame or a CSV file with the columns ``workload``, ``namespace``, ``kind``,
            ``replicas``, ``service_account``, ``image``, ``labels`` (JSON).
        settings: Thresholds of the rules.
        corrections: What a reviewer has settled, or the segments file that says so.
        previous: Name of the segment of each workload in an earlier run; segments that are still
            the same keep their names.

    Raises:
        InputError: A file cannot be read, a column is missing, or a value cannot be used.
    """
    from recommender.segments.reading import read_table
    from recommender.segments.segmenting import segment_tables

    return segment_tables(
        read_table(edges),
        read_table(workloads),
        settings,
        previous=previous,
        corrections=_corrections(corrections),
    )


def segment_flows(  # noqa: PLR0913 - a caller chooses what the command's options choose
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    settings: SegmentSettings | None = None,
    corrections: Corrections | str | os.PathLike[str] | None = None,
    previous: Mapping[str, str] | None = None,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> Segmentation:
    """Find the segments that flow logs show; see :func:`segment`.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: manifests or kubectl dumps.
        settings: Thresholds of the rules.
        corrections: What a reviewer has settled, or the segments file that says so.
        previous: Name of the segment of each workload in an earlier run.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Raises:
        InputError: An input cannot be used.
    """
    tables = flow_tables(paths, inventory, options=options, progress=progress)
    return segment(*tables, settings=settings, corrections=corrections, previous=previous)


def flow_tables(
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plain tables that segments are found from: accepted edges, and workloads.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: manifests or kubectl dumps.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.inventory.combine import combine
    from recommender.segments.frames import edge_table, workload_table

    known = _inventory(inventory)
    found = connect(_several(paths), inventory=known, options=options, progress=progress)
    return edge_table(found.edges), workload_table(combine(known, found.inventory))


def segment_tradeoff(
    edges: Table,
    workloads: Table,
    *,
    settings: SegmentSettings | None = None,
) -> pd.DataFrame:
    """Rules, pairs never seen and later denials under several thresholds, one row each.

    Args:
        edges: As for :func:`segment`.
        workloads: As well.
        settings: All other thresholds.

    Raises:
        InputError: A file cannot be read, a column is missing, or a value cannot be used.
    """
    from recommender.segments.reading import read_table
    from recommender.segments.tradeoff import as_frame, tradeoff

    return as_frame(tradeoff(read_table(edges), read_table(workloads), settings))


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

    known, chosen = _inventory(inventory), settings or Settings()
    aims, decided = _goals(goals), _decisions(decisions)

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
        _several(paths),
        inventory=known,
        options=options,
        world_threshold=chosen.world_threshold,
        progress=progress,
    ) as log:
        compared = tuple(variants) or (Variant("usual"),)
        return run_backtest(log, plan or Plan(), compared, draft, known=known, curve=curve)


def check_goals(  # noqa: PLR0913 - a file, and what it is held against
    goals: str | os.PathLike[str] | Goals,
    policies: Paths | None = None,
    inventory: Inventory | Paths | None = None,
    *,
    flows: Paths | None = None,
    as_of: date | None = None,
    modes: Modes | None = None,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> GoalReport:
    """Hold policies, and traffic, against a goals file.

    Args:
        goals: The goals file.
        policies: Manifests and kubectl dumps: the policies, and the workloads they are about.
            Without, the file is read, and nothing is proven.
        inventory: The cluster as known, or where to read it, if not from ``policies``.
        flows: Flow logs: accepted traffic that breaks a goal is a finding.
        as_of: The day that exceptions are held against; without, the last day of the flows, and
            without these none is taken for expired.
        modes: Answers to what the specification leaves open.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Returns:
        The goals and how they fare; its ``frame()`` has one row a goal.

    Raises:
        InputError: The goals or another input cannot be used.
    """
    from recommender.inventory.combine import combine
    from recommender.review.goal_report import goal_court

    aims = _goals(goals)
    setting = None if policies is None else _setting(policies, inventory)
    known = _inventory(inventory) if setting is None else setting.inventory
    cluster, day = known or Inventory(), as_of
    edges: tuple[Edge, ...] = ()
    if flows is not None:
        from recommender.connections.edges import connect

        found = connect(_several(flows), inventory=known, options=options, progress=progress)
        cluster, edges = combine(known, found.inventory), found.edges
        day = as_of or (found.last_seen.date() if found.last_seen else None)
    judge = goal_court(aims, cluster, edges, day)
    return judge.hold(None if setting is None else setting.policies, cluster, edges, modes)


def read_decisions(path: str | os.PathLike[str]) -> Decisions:
    """Read what people decided about traffic: a decisions file.

    Returns:
        The decisions; ``decide`` gives them with one more, ``frame()`` has one row each.

    Raises:
        InputError: The file cannot be read or does not say what such a file may say.
    """
    from recommender.review.decision_files import read_decisions as read

    return read(path)


def write_decisions(decisions: Decisions, path: str | os.PathLike[str]) -> None:
    """Write a decisions file, sorted by key; one that is there is replaced as a whole.

    Raises:
        OutputError: It cannot be written.
    """
    from recommender.rendering.decisions import decisions_yaml, is_decisions
    from recommender.rendering.files import write_file

    write_file(path, decisions_yaml(decisions).encode(), ours=is_decisions)


def validate(
    manifests: Paths,
    flows: Paths | None = None,
    inventory: Inventory | Paths | None = None,
    *,
    options: ReadOptions = AS_FOUND,
) -> Validation:
    """Say what is wrong with policies: refused by the API server, dead, without effect, missing.

    Args:
        manifests: Manifests and kubectl dumps: the policies, and the workloads they are about.
        flows: Flow logs to hold the rules against: files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it, if not from ``manifests``.
        options: How to read logs whose content does not tell it.

    Returns:
        The findings, the gravest first; its ``frame()`` has one row a finding.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.evaluation.validating import validate as validate_manifests

    paths = [os.fspath(path) for path in _several(manifests)]
    known = _inventory(inventory)
    traffic = None
    if flows is not None:
        from recommender.inventory.manifests import read_inventory as read

        cluster = known or read(paths)
        traffic = connect(_several(flows), inventory=cluster, options=options).edges
    return validate_manifests(paths, edges=traffic, inventory=known)


def read_inventory(paths: Paths) -> Inventory:
    """Read a cluster from snapshots, manifests and kubectl dumps.

    Args:
        paths: Files, folders, or ``-``. Several snapshots of one cluster are its history.

    Returns:
        The cluster as known; ``findings`` names what could not be read.

    Raises:
        InputError: A path does not exist, there is no object in all, or snapshots of different
            clusters are among them.

    Example:
        >>> import recommender as nr
        >>> len(nr.read_inventory("data/inventory.json").workloads) > 0
        True
    """
    from recommender.inventory.manifests import read_inventory as read

    return read([os.fspath(path) for path in _several(paths)])


def snapshot(  # noqa: PLR0913 - as the command
    to: str | os.PathLike[str] | None = None,
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    context: str | None = None,
    namespaces: Iterable[str] = (),
    allow_exec: bool = False,
    force: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> Snapshot:
    """Look at a live cluster, with get and list alone.

    Args:
        to: File to write the snapshot to, as JSON; without it nothing is written.
        kubeconfig: The file to read; without it what kubectl would read, and inside a pod the
            pod's service account.
        context: The context to use; without it the current one.
        namespaces: Read these alone; without any, the whole cluster.
        allow_exec: Let a kubeconfig that is not trusted name a program that gets the
            credentials.
        force: Replace a file that is no snapshot.
        progress: Called while reading with a kind's plural and the objects read of it since.

    Returns:
        The snapshot; its ``inventory()`` is what the other functions take.

    Raises:
        InputError: There is no cluster to reach, or pods may not be read.
        UsageError: A kubeconfig that is not trusted names a program.
        OutputError: The file cannot be written.
    """
    from recommender.inventory.cluster_server import ClusterServer
    from recommender.inventory.snapshot import is_snapshot, take
    from recommender.rendering.files import write_file

    path = None if kubeconfig is None else os.fspath(kubeconfig)
    server = ClusterServer.connect(path, context, allow_exec=allow_exec)
    taken = take(server, namespaces, told=progress)
    if to is not None:
        write_file(to, taken.to_json(), ours=is_snapshot, force=force)
    return taken


def reach(
    manifests: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    modes: Modes | None = None,
) -> Reach:
    """Who may talk to whom, on what, under some policies.

    Args:
        manifests: Manifests and kubectl dumps: the policies, and the workloads they are about.
        inventory: The cluster as known, or where to read it, if not from ``manifests``.
        modes: Answers to what the specification leaves open.

    Returns:
        The answer; its ``frame()`` has one row a pair of ends.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.evaluation.reach import reach as decide

    setting = _setting(manifests, inventory)
    return decide(setting.policies, setting.inventory, modes)


def replay(  # noqa: PLR0913 - a caller chooses what the command's options choose
    paths: Paths,
    policies: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    modes: Modes | None = None,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> Replay:
    """What some policies would do to recorded traffic: what breaks if they are applied?

    Args:
        paths: Flow logs: files, folders, globs, or ``-``.
        policies: Manifests and kubectl dumps with the policies.
        inventory: The cluster as known, or where to read it. Without it, what stands beside the
            policies and what the flows show.
        modes: Answers to what the specification leaves open.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Returns:
        The answer; its ``frame()`` has one row an edge, ``breaking`` holds the accepted edges
        that would be denied.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.evaluation.replay import replay as hold
    from recommender.inventory.combine import combine

    setting = _setting(policies, inventory)
    known = setting.inventory if setting.inventory.workloads else None
    found = connect(_several(paths), inventory=known, options=options, progress=progress)
    return hold(found.edges, setting.policies, combine(known, found.inventory), modes)


def diff(  # noqa: PLR0913 - two sides, and what they are asked of
    old: Paths,
    new: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    flows: Paths | None = None,
    modes: Modes | None = None,
    options: ReadOptions = AS_FOUND,
    progress: Callable[[str, int], None] | None = None,
) -> Diff:
    """What two sets of policies allow differently, in workloads and ports.

    Args:
        old: Manifests: before.
        new: Manifests: after.
        inventory: The cluster as known, or where to read it, if not from the manifests.
        flows: Flow logs to weigh the differences by.
        modes: Answers to what the specification leaves open.
        options: How to read logs whose content does not tell it.
        progress: Called while reading with a file's name and the bytes read of it since.

    Returns:
        The answer; its ``frame()`` has one row a difference.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.connections.edges import connect
    from recommender.evaluation.diff import diff as compare
    from recommender.inventory.combine import combine

    before, after = (_setting(side, inventory) for side in (old, new))
    sides = [(before.policies, before.inventory), (after.policies, after.inventory)]
    seen: tuple[Edge, ...] = ()
    if flows is not None:
        known = after.inventory
        found = connect(_several(flows), inventory=known, options=options, progress=progress)
        seen = found.edges
        # Without any manifest of workloads the flows tell what there is.
        sides = [(rules, combine(about, found.inventory)) for rules, about in sides]
    return compare(sides[0], sides[1], edges=seen, modes=modes)


def explain(  # noqa: PLR0913 - two ends, a port, and what they are asked of
    source: str,
    destination: str,
    port: int | str | None = None,
    *,
    policies: Paths,
    inventory: Inventory | Paths | None = None,
    modes: Modes | None = None,
) -> Explanation:
    """The verdict on one connection, step by step.

    Args:
        source: ``namespace/name``, ``namespace/kind/name``, or an address outside.
        destination: The same, or ``namespace/Service/name``.
        port: ``80``, ``"UDP/53"`` or the name of a port; without, all ports.
        policies: Manifests and kubectl dumps: the policies, and the workloads they are about.
        inventory: The cluster as known, or where to read it, if not from ``policies``.
        modes: Answers to what the specification leaves open.

    Returns:
        How it was decided; its ``frame()`` has one row a rule, its text is for people.

    Raises:
        InputError: An input cannot be used.
        UsageError: An end or a port does not exist.
    """
    from recommender.evaluation.explain import explain as tell

    setting = _setting(policies, inventory)
    rules, cluster = setting.policies, setting.inventory
    return tell(source, destination, port, policies=rules, inventory=cluster, modes=modes)


def explain_rule(rule: str, report: str | os.PathLike[str]) -> RuleEvidence:
    """The evidence behind a rule of the drafts, or behind an edge.

    Args:
        rule: The key of an edge, or ``policies/shop/cart.yaml#2`` for the second rule of a draft,
            ingress before egress.
        report: The ``report.json`` of the run.

    Returns:
        What was seen; its ``frame()`` has one row an edge, its text is for people.

    Raises:
        InputError: The report cannot be read.
        UsageError: It has no such edge or rule.
    """
    from recommender.reporting.evidence import rule_evidence
    from recommender.reporting.reading import read_document

    return rule_evidence(read_document(report), rule)


def assert_allows(  # noqa: PLR0913 - as explain
    source: str,
    destination: str,
    port: int | str,
    *,
    policies: Paths,
    inventory: Inventory | Paths | None = None,
    modes: Modes | None = None,
    soft: bool = False,
) -> Explanation:
    """Hold, in a test of your own, that policies allow a connection.

    Arguments and result are those of :func:`explain`; with ``soft`` the result is returned even
    where the assertion fails.

    Raises:
        AssertionError: The connection is denied, or it cannot be told.
    """
    from recommender.evaluation.asserts import assert_allows as hold

    setting = _setting(policies, inventory)
    rules, cluster = setting.policies, setting.inventory
    ends = (source, destination, port)
    return hold(*ends, policies=rules, inventory=cluster, modes=modes, soft=soft)


def assert_denies(  # noqa: PLR0913 - as explain
    source: str,
    destination: str,
    port: int | str,
    *,
    policies: Paths,
    inventory: Inventory | Paths | None = None,
    modes: Modes | None = None,
    soft: bool = False,
) -> Explanation:
    """Hold, in a test of your own, that policies deny a connection.

    Arguments and result are those of :func:`explain`; with ``soft`` the result is returned even
    where the assertion fails.

    Raises:
        AssertionError: The connection is allowed, or it cannot be told.
    """
    from recommender.evaluation.asserts import assert_denies as hold

    setting = _setting(policies, inventory)
    rules, cluster = setting.policies, setting.inventory
    ends = (source, destination, port)
    return hold(*ends, policies=rules, inventory=cluster, modes=modes, soft=soft)


@overload
def _goals(goals: None) -> None: ...
@overload
def _goals(goals: str | os.PathLike[str] | Goals) -> Goals: ...
def _goals(goals: str | os.PathLike[str] | Goals | None) -> Goals | None:
    if goals is None or not isinstance(goals, str | os.PathLike):
        return goals
    from recommender.review.goal_files import read_goals

    return read_goals(goals)


def _segmentation(
    edges: Iterable[Edge],
    cluster: Inventory,
    chosen: Settings,
    thresholds: SegmentSettings | None,
) -> Segmentation | None:
    # One workload has nobody to share a policy with.
    if chosen.granularity is Granularity.WORKLOAD or len(cluster.workloads) <= 1:
        return None
    from recommender.segments.segmenting import segment_edges

    return segment_edges(edges, cluster, thresholds)


def _decisions(decisions: str | os.PathLike[str] | Decisions | None) -> Decisions | None:
    if decisions is None or not isinstance(decisions, str | os.PathLike):
        return decisions
    return read_decisions(decisions)


def _load_ahead(granularity: Granularity) -> Thread:
    """Load what comes after reading in a thread; to be joined before any of it is used."""
    grouping = () if granularity is Granularity.WORKLOAD else _FOR_SEGMENTS
    names = (*_AFTER_READING, *grouping)
    thread = Thread(target=lambda: [*map(import_module, names)], daemon=True)
    thread.start()
    return thread


def _setting(paths: Paths, inventory: Inventory | Paths | None) -> Setting:
    from recommender.evaluation.setting import read_setting

    return read_setting([os.fspath(path) for path in _several(paths)], _inventory(inventory))


def _corrections(wishes: Corrections | str | os.PathLike[str] | None) -> Corrections | None:
    if not isinstance(wishes, str | os.PathLike):
        return wishes
    from recommender.review.segment_files import read_corrections

    return read_corrections(wishes)


def _several(paths: Paths) -> tuple[str | os.PathLike[str], ...]:
    return (paths,) if isinstance(paths, str | os.PathLike) else tuple(paths)


def _inventory(inventory: Inventory | Paths | None) -> Inventory | None:
    if inventory is None or isinstance(inventory, Inventory):
        return inventory
    from recommender.inventory.manifests import read_inventory as read
    from recommender.inventory.policies import require_sound

    known = read([os.fspath(path) for path in _several(inventory)])
    require_sound(known.findings)
    return known


def _named(known: Inventory | None, names: str | os.PathLike[str] | None) -> Inventory | None:
    """The inventory with the names of ranges outside the cluster."""
    if names is None:
        return known
    from recommender.inventory.ranges import read_ranges

    ranges, findings = read_ranges(os.fspath(names))
    about = Inventory() if known is None else known
    return replace(about, ranges=ranges, findings=(*about.findings, *findings))


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
