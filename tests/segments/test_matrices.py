"""A matrix computes the same whether it is dense or sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.segments import matrices
from recommender.segments.counting import times_log
from recommender.segments.matrices import mapped, matrix, overlaps, paired, row_sums

_ROWS, _COLUMNS = 5, 7
CELLS = st.lists(
    st.tuples(st.integers(0, _ROWS - 1), st.integers(0, _COLUMNS - 1), st.integers(1, 9)),
    max_size=40,
)


def both(cells: list[tuple[int, int, int]]) -> list[Any]:
    """The dense matrix, then the sparse one."""
    rows, columns, values = np.array(cells or np.zeros((0, 3)), dtype=np.int64).T
    found = []
    for most in (matrices.MOST_DENSE, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matrices, "MOST_DENSE", most)
            found.append(matrix(values.astype(float), rows, columns, (_ROWS, _COLUMNS)))
    return found


@given(CELLS)
def test_values_of_one_cell_are_added(cells: list[tuple[int, int, int]]) -> None:
    dense, sparse = both(cells)
    assert isinstance(dense, np.ndarray)
    np.testing.assert_array_equal(dense, sparse.toarray())
    for row in range(_ROWS):
        assert row_sums(dense)[row] == sum(value for place, _, value in cells if place == row)


@given(CELLS, CELLS)
def test_dense_and_sparse_agree(
    left: list[tuple[int, int, int]], right: list[tuple[int, int, int]]
) -> None:
    (a, a_sparse), (b, b_sparse) = both(left), both(right)
    np.testing.assert_allclose(row_sums(a), row_sums(a_sparse))
    np.testing.assert_allclose(overlaps(a, b), overlaps(a_sparse, b_sparse))
    np.testing.assert_allclose(paired(a, b), paired(a_sparse, b_sparse))
    np.testing.assert_allclose(mapped(a, times_log), mapped(a_sparse, times_log).toarray())
