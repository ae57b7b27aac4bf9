"""Outside addresses as ranges: what a workload may exchange with them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    axis = engines[0].axes.addresses
    count = axis.count if ipv6 else axis.v4_count
    certain, possible = (row[:count] for row in outside_numbers(engines, direction, classes))
    return tuple(
        (AddressRange(*axis.bounds(first, last)), int(certain[first]), int(possible[first]))
        for first, last in runs([certain, possible], axis.v4_count)
        if possible[first]
    )


def outside_numbers(
    engines: tuple[Engine, ...],
    direction: Direction,
    classes: tuple[tuple[int, ...], ...],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """By address atom the numbers of the ports allowed in every world, and in some world."""
    table = engines[0].axes.table
    rows = [_row(engine, direction, own) for engine, own in zip(engines, classes, strict=True)]
    certain = possible = rows[0]
    for row in rows[1:]:
        certain = table.combine(certain, row)
        possible = table.combine(possible, row, union=True)
    return certain, possible


def runs(rows: Sequence[NDArray[np.int32]], v4_count: int) -> list[tuple[int, int]]:
    """First and last place of each run over which no row changes; the families stay apart."""
    cuts = {0, len(rows[0])}
    for row in rows:
        cuts.update((np.flatnonzero(np.diff(row)) + 1).tolist())
    if v4_count < len(rows[0]):
        cuts.add(v4_count)
    return [(first, after - 1) for first, after in pairwise(sorted(cuts))]


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
