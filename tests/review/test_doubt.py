"""Each ground for doubt: where it counts, where it does not, and how grounds add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering.cases import CART, START, WEB, edge

from recommender.connections.marks import FOLDED, OWN_NODE
from recommender.inventory.types import ContainerPort, Inventory, Namespace, Workload
from recommender.model.edges import Verdict
from recommender.model.entities import Entity
from recommender.review.doubt import combine, doubt_of
from recommender.review.scene import survey
from recommender.review.weights import WEIGHTS, ground

if TYPE_CHECKING:
    from datetime import datetime

    from recommender.model.edges import Edge

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = (START, START + 7 * DAY)
DB = Entity.workload("data", "StatefulSet", "db")
DNS = Entity.workload("kube-system", "Deployment", "coredns")
NIGHTLY = Entity.workload("shop", "CronJob", "nightly")
BARE = Entity.workload("shop", "Pod", "debug")
STRANGER = Entity.cidr("198.51.100.9/32")


def talk(client: Entity, server: Entity, port: int = 7070, **more: Any) -> Edge:  # noqa: ANN401
    """A steady edge of the week, but for what is said."""
    steady = {
        "first_seen": START,
        "last_seen": WEEK[1],
        "days": 7,
        "hours": 80,
        "flows": 100,
        "client_pods": 2,
    }
    return edge(client, server, port, **(steady | more))


STEADY = talk(WEB, CART)
#: Traffic of others, so that a log is no thin sample.
OTHERS = (
    STEADY,
    talk(CART, DB, 5432),
    talk(WEB, DNS, 53, protocol="UDP"),
    talk(CART, DNS, 53, protocol="UDP"),
    talk(DB, DNS, 53, protocol="UDP"),
)


def doubt(
    asked: Edge,
    *others: Edge,
    inventory: Inventory | None = None,
    window: tuple[datetime, datetime] | None = WEEK,
) -> dict[str, float]:
    """The grounds against an edge among others, with their weights."""
    everything = (asked, *OTHERS, *others)
    scene = survey(everything, inventory or Inventory(), window)
    return {reason.code: reason.weight for reason in doubt_of(asked, scene).reasons}


def test_steady_traffic_of_a_namespace_is_not_doubted() -> None:
    assert doubt(STEADY) == {}


ONCE: dict[str, Any] = {
    "last_seen": START + 2 * DAY,
    "first_seen": START + 2 * DAY,
    "days": 1,
    "hours": 1,
}


def test_what_was_seen_in_one_burst_of_a_week_is_doubted() -> None:
    assert doubt(talk(WEB, CART, 22, flows=1, **ONCE))["one-burst"] == WEIGHTS["one-burst"]


@pytest.mark.parametrize("length", [timedelta(minutes=10), 6 * HOUR, DAY])
def test_a_short_window_says_nothing_of_time(length: timedelta) -> None:
    window = (START, START + length)
    once = talk(WEB, CART, 8080, flows=1, first_seen=START, last_seen=START, days=1, hours=1)
    assert doubt(once, window=window) == {}


def test_what_runs_by_a_schedule_is_rare_by_design() -> None:
    assert doubt(talk(NIGHTLY, CART, flows=3, **ONCE)) == {"one-burst": 0.2}


def test_few_days_and_hardly_seen() -> None:
    late: dict[str, Any] = {"first_seen": START + 2 * DAY, "last_seen": START + 3 * DAY, "days": 2}
    assert doubt(talk(WEB, CART, 8080, hours=5, **late)) == {"few-days": 0.35}
    assert doubt(talk(WEB, CART, 8080, hours=2, **late)) == {"hardly-seen": 0.5}


def test_a_thin_log_says_nothing_against_what_was_hardly_seen() -> None:
    late: dict[str, Any] = {
        "first_seen": START + 2 * DAY,
        "last_seen": START + 3 * DAY,
        "days": 2,
        "hours": 2,
    }
    rest = [talk(WEB, CART, port, **late) for port in range(8000, 8010)]
    assert doubt(talk(WEB, CART, 8080, **late), *rest) == {"few-days": 0.35}


@pytest.mark.parametrize(("hours", "found"), [(60, True), (2, False)])
def test_silence_at_first_counts_where_it_is_no_chance(*, hours: int, found: bool) -> None:
    later = talk(WEB, CART, 8080, first_seen=START + 2 * DAY, days=5, hours=hours)
    assert ("new-in-window" in doubt(later)) is found


def test_addresses_of_one_network_outside_are_seen_together() -> None:
    first = {"first_seen": START, "last_seen": START + HOUR, "days": 1, "hours": 2}
    second = {"first_seen": START + 6 * DAY, "last_seen": START + 6 * DAY, "days": 1, "hours": 1}
    one = talk(WEB, Entity.cidr("198.51.100.9/32"), 443, **first)
    other = talk(WEB, Entity.cidr("198.51.100.10/32"), 443, **second)
    assert "one-burst" in doubt(one)
    assert "one-burst" not in doubt(one, other)


@pytest.mark.parametrize(("pods", "flows", "found"), [(1, 100, True), (1, 3, False), (4, 9, False)])
def test_few_of_many_replicas(*, pods: int, flows: int, found: bool) -> None:
    others = talk(WEB, DB, 8080, client_pods=4)
    asked = talk(WEB, CART, 8081, client_pods=pods, flows=flows)
    assert ("few-replicas" in doubt(asked, others)) is found


def test_hits_of_a_scan_are_told_by_what_did_not_answer() -> None:
    closed = [
        replace(talk(WEB, DB, port, **ONCE), verdict=Verdict.UNANSWERED) for port in range(1, 6)
    ]
    assert doubt(talk(WEB, CART, 8080, flows=1, **ONCE), *closed)["fan-out"] == 0.6
    assert "fan-out" not in doubt(STEADY, *closed)
    assert "probing" in doubt(talk(WEB, DB, 5432, flows=1, **ONCE), *closed[:2])


def test_a_folded_scan_counts_each_of_its_ports() -> None:
    folded = replace(talk(WEB, DB, 0, **ONCE), verdict=Verdict.UNANSWERED, marks=(FOLDED,))
    assert "fan-out" in doubt(talk(WEB, CART, 8080, flows=1, **ONCE), folded)
    assert doubt(talk(WEB, DB, 0, marks=(FOLDED,)))["folded"] == 0.95


def test_a_pod_without_a_controller() -> None:
    assert "no-controller" in doubt(talk(BARE, CART))
    assert "no-controller" in doubt(talk(WEB, BARE))


def test_namespaces_that_otherwise_do_not_talk() -> None:
    ledger = Entity.workload("payments", "Deployment", "ledger")
    asked = talk(WEB, ledger, 8080)
    assert doubt(asked) == {"strange-namespaces": 0.2}
    assert doubt(asked, talk(CART, ledger, 8080)) == {}


def test_a_hub_is_no_strange_namespace() -> None:
    hub = Entity.workload("platform", "Deployment", "auth")
    clients = [Entity.workload(space, "Deployment", "api") for space in ("a", "b")]
    assert doubt(talk(WEB, hub, 8080), *(talk(one, hub, 8080) for one in clients)) == {}


@pytest.mark.parametrize("by_label", [True, False])
def test_environments_are_told_by_labels_or_names(*, by_label: bool) -> None:
    names = ("one", "two") if by_label else ("shop-dev", "shop-prod")
    labels = ("dev", "production") if by_label else ("", "")
    spaces = {
        name: Namespace(name, (("env", label),) if label else ())
        for name, label in zip(names, labels, strict=True)
    }
    client, server = (Entity.workload(name, "Deployment", "api") for name in names)
    found = doubt(talk(client, server), inventory=Inventory(namespaces=spaces))
    assert found["other-environment"] == 0.45
    assert "other-environment" not in doubt(STEADY, inventory=Inventory(namespaces=spaces))


def test_unlike_its_siblings() -> None:
    siblings = [Entity.workload("shop", "Deployment", name) for name in ("a", "b")]
    others = [talk(one, CART, 9000) for one in siblings]
    inventory = Inventory(
        workloads={one: Workload(one, (("tier", "front"),)) for one in (WEB, *siblings)}
    )
    assert doubt(talk(WEB, CART, 8080), *others, inventory=inventory) == {"unlike-siblings": 0.1}
    assert doubt(talk(WEB, CART, 9000), *others, inventory=inventory) == {}


def test_part_of_it_was_denied() -> None:
    denied = replace(STEADY, verdict=Verdict.DENIED)
    assert doubt(STEADY, denied) == {"also-denied": 0.2}


def test_a_raw_address_outside() -> None:
    assert doubt(talk(WEB, STRANGER, 443)) == {"raw-address": 0.25}
    assert doubt(talk(WEB, STRANGER, 9999)) == {"raw-address": 0.25, "mining-port": 0.5}
    assert doubt(talk(WEB, STRANGER, 1521)) == {"raw-address": 0.25, "odd-outside-port": 0.3}
    later = doubt(talk(WEB, STRANGER, 443, first_seen=START + 3 * DAY, days=4, hours=3))
    assert later == {"raw-address-later": 0.3}
    assert doubt(talk(WEB, STRANGER, 443, names=("api.example",))) == {}


def test_a_resolver_outside_is_doubted_where_the_cluster_has_one() -> None:
    query = talk(WEB, STRANGER, 53, protocol="UDP")
    assert doubt(query)["foreign-resolver"] == 0.5
    assert "foreign-resolver" not in doubt(talk(DNS, STRANGER, 53, protocol="UDP"))


@pytest.mark.parametrize(
    ("port", "code"),
    [(22, "remote-shell"), (2379, "control-plane-port"), (10250, "kubelet-port")],
)
def test_administrative_ports(port: int, code: str) -> None:
    assert doubt(talk(WEB, CART, port)) == {code: WEIGHTS[code]}


def test_a_database_from_another_namespace() -> None:
    assert "foreign-database" in doubt(talk(WEB, DB, 5432))
    neighbour = Entity.workload("data", "Deployment", "api")
    assert "foreign-database" not in doubt(talk(neighbour, DB, 5432))


def test_a_port_that_the_inventory_does_not_declare() -> None:
    known = Inventory(workloads={CART: Workload(CART, ports=(ContainerPort(7070),))})
    assert doubt(STEADY, inventory=known) == {}
    assert doubt(talk(WEB, CART, 9999), inventory=known) == {"undeclared-port": 0.35}
    flows = {CART: replace(known.workloads[CART], known_from="flows")}
    assert doubt(talk(WEB, CART, 9999), inventory=Inventory(workloads=flows)) == {}


@pytest.mark.parametrize(
    "asked",
    [
        talk(WEB, DNS, 53, protocol="UDP", flows=1, **ONCE),
        talk(WEB, CART, 0, protocol="ICMP", flows=1, **ONCE),
        talk(Entity.node(), CART, 8080, marks=(OWN_NODE,), flows=1, **ONCE),
    ],
    ids=["the cluster's resolver", "icmp", "own node"],
)
def test_what_needs_no_rule_is_not_asked(asked: Edge) -> None:
    assert doubt(asked) == {}


def test_another_port_of_the_resolver_is_asked() -> None:
    assert "remote-shell" in doubt(talk(WEB, DNS, 22))


@given(st.lists(st.sampled_from(sorted(WEIGHTS))))
def test_doubt_grows_with_every_ground_and_stays_below_one(codes: list[str]) -> None:
    scores = [
        combine(ground(code, ".") for code in codes[:count]).score
        for count in range(len(codes) + 1)
    ]
    assert scores == sorted(scores)
    assert all(0 <= score <= 1 for score in scores)
