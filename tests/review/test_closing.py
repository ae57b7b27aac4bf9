"""What no rule of a segment may allow by the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthesis.worlds import edge

from recommender.model.edges import Verdict
from recommender.review.closing import closed_pairs
from recommender.review.items import Decision, Item, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.edges import Edge

ASKED = edge("shop/web", "shop/db", 5432)


class NoDatabases:
    """A goal that forbids PostgreSQL."""

    def breaks(self, edge: Edge) -> Iterable[Reason]:
        return [Reason("goal", "no databases", 1.0)] if edge.port == 5432 else []


def item(*, drafted: bool) -> Item:
    decision = Decision.ACCEPT if drafted else Decision.REJECT
    return Item("k", ASKED, 0.9, (), decision=decision, drafted=drafted)


def test_what_was_denied_or_only_audited_stays_closed() -> None:
    for verdict in (Verdict.DENIED, Verdict.AUDIT):
        denied = edge("shop/web", "shop/db", 5432, verdict=verdict)
        assert closed_pairs([denied], [])(ASKED)


def test_what_never_came_up_is_open() -> None:
    assert not closed_pairs([edge("shop/web", "shop/db", 80)], [])(ASKED)


def test_what_waits_or_was_turned_down_stays_closed_and_what_was_accepted_does_not() -> None:
    assert closed_pairs([], [item(drafted=False)])(ASKED)
    assert not closed_pairs([], [item(drafted=True)])(ASKED)


def test_what_a_goal_forbids_stays_closed() -> None:
    closed = closed_pairs([], [], NoDatabases())
    assert closed(ASKED)
    assert not closed(edge("shop/web", "shop/db", 80))
