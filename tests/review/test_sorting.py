"""Which accepted edges are drafted, and which wait for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rendering.cases import CART, START, WEB, edge

from recommender.inventory.types import Inventory
from recommender.model.edges import Verdict
from recommender.model.entities import Entity
from recommender.model.errors import UsageError
from recommender.review.decisions import Decisions
from recommender.review.items import Decision, Reason, rule_key
from recommender.review.settings import ReviewSettings
from recommender.review.sorting import sort_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.edges import Edge

WEEK = (START, START + timedelta(days=7))
STEADY = edge(WEB, CART, 7070, last_seen=WEEK[1], days=7, hours=100)
ODD = edge(WEB, Entity.cidr("198.51.100.9/32"), 3333, last_seen=START, days=1, hours=1)
STRICT = ReviewSettings(doubt_threshold=0.3)


def decided(edge: Edge, decision: Decision, reason: str = "said so") -> Decisions:
    return Decisions().decide(rule_key(edge), decision, reason=reason)


class Goals:
    """Nobody may reach the cart."""

    def breaks(self, edge: Edge) -> Iterable[Reason]:
        return [Reason("goal", "the cart is out of bounds", 1.0)] if edge.server == CART else []


def test_a_doubtful_edge_waits_for_a_person_and_says_so() -> None:
    found = sort_out([STEADY, ODD], Inventory(), window=WEEK, settings=STRICT)
    assert found.drafted == (STEADY,)
    (item,) = found.items
    assert (item.edge, item.drafted, item.decision) == (ODD, False, None)
    assert item.score >= 0.3
    assert item.reasons
    (finding,) = found.findings
    assert (finding.code, finding.subject) == ("edge-in-review", item.key)


def test_accept_all_drafts_everything_and_says_so() -> None:
    chosen = replace(STRICT, accept_all=True)
    found = sort_out([STEADY, ODD], Inventory(), window=WEEK, settings=chosen)
    assert set(found.drafted) == {STEADY, ODD}
    assert [item.drafted for item in found.items] == [True]
    assert [finding.code for finding in found.findings] == ["doubt-overruled"]


def test_an_accepted_edge_is_drafted_even_if_doubtful() -> None:
    decisions = decided(ODD, Decision.ACCEPT)
    found = sort_out([ODD], Inventory(), window=WEEK, decisions=decisions, settings=STRICT)
    assert found.drafted == (ODD,)
    assert found.findings == ()


@pytest.mark.parametrize("everything", [False, True])
def test_a_rejected_edge_is_never_drafted(*, everything: bool) -> None:
    decisions = decided(STEADY, Decision.REJECT, "not ours")
    chosen = ReviewSettings(accept_all=everything)
    found = sort_out([STEADY], Inventory(), window=WEEK, decisions=decisions, settings=chosen)
    assert found.drafted == ()
    (finding,) = found.findings
    assert finding.code == "edge-rejected"
    assert "not ours" in finding.message


def test_a_deferred_edge_is_not_drafted() -> None:
    decisions = decided(STEADY, Decision.DEFER)
    found = sort_out([STEADY], Inventory(), window=WEEK, decisions=decisions)
    assert found.drafted == ()


@pytest.mark.parametrize("decision", list(Decision))
def test_what_breaks_a_goal_is_never_drafted_whatever_is_decided(decision: Decision) -> None:
    decisions = decided(STEADY, decision)
    chosen = ReviewSettings(accept_all=True)
    found = sort_out([STEADY], Inventory(), decisions=decisions, goals=Goals(), settings=chosen)
    assert found.drafted == ()
    assert [(item.forbidden, item.drafted) for item in found.items] == [(True, False)]


def test_edges_of_other_verdicts_are_handed_on_unasked() -> None:
    denied = replace(ODD, verdict=Verdict.DENIED)
    found = sort_out([denied], Inventory(), window=WEEK, settings=STRICT)
    assert found.drafted == (denied,)
    assert found.items == ()


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01])
def test_a_threshold_that_means_nothing_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError):
        ReviewSettings(doubt_threshold=threshold)
