"""The smallest stable selector for the pods of several workloads and no others.

One workload's pods are selected by labels that they all have. Several workloads that a person
sees as one segment often differ in the very label that names them, so here a term may also list
values: ``app in (orders-db, users-db)``. A list holds at most ``MOST_VALUES`` of them: a longer
one is an enumeration of workloads and hides what they share.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from recommender.model.labels import LabelSelector, Operator, Requirement
from recommender.model.volatile_labels import usable_labels
from recommender.synthesis.selectors import label_selector, preference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.inventory.types import Workload
    from recommender.synthesis.selectors import LabelIndex

#: Values that one ``In`` list holds at most.
MOST_VALUES: Final = 5

_MOST_TERMS: Final = 3
_MOST_CANDIDATES: Final = 14


@dataclass(frozen=True, slots=True)
class _Term:
    """A key with the values that the wanted pods have for it, and the label sets it matches."""

    key: str
    values: tuple[str, ...]
    bits: int

    @property
    def order(self) -> tuple[int, object]:
        """Single values before lists, short lists before long ones, then the usual keys first."""
        return (len(self.values), preference((self.key, self.values[0])))


def segment_selector(workloads: Sequence[Workload], index: LabelIndex) -> LabelSelector | None:
    """The smallest selector that matches the pods of these workloads and no others.

    Args:
        workloads: Workloads of one namespace.
        index: All label sets of that namespace, of pods without traffic as well.

    Returns:
        None where neither labels they share nor lists of at most ``MOST_VALUES`` values do it.
    """
    wanted = 0
    for workload in workloads:
        wanted |= index.own[workload.entity]
    shared = set.intersection(*(set(workload.labels) for workload in workloads))
    plain = label_selector(tuple(sorted(shared)), wanted, index)
    if plain is not None:
        return plain
    terms = sorted(_terms(workloads, index), key=lambda term: term.order)[:_MOST_CANDIDATES]
    for size in range(1, _MOST_TERMS + 1):
        for chosen in combinations(terms, size):
            if _selected(chosen, index) == wanted:
                return _selector(chosen)
    return None


def _terms(workloads: Sequence[Workload], index: LabelIndex) -> Iterable[_Term]:
    """Every key that all of these pods have at all times, with few enough values."""
    stable = [dict(usable_labels(workload.labels)) for workload in workloads]
    for key in set.intersection(*(set(labels) for labels in stable)):
        values = tuple(sorted({labels[key] for labels in stable}))
        if len(values) <= MOST_VALUES:
            bits = 0
            for value in values:
                bits |= index.having.get((key, value), 0)
            yield _Term(key, values, bits)


def _selected(terms: Iterable[_Term], index: LabelIndex) -> int:
    bits = index.everything
    for term in terms:
        bits &= term.bits
    return bits


def _selector(terms: Iterable[_Term]) -> LabelSelector:
    terms = sorted(terms, key=lambda term: term.key)
    return LabelSelector.of(
        {term.key: term.values[0] for term in terms if len(term.values) == 1},
        [Requirement(term.key, Operator.IN, term.values) for term in terms if len(term.values) > 1],
    )
