"""What people read and decide: reports, evidence, decisions, goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recommender.api.arguments import (
    Paths,
    goals_of,
    inventory_of,
    setting_of,
    several,
)
from recommender.inventory.types import Inventory
from recommender.sources.options import AS_FOUND, ReadOptions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from datetime import date

    from recommender.evaluation.modes import Modes
    from recommender.model.edges import Edge
    from recommender.reporting.evidence import RuleEvidence
    from recommender.review.decisions import Decisions
    from recommender.review.goal_report import GoalReport
    from recommender.review.goals import Goals


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

    aims = goals_of(goals)
    setting = None if policies is None else setting_of(policies, inventory)
    known = inventory_of(inventory) if setting is None else setting.inventory
    cluster, day = known or Inventory(), as_of
    edges: tuple[Edge, ...] = ()
    if flows is not None:
        from recommender.connections.edges import connect

        found = connect(several(flows), inventory=known, options=options, progress=progress)
        cluster, edges = combine(known, found.inventory), found.edges
        day = as_of or (found.last_seen.date() if found.last_seen else None)
    judge = goal_court(aims, cluster, edges, day)
    return judge.hold(None if setting is None else setting.policies, cluster, edges, modes)
