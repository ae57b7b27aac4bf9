"""The fewest blocks of peers and ports that say what a relation says, found by integer programming.

A block is a set of peers that may all use a set of ports. Every block of a least cover can be
grown to a maximal one, and the maximal blocks of a relation are its formal concepts: an
intersection of the port sets of some peers, with every peer that has all of these ports. So the
least cover is a set cover by concepts, which HiGHS solves exactly.

Both the concepts and the search are bounded by counts, never by a clock: a slow machine must not
draft other policies than a fast one. Past a bound there is no answer, and the caller keeps what it
has, with the gap to the lower bound.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

#: Concepts that are weighed against each other at most.
MOST_CONCEPTS: Final = 2_000
#: Nodes of the search tree that the solver may open.
MOST_NODES: Final = 2_000

P = TypeVar("P", bound="Hashable")
Q = TypeVar("Q", bound="Hashable")


def least_cover(
    rows: Mapping[P, frozenset[Q]],
    order: Sequence[P],
) -> list[tuple[frozenset[P], frozenset[Q]]] | None:
    """The fewest blocks that cover exactly these pairs; among these, the fewest entries.

    Args:
        rows: The ports of each peer.
        order: The peers in an order that does not depend on the input's; it settles ties.

    Returns:
        The blocks, or None where a bound was reached before the least cover was proven.
    """
    alike: defaultdict[frozenset[Q], list[P]] = defaultdict(list)
    for peer in order:
        if rows[peer]:
            alike[rows[peer]].append(peer)
    intents = list(alike)
    concepts = _concepts(intents)
    if concepts is None:
        return None
    chosen = _solve(concepts, intents, alike)
    if chosen is None:
        return None
    return _trimmed(chosen, alike)


def _concepts(intents: Sequence[frozenset[Q]]) -> list[frozenset[Q]] | None:
    """All intersections of the port sets, none of them empty, in order of their making."""
    found: dict[frozenset[Q], None] = {}
    for intent in intents:
        for other in [*found, intent]:
            both = intent & other
            if both:
                found.setdefault(both)
            if len(found) > MOST_CONCEPTS:
                return None
    return list(found)


def _solve(
    concepts: Sequence[frozenset[Q]],
    intents: Sequence[frozenset[Q]],
    alike: Mapping[frozenset[Q], Sequence[P]],
) -> list[tuple[list[frozenset[Q]], frozenset[Q]]] | None:
    """The least set of concepts that together hold every pair, each with the rows it holds."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    held = [[intent for intent in intents if concept <= intent] for concept in concepts]
    # Ports that the same concepts hold in the same row are one constraint.
    needs = sorted(
        {
            (row, tuple(i for i, concept in enumerate(concepts) if port in concept <= intent))
            for row, intent in enumerate(intents)
            for port in intent
        }
    )
    entries = [(at, i) for at, (_, holders) in enumerate(needs) for i in holders]
    matrix = coo_array(
        (np.ones(len(entries)), tuple(np.array(entries).T)), shape=(len(needs), len(concepts))
    )
    sizes = np.array(
        [
            len(concept) + sum(len(alike[intent]) for intent in rows)
            for concept, rows in zip(concepts, held, strict=True)
        ]
    )
    # One rule outweighs all entries that rules can have.
    found = milp(
        1 + sizes / (sizes.sum() + 1),
        constraints=LinearConstraint(matrix.tocsr(), lb=1),
        integrality=np.ones(len(concepts)),
        bounds=Bounds(0, 1),
        options={"node_limit": MOST_NODES},
    )
    if not found.success:
        return None
    return [
        (rows, concept)
        for rows, concept, taken in zip(held, concepts, found.x.round(), strict=True)
        if taken
    ]


def _trimmed(
    blocks: list[tuple[list[frozenset[Q]], frozenset[Q]]],
    alike: Mapping[frozenset[Q], Sequence[P]],
) -> list[tuple[frozenset[P], frozenset[Q]]]:
    """Drop from each block the rows that the other blocks say already."""
    kept = [(list(rows), ports) for rows, ports in blocks]
    for at, (rows, ports) in enumerate(kept):
        for row in list(rows):
            others = [found for j, (has, found) in enumerate(kept) if j != at and row in has]
            if ports <= frozenset().union(*others):
                rows.remove(row)
    return [
        (frozenset(peer for row in rows for peer in alike[row]), ports)
        for rows, ports in kept
        if rows
    ]
