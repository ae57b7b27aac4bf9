"""Label selectors over many label maps at once: each distinct selector is evaluated once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.model.labels import LabelSelector, Operator, Requirement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from recommender.inventory.types import Labels


class LabelMatrix:
    """Label maps as columns of value codes, one column a key.

    Args:
        maps: The label maps, in the order in which results are given.
        keys: The keys that any selector speaks of; others are left out.
    """

    def __init__(self, maps: Sequence[Labels], keys: frozenset[str]) -> None:
        self._count = len(maps)
        self._codes: dict[str, dict[str, int]] = {key: {} for key in keys}
        columns = {key: np.full(self._count, -1, dtype=np.int32) for key in keys}
        for row, labels in enumerate(maps):
            for key, value in labels:
                codes = self._codes.get(key)
                if codes is not None:
                    columns[key][row] = codes.setdefault(value, len(codes))
        self._columns = columns
        self._known: dict[LabelSelector, NDArray[np.bool_]] = {}

    def matches(self, selector: LabelSelector) -> NDArray[np.bool_]:
        """Which label maps a selector selects."""
        known = self._known.get(selector)
        if known is None:
            known = np.ones(self._count, dtype=bool)
            for key, value in selector.match_labels:
                known &= self._equal(key, (value,))
            for requirement in selector.match_expressions:
                known &= self._fulfils(requirement)
            self._known[selector] = known
        return known

    def _fulfils(self, requirement: Requirement) -> NDArray[np.bool_]:
        match requirement.operator:
            case Operator.IN:
                return self._equal(requirement.key, requirement.values)
            case Operator.NOT_IN:
                return ~self._equal(requirement.key, requirement.values)
            case Operator.EXISTS:
                return self._columns[requirement.key] >= 0
            case Operator.DOES_NOT_EXIST:
                return self._columns[requirement.key] < 0

    def _equal(self, key: str, values: tuple[str, ...]) -> NDArray[np.bool_]:
        known = self._codes[key]
        wanted = [known[value] for value in values if value in known]
        column = self._columns[key]
        # One comparison is an order of magnitude cheaper than a search in a set.
        one = len(wanted) == 1
        found: NDArray[np.bool_] = column == wanted[0] if one else np.isin(column, wanted)
        return found
