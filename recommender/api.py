"""The public API: what commands and notebooks call. It composes the rooms and holds no logic."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeAlias

from recommender._version import __version__
from recommender.connections.edges import Connections, connect
from recommender.connections.frames import edge_frame
from recommender.connections.orient import ReplyFlag
from recommender.evaluation.judging import Outcome
from recommender.inventory import Inventory, read_inventory, require_sound
from recommender.inventory.combine import combine
from recommender.model.errors import UsageError
from recommender.reporting.policy_set import PolicySet
from recommender.reporting.run import Replay, Run
from recommender.review.proof import prove
from recommender.sources.flows import read_flows as _read_flows
from recommender.synthesis.settings import Settings
from recommender.synthesis.synthesize import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from recommender.evaluation.validating import Validation

__all__ = ["PolicySet", "ReplyFlag", "Settings", "edges", "read_flows", "recommend", "validate"]

#: One path or several: files, folders, globs, or ``-`` for standard input.
Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"


def read_flows(paths: Paths, *, limit: int | None = None) -> pd.DataFrame:
    """Read flow logs into canonical flows: one row a record.

    Args:
        paths: Files, folders, globs, or ``-``.
        limit: Most rows to return; reading stops once they are there.

    Returns:
        A frame; its columns are described in :mod:`recommender.sources.canonical`.

    Raises:
        InputError: An input cannot be used.

    Example:
        >>> import recommender as nr
        >>> nr.read_flows("data/flows.jsonl.gz", limit=3)["verdict"].tolist()
        ['accepted', 'accepted', 'accepted']
    """
    return _read_flows(_several(paths), limit=limit)


def edges(
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    reply_flag: str | ReplyFlag = ReplyFlag.AUTO,
) -> pd.DataFrame:
    """Who talked to whom on which port: one row an edge, duplicates undone, replies folded in.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: manifests or kubectl dumps.
        reply_flag: Whether to believe the log's reply flag: ``auto``, ``trust`` or ``ignore``.

    Returns:
        A frame with the columns of :class:`recommender.model.edges.Edge`.

    Raises:
        InputError: An input cannot be used.
    """
    known = _inventory(inventory)
    found = connect(_several(paths), inventory=known, reply_flag=ReplyFlag(reply_flag))
    return edge_frame(found.edges)


def recommend(  # noqa: PLR0913 - a caller chooses what the command's options choose
    paths: Paths,
    inventory: Inventory | Paths | None = None,
    *,
    settings: Settings | None = None,
    reply_flag: str | ReplyFlag = ReplyFlag.AUTO,
    allow_partial: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> PolicySet:
    """Draft least-privilege NetworkPolicies from flow logs.

    Args:
        paths: Files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it: manifests or kubectl dumps. Without
            it, selectors come from the labels that the flows show.
        settings: Choices that shape the drafts.
        reply_flag: Whether to believe the log's reply flag: ``auto``, ``trust`` or ``ignore``.
        allow_partial: Draft also from files that end early or are corrupt.
        progress: Called while reading with a file's name and the bytes read of it since.

    Returns:
        The drafts with their evidence, findings and accounting.

    Raises:
        InputError: An input cannot be used.
        PartialInputError: A file ends early or is corrupt, and ``allow_partial`` is not set.
        UsageError: No workload of the chosen cluster was seen.
    """
    chosen = settings or Settings()
    known = _inventory(inventory)
    names = _several(paths)
    found = connect(
        names,
        inventory=known,
        reply_flag=ReplyFlag(reply_flag),
        world_threshold=chosen.world_threshold,
        progress=progress,
    )
    cluster = combine(known, found.inventory)
    home = _home(chosen, cluster, found)
    drafts = synthesize(found.edges, cluster, observed=found.observed, settings=home)
    proof = prove(drafts.policies, found.edges, cluster)
    run = Run(
        tool_version=__version__,
        inputs=tuple(os.fspath(name) for name in names),
        accounting=found.accounting,
        edges=found.edges,
        inventory=cluster,
        observed=found.observed,
        policies=proof.policies,
        findings=(*proof.findings, *drafts.findings, *cluster.findings),
        coverage=found.findings,
        settings=_settings(chosen, found),
        replay=Replay(*map(proof.count, (Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDEFINED))),
    )
    result = PolicySet(run)
    result.require_records()
    if not allow_partial:
        result.require_complete()
    return result


def validate(
    manifests: Paths,
    flows: Paths | None = None,
    inventory: Inventory | Paths | None = None,
) -> Validation:
    """Say what is wrong with policies: refused by the API server, dead, without effect, missing.

    Args:
        manifests: Manifests and kubectl dumps: the policies, and the workloads they are about.
        flows: Flow logs to hold the rules against: files, folders, globs, or ``-``.
        inventory: The cluster as known, or where to read it, if not from ``manifests``.

    Returns:
        The findings, the gravest first; its ``frame()`` has one row a finding.

    Raises:
        InputError: An input cannot be used.
    """
    from recommender.evaluation.validating import validate as validate_manifests

    paths = [os.fspath(path) for path in _several(manifests)]
    known = _inventory(inventory)
    traffic = None
    if flows is not None:
        traffic = connect(_several(flows), inventory=known or read_inventory(paths)).edges
    return validate_manifests(paths, edges=traffic, inventory=known)


def _several(paths: Paths) -> tuple[str | os.PathLike[str], ...]:
    return (paths,) if isinstance(paths, str | os.PathLike) else tuple(paths)


def _inventory(inventory: Inventory | Paths | None) -> Inventory | None:
    if inventory is None or isinstance(inventory, Inventory):
        return inventory
    known = read_inventory([os.fspath(path) for path in _several(inventory)])
    require_sound(known.findings)
    return known


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


def _settings(chosen: Settings, found: Connections) -> dict[str, bool | int | float | str | None]:
    return {**asdict(chosen), "reply_flag_trusted": found.reply_flag_trusted}
