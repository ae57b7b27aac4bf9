"""Records of clouds: named by address and time, turned to their client, never guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from connections.rows import (
    API_IP,
    CART_IP,
    CART_SERVICE,
    DB,
    DB_IP,
    NODE_IP,
    NOW,
    WEB,
    WEB_IP,
    at,
    call,
    cluster,
    read,
    row,
    told,
    without_flags,
)

from recommender.connections.edges import connect
from recommender.inventory import read_inventory
from recommender.inventory.holdings import Holding
from recommender.simulation import simulate
from recommender.simulation.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.connections.types import Connections

WEB_TO_CART = "shop/Deployment/web -> shop/Deployment/cart TCP/8080 accepted"


def aside(rows: list[str], folder: Path, *holdings: Holding) -> dict[str, int]:
    """Why some records make no edge."""
    return dict(read(folder, rows, cluster(*holdings)).accounting.files[0].set_aside)


def test_both_ends_are_named_by_their_addresses(tmp_path: Path) -> None:
    assert told(read(tmp_path, call(WEB_IP, CART_IP, 8080))) == [WEB_TO_CART]


def test_what_both_interfaces_logged_is_one_connection(tmp_path: Path) -> None:
    rows = [
        *call(WEB_IP, CART_IP, 8080, eni="eni-2"),
        row(WEB_IP, CART_IP, 40000, 8080, flags=3, eni="eni-1", way="egress"),
        row(CART_IP, WEB_IP, 8080, 40000, flags=19, eni="eni-1", way="ingress"),
    ]
    (edge,) = read(tmp_path, rows).edges
    assert (edge.flows, edge.records, edge.bytes) == (1, 4, 2 * 9 * 60)
    assert edge.observers == ("eni-1", "eni-2")


def test_connections_are_counted_where_they_open(tmp_path: Path) -> None:
    rows = [r for port in range(40000, 40005) for r in call(WEB_IP, CART_IP, 8080, sport=port)]
    later = [row(WEB_IP, CART_IP, 40000, 8080, start=600, last=660)]
    (edge,) = read(tmp_path, rows + later).edges
    assert (edge.flows, edge.records) == (5, 11)


def test_a_window_without_flags_goes_with_its_connection(tmp_path: Path) -> None:
    rows = call(WEB_IP, DB_IP, 39999, sport=50000)
    rows += [row(DB_IP, WEB_IP, 39999, 50000), row(WEB_IP, DB_IP, 50000, 39999)]
    found = read(tmp_path, rows)
    assert told(found) == ["shop/Deployment/web -> data/StatefulSet/db TCP/39999 accepted"]


@pytest.mark.parametrize("port", [8080, 9090])
def test_without_flags_declared_ports_tell_the_server(tmp_path: Path, port: int) -> None:
    found = read(tmp_path, without_flags(call(WEB_IP, CART_IP, port)))
    assert told(found) == [WEB_TO_CART.replace("8080", str(port))]
    assert found.edges[0].marks == ("direction-inferred",)


def test_without_any_evidence_nothing_is_guessed(tmp_path: Path) -> None:
    rows = without_flags(call(WEB_IP, DB_IP, 39999, sport=50000))
    assert aside(rows, tmp_path) == {"direction-undecided": 2}


def test_udp_is_told_by_the_listener(tmp_path: Path) -> None:
    rows = [
        row(CART_IP, DB_IP, 40000, 53, protocol=17, packets=1),
        row(DB_IP, CART_IP, 53, 40000, protocol=17, packets=1),
    ]
    assert told(read(tmp_path, rows)) == [
        "shop/Deployment/cart -> data/StatefulSet/db UDP/53 accepted"
    ]


def test_what_was_rejected_makes_no_rule(tmp_path: Path) -> None:
    rows = [
        row(WEB_IP, DB_IP, 40000, 5432, flags=2, eni="eni-web", packets=1),
        row(WEB_IP, DB_IP, 40000, 5432, flags=2, eni="eni-db", action="REJECT", packets=1),
        *call(WEB_IP, CART_IP, 8080),
    ]
    assert told(read(tmp_path, rows)) == [
        "shop/Deployment/web -> data/StatefulSet/db TCP/5432 denied",
        WEB_TO_CART,
    ]


def test_a_rejected_answer_is_not_taken_for_an_opening(tmp_path: Path) -> None:
    rows = [
        row(WEB_IP, DB_IP, 40000, 5432, flags=2),
        row(DB_IP, WEB_IP, 5432, 40000, flags=18, action="REJECT"),
    ]
    assert told(read(tmp_path, rows)) == [
        "shop/Deployment/web -> data/StatefulSet/db TCP/5432 denied"
    ]


@pytest.mark.parametrize("answer", [[], [row(DB_IP, WEB_IP, 22, 40000, flags=4, packets=1)]])
@pytest.mark.parametrize("flags", [True, False])
def test_what_nobody_answered_makes_no_rule(
    tmp_path: Path, answer: list[str], *, flags: bool
) -> None:
    rows = [row(WEB_IP, DB_IP, 40000, 22, flags=2, packets=1), *answer]
    rows += call(WEB_IP, CART_IP, 8080)
    found = read(tmp_path, rows if flags else without_flags(rows))
    assert told(found) == [
        "shop/Deployment/web -> data/StatefulSet/db TCP/22 unanswered",
        WEB_TO_CART,
    ]


def test_an_address_is_the_pods_that_held_it_then(tmp_path: Path) -> None:
    history = (
        Holding(WEB_IP, None, at(1000), WEB, "web-0"),
        Holding(WEB_IP, at(2000), None, DB, "db-9"),
    )
    early = call(WEB_IP, CART_IP, 8080, start=0, last=59)
    late = call(WEB_IP, CART_IP, 8080, start=3000, last=3059)
    found = read(tmp_path, early + late, cluster(*history))
    assert told(found) == [
        "data/StatefulSet/db -> shop/Deployment/cart TCP/8080 accepted",
        WEB_TO_CART,
    ]


@pytest.mark.parametrize(
    ("start", "reason"), [(1500, "ip-gap"), (995, "ip-margin"), (960, "ip-margin")]
)
def test_a_time_of_nobody_is_never_guessed(tmp_path: Path, start: int, reason: str) -> None:
    history = (
        Holding(WEB_IP, None, at(1000), WEB, "web-0"),
        Holding(WEB_IP, at(2000), None, DB, "db-9"),
    )
    rows = call(WEB_IP, CART_IP, 8080) + call(WEB_IP, CART_IP, 8080, start=start, last=start + 59)
    found = read(tmp_path, rows, cluster(*history))
    assert told(found) == [WEB_TO_CART]
    assert found.accounting.files[0].set_aside == {reason: 2}
    assert "identity-unresolved" in {finding.code for finding in found.findings}


def test_a_port_of_which_nobody_can_be_named_stays_open(tmp_path: Path) -> None:
    history = (Holding(WEB_IP, at(5000), None, WEB, "web-0"),)
    found = read(tmp_path, call(WEB_IP, CART_IP, 8080), cluster(*history))
    assert told(found) == ["unresolved:ip-gap -> shop/Deployment/cart TCP/8080 accepted"]


def test_an_address_of_the_pods_ranges_that_no_pod_had_is_unknown(tmp_path: Path) -> None:
    rows = call(WEB_IP, CART_IP, 8080) + call("10.0.7.7", CART_IP, 8080)
    assert aside(rows, tmp_path) == {"ip-unknown": 2}


@pytest.mark.parametrize(
    ("address", "entity"),
    [
        ("198.51.100.7", "cidr:198.51.100.7/32"),
        ("10.77.0.1", "cidr:10.77.0.1/32"),
        (NODE_IP, "node"),
        (API_IP, "kube-apiserver"),
        ("2600:1f13::5", "cidr:2600:1f13::5/128"),
    ],
)
def test_other_ends_are_what_their_address_is(tmp_path: Path, address: str, entity: str) -> None:
    found = read(tmp_path, call(WEB_IP, address, 443))
    assert told(found) == [f"shop/Deployment/web -> {entity} TCP/443 accepted"]


def test_private_addresses_are_unknown_where_the_inventory_is_not_whole(tmp_path: Path) -> None:
    found = read(tmp_path, call(WEB_IP, "10.77.0.1", 443), cluster(complete=False))
    assert told(found) == ["shop/Deployment/web -> unresolved:no-identity TCP/443 accepted"]


def test_a_service_leads_to_the_port_of_its_pods(tmp_path: Path) -> None:
    found = read(tmp_path, call(WEB_IP, CART_SERVICE, 80))
    assert told(found) == [WEB_TO_CART]
    assert found.edges[0].marks == ("by-service",)


def test_a_port_that_a_service_does_not_have_leads_nowhere(tmp_path: Path) -> None:
    found = read(tmp_path, call(WEB_IP, CART_SERVICE, 81))
    assert told(found) == ["shop/Deployment/web -> shop/Service/cart TCP/81 accepted"]


def test_without_packet_addresses_a_node_stands_for_its_pods(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    rows = ("2 1 eni-1 {0} {1} 40000 8080 6 9 540 {2} {2} ACCEPT OK",) * 2
    ends = ((WEB_IP, NODE_IP), (NODE_IP, CART_IP))
    path.write_text(
        "".join(f"{line.format(*end, NOW)}\n" for line, end in zip(rows, ends, strict=True))
    )
    found = connect([path], inventory=cluster())
    assert {edge.client.id for edge in found.edges} | {edge.server.id for edge in found.edges} == {
        "shop/Deployment/web",
        "shop/Deployment/cart",
        "unresolved:ip-node",
    }
    assert "pod-identity-lost" in {finding.code for finding in found.findings}


def test_order_and_split_change_nothing(tmp_path: Path) -> None:
    rows = [
        *(r for port in range(40000, 40020) for r in call(WEB_IP, CART_IP, 8080, sport=port)),
        *call(CART_IP, DB_IP, 5432),
        *without_flags(call(WEB_IP, DB_IP, 39999, sport=50000)),
        row(WEB_IP, CART_IP, 40001, 8080, start=4000, last=4059),
    ]
    whole = read(tmp_path, rows)
    rows = rows[1::2] + rows[::2][::-1]
    parts = tmp_path / "parts"
    parts.mkdir()
    header = (tmp_path / "flows.log").read_text().splitlines()[0]
    for i in range(3):
        (parts / f"{i}.log").write_text("\n".join((header, *rows[i::3])) + "\n")
    split = connect([parts], inventory=cluster())

    def bare(found: Connections) -> list[tuple[object, ...]]:
        return [(e.key, e.flows, e.records, e.bytes, e.first_seen, e.marks) for e in found.edges]

    assert bare(split) == bare(whole)


@pytest.mark.parametrize("form", ["aws", "aws-noflags"])
def test_aws_shows_the_same_edges_as_hubble_wherever_it_can_see(tmp_path: Path, form: str) -> None:
    plain = Settings(connections=1500, churn=0.0, noise=False)
    simulate("shop", plain).write(tmp_path / "hubble")
    simulate("shop", replace(plain, log=form)).write(tmp_path / "aws")
    seen = {}
    for name in ("hubble", "aws"):
        (log,) = (tmp_path / name).glob("flows.*")
        inventory = read_inventory([str(tmp_path / name / "inventory.json")])
        edges = connect([log], inventory=inventory).edges
        # AWS does not know of policies, and so not of one in audit mode.
        through = [edge for edge in edges if edge.verdict.value in {"accepted", "audit"}]
        seen[name] = {(edge.client, edge.server, edge.protocol, edge.port) for edge in through}
    assert seen["aws"] <= seen["hubble"]
    assert len(seen["aws"]) > 30
