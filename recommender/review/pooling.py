"""What a workload's own few edges and those of all workloads tell together.

A workload with three edges, each seen on every day of a week, proves little by itself and much
beside a hundred others like it. So the part that was missed of each side of a workload gets a
beta distribution of its own: the cluster's upper limit as its mean before anything of the workload
is known, weighing as many edge-days as make what the workloads show likeliest, and then the
workload's own evidence (an empirical Bayes estimate).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma
from typing import TYPE_CHECKING, Final

from recommender.model.distributions import beta_quantile
from recommender.review.estimates import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.review.estimates import Incidence

#: Weights that are tried, in edge-days. A small one lets every workload speak for itself; above the
#: last the pool would silence the workloads that are unlike the others.
_WEIGHTS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_MOST_MISSED: Final = 0.99


@dataclass(frozen=True, slots=True)
class Pool:
    """What is known of a workload's side before it is looked at.

    Attributes:
        missed: The mean of the part that was missed.
        weight: How many edge-days of its own evidence weigh as much.
    """

    missed: float
    weight: float

    @classmethod
    def of(cls, cluster: Incidence, sides: Sequence[Incidence]) -> Pool:
        """The pool of a cluster: its upper limit, and the likeliest of the weights."""
        missed = min(_MOST_MISSED, 1.0 - cluster.least)
        known = sorted({(side.once, side.total) for side in sides if side.total})
        times = dict.fromkeys(known, 0)
        for side in sides:
            if side.total:
                times[side.once, side.total] += 1

        def likelihood(weight: float) -> float:
            return sum(
                count * _log_likelihood(once, total, missed, weight)
                for (once, total), count in times.items()
            )

        return cls(missed, max(_WEIGHTS, key=likelihood))

    def least(self, side: Incidence, confidence: float = CONFIDENCE) -> float:
        """What the coverage of a workload's side is not below, so often."""
        once = self.weight * self.missed + side.once
        often = self.weight * (1.0 - self.missed) + side.total - side.once
        return 1.0 - beta_quantile(once, often, confidence)


def _log_likelihood(once: int, total: int, missed: float, weight: float) -> float:
    """How likely so many singletons are, but for a constant (beta-binomial)."""
    a, b = weight * missed, weight * (1.0 - missed)
    return _log_beta(once + a, total - once + b) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
