"""Addresses outside of the cluster: exact, then wider within the bound, then the world."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthesis.worlds import (
    cluster,
    codes,
    draft,
    edge,
    egress,
    findings,
    ingress,
    policy,
    workload,
)

from recommender.model.entities import Entity
from recommender.model.errors import UsageError
from recommender.synthesis.external import cover
from recommender.synthesis.settings import Settings

SHOP = cluster(workload("shop/web"), workload("shop/cart"))
OUTSIDE = Entity.cidr("203.0.113.0/24")


def out(*addresses: str, settings: Settings | None = None, port: int = 443) -> list[str]:
    edges = [edge("shop/web", OUTSIDE, port, addresses=addresses)]
    return egress(policy(draft(edges, SHOP, settings), "shop/web"))


def test_egress_names_the_addresses_seen_and_no_other() -> None:
    assert out("203.0.113.9", "2001:db8::9") == ["203.0.113.9/32, 2001:db8::9/128 on TCP/443"]


def test_neighbouring_addresses_fall_into_one_exact_block() -> None:
    assert out("203.0.113.8", "203.0.113.9", "2001:db8::8", "2001:db8::9") == [
        "203.0.113.8/31, 2001:db8::8/127 on TCP/443",
    ]


def test_neighbours_on_different_ports_stay_apart() -> None:
    edges = [
        edge("shop/web", Entity.cidr("203.0.113.8/32"), 443, addresses=("203.0.113.8",)),
        edge("shop/web", Entity.cidr("203.0.113.9/32"), 80, addresses=("203.0.113.9",)),
    ]
    assert egress(policy(draft(edges, SHOP), "shop/web")) == [
        "203.0.113.8/32 on TCP/443",
        "203.0.113.9/32 on TCP/80",
    ]


def test_a_mapped_address_is_the_ipv4_one() -> None:
    assert out("::ffff:203.0.113.9") == ["203.0.113.9/32 on TCP/443"]


def test_a_cidr_without_addresses_stands_for_itself() -> None:
    assert out() == ["203.0.113.0/24 on TCP/443"]


def test_widening_stays_within_the_bound_and_says_how_much_it_adds() -> None:
    settings = Settings(widen_v4=24, widen_v6=120)
    edges = [
        edge("shop/web", OUTSIDE, 443, addresses=("203.0.113.1", "203.0.113.6", "203.0.114.1")),
    ]
    result = draft(edges, SHOP, settings)
    web = policy(result, "shop/web")
    assert egress(web) == ["203.0.113.0/29, 203.0.114.1/32 on TCP/443"]
    assert web.egress[0].marks == ("widened:+6",)
    (finding,) = findings(result, "widened")
    assert "6 addresses" in finding.message


def test_widening_is_for_egress_alone() -> None:
    edges = [edge(OUTSIDE, "shop/web", 443, addresses=("203.0.113.1", "203.0.113.6"))]
    result = draft(edges, SHOP, Settings(widen_v4=8))
    assert ingress(policy(result, "shop/web")) == ["203.0.113.1/32, 203.0.113.6/32 on TCP/443"]


def test_nodes_are_never_widened() -> None:
    edges = [edge("shop/web", Entity.node(), 10250, addresses=("10.0.0.1", "10.0.0.6"))]
    result = draft(edges, SHOP, Settings(widen_v4=8))
    assert egress(policy(result, "shop/web")) == ["10.0.0.1/32, 10.0.0.6/32 on TCP/10250"]


@pytest.mark.parametrize("every", ["0.0.0.0/0", "::/0"])
def test_ingress_from_the_world_is_open_to_its_family_and_flagged(every: str) -> None:
    result = draft([edge(Entity.cidr(every), "shop/web", 443, addresses=("203.0.113.1",))], SHOP)
    web = policy(result, "shop/web")
    assert ingress(web) == [f"{every} on TCP/443"]
    assert web.ingress[0].marks == ("world",)
    assert "world-ingress" in codes(result)
    assert "clients-by-address" not in codes(result)


def test_clients_outside_that_are_let_in_by_address_are_a_warning() -> None:
    seen = ("198.51.100.4", "203.0.113.1")
    edges = [edge(Entity.cidr(f"{ip}/32"), "shop/web", 443, addresses=(ip,)) for ip in seen]
    (finding,) = findings(draft(edges, SHOP), "clients-by-address")
    assert finding.message.startswith("2 addresses outside the cluster reached TCP/443")
    assert "--world-threshold" in finding.hint
    assert "clients-by-address" not in codes(draft([edge("shop/cart", "shop/web")], SHOP))


def test_single_addresses_on_a_port_that_is_open_to_the_world_are_not_named_again() -> None:
    edges = [
        edge(Entity.cidr("0.0.0.0/0"), "shop/web", 443),
        edge(Entity.cidr("10.9.9.9/32"), "shop/web", 443, addresses=("10.9.9.9",)),
        edge(Entity.cidr("10.9.9.9/32"), "shop/web", 8080, addresses=("10.9.9.9",)),
        edge(Entity.cidr("fd00::9/128"), "shop/web", 443, addresses=("fd00::9",)),
    ]
    web = policy(draft(edges, SHOP), "shop/web")
    assert ingress(web) == [
        "0.0.0.0/0, fd00::9/128 on TCP/443",
        "10.9.9.9/32 on TCP/8080",
    ]
    assert len(web.ingress[0].evidence) == 3


def test_egress_is_never_open_to_the_world() -> None:
    known = Entity.cidr("0.0.0.0/0")
    with_addresses = edge("shop/web", known, 443, addresses=("203.0.113.1",))
    assert egress(policy(draft([with_addresses], SHOP), "shop/web")) == [
        "203.0.113.1/32 on TCP/443",
    ]
    without = draft([edge("shop/web", known, 443)], SHOP)
    assert policy(without, "shop/web").egress == ()
    assert findings(without, "direction-staged")[0].where == "world-without-address"


def test_a_name_becomes_its_addresses_with_a_warning_that_they_change() -> None:
    server = Entity.dns_name("api.example.org")
    result = draft([edge("shop/web", server, 443, addresses=("203.0.113.1",))], SHOP)
    web = policy(result, "shop/web")
    assert egress(web) == ["203.0.113.1/32 on TCP/443"]
    assert web.egress[0].marks == ("fqdn",)
    assert "api.example.org" in findings(result, "fqdn-as-cidr")[0].message


def test_what_is_no_address_never_becomes_a_cidr() -> None:
    assert out("203.0.113.9", "0.0.0.0/0", "evil", "") == ["203.0.113.9/32 on TCP/443"]


@pytest.mark.parametrize(("v4", "v6"), [(0, 128), (33, 128), (32, 0), (32, 129)])
def test_a_bound_that_is_no_prefix_is_refused(v4: int, v6: int) -> None:
    with pytest.raises(UsageError):
        Settings(widen_v4=v4, widen_v6=v6)


ADDRESSES = st.lists(
    st.integers(0, 300).map(lambda n: ipaddress.ip_address(0xCB007100 + n))
    | st.integers(0, 300).map(lambda n: ipaddress.ip_address((0x20010DB8 << 96) + n)),
    min_size=1,
    max_size=40,
)


@given(ADDRESSES, st.integers(20, 32), st.integers(110, 128))
def test_a_cover_holds_every_address_once_within_the_bound(
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
    v4: int,
    v6: int,
) -> None:
    blocks = cover(addresses, v4, v6)
    assert sorted(map(str, set(addresses))) == sorted(str(a) for b in blocks for a in b.addresses)
    assert blocks == cover(reversed(addresses), v4, v6)
    floors = {4: v4, 6: v6}
    for block in blocks:
        assert block.addresses
        assert all(address in block.network for address in block.addresses)
        assert block.added == block.network.num_addresses - len(block.addresses)
        if block.added:
            assert block.network.prefixlen >= floors[block.network.version]
    if (v4, v6) == (32, 128):
        assert not any(block.added for block in blocks)
