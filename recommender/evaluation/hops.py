"""What can be reached in one, two or any number of steps, on rows of bits."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Reachable:
    """Who can be reached from whom in a directed graph.

    Args:
        direct: Square matrix: whether the row's node leads straight to the column's.
    """

    def __init__(self, direct: NDArray[np.bool_]) -> None:
        self.direct = direct

    @cached_property
    def within_two(self) -> NDArray[np.bool_]:
        """Reached in one step or two."""
        bits = np.packbits(self.direct, axis=1)
        found = bits.copy()
        for node, steps in enumerate(self.direct):
            found[node] |= np.bitwise_or.reduce(bits[steps], axis=0)
        return self._unpacked(found)

    @cached_property
    def at_all(self) -> NDArray[np.bool_]:
        """Reached in any number of steps, at least one (Warshall's algorithm)."""
        bits = np.packbits(self.direct, axis=1)
        for node in range(len(bits)):
            leads_here = (bits[:, node >> 3] >> (7 - (node & 7))) & 1
            bits[leads_here.astype(np.bool_)] |= bits[node]
        return self._unpacked(bits)

    def _unpacked(self, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return np.unpackbits(bits, axis=1, count=len(self.direct)).astype(np.bool_)
