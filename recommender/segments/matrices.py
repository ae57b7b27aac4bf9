"""Matrices that are dense while small and sparse when large, with the few things done to both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.segments.traffic import Floats, Ints, Matrix

#: Up to so many cells a matrix is dense: what a sparse one costs before it computes is more.
MOST_DENSE: Final = 1 << 17


def matrix(values: Floats, rows: Ints, columns: Ints, shape: tuple[int, int]) -> Matrix:
    """A matrix of these values; those of one cell are added."""
    cells = shape[0] * shape[1]
    if cells <= MOST_DENSE:
        flat = np.bincount(rows * shape[1] + columns, weights=values, minlength=cells)
        return flat.reshape(shape)
    from scipy import sparse

    return sparse.csr_matrix((values, (rows, columns)), shape=shape)


def mapped(values: Matrix, function: Callable[[Floats], Floats]) -> Matrix:
    """What a function makes of each number; the function has to leave 0 as it is."""
    if isinstance(values, np.ndarray):
        return function(values)
    out = values.copy()
    out.data = function(out.data)
    return out


def row_sums(values: Matrix) -> Floats:
    """The sum of each row."""
    return np.asarray(values.sum(axis=1)).reshape(-1)


def overlaps(left: Matrix, right: Matrix) -> Floats:
    """The product of each row of one matrix with each row of another."""
    product = left @ right.T
    return product if isinstance(product, np.ndarray) else product.toarray()


def paired(left: Matrix, right: Matrix) -> Floats:
    """The product of each row of one matrix with the same row of another."""
    if isinstance(left, np.ndarray):
        out: Floats = np.einsum("ij,ij->i", left, right)
        return out
    return row_sums(left.multiply(right))
