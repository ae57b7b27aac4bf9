"""DNS names of addresses outside the cluster, and addresses drawn together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from connections.records import CART, WEB, End, flow, ids, pod, read, reserved, talk

from recommender.connections import marks

if TYPE_CHECKING:
    from pathlib import Path

DNS = pod("kube-system", "coredns-5d4f8c7b9c-bcdfg", "10.0.0.53", "k8s-app=kube-dns")
WEB_DNS = "shop/Deployment/web -> kube-system/Deployment/coredns UDP/53"


def world(ip: str, *also: str) -> End:
    return reserved(ip, "world", also=also)


def answer(client: End, query: str, *ips: str, rcode: int = 0) -> dict[str, Any]:
    """The DNS proxy's record of an answer that a client got."""
    dns = {"query": query, "ips": list(ips), "observation_source": "proxy", "rcode": rcode}
    return flow(
        DNS,
        client,
        40053,
        at=53,
        l4="UDP",
        is_reply=True,
        Type="L7",
        event_type={"type": 129},
        l7={"type": "RESPONSE", "dns": {k: v for k, v in dns.items() if v}},
    )


def test_answer_names_the_address_that_is_called_then(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        answer(WEB, "API.bank.example.", "203.0.113.5"),
        *talk(WEB, world("203.0.113.5"), 443),
    )
    assert ids(found) == ["shop/Deployment/web -> name:api.bank.example TCP/443", WEB_DNS]
    assert found.edges[0].names == ("api.bank.example",)
    assert found.edges[0].addresses == ("203.0.113.5",)


def test_answer_that_failed_names_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        answer(WEB, "gone.example.", "203.0.113.5", rcode=3),
        *talk(WEB, world("203.0.113.5"), 443),
    )
    assert ids(found)[0] == "shop/Deployment/web -> cidr:203.0.113.5/32 TCP/443"


@pytest.mark.parametrize(
    "how",
    [{"destination_names": ["api.bank.example"]}, {"destination": ["fqdn:api.bank.example"]}],
)
def test_names_that_the_log_gives_itself_count(tmp_path: Path, how: dict[str, Any]) -> None:
    outside = world("203.0.113.5", *how.pop("destination", ()))
    found = read(tmp_path, flow(WEB, outside, 443, **how))
    assert ids(found) == ["shop/Deployment/web -> name:api.bank.example TCP/443"]


def test_several_addresses_of_one_name_are_one_edge(tmp_path: Path) -> None:
    times = ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", "2026-03-03T11:00:00Z")
    ips = ("203.0.113.5", "203.0.113.6", "2001:db8::7")
    found = read(
        tmp_path,
        answer(WEB, "cdn.example.", *ips),
        *(
            flow(WEB, world(ip), 443, at=at, time=time)
            for at, (ip, time) in enumerate(zip(ips, times, strict=True), start=41000)
        ),
    )
    edge = found.edges[0]
    assert edge.id == "shop/Deployment/web -> name:cdn.example TCP/443"
    assert (edge.flows, edge.records, edge.server_pods, edge.client_pods) == (3, 3, 3, 1)
    assert edge.addresses == ("2001:db8::7", "203.0.113.5", "203.0.113.6")
    assert (str(edge.first_seen), str(edge.last_seen)) == (
        "2026-03-02 10:00:00+00:00",
        "2026-03-03 11:00:00+00:00",
    )
    # Which hours the addresses share is not known any more: the counts are lower bounds.
    assert 1 <= edge.hours <= 3
    assert 1 <= edge.days <= 2


def test_shared_address_is_what_its_own_client_asked_for(tmp_path: Path) -> None:
    front = "203.0.113.227"
    found = read(
        tmp_path,
        answer(WEB, "bank.example.", front),
        answer(CART, "mail.example.", front),
        *talk(WEB, world(front), 443),
        *talk(CART, world(front), 587),
    )
    assert [name for name in ids(found) if "example" in name] == [
        "shop/Deployment/cart -> name:mail.example TCP/587",
        "shop/Deployment/web -> name:bank.example TCP/443",
    ]


def test_address_of_several_names_stays_an_address_with_all_of_them(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        answer(WEB, "a.example.", "203.0.113.5"),
        answer(WEB, "b.example.", "203.0.113.5"),
        *talk(WEB, world("203.0.113.5"), 443),
    )
    edge = found.edges[0]
    assert edge.id == "shop/Deployment/web -> cidr:203.0.113.5/32 TCP/443"
    assert edge.names == ("a.example", "b.example")


def test_merged_parts_without_time_do_not_date_the_edge(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        answer(WEB, "cdn.example.", "203.0.113.5", "203.0.113.6"),
        flow(WEB, world("203.0.113.5"), 443, time=None),
        flow(WEB, world("203.0.113.6"), 443),
    )
    assert found.edges[0].id.endswith("name:cdn.example TCP/443")
    assert found.edges[0].first_seen.year == 2026


def crowd(count: int, ip: str) -> list[dict[str, Any]]:
    return [flow(world(ip.format(i)), CART, 443, at=41000 + i) for i in range(1, count + 1)]


@pytest.mark.parametrize(
    ("ip", "everywhere"),
    [("203.0.113.{}", "0.0.0.0/0"), ("2001:db8::{}", "::/0")],
)
def test_more_public_clients_than_the_threshold_are_everywhere(
    tmp_path: Path,
    ip: str,
    everywhere: str,
) -> None:
    few = read(tmp_path, *crowd(5, ip), world_threshold=5)
    assert len(few.edges) == 5
    many = read(tmp_path, *crowd(6, ip), world_threshold=5)
    assert ids(many) == [f"cidr:{everywhere} -> shop/Deployment/cart TCP/443"]
    assert many.edges[0].marks == (marks.WORLD,)
    assert (many.edges[0].flows, many.edges[0].client_pods) == (6, 6)


@pytest.mark.parametrize(
    "ip",
    [
        "10.9.9.{}",
        "192.168.7.{}",
        "172.16.0.{}",
        "172.31.0.{}",
        "100.64.0.{}",
        "fd00::{}",
        "fe80::{}",
    ],
)
def test_private_clients_are_never_drawn_together(tmp_path: Path, ip: str) -> None:
    assert len(read(tmp_path, *crowd(9, ip), world_threshold=5).edges) == 9


def test_public_crowd_takes_no_private_address_with_it(tmp_path: Path) -> None:
    lines = [*crowd(9, "203.0.113.{}"), flow(world("10.9.9.9"), CART, 443)]
    found = read(tmp_path, *lines, world_threshold=5)
    assert ids(found) == [
        "cidr:0.0.0.0/0 -> shop/Deployment/cart TCP/443",
        "cidr:10.9.9.9/32 -> shop/Deployment/cart TCP/443",
    ]


def test_servers_are_never_drawn_together(tmp_path: Path) -> None:
    lines = [flow(CART, world(f"203.0.113.{i}"), 443, at=41000 + i) for i in range(9)]
    assert len(read(tmp_path, *lines, world_threshold=5).edges) == 9


def test_those_who_were_denied_open_nothing_to_the_world(tmp_path: Path) -> None:
    denied = [
        {**line, "verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED", "is_reply": None}
        for line in crowd(9, "203.0.113.{}")
    ]
    found = read(tmp_path, *denied, flow(world("198.51.100.1"), CART, 443), world_threshold=5)
    assert ids(found) == [
        "cidr:0.0.0.0/0 -> shop/Deployment/cart TCP/443 [denied]",
        "cidr:198.51.100.1/32 -> shop/Deployment/cart TCP/443",
    ]
