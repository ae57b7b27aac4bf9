"""What is said about the window: the cluster, workloads, and what is below a bound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from review.windows import BATCH, CART, IDLE, WEB, busy, edge, inventory, present

from recommender.connections.marks import OWN_NODE
from recommender.model.edges import Verdict
from recommender.model.errors import UsageError
from recommender.model.policies import Direction
from recommender.review.assess import assess
from recommender.review.items import Decision, Item, Reason
from recommender.review.window import require_bound, window_coverage
from recommender.review.window_findings import below_text, percent, window_findings

if TYPE_CHECKING:
    from recommender.model.entities import Entity
    from recommender.review.window import WindowCoverage, WorkloadCoverage

ALL = inventory(WEB, CART, BATCH, IDLE)


def of(window: WindowCoverage, entity: Entity) -> WorkloadCoverage:
    return next(one for one in window.workloads if one.entity == entity)


def test_a_week_of_steady_traffic_covers_both_sides_of_a_workload() -> None:
    window = window_coverage(busy(7), ALL, present(7))
    assert window.coverage == 1.0
    assert window.least is not None
    assert window.least > 0.99
    assert of(window, WEB).status == of(window, CART).status == "covered"
    assert window.more_days == 0
    assert not window.below


def test_a_workload_that_does_something_new_every_day_is_partial_where_it_does() -> None:
    restless = [edge(BATCH, WEB, 9000 + number, 1) for number in range(6)]
    steady = [edge(CART, BATCH, 80, 7), edge(CART, BATCH, 81, 7)]
    window = window_coverage([*busy(7), *restless, *steady], ALL, present(7), bound=0.8)
    assert of(window, BATCH).status == "partial"
    assert of(window, BATCH).partial == {Direction.EGRESS}
    assert window.partial[BATCH] == {Direction.EGRESS}
    assert window.below


def test_a_workload_seen_on_two_days_is_hardly_seen_and_one_never_seen_is_no_gate() -> None:
    window = window_coverage([*busy(7), edge(BATCH, CART, 80, 2)], ALL, present(7), bound=0.5)
    assert of(window, BATCH).status == "hardly-seen"
    assert of(window, IDLE).status == "never-seen"
    assert set(window.partial) == {BATCH}


@pytest.mark.parametrize(("over", "early"), [(1.0, True), (2.5, True), (3.0, False), (7.0, False)])
def test_below_three_days_it_is_too_early(over: float, early: bool) -> None:  # noqa: FBT001
    days = max(1, round(over))
    window = window_coverage(busy(days, over=over), ALL, present(days), bound=0.5)
    assert window.early is early
    assert (window.least is None) is early
    assert window.below is early
    codes = {finding.code for finding in window_findings(window)}
    assert ("window-too-early" in codes) is early


def test_edges_that_no_rule_can_allow_do_not_count() -> None:
    sound = busy(7)
    odd = [
        replace(edge(WEB, CART, 22, 1), verdict=Verdict.DENIED),
        replace(edge(WEB, CART, 0, 1), protocol="ICMP"),
        replace(edge(WEB, CART, 23, 1), marks=(OWN_NODE,)),
    ]
    assert window_coverage([*sound, *odd], ALL, present(7)) == window_coverage(
        sound, ALL, present(7)
    )


def test_another_cluster_is_not_held_to_the_bound() -> None:
    far = replace(BATCH, cluster="west")
    window = window_coverage([*busy(7), edge(far, CART, 80, 1)], ALL, present(7))
    assert far not in {one.entity for one in window.workloads}


def test_the_order_of_the_edges_does_not_matter() -> None:
    edges = [*busy(7), edge(BATCH, CART, 80, 2), edge(BATCH, WEB, 81, 1)]
    assert window_coverage(edges, ALL, present(7)) == window_coverage(edges[::-1], ALL, present(7))


def test_what_is_below_the_bound_is_said_in_one_line() -> None:
    window = window_coverage([*busy(7), edge(BATCH, CART, 80, 2)], ALL, present(7), bound=0.95)
    assert below_text(window).endswith("and 1 workload is partial; 95 % was asked for")


def test_a_log_without_times_says_nothing_and_is_below_any_bound() -> None:
    window = window_coverage([], ALL, (), bound=0.5)
    assert list(window_findings(window)) == []
    assert window.below


def test_a_share_is_never_rounded_up() -> None:
    assert percent(0.89999) == "89.9 %"
    assert percent(0.999999) == "99.99 %"
    assert percent(1.0) == "100 %"


@pytest.mark.parametrize("bound", [0.0, 1.0, 95.0, -0.1])
def test_a_bound_is_a_share(bound: float) -> None:
    with pytest.raises(UsageError, match="least coverage"):
        require_bound(bound)


def test_a_scan_that_waits_for_review_does_not_make_the_window_look_short() -> None:
    scan = [edge(BATCH, WEB, 20_000 + number, 1) for number in range(40)]
    items = [
        Item(key=one.id, edge=one, score=0.9, reasons=(Reason("fan-out", "so many", 0.6),))
        for one in scan
    ]
    alone = assess(busy(7), ALL, present(7)).window
    assert assess([*busy(7), *scan], ALL, present(7), items=items).window.days == alone.days
    assert assess([*busy(7), *scan], ALL, present(7)).window.days.once == 40


@pytest.mark.parametrize(
    ("decision", "forbidden", "counts"),
    [(Decision.REJECT, False, False), (Decision.ACCEPT, False, True), (None, True, False)],
)
def test_what_was_rejected_or_breaks_a_goal_does_not_count(
    decision: Decision | None,
    forbidden: bool,  # noqa: FBT001
    counts: bool,  # noqa: FBT001
) -> None:
    odd = edge(BATCH, WEB, 22, 1)
    item = Item(key=odd.id, edge=odd, score=1.0, decision=decision, forbidden=forbidden)
    window = assess([*busy(7), odd], ALL, present(7), items=[item]).window
    assert window.days.once == int(counts)
