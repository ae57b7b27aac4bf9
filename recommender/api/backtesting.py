"""Draft policies from the past of logs to replay their future."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recommender.api.arguments import (
    Paths,
    decisions_of,
    goals_of,
    inventory_of,
    several,
)
from recommender.api.drafting import recommend
from recommender.review.settings import ReviewSettings
from recommender.sources.options import AS_FOUND, ReadOptions
from recommender.synthesis.settings import Granularity, Settings

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory
    from recommender.reporting.run import Run
    from recommender.review.decisions import Decisions
    from recommender.review.folds import Backtest, Plan, Variant
    from recommender.review.goals import Goals


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
    from recommender.review.backtest import backtest as run_backtest
    from recommender.review.folds import Plan, Variant

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
