"""Our distributions are those of scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv
from scipy.stats import gamma

from recommender.model.distributions import beta_quantile, gamma_quantile


@given(st.floats(1, 5000), st.floats(0.5, 3), st.sampled_from([0.5, 0.9, 0.95]))
def test_gamma(mean: float, spread: float, chance: float) -> None:
    variance = mean * spread
    wanted = gamma.ppf(chance, mean**2 / variance, scale=variance / mean)
    assert gamma_quantile(mean, variance, chance) == pytest.approx(wanted, rel=1e-7)


@given(st.floats(0.01, 500), st.floats(0.1, 5000), st.sampled_from([0.5, 0.9, 0.95]))
def test_beta(a: float, b: float, chance: float) -> None:
    wanted = float(betaincinv(a, b, chance))
    assert beta_quantile(a, b, chance) == pytest.approx(wanted, rel=1e-6, abs=1e-12)
