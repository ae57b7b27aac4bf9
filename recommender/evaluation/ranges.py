"""Outside addresses as ranges: what a workload may exchange with them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from recommender.evaluation.engine import Engine
    from recommender.model.addresses import Address
    from recommender.model.policies import Direction


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Outside addresses from the first to the last, of one family."""

    low: Address
    high: Address

    @property
    def order(self) -> tuple[int, int, int]:
        """Sort key: IPv4 first, then by address."""
        return (self.low.version, int(self.low), int(self.high))

    def __str__(self) -> str:
        """The range as ``10.0.0.0-10.0.0.255``."""
        return f"{self.low}-{self.high}"


def outside_rows(
    engines: tuple[Engine, ...],
    direction: Direction,
    classes: tuple[tuple[int, ...], ...],
    *,
    ipv6: bool,
) -> tuple[tuple[AddressRange, int, int], ...]:
    """Ranges with the ports allowed in every world, and in some world, as numbers.

    Args:
        engines: One for each world.
        direction: Egress for what the subjects may send, ingress for what they may receive.
        classes: The classes of the subject in each world.
        ipv6: Whether IPv6 ranges are wanted.
    """
    table = engines[0].axes.table
    axis = engines[0].axes.addresses
    certain: NDArray[np.int32] | None = None
    possible: NDArray[np.int32] | None = None
    for engine, own in zip(engines, classes, strict=True):
        numbers = _row(engine, direction, own)
        certain = numbers if certain is None else table.combine(certain, numbers)
        possible = numbers if possible is None else table.combine(possible, numbers, union=True)
    assert certain is not None  # noqa: S101 - there is always a world
    assert possible is not None  # noqa: S101 - there is always a world
    count = axis.count if ipv6 else axis.v4_count
    found = []
    for first, last in _runs(certain[:count], possible[:count], axis.v4_count):
        if possible[first]:
            addresses = AddressRange(*axis.bounds(first, last))
            found.append((addresses, int(certain[first]), int(possible[first])))
    return tuple(found)


def _row(engine: Engine, direction: Direction, own: tuple[int, ...]) -> NDArray[np.int32]:
    """What any of the classes may exchange with each atom of addresses."""
    start = engine.points.outside
    atoms = engine.classes[start : start + engine.axes.addresses.count]
    found: NDArray[np.int32] | None = None
    for place in own:
        row = engine.side(direction, np.array([place], dtype=np.int32), atoms)
        table = engine.axes.table
        found = row if found is None else table.combine(found, row, union=True)
    return np.zeros(len(atoms), dtype=np.int32) if found is None else found


def _runs(
    certain: NDArray[np.int32],
    possible: NDArray[np.int32],
    v4_count: int,
) -> list[tuple[int, int]]:
    """First and last atom of each run of equal numbers; the families stay apart."""
    change = np.flatnonzero((np.diff(certain) != 0) | (np.diff(possible) != 0)) + 1
    cuts = {0, len(certain), *change.tolist()}
    if v4_count < len(certain):
        cuts.add(v4_count)
    starts = sorted(cuts)
    return [(first, after - 1) for first, after in itertools.pairwise(starts)]
