"""Rows that are alike get one number, however large what they hold."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.connections.drawn import numbered

_values = st.integers(-(2**40), 2**40) | st.integers(0, 3)


@example([(0, 0, 0), (1, 0, 0), (0, 2**40 - 1, 2**40 - 1)])
@given(st.lists(st.tuples(_values, _values, _values), max_size=30))
def test_rows_have_one_number_where_they_are_alike(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, np.int64).reshape(-1, 3)
    numbers = numbered(*table.T).tolist()
    assert sorted(set(numbers)) == list(range(len(set(rows))))
    assert len(set(zip(rows, numbers, strict=True))) == len(set(rows))
