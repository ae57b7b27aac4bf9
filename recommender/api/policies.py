"""Ask what policies do: what is wrong with them, who may talk, what breaks, what changes, why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from recommender.api.arguments import (
    Paths,
    inventory_of,
    setting_of,
    several,
)
from recommender.sources.options import AS_FOUND, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.evaluation.diff import Diff
    from recommender.evaluation.explain import Explanation
    from recommender.evaluation.modes import Modes
    from recommender.evaluation.reach import Reach
    from recommender.evaluation.replay import Replay
    from recommender.evaluation.validating import Validation
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge


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

    paths = [os.fspath(path) for path in several(manifests)]
    known = inventory_of(inventory)
    traffic = None
    if flows is not None:
        from recommender.inventory.manifests import read_inventory as read

        cluster = known or read(paths)
        traffic = connect(several(flows), inventory=cluster, options=options).edges
    return validate_manifests(paths, edges=traffic, inventory=known)


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

    setting = setting_of(manifests, inventory)
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

    setting = setting_of(policies, inventory)
    known = setting.inventory if setting.inventory.workloads else None
    found = connect(several(paths), inventory=known, options=options, progress=progress)
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

    before, after = (setting_of(side, inventory) for side in (old, new))
    sides = [(before.policies, before.inventory), (after.policies, after.inventory)]
    seen: tuple[Edge, ...] = ()
    if flows is not None:
        known = after.inventory
        found = connect(several(flows), inventory=known, options=options, progress=progress)
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

    setting = setting_of(policies, inventory)
    rules, cluster = setting.policies, setting.inventory
    return tell(source, destination, port, policies=rules, inventory=cluster, modes=modes)


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

    setting = setting_of(policies, inventory)
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

    setting = setting_of(policies, inventory)
    rules, cluster = setting.policies, setting.inventory
    ends = (source, destination, port)
    return hold(*ends, policies=rules, inventory=cluster, modes=modes, soft=soft)
