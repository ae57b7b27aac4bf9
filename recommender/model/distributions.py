"""The gamma and beta distributions, without a library that takes longer to load.

The distribution functions are those of Abramowitz and Stegun (6.5.29 and 26.5.8); the quantile is
found by a search that needs nothing but that they grow. Tests hold them against scipy.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL: Final = 1e-13
_TINY: Final = 1e-300
_MOST_TERMS: Final = 10_000
_MOST_STEPS: Final = 200
#: A quantile is found to this part of where it is sought.
_FINE: Final = 1e-15


def gamma_quantile(mean: float, variance: float, chance: float) -> float:
    """The value that a gamma variable of this mean and variance does not exceed so often."""
    shape, scale = mean**2 / variance, variance / mean
    high = shape + 1.0
    while _gamma_share(shape, high) < chance:
        high *= 2.0
    return scale * _solve(lambda value: _gamma_share(shape, value), chance, high)


@lru_cache(maxsize=4096)
def beta_quantile(a: float, b: float, chance: float) -> float:
    """The value that a beta variable does not exceed so often."""
    return _solve(lambda value: beta_share(a, b, value), chance, 1.0)


def _solve(share: Callable[[float], float], chance: float, high: float) -> float:
    """Where a growing share comes to a chance, between 0 and ``high``.

    A parabola through the last three points tells where to look next as long as it can be
    trusted, else the middle (Chandrupatla 1997): a dozen looks instead of sixty.
    """
    new, old = high, 0.0
    off, old_off = share(high) - chance, -chance
    step = 0.5
    for _ in range(_MOST_STEPS):
        point = new + step * (old - new)
        missed = share(point) - chance
        if (missed < 0.0) == (off < 0.0):
            before, before_off = new, off
        else:
            before, before_off, old, old_off = old, old_off, new, off
        new, off = point, missed
        least = _FINE * high / abs(old - new)
        if off == 0.0 or least > 1.0:
            break
        along, up = (new - old) / (before - old), (off - old_off) / (before_off - old_off)
        if up * up < along and (1.0 - up) ** 2 < 1.0 - along:
            step = off / (old_off - off) * before_off / (old_off - before_off)
            step += (
                (before - new)
                / (old - new)
                * off
                / (before_off - off)
                * old_off
                / (before_off - old_off)
            )
        else:
            step = 0.5
        step = min(max(step, least / 2.0), 1.0 - least / 2.0)
    return new if abs(off) < abs(old_off) else old


def _gamma_share(shape: float, value: float) -> float:
    """P(a, x) by its series, which converges for every x; x is not far above a here."""
    term = total = 1.0 / shape
    for count in range(1, _MOST_TERMS):
        term *= value / (shape + count)
        total += term
        if term < total * _SMALL:
            break
    return total * exp(shape * log(value) - value - lgamma(shape)) if value > 0.0 else 0.0


def beta_share(a: float, b: float, value: float) -> float:
    """How often a beta variable does not exceed a value.

    It is I_x(a, b), by its continued fraction from the side on which it converges fast.
    """
    if value <= 0.0 or value >= 1.0:
        return float(value >= 1.0)
    if value > (a + 1.0) / (a + b + 2.0):
        return 1.0 - beta_share(b, a, 1.0 - value)
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(value) + b * log1p(-value)
    return exp(front) * _beta_fraction(a, b, value) / a


def _beta_fraction(a: float, b: float, value: float) -> float:
    """The continued fraction by the method of Lentz."""
    upper, lower = 1.0, _kept(1.0 - (a + b) * value / (a + 1.0))
    result = lower = 1.0 / lower
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * value / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * value / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for step in (even, odd):
            lower = 1.0 / _kept(1.0 + step * lower)
            upper = _kept(1.0 + step / upper)
            change = lower * upper
            result *= change
        if abs(change - 1.0) < _SMALL:
            break
    return result


def _kept(value: float) -> float:
    """A value that can be divided by."""
    return value if abs(value) > _TINY else _TINY
