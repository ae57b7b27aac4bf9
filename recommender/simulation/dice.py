"""Random choices that come out the same under every Python release and on every machine.

Only `random.Random.random` and `getrandbits` have outputs that Python keeps stable; `choice`,
`shuffle` and the distributions may change, and logarithms differ between C libraries in the last
bit. Everything here is built on the two stable ones with plain arithmetic.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

#: The letters Kubernetes puts into generated names: no vowels, no 0, 1 and 3.
NAME_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


class Dice:
    """A stream of random choices that belongs to one seed.

    Args:
        seed: Number of the run.
        purpose: What the stream is for; streams of different purpose are independent, so that
            a new use of chance in one place moves nothing elsewhere.
    """

    __slots__ = ("bits", "unit")

    def __init__(self, seed: int, purpose: str) -> None:
        source = random.Random(f"{seed}/{purpose}")  # noqa: S311 - made to be repeatable
        #: A number in [0, 1).
        self.unit = source.random
        #: An integer of so many random bits.
        self.bits = source.getrandbits

    def below(self, limit: int) -> int:
        """An integer in [0, limit)."""
        return int(self.unit() * limit)

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + int(self.unit() * (high - low + 1))

    def pick(self, values: Sequence[T]) -> T:
        """One of the values, each as likely as the others."""
        return values[int(self.unit() * len(values))]

    def chance(self, share: float) -> bool:
        """True in that share of the calls."""
        return self.unit() < share

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in a random order."""
        out = list(values)
        for last in range(len(out) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            out[last], out[other] = out[other], out[last]
        return out

    def some(self, values: Sequence[T], many: int) -> list[T]:
        """So many different values in a random order; all of them where there are no more."""
        taken: dict[int, None] = {}
        wanted = min(many, len(values))
        while len(taken) < wanted:
            taken[int(self.unit() * len(values))] = None
        return [values[place] for place in taken]

    def letters(self, length: int) -> str:
        """A random ending as Kubernetes gives it to generated names."""
        return "".join(NAME_LETTERS[int(self.unit() * 27)] for _ in range(length))

    def hexadecimal(self, digits: int) -> str:
        """So many random hexadecimal digits."""
        return f"{self.bits(4 * digits):0{digits}x}"

    def mac(self) -> str:
        """A locally administered unicast MAC address."""
        first = (self.bits(8) & 0xFC) | 0x02
        return ":".join([f"{first:02x}", *(f"{self.bits(8):02x}" for _ in range(5))])
