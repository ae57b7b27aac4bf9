"""Logarithms of the numbers of ways to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from recommender.segments.traffic import Floats, Ints

_LN2 = float(np.log(2.0))


def ln_choose(n: Ints | Floats, k: Ints | Floats) -> Floats:
    """Natural logarithms of binomial coefficients; 0 where there is nothing to choose."""
    high = np.maximum(n, 0)
    low = np.clip(k, 0, high)
    out: Floats = gammaln(high + 1) - gammaln(low + 1) - gammaln(high - low + 1)
    return out


def log2_choose(n: float, k: float) -> float:
    """Logarithm to base 2 of a binomial coefficient; 0 where there is nothing to choose."""
    if k <= 0 or k >= n:
        return 0.0
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) / _LN2


def times_log(counts: Ints | Floats) -> Floats:
    """Each count times its logarithm to base 2; 0 for 0."""
    values = np.asarray(counts, dtype=np.float64)
    return values * np.log2(np.maximum(values, 1.0))
