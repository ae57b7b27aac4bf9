"""Logarithms of the numbers of ways to choose, and how likely chance gives as many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.distributions import beta_share

if TYPE_CHECKING:
    from recommender.segments.traffic import Floats, Ints

_LN2: Final = float(np.log(2.0))
#: Factorials up to this one are looked up; beyond, three terms of Stirling's series do.
_LOOKED_UP: Final = 1024
_LN_FACTORIALS: Final = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, _LOOKED_UP)))])
_LISTED: Final[list[float]] = _LN_FACTORIALS.tolist()
#: Up to so many tails are computed one by one: to load what computes many at once takes longer.
_FEW_TAILS: Final = 200


def ln_factorial(n: Ints | Floats | float) -> Floats:
    """Natural logarithms of the factorials of whole numbers from 0 on."""
    number = np.asarray(n)
    if number.max(initial=0) < _LOOKED_UP:
        out: Floats = _LN_FACTORIALS[number.astype(np.int64)]
        return out
    small = number < _LOOKED_UP
    table = _LN_FACTORIALS[np.where(small, number, 0).astype(np.int64)]
    return np.where(small, table, _stirling(np.where(small, float(_LOOKED_UP), number)))


def _stirling(n: Floats | np.float64) -> Floats:
    series: Floats = n * (np.log(n) - 1) + 0.5 * np.log(2 * np.pi * n) + 1 / (12 * n)
    return series


def binomial_tail(least: Ints, trials: Ints, rate: Floats) -> Floats:
    """Probability of at least so many successes: an incomplete beta function.

    Args:
        least: Successes, from 1 on.
        trials: Trials, at least as many.
        rate: Probability of each success.
    """
    if len(least) <= _FEW_TAILS:
        ends = zip(least.tolist(), trials.tolist(), rate.tolist(), strict=True)
        return np.array([beta_share(k, n - k + 1, p) for k, n, p in ends], dtype=np.float64)
    from scipy.special import betainc

    tails: Floats = betainc(least.astype(np.float64), trials - least + 1.0, rate)
    return tails


def ln_choose(n: Ints | Floats, k: Ints | Floats) -> Floats:
    """Natural logarithms of binomial coefficients; 0 where there is nothing to choose."""
    high = np.maximum(n, 0)
    low = np.minimum(np.maximum(k, 0), high)
    out: Floats = ln_factorial(high) - ln_factorial(low) - ln_factorial(high - low)
    return out


def log2_choose(n: float, k: float) -> float:
    """Logarithm to base 2 of a binomial coefficient; 0 where there is nothing to choose."""
    if k <= 0 or k >= n:
        return 0.0
    return (_ln_factorial(n) - _ln_factorial(k) - _ln_factorial(n - k)) / _LN2


def _ln_factorial(n: float) -> float:
    """The same as :func:`ln_factorial` of a single number, which an array would slow down."""
    return _LISTED[int(n)] if n < _LOOKED_UP else float(_stirling(np.float64(n)))


def times_log(counts: Ints | Floats) -> Floats:
    """Each count times its logarithm to base 2; 0 for 0."""
    values = np.asarray(counts, dtype=np.float64)
    return values * np.log2(np.maximum(values, 1.0))
