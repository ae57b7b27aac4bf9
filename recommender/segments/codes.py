"""Whole numbers that stand for what things have in common: told apart, numbered, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from recommender.segments.traffic import Ints

#: Codes below this are counted, others sorted.
_DENSE: Final = 8_000_000
#: So are codes of which fewer than one in so many is there.
_RARE: Final = 32


def grouped(codes: Ints) -> tuple[Ints, Ints, Ints]:
    """Distinct codes ascending, for each code its place among them, and how often each is there."""
    most = int(codes.max(initial=-1)) + 1
    if most > min(_DENSE, _RARE * len(codes)):
        values, place, times = np.unique(codes, return_inverse=True, return_counts=True)
        return values, place.reshape(-1), times
    # Counting is several times as fast as sorting, as long as the counts fit into the cache.
    counts = np.bincount(codes, minlength=most)
    values = np.flatnonzero(counts)
    place = np.zeros(most, dtype=np.int64)
    place[values] = np.arange(len(values))
    return values, place[codes], counts[values]


def distinct(block: Ints, end: Ints, ends: int, blocks: int) -> Ints:
    """How many distinct ends each block has."""
    codes = np.sort(block * max(ends, 1) + end)
    first = np.ones(len(codes), dtype=bool)
    first[1:] = codes[1:] != codes[:-1]
    return np.bincount(codes[first] // max(ends, 1), minlength=blocks)


def crossed(rows: Ints, columns: Ints, shape: tuple[int, int]) -> Ints:
    """How often each row and column come together: a table of counts."""
    cells = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return cells.reshape(shape)


def renumber(labels: Ints) -> Ints:
    """Groups numbered from 0 by their first member."""
    values, place, _ = grouped(labels - labels.min(initial=0))
    first = np.empty(len(values), dtype=np.int64)
    # The last assignment to a group wins: its first member.
    first[place[::-1]] = np.arange(len(labels))[::-1]
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(values))
    return rank[place]
