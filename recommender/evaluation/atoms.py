"""Atoms: the finest pieces of ports and addresses that any policy tells apart.

A set of ports is then a bit mask over the port atoms, and a CIDR a run of address atoms.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS, PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from recommender.model.addresses import Address, IPSet

_LAST: Final = {4: 2**32 - 1, 6: 2**128 - 1}
_V4: Final = 4
_V6: Final = 6


class PortAtoms:
    """The port axis: per protocol the intervals that no policy cuts further.

    Args:
        ranges: Every (protocol, low, high) that a policy or a named port speaks of.
    """

    def __init__(self, ranges: Iterable[tuple[str, int, int]]) -> None:
        cuts: dict[str, set[int]] = {name: {MIN_PORT} for name in PROTOCOLS}
        for protocol, low, high in ranges:
            cuts[protocol] |= {low, high + 1}
        self._starts = {
            name: sorted(cut for cut in found if cut <= MAX_PORT) for name, found in cuts.items()
        }
        self._offsets: dict[str, int] = {}
        self._atoms: list[tuple[str, int, int]] = []
        for name in PROTOCOLS:
            self._offsets[name] = len(self._atoms)
            starts = self._starts[name]
            ends = [start - 1 for start in starts[1:]] + [MAX_PORT]
            self._atoms.extend((name, *pair) for pair in zip(starts, ends, strict=True))
        #: The mask of every port of every protocol.
        self.full = (1 << len(self._atoms)) - 1

    def mask(self, protocol: str, low: int, high: int) -> int:
        """The mask of a range whose bounds were given at the start."""
        starts, offset = self._starts[protocol], self._offsets[protocol]
        first, last = bisect_left(starts, low), bisect_right(starts, high)
        return ((1 << (last - first)) - 1) << (offset + first)

    def whole(self, protocol: str) -> int:
        """The mask of every port of one protocol."""
        return self.mask(protocol, MIN_PORT, MAX_PORT)

    def bit(self, protocol: str, port: int) -> int:
        """The mask of the atom that holds one port."""
        index = bisect_right(self._starts[protocol], port) - 1
        return 1 << (self._offsets[protocol] + index)

    def ports(self, mask: int) -> PortSet:
        """The set of ports of a mask."""
        intervals: dict[str, list[tuple[int, int]]] = {name: [] for name in PROTOCOLS}
        while mask:
            bit = mask & -mask
            mask ^= bit
            name, low, high = self._atoms[bit.bit_length() - 1]
            known = intervals[name]
            if known and known[-1][1] + 1 == low:
                known[-1] = (known[-1][0], high)
            else:
                known.append((low, high))
        return PortSet(tuple(tuple(intervals[name]) for name in PROTOCOLS))


class AddressAtoms:
    """The address axis: runs of addresses that no policy cuts further, IPv4 then IPv6.

    Args:
        sets: Every set of addresses that a policy or the inventory speaks of.
    """

    def __init__(self, sets: Iterable[IPSet]) -> None:
        cuts: dict[int, set[int]] = {_V4: {0}, _V6: {0}}
        for addresses in sets:
            for family, ranges in ((_V4, addresses.v4), (_V6, addresses.v6)):
                for low, high in ranges:
                    cuts[family] |= {low, high + 1}
        self._starts = {
            family: sorted(cut for cut in found if cut <= _LAST[family])
            for family, found in cuts.items()
        }
        self.v4_count = len(self._starts[_V4])
        #: How many atoms there are; the number after the last stands for "address unknown".
        self.count = self.v4_count + len(self._starts[_V6])
        self.unknown = self.count

    def of(self, address: Address) -> int:
        """The atom that holds one address."""
        offset = 0 if address.version == _V4 else self.v4_count
        return offset + bisect_right(self._starts[address.version], int(address)) - 1

    def members(self, addresses: IPSet) -> NDArray[np.bool_]:
        """Which atoms lie in a set, by atom, with "unknown" last.

        An address that is not known counts as inside only where the set is all of a family.
        """
        found = np.zeros(self.count + 1, dtype=bool)
        for family, ranges, offset in (
            (_V4, addresses.v4, 0),
            (_V6, addresses.v6, self.v4_count),
        ):
            starts = self._starts[family]
            for low, high in ranges:
                found[offset + bisect_left(starts, low) : offset + bisect_right(starts, high)] = (
                    True
                )
                if (low, high) == (0, _LAST[family]):
                    found[self.unknown] = True
        return found

    def bounds(self, first: int, last: int) -> tuple[Address, Address]:
        """First and last address of a run of atoms of one family."""
        if first < self.v4_count:
            starts, offset, family = self._starts[_V4], 0, _V4
        else:
            starts, offset, family = self._starts[_V6], self.v4_count, _V6
        low = starts[first - offset]
        end = last - offset + 1
        high = starts[end] - 1 if end < len(starts) else _LAST[family]
        if family == _V4:
            return ipaddress.IPv4Address(low), ipaddress.IPv4Address(high)
        return ipaddress.IPv6Address(low), ipaddress.IPv6Address(high)


@dataclass(slots=True)
class PortTable:
    """Distinct sets of ports by a small number, so that equal sets compare as equal numbers.

    Attributes:
        atoms: The axis that the masks are over.
        masks: The mask of each number; 0 is the empty set and 1 the full one.
    """

    atoms: PortAtoms
    masks: list[int] = field(init=False)
    _ids: dict[int, int] = field(init=False)
    _ports: dict[int, PortSet] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Number the empty and the full set."""
        self.masks = [0, self.atoms.full]
        self._ids = {0: 0, self.atoms.full: 1}

    def id(self, mask: int) -> int:
        """The number of a mask, a new one where it was not seen before."""
        known = self._ids.setdefault(mask, len(self.masks))
        if known == len(self.masks):
            self.masks.append(mask)
        return known

    def ports(self, number: int) -> PortSet:
        """The set of ports of a number."""
        if number not in self._ports:
            self._ports[number] = self.atoms.ports(self.masks[number])
        return self._ports[number]

    def combine(
        self, left: NDArray[np.int32], right: NDArray[np.int32], *, union: bool = False
    ) -> NDArray[np.int32]:
        """Element by element the number of the intersection (or union) of two arrays of numbers.

        Only the distinct pairs are computed.
        """
        size = len(self.masks)
        codes = left.astype(np.int64) * size + right
        pairs, inverse = _distinct(codes, size * size)
        masks = self.masks
        if union:
            found = [self.id(masks[code // size] | masks[code % size]) for code in pairs]
        else:
            found = [self.id(masks[code // size] & masks[code % size]) for code in pairs]
        return np.asarray(found, dtype=np.int32)[inverse]


#: Most distinct codes for which a look-up table is cheaper than sorting.
_TABLE_LIMIT: Final = 1 << 24


def _distinct(codes: NDArray[np.int64], limit: int) -> tuple[list[int], NDArray[np.intp]]:
    """Distinct codes and, for each element, the place of its code among them."""
    if limit > _TABLE_LIMIT or limit > 64 * codes.size:  # a table larger than the data wastes
        found, inverse = np.unique(codes, return_inverse=True)
        return found.tolist(), inverse.reshape(codes.shape)
    table = np.zeros(limit, dtype=np.int32)
    table[codes] = 1
    present = np.flatnonzero(table)
    table[present] = np.arange(len(present), dtype=np.int32)
    return present.tolist(), table[codes].astype(np.intp)
