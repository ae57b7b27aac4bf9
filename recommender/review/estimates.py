"""How much a window of time has missed, from what it saw only once or twice.

Edges are the species and days (or hours) the sampling units of an incidence survey. What was seen
in one unit alone tells how much was seen in none (Good, Biometrika 1953); the corrected coverage
and its extrapolation are those of Chao and Jost (Ecology 2012), the number of unseen edges and its
interval those of Chao (Biometrics 1987). Units are taken to be alike: what comes by the calendar is
for :mod:`recommender.review.calendar`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from recommender.model.distributions import gamma_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How sure a bound is: in so many windows of a hundred the truth is not below it.
CONFIDENCE: Final = 0.90
#: Units below which nothing is estimated: with fewer the estimate is off by factors.
FEWEST_UNITS: Final = 3


@dataclass(frozen=True, slots=True)
class Incidence:
    """What a survey of edges over units of time comes to.

    Attributes:
        units: Units of time in the window in which anything was recorded.
        seen: Edges seen.
        once: Edges seen in one unit alone.
        twice: Edges seen in two units.
        total: Sum over the edges of the units that each was seen in.
    """

    units: int
    seen: int = 0
    once: int = 0
    twice: int = 0
    total: int = 0

    @classmethod
    def of(cls, counts: Iterable[int], units: int) -> Incidence:
        """The survey of edges, each with the number of units that it was seen in."""
        found = [count for count in counts if count > 0]
        return cls(units, len(found), found.count(1), found.count(2), sum(found))

    @property
    def enough(self) -> bool:
        """Whether anything can be estimated."""
        return self.units >= FEWEST_UNITS and self.total > 0

    @property
    def unseen(self) -> float:
        """Edges that exist and were not seen: Chao2, a lower bound."""
        if self.units < 1:
            return 0.0
        return self._spread * self._pairs

    @property
    def coverage(self) -> float:
        """The chance that an edge active in a unit to come is one of those seen."""
        return self.after(0)

    @property
    def least(self) -> float:
        """What the coverage is not below, with :data:`CONFIDENCE`.

        The estimate ``once / total`` has the variance ``(once + 2 twice) / total²`` (Esty, Annals
        of Statistics 1983). The limit is that of a gamma distribution with this mean and variance,
        each with one unseen edge more, so that a window that saw nothing just once is not called
        complete.
        """
        if not self.total:
            return 0.0
        mean, variance = self.once + 1.0, self.once + 2.0 * self.twice + 1.0
        return max(0.0, 1.0 - gamma_quantile(mean, variance, CONFIDENCE) / self.total)

    @property
    def expected_new(self) -> float:
        """New edges that the next unit is expected to show."""
        return (1.0 - self.coverage) * self.total / self.units if self.units else 0.0

    def after(self, more: float) -> float:
        """The coverage when the window is so many units longer."""
        if not self.total:
            return 0.0
        return 1.0 - self.once / self.total * math.pow(self._decay, more + 1.0)

    def more_units(self, target: float) -> int | None:
        """Units to add until the coverage is so high; None where that cannot be told."""
        lacking = self.once / self.total if self.total else 1.0
        if not self.enough or lacking * self._decay <= 1.0 - target:
            return 0 if self.enough else None
        if not 0.0 < self._decay < 1.0 or target >= 1.0:
            return None
        return math.ceil(math.log((1.0 - target) / lacking) / math.log(self._decay) - 1.0)

    def unseen_interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Between which numbers the unseen edges lie: Chao's log-normal interval."""
        z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
        unseen = self.unseen
        if unseen <= 0.0:
            return 0.0, self._unseen_at_most(z)
        factor = math.exp(z * math.sqrt(math.log1p(self._variance / unseen**2)))
        return unseen / factor, unseen * factor

    @property
    def _spread(self) -> float:
        return (self.units - 1) / self.units

    @property
    def _pairs(self) -> float:
        if self.twice:
            return float(self.once**2) / (2.0 * self.twice)
        return self.once * (self.once - 1) / 2.0

    @property
    def _decay(self) -> float:
        """By what each further unit shrinks the part that is missing."""
        if not self.once or not self.units:
            return 0.0
        scaled = self.units * self.unseen
        return scaled / (scaled + self.once)

    @property
    def _variance(self) -> float:
        k, once = self._spread, float(self.once)
        if self.twice:
            ratio = once / self.twice
            return self.twice * (k / 2.0 * ratio**2 + k**2 * ratio**3 + k**2 / 4.0 * ratio**4)
        spread = k * once * (once - 1.0) / 2.0 + k**2 * once * (2.0 * once - 1.0) ** 2 / 4.0
        return max(0.0, spread - k**2 * once**4 / (4.0 * (self.seen + self.unseen)))

    def _unseen_at_most(self, z: float) -> float:
        """The upper end where nothing points to unseen edges."""
        if not self.seen:
            return 0.0
        missing = math.exp(-self.total / self.seen)
        if missing >= 1.0:
            return float(self.seen)
        spread = math.sqrt(self.seen * missing * (1.0 - missing))
        return max(0.0, (self.seen * missing + z * spread) / (1.0 - missing))
