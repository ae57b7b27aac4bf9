"""Ways to choose, and tails of chance, beside scipy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import binom

from recommender.segments.counting import binomial_tail, ln_choose, ln_factorial


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_factorials_are_those_of_the_gamma_function(numbers: list[int]) -> None:
    found = ln_factorial(np.array(numbers))
    np.testing.assert_allclose(found, gammaln(np.array(numbers) + 1.0), rtol=1e-13, atol=1e-13)


def test_factorials_agree_where_the_table_ends() -> None:
    numbers = np.arange(900, 1200)
    np.testing.assert_allclose(ln_factorial(numbers), gammaln(numbers + 1.0), rtol=1e-14)


def test_there_is_one_way_to_choose_nothing_and_to_choose_all() -> None:
    assert ln_choose(np.array([0, 5, 5]), np.array([0, 0, 5])).tolist() == [0.0, 0.0, 0.0]


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 3000), st.floats(1e-6, 1.0)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([1, 300]),
)
def test_tails_are_those_of_a_binomial_distribution(
    cases: list[tuple[int, int, float]], times: int
) -> None:
    # Many of them go another way.
    cases = cases * times
    least = np.array([k for k, _, _ in cases])
    trials = least + np.array([more for _, more, _ in cases])
    rate = np.array([p for _, _, p in cases])
    wanted = binom.sf(least - 1, trials, rate)
    np.testing.assert_allclose(binomial_tail(least, trials, rate), wanted, rtol=1e-9, atol=1e-12)
