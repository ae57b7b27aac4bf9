"""From the rules that match to the ports that are allowed, tier by tier.

Order (network-policy-api, ``Tier`` and ``Priority``): Admin tier, first match wins; then the
NetworkPolicies, which decide finally for the pods they isolate in the direction at hand; then,
for other pods, the Baseline tier; what nothing decided is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.tiers import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from recommender.evaluation.atoms import PortTable

ADMIN: Final = 0
NETWORK: Final = 1
BASELINE: Final = 2

_WORD: Final = 64


class Verdictor:
    """Collects the rules of one group of subjects and computes its row.

    Args:
        full: The mask of all ports.
    """

    def __init__(self, full: int) -> None:
        self._full = full
        self._isolated = False
        self._rules: list[tuple[int, Action, int]] = []
        self._peers: list[NDArray[np.bool_]] = []

    def ask(self, stage: int) -> None:
        """Note that a policy of a stage selects the subjects, with or without rules."""
        self._isolated = self._isolated or stage == NETWORK

    def add(self, stage: int, action: Action, mask: int, peers: NDArray[np.bool_]) -> None:
        """Add a rule, in order within its stage."""
        self._rules.append((stage, action, mask))
        self._peers.append(peers)

    def row(self, table: PortTable, columns: int) -> NDArray[np.int32]:
        """The number of the port set for each class of peers."""
        if not self._rules:
            return np.full(columns, table.id(self.verdict(())), dtype=np.int32)
        matrix = np.array(self._peers)
        first, inverse = _distinct_columns(matrix)
        numbers = []
        for column in matrix[:, first].T:
            matching = np.flatnonzero(column).tolist()
            numbers.append(table.id(self.verdict(matching)))
        return np.asarray(numbers, dtype=np.int32)[inverse]

    def verdict(self, matching: Iterable[int]) -> int:
        """The mask of allowed ports where just these rules match the peer."""
        by_stage: dict[int, list[tuple[Action, int]]] = {ADMIN: [], NETWORK: [], BASELINE: []}
        for index in matching:
            stage, action, mask = self._rules[index]
            by_stage[stage].append((action, mask))
        accepted, rest = _first_match(by_stage[ADMIN], self._full)
        if self._isolated:
            allowed = 0
            for _, mask in by_stage[NETWORK]:
                allowed |= mask
            return accepted | (rest & allowed)
        baseline, undecided = _first_match(by_stage[BASELINE], rest)
        return accepted | baseline | undecided


def _first_match(rules: Iterable[tuple[Action, int]], ports: int) -> tuple[int, int]:
    """What a tier accepts of some ports, and what it leaves to the next stage."""
    accepted = passed = 0
    undecided = ports
    for action, mask in rules:
        hit = mask & undecided
        undecided &= ~mask
        if action is Action.ACCEPT:
            accepted |= hit
        elif action is Action.PASS:
            passed |= hit
    return accepted, undecided | passed


def _distinct_columns(
    matrix: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A place of each distinct column of a boolean matrix, and for each column which it is."""
    packed = np.packbits(matrix, axis=0).T
    padded = np.zeros((len(packed), packed.shape[1] + -packed.shape[1] % (_WORD // 8)), np.uint8)
    padded[:, : packed.shape[1]] = packed
    words = padded.view(np.uint64)
    codes = words[:, 0]
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    for k in range(1, words.shape[1]):
        joined = inverse.astype(np.uint64) << np.uint64(32)
        _, _, inner = np.unique(words[:, k], return_index=True, return_inverse=True)
        _, first, inverse = np.unique(
            joined | inner.astype(np.uint64), return_index=True, return_inverse=True
        )
    return first, inverse
