"""Address sets behave like sets of addresses; the two families never mix."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.addresses import (
    IPSet,
    exact_cover,
    host_network,
    parse_address,
    parse_network,
)
from recommender.model.errors import ModelError

if TYPE_CHECKING:
    from recommender.model.addresses import Network

# Sixteen neighbours in each family: small enough to list, and CIDRs of them nest and touch.
BASE4, BASE6 = ipaddress.IPv4Address("10.0.0.16"), ipaddress.IPv6Address("2001:db8::10")
UNIVERSE = frozenset(str(base + n) for base in (BASE4, BASE6) for n in range(16))


def cidr(family: int, prefix_bits: int, block: int) -> str:
    """A block of 2**prefix_bits addresses of the universe."""
    base, bits = (BASE4, 32) if family == 4 else (BASE6, 128)
    return f"{base + (block << prefix_bits) % 16}/{bits - prefix_bits}"


cidrs = st.builds(cidr, st.sampled_from([4, 6]), st.integers(0, 4), st.integers(0, 15))
ip_sets = st.lists(cidrs, max_size=5).map(lambda items: IPSet.of(*items))


def members(addresses: IPSet) -> set[str]:
    return {address for address in UNIVERSE if address in addresses}


def count(networks: tuple[Network, ...]) -> int:
    return sum(network.num_addresses for network in networks)


@given(ip_sets, ip_sets)
def test_operators_are_those_of_sets(a: IPSet, b: IPSet) -> None:
    assert members(a | b) == members(a) | members(b)
    assert members(a & b) == members(a) & members(b)
    assert members(a - b) == members(a) - members(b)
    assert (a <= b) == (members(a) <= members(b))
    assert (a == b) == (members(a) == members(b))
    assert bool(a) == bool(members(a))
    assert a.size == len(members(a))


@given(ip_sets)
def test_networks_are_an_exact_cover_that_reads_back(a: IPSet) -> None:
    networks = a.networks()
    assert IPSet.of(*networks) == a
    assert count(networks) == a.size
    assert list(networks) == sorted(networks, key=lambda n: (n.version, n.network_address))


@given(ip_sets)
def test_networks_are_the_fewest(a: IPSet) -> None:
    # Two CIDRs of a cover could be one exactly when they are the halves of a larger CIDR.
    networks = set(a.networks())
    for network in networks:
        parent = network.supernet()
        halves = set(parent.subnets())
        assert not halves <= networks


@given(st.lists(st.sampled_from(sorted(UNIVERSE)), max_size=20))
def test_an_exact_cover_holds_the_addresses_and_no_other(addresses: list[str]) -> None:
    cover = exact_cover(addresses)
    assert members(IPSet.of(*cover)) == set(addresses)
    assert count(cover) == len(set(addresses))
    assert cover == exact_cover(reversed(addresses))


def test_a_block_of_one_family_never_holds_the_other() -> None:
    assert "::1" not in IPSet.of("0.0.0.0/0")
    assert "10.0.0.1" not in IPSet.of("::/0")
    assert IPSet.every(v6=False) == IPSet.of("0.0.0.0/0")
    assert IPSet.every(v4=False) == IPSet.of("::/0")
    assert IPSet.every() == IPSet.of("::/0", "0.0.0.0/0")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("010.001.0.0/16", "10.1.0.0/16"),
        ("100.20.0.0/16", "100.20.0.0/16"),
        ("10.0.0.0/08", "10.0.0.0/8"),
        ("2001:DB8:0:0::1/32", "2001:db8::/32"),
        ("::1", "::1/128"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::/0", "::/0"),
    ],
)
def test_a_cidr_is_read_in_canonical_form(text: str, canonical: str) -> None:
    assert str(parse_network(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/0.0.0.255",
        "10.0.0/8",
        "256.0.0.1",
        "::/129",
        "fe80::1%eth0",
        "fe80::%eth0/64",
        " 10.0.0.1",
        "10.0.0.1\n",
        "\u0661.0.0.0/8",
        "example.com",
    ],
)
def test_what_is_no_cidr_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="not a CIDR"):
        parse_network(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
    ],
)
def test_an_address_is_read_in_canonical_form(text: str, canonical: str) -> None:
    assert str(parse_address(text)) == canonical


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.1/32", "localhost", "fe80::1%eth0"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="not an IP address"):
        parse_address(text)


@given(st.ip_addresses())
def test_a_host_network_holds_one_address(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    network = host_network(str(address))
    assert network.num_addresses == 1
    assert str(address) in IPSet.of(network)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_the_address(address: ipaddress.IPv4Address) -> None:
    assert f"::ffff:{address}" in IPSet.of(str(address))
    assert ipaddress.ip_address(f"::ffff:{address}") in IPSet.of(str(address))
