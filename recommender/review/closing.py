"""What no rule may allow by the way: what was denied, waits for a person, or breaks a goal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.model.edges import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from recommender.model.edges import Edge
    from recommender.review.items import Item
    from recommender.review.sorting import Forbidding

_NOT_LET_THROUGH = frozenset({Verdict.DENIED, Verdict.AUDIT})


def closed_pairs(
    edges: Iterable[Edge],
    items: Iterable[Item],
    goals: Forbidding | None = None,
) -> Callable[[Edge], bool]:
    """Whether an edge that was not seen to be accepted has to stay denied.

    A rule for a whole segment allows pairs that nobody saw. It must not allow one that a policy
    in force denied, that a person turned down or has still to decide, or that a goal forbids.

    Args:
        edges: All edges of whatever verdict.
        items: What waits for a person, and what was decided.
        goals: What must never be drafted.
    """
    shut = {edge.key[:4] for edge in edges if edge.verdict in _NOT_LET_THROUGH}
    shut |= {item.edge.key[:4] for item in items if not item.drafted}

    def is_closed(edge: Edge) -> bool:
        return edge.key[:4] in shut or (goals is not None and any(goals.breaks(edge)))

    return is_closed
