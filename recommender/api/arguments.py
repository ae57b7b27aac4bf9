"""What callers may give for one thing: a path, several, or the thing itself."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, overload

from recommender.inventory.types import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from recommender.evaluation.setting import Setting
    from recommender.review.decisions import Decisions
    from recommender.review.goals import Goals
    from recommender.segments.corrections import Corrections


#: One path or several: files, folders, globs, or ``-`` for standard input.
Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"


#: A frame, or a CSV file.
Table: TypeAlias = "pd.DataFrame | str | os.PathLike[str]"


def several(paths: Paths) -> tuple[str | os.PathLike[str], ...]:
    """One path or several, as several."""
    return (paths,) if isinstance(paths, str | os.PathLike) else tuple(paths)


def inventory_of(inventory: Inventory | Paths | None) -> Inventory | None:
    """The cluster as known: itself, read from where it stands, or None.

    Raises:
        InputError: It cannot be used.
    """
    if inventory is None or isinstance(inventory, Inventory):
        return inventory
    from recommender.inventory.manifests import read_inventory as read
    from recommender.inventory.policies import require_sound

    known = read([os.fspath(path) for path in several(inventory)])
    require_sound(known.findings)
    return known


def with_names(known: Inventory | None, names: str | os.PathLike[str] | None) -> Inventory | None:
    """The inventory with the names of ranges outside the cluster."""
    if names is None:
        return known
    from recommender.inventory.ranges import read_ranges

    ranges, findings = read_ranges(os.fspath(names))
    about = Inventory() if known is None else known
    return replace(about, ranges=ranges, findings=(*about.findings, *findings))


@overload
def goals_of(goals: None) -> None: ...
@overload
def goals_of(goals: str | os.PathLike[str] | Goals) -> Goals: ...
def goals_of(goals: str | os.PathLike[str] | Goals | None) -> Goals | None:
    """Goals: themselves, read from their file, or None.

    Raises:
        InputError: The file cannot be used.
    """
    if goals is None or not isinstance(goals, str | os.PathLike):
        return goals
    from recommender.review.goal_files import read_goals

    return read_goals(goals)


def decisions_of(decisions: str | os.PathLike[str] | Decisions | None) -> Decisions | None:
    """Decisions: themselves, read from their file, or None.

    Raises:
        InputError: The file cannot be used.
    """
    if decisions is None or not isinstance(decisions, str | os.PathLike):
        return decisions
    from recommender.review.decision_files import read_decisions

    return read_decisions(decisions)


def corrections_of(wishes: Corrections | str | os.PathLike[str] | None) -> Corrections | None:
    """Corrections of segments: themselves, read from their file, or None.

    Raises:
        InputError: The file cannot be used.
    """
    if not isinstance(wishes, str | os.PathLike):
        return wishes
    from recommender.review.segment_files import read_corrections

    return read_corrections(wishes)


def setting_of(paths: Paths, inventory: Inventory | Paths | None) -> Setting:
    """Policies, and the cluster that they are about.

    Raises:
        InputError: Either cannot be used.
    """
    from recommender.evaluation.setting import read_setting

    return read_setting([os.fspath(path) for path in several(paths)], inventory_of(inventory))
