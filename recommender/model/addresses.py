"""Sets of IPv4 and IPv6 addresses, as unions of closed intervals."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError
from recommender.model.ports import Interval, intersect, merge, subtract

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_LEADING_ZEROS: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")
_CIDR: Final = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,9})?")
_LAST: Final = {4: 2**32 - 1, 6: 2**128 - 1}


def parse_address(text: str) -> Address:
    """One address in canonical form; an IPv4-mapped IPv6 address becomes the IPv4 one.

    Raises:
        ModelError: The text is not an address.
    """
    try:
        # A zone names an interface of one machine: it is no part of an address in a log.
        address = ipaddress.ip_address("" if "%" in text else text)
    except ValueError:
        message = f"not an IP address: {text!r}"
        raise ModelError(message) from None
    return _unmapped(address)


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def parse_network(text: str) -> Network:
    """One CIDR in canonical form, or one address as the CIDR that holds it alone.

    Read as the API server reads old objects: host bits are masked, leading zeros of IPv4
    numbers mean nothing, and a netmask or a zone is no part of a CIDR.

    Raises:
        ModelError: The text is neither a CIDR nor an address.
    """
    shape = _CIDR.fullmatch(text)
    plain = text if ":" in text else _LEADING_ZEROS.sub("", text)
    try:
        network = ipaddress.ip_network(plain if shape else "", strict=False)
    except ValueError:
        message = f"not a CIDR: {text!r}"
        raise ModelError(message) from None
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        inner = int(network.network_address) & _LAST[4]
        return ipaddress.IPv4Network((inner, network.prefixlen - _MAPPED.prefixlen))
    return network


def host_network(text: str) -> Network:
    """The CIDR that holds one address and no other: /32 for IPv4, /128 for IPv6."""
    return ipaddress.ip_network(parse_address(text))


@dataclass(frozen=True, slots=True)
class IPSet:
    """A set of addresses; the two families never mix.

    Attributes:
        v4: Canonical intervals of IPv4 addresses as integers.
        v6: Canonical intervals of IPv6 addresses as integers.
    """

    v4: tuple[Interval, ...] = ()
    v6: tuple[Interval, ...] = ()

    @classmethod
    def of(cls, *networks: str | Network | Address) -> IPSet:
        """The union of CIDRs and single addresses."""
        v4: list[Interval] = []
        v6: list[Interval] = []
        for item in networks:
            network = parse_network(item) if isinstance(item, str) else ipaddress.ip_network(item)
            low, high = int(network.network_address), int(network.broadcast_address)
            (v4 if network.version == 4 else v6).append((low, high))  # noqa: PLR2004 - IP family
        return cls(merge(v4), merge(v6))

    @classmethod
    def every(cls, *, v4: bool = True, v6: bool = True) -> IPSet:
        """All addresses of the wanted families."""
        return cls(((0, _LAST[4]),) if v4 else (), ((0, _LAST[6]),) if v6 else ())

    def __or__(self, other: IPSet) -> IPSet:
        """Union."""
        return IPSet(merge((*self.v4, *other.v4)), merge((*self.v6, *other.v6)))

    def __and__(self, other: IPSet) -> IPSet:
        """Intersection."""
        return IPSet(intersect(self.v4, other.v4), intersect(self.v6, other.v6))

    def __sub__(self, other: IPSet) -> IPSet:
        """Difference."""
        return IPSet(subtract(self.v4, other.v4), subtract(self.v6, other.v6))

    def __le__(self, other: IPSet) -> bool:
        """Whether every address of this set is in the other."""
        return not self - other

    def __bool__(self) -> bool:
        """Whether the set holds anything."""
        return bool(self.v4 or self.v6)

    def __contains__(self, address: Address | str) -> bool:
        """Whether one address is in the set."""
        parsed = parse_address(address) if isinstance(address, str) else _unmapped(address)
        ranges = self.v4 if parsed.version == 4 else self.v6  # noqa: PLR2004 - IP family
        return any(low <= int(parsed) <= high for low, high in ranges)

    @property
    def size(self) -> int:
        """How many addresses the set holds."""
        return sum(high - low + 1 for low, high in (*self.v4, *self.v6))

    def networks(self) -> tuple[Network, ...]:
        """The fewest CIDRs that are together this set, IPv4 first, in order."""
        found: list[Network] = []
        for low, high in self.v4:
            first, last = ipaddress.IPv4Address(low), ipaddress.IPv4Address(high)
            found.extend(ipaddress.summarize_address_range(first, last))
        for low, high in self.v6:
            first6, last6 = ipaddress.IPv6Address(low), ipaddress.IPv6Address(high)
            found.extend(ipaddress.summarize_address_range(first6, last6))
        return tuple(found)


def exact_cover(addresses: Iterable[str]) -> tuple[Network, ...]:
    """The fewest CIDRs that hold these addresses and no other."""
    return IPSet.of(*(host_network(address) for address in addresses)).networks()
