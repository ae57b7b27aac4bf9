"""The evaluators that every table of expectations is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluation import naive

if TYPE_CHECKING:
    from collections.abc import Callable

    from evaluation.naive import End, World

    Judge = Callable[[World, End, End, str, int], bool]

JUDGES: Final[dict[str, Judge]] = {"naive": naive.allowed}


class Says:
    """A judge over one world, in few words: ``says(B, A)`` on TCP 80 unless told."""

    def __init__(self, judge: Judge, world: World) -> None:
        self.judge = judge
        self.world = world

    def __call__(self, source: End, target: End, port: int = 80, protocol: str = "TCP") -> bool:
        return self.judge(self.world, source, target, protocol, port)
