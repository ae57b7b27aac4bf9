"""Addresses outside the cluster as CIDRs: the exact cover first, wider only within a bound."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import IPSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recommender.model.addresses import Address, Network

_BITS: Final = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Block:
    """One CIDR of a cover.

    Attributes:
        network: The CIDR.
        addresses: The seen addresses in it, sorted.
    """

    network: Network
    addresses: tuple[Address, ...]

    @property
    def added(self) -> int:
        """How many addresses the CIDR holds that were never seen."""
        return self.network.num_addresses - len(self.addresses)


def cover(addresses: Iterable[Address], v4: int = 32, v6: int = 128) -> tuple[Block, ...]:
    """CIDRs that hold all of these addresses, IPv4 first, in order.

    Addresses that share a prefix of the allowed length are put into the smallest CIDR that holds
    them; a lone address stays alone. With 32 and 128 the cover is exact and the fewest possible.

    Args:
        addresses: What was seen.
        v4: Shortest prefix for IPv4.
        v6: Shortest prefix for IPv6.
    """
    shortest = {4: v4, 6: v6}
    buckets: defaultdict[tuple[int, int], list[Address]] = defaultdict(list)
    for address in set(addresses):
        shift = _BITS[address.version] - shortest[address.version]
        buckets[address.version, int(address) >> shift].append(address)
    widened = (_smallest(sorted(bucket, key=int)) for bucket in buckets.values())
    blocks = _filled(
        IPSet.of(*widened).networks(),
        [address for bucket in buckets.values() for address in bucket],
    )
    return tuple(part for block in blocks for part in _within(block, shortest))


def _smallest(addresses: Sequence[Address]) -> Network:
    first, last = addresses[0], addresses[-1]
    prefix = _BITS[first.version] - (int(first) ^ int(last)).bit_length()
    return ipaddress.ip_network(f"{first}/{prefix}", strict=False)


def _within(block: Block, shortest: Mapping[int, int]) -> tuple[Block, ...]:
    """Undo the joining of widened neighbours where it went past the bound."""
    bound = shortest[block.network.version]
    if not block.added or block.network.prefixlen >= bound:
        return (block,)
    return _filled(tuple(block.network.subnets(new_prefix=bound)), list(block.addresses))


def _filled(networks: Sequence[Network], addresses: list[Address]) -> tuple[Block, ...]:
    """Sort the addresses into the networks: both are ordered, so one pass does."""
    ordered = sorted(addresses, key=lambda address: (address.version, int(address)))
    blocks: list[Block] = []
    at = 0
    for network in networks:
        start = at
        while at < len(ordered) and ordered[at] in network:
            at += 1
        blocks.append(Block(network, tuple(ordered[start:at])))
    return tuple(blocks)
