"""The evaluators that every table of expectations is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluation import naive

if TYPE_CHECKING:
    from collections.abc import Callable

    from evaluation.naive import End, World

    Judge = Callable[[World, End, End, str, int], bool]

JUDGES: Final[dict[str, Judge]] = {"naive": naive.allowed}
