"""Goals hold: traffic that breaks one is never drafted, and drafts are proven against each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from review.windows import edge

from recommender.connections.marks import OWN_NODE
from recommender.inventory.types import Inventory, Namespace, Node, Pod, Workload
from recommender.model.entities import Entity
from recommender.model.labels import LabelSelector
from recommender.review.goal_files import parse_goals
from recommender.review.goal_proof import Status
from recommender.review.goal_report import GoalReport, goal_court
from recommender.review.nodes import parse_nodes
from recommender.review.settings import ReviewSettings
from recommender.review.sorting import sort_out
from recommender.synthesis.synthesize import synthesize

if TYPE_CHECKING:
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy

DAY = date(2026, 3, 8)
GROUPS = """\
version: 1
groups:
  web: {namespaces: [shop], labels: {app: web}}
  db: {names: [data/StatefulSet/db]}
  dev: {namespace_labels: {env: dev}}
  prod: {namespaces: [shop, data]}
  scraper: {names: [ops/prom]}
  office: {cidrs: [198.51.100.0/24]}
  vendor: {hosts: ["*.vendor.example"]}
"""


def workload(namespace: str, name: str, address: str, kind: str = "Deployment") -> Workload:
    labels = (("app", name),)
    pod = Pod(namespace, f"{name}-0", labels, ips=(address,), node="n1", phase="Running")
    return Workload(
        Entity.workload(namespace, kind, name), labels, LabelSelector.of(dict(labels)), (pod,)
    )


ALL = (
    workload("shop", "web", "10.1.0.1"),
    workload("shop", "cart", "10.1.0.2"),
    workload("data", "db", "10.1.0.3", "StatefulSet"),
    workload("sandbox", "toy", "10.1.0.4"),
    workload("ops", "prom", "10.1.0.5"),
)
WEB, CART, DB, TOY, PROM = (one.entity for one in ALL)
CLUSTER = Inventory(
    namespaces={
        name: Namespace(name, (("kubernetes.io/metadata.name", name), *labels))
        for name, labels in {
            "shop": (), "data": (), "ops": (), "sandbox": (("env", "dev"),)
        }.items()
    },
    workloads={one.entity: one for one in ALL},
    nodes=(Node("n1", ("10.0.0.1",)),),
    complete=True,
)  # fmt: skip


def outside(client: Entity, address: str, *names: str, port: int = 443) -> Edge:
    found = edge(client, Entity.cidr(f"{address}/32"), port, 7)
    return replace(found, addresses=(address,), names=names)


TRAFFIC = [
    edge(WEB, CART, 8080, 7),
    edge(CART, DB, 5432, 7),
    edge(TOY, CART, 8080, 7),
    outside(WEB, "203.0.113.9", "api.vendor.example"),
    outside(CART, "198.51.100.7"),
    outside(TOY, "10.9.9.9"),
]


def check(
    goals: str, edges: list[Edge] | None = None, day: date = DAY
) -> tuple[GoalReport, tuple[NetworkPolicy, ...], set[Edge]]:
    """Draft from the traffic under some goals; the report, the drafts, and what made them."""
    traffic = TRAFFIC if edges is None else edges
    court = goal_court(
        parse_goals(parse_nodes(GROUPS + goals, "g.yaml", "goals")), CLUSTER, traffic, day
    )
    found = sort_out(traffic, CLUSTER, goals=court)
    drafts = synthesize(found.drafted, CLUSTER, wanted=court.wanted())
    return court.hold(drafts.policies, CLUSTER, traffic), drafts.policies, set(found.drafted)


def status(report: GoalReport) -> list[Status]:
    return [one.proven.status for one in report.outcomes]


def codes(report: GoalReport) -> set[str]:
    return {finding.code for finding in report.findings}


FORBIDDEN = "forbidden:\n  - {id: apart, from: dev, to: prod, both_ways: true}\n"


def test_traffic_between_a_forbidden_pair_is_a_violation_and_no_rule() -> None:
    report, _, drafted = check(FORBIDDEN)
    assert edge(TOY, CART, 8080, 7) not in drafted
    assert [one.id for one in report.outcomes[0].edges] == [edge(TOY, CART, 8080, 7).id]
    assert status(report) == [Status.KEPT]
    (finding,) = report.findings
    assert finding.code == "goal-violated"
    assert finding.where == "g.yaml:11"
    assert "seen 7 times on 7 days" in finding.message


def test_a_forbidden_pair_is_only_kept_where_a_policy_isolates_one_of_its_ends() -> None:
    court = goal_court(
        parse_goals(parse_nodes(GROUPS + FORBIDDEN, "g.yaml", "goals")), CLUSTER, (), DAY
    )
    report = court.hold((), CLUSTER)
    assert status(report) == [Status.BROKEN]
    assert report.outcomes[0].proven.count == 6  # three production workloads, both ways
    assert "goal-not-kept" in codes(report)


def test_a_sensitive_group_is_reached_by_whom_the_goal_names_and_by_itself() -> None:
    inside = edge(DB, DB, 5433, 7)
    goal = "sensitive:\n  - {id: data, group: db, reachable_from: web}\n"
    report, _, drafted = check(goal, [*TRAFFIC, edge(WEB, DB, 5432, 7), inside])
    assert {edge(WEB, DB, 5432, 7), inside} <= drafted
    assert edge(CART, DB, 5432, 7) not in drafted
    assert status(report) == [Status.KEPT]


def test_the_ports_of_a_sensitive_group_limit_what_is_guarded() -> None:
    goal = "sensitive:\n  - {id: data, group: db, ports: 5432}\n"
    report, _, drafted = check(goal, [*TRAFFIC, edge(CART, DB, 9187, 7)])
    assert edge(CART, DB, 9187, 7) in drafted
    assert edge(CART, DB, 5432, 7) not in drafted
    assert status(report) == [Status.KEPT]


def test_a_node_reaching_its_own_pods_breaks_nothing() -> None:
    probe = replace(edge(Entity.node(), DB, 5432, 7), marks=(OWN_NODE,))
    report, _, _ = check("sensitive:\n  - {id: data, group: db}\n", [*TRAFFIC, probe])
    assert probe not in report.outcomes[0].edges


INTERNET = "internet:\n  - {id: out, allow: [{from: web, to: vendor, ports: 443}]}\n"


def test_only_who_may_leaves_for_the_internet_and_only_where_to() -> None:
    report, _, drafted = check(INTERNET)
    assert TRAFFIC[3] in drafted
    assert TRAFFIC[4] not in drafted
    assert TRAFFIC[5] in drafted  # a private address is not the internet
    # The scraper sent nothing that was seen, so no policy isolates it: it can leave.
    told = report.outcomes[0].proven
    assert told.status is Status.BROKEN
    assert [breach.source for breach in told.breaches] == [PROM.id]


def test_the_internet_is_proven_for_policies_that_allow_too_much() -> None:
    report, policies, _ = check(INTERNET)
    wide = [policy for policy in policies if policy.namespace != "shop"]
    court = goal_court(
        parse_goals(parse_nodes(GROUPS + INTERNET, "g.yaml", "goals")), CLUSTER, TRAFFIC, DAY
    )
    proven = court.hold(wide, CLUSTER, TRAFFIC).outcomes[0].proven
    assert proven.status is Status.BROKEN
    assert proven.count == report.outcomes[0].proven.count + 2  # web and cart


def test_what_must_be_allowed_becomes_a_rule_with_its_reason_on_both_sides() -> None:
    goal = "must_allow:\n  - {id: scrape, from: scraper, to: prod, ports: TCP/9100}\n"
    report, policies, _ = check(goal)
    assert status(report) == [Status.KEPT]
    cart = next(policy for policy in policies if policy.name == "cart")
    (rule,) = [rule for rule in cart.ingress if rule.reason == "goal"]
    assert rule.marks == ("goal:scrape",)
    assert rule.evidence == ()


def test_what_must_be_allowed_from_outside_names_the_addresses() -> None:
    goal = "must_allow:\n  - {id: glass, from: office, to: any, ports: TCP/22}\n"
    report, policies, _ = check(goal)
    assert status(report) == [Status.KEPT]
    peers = {
        str(peer)
        for policy in policies
        for rule in policy.ingress
        if rule.reason == "goal" and isinstance(rule.peers, tuple)
        for peer in rule.peers
    }
    assert peers == {"IPBlock(cidr='198.51.100.0/24', excluded=())"}


def test_a_must_allow_that_the_policies_deny_is_broken() -> None:
    _, policies, _ = check("")
    goal = "must_allow:\n  - {id: scrape, from: scraper, to: prod, ports: TCP/9100}\n"
    court = goal_court(
        parse_goals(parse_nodes(GROUPS + goal, "g.yaml", "goals")), CLUSTER, TRAFFIC, DAY
    )
    report = court.hold(policies, CLUSTER)
    assert status(report) == [Status.BROKEN]
    hint = report.outcomes[0].hint
    assert hint.startswith("not allowed: ")
    assert "ops/Deployment/prom -> shop/Deployment/cart (TCP 9100)" in hint


EXCEPTION = (
    "exceptions:\n"
    "  - {goal: apart, from: dev, to: web, ports: 80, owner: ann, expires: 2026-12-31}\n"
    "  - {goal: apart, from: dev, to: prod, ports: 8080, owner: bob, expires: 2026-03-08}\n"
)


def test_an_exception_lets_through_until_its_last_day() -> None:
    report, _, drafted = check(FORBIDDEN + EXCEPTION)
    assert edge(TOY, CART, 8080, 7) in drafted
    assert status(report) == [Status.KEPT]
    assert codes(report) == set()


def test_an_expired_exception_lets_nothing_through_and_is_a_finding() -> None:
    report, _, drafted = check(FORBIDDEN + EXCEPTION, day=date(2026, 3, 9))
    assert edge(TOY, CART, 8080, 7) not in drafted
    assert codes(report) == {"goal-violated", "exception-expired"}
    expired = next(one for one in report.findings if one.code == "exception-expired")
    assert "bob" in expired.message
    assert expired.where == "g.yaml:14"


def test_a_goal_about_nobody_is_not_called_kept() -> None:
    groups = GROUPS + "  ghosts: {namespaces: [nowhere]}\n"
    text = groups + "forbidden:\n  - {id: apart, from: ghosts, to: prod}\n"
    court = goal_court(parse_goals(parse_nodes(text, "g.yaml", "goals")), CLUSTER, (), DAY)
    report = court.hold((), CLUSTER)
    assert status(report) == [Status.UNKNOWN]
    assert codes(report) == {"goal-without-members"}


def test_where_a_person_accepts_a_violation_it_is_still_no_rule() -> None:
    court = goal_court(
        parse_goals(parse_nodes(GROUPS + FORBIDDEN, "g.yaml", "goals")), CLUSTER, TRAFFIC, DAY
    )
    everything = ReviewSettings(accept_all=True)
    found = sort_out(TRAFFIC, CLUSTER, goals=court, settings=everything)
    assert edge(TOY, CART, 8080, 7) not in found.drafted


@pytest.mark.parametrize("goals", [FORBIDDEN, INTERNET, FORBIDDEN + INTERNET + EXCEPTION])
def test_the_order_of_the_traffic_does_not_matter(goals: str) -> None:
    first, second = check(goals), check(goals, TRAFFIC[::-1])
    assert first[1:] == second[1:]
    assert first[0].outcomes == second[0].outcomes
