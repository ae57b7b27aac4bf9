"""What waits for a person, in words for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.review.items import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.review.items import Item

#: Grounds that a row names.
_SHOWN: Final = 2


def review_text(items: Sequence[Item]) -> str:
    """How many edges wait, were decided, or were drafted without a decision."""
    waiting = sum(not item.drafted and item.decision is None for item in items)
    parts = [f"{_edges(waiting)} {'waits' if waiting == 1 else 'wait'} for a person"]
    for decision, word in (
        (Decision.ACCEPT, "accepted"),
        (Decision.REJECT, "rejected"),
        (Decision.DEFER, "deferred"),
    ):
        if number := sum(item.decision is decision for item in items):
            parts.append(f"{number:,} {word}")
    if overruled := sum(item.drafted and item.decision is None for item in items):
        parts.append(f"{overruled:,} drafted however doubtful (--accept-all)")
    return ", ".join(parts)


def waiting_rows(items: Sequence[Item]) -> list[tuple[str, str, str]]:
    """The doubt, the grounds and the key of each edge that waits, the most doubtful first."""
    waiting = [item for item in items if not item.drafted and item.decision is None]
    return [
        (f"{item.score:.2f}", _grounds(item), item.key)
        for item in sorted(waiting, key=lambda item: item.order)
    ]


def _grounds(item: Item) -> str:
    codes = [reason.code for reason in item.reasons]
    rest = len(codes) - _SHOWN
    return ", ".join(codes[:_SHOWN]) + (f" +{rest}" if rest > 0 else "")


def _edges(number: int) -> str:
    return f"{number:,} edge{'' if number == 1 else 's'}"
