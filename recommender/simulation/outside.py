"""Addresses outside the cluster, out of the ranges that are set aside for documentation."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from recommender.simulation.graph import TargetKind

if TYPE_CHECKING:
    from recommender.simulation.dice import Dice
    from recommender.simulation.graph import Target

_IN_CIDR: Final = 6
_CLIENTS: Final = 150
_PAIR: Final = 2


def cidr_label(network: str) -> str:
    """A network as Cilium writes it into the value of a label."""
    # A label value cannot hold a colon, nor begin or end with a dash.
    if ":" not in network:
        return network
    address, _, length = network.partition("/")
    dashed = address.replace(":", "-")
    dashed = f"0{dashed}" if dashed.startswith("-") else dashed
    dashed = f"{dashed}0" if dashed.endswith("-") else dashed
    return f"{dashed}/{length}"


@lru_cache(maxsize=1024)
def network_of(cidr: str, family: str) -> str:
    """The network that pods of an address family reach a CIDR at, in canonical form.

    A cluster without IPv4 reaches IPv4 networks through NAT64 (RFC 6052).
    """
    network = ip_network(cidr)
    if isinstance(network, IPv4Network) and family == "IPv6":
        base = int(IPv6Address("64:ff9b::")) + int(network.network_address)
        return str(IPv6Network((base, 96 + network.prefixlen)))
    return str(network)


def address_pool(target: Target, family: str, dice: Dice) -> list[str]:
    """The addresses that stand for a target outside the cluster."""
    four = family == "IPv4"
    version: type[IPv4Address | IPv6Address] = IPv4Address if four else IPv6Address
    if target.kind is TargetKind.CIDR:
        network = ip_network(network_of(target.name, family))
        size = network.num_addresses
        # The first and last addresses of a network are not for hosts.
        first = int(network.network_address) + (1 if size > _PAIR else 0)
        span = max(1, min(size, 1 << 16) - 2)
        count = min(_IN_CIDR, span)
        return _addresses(version, {first + dice.below(span) for _ in range(count)})
    if target.kind is TargetKind.FQDN:
        count = dice.between(2, 4)
        base = 0xCB007100 if four else 0x20010DB800CB << 80
        return _addresses(version, {base + dice.between(1, 254) for _ in range(count)})
    base = 0xC6336400 if four else 0x20010DB800C6 << 80
    return _addresses(version, {base + dice.between(1, 254) for _ in range(_CLIENTS)})


def _addresses(version: type[IPv4Address | IPv6Address], numbers: set[int]) -> list[str]:
    return [str(version(number)) for number in sorted(numbers)]
