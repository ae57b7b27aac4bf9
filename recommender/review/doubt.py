"""How doubtful each accepted edge is, with reasons that a person can check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from recommender.model.entities import EntityKind
from recommender.review.items import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

# A shorter window cannot show whether something comes again.
_LONG_ENOUGH: Final = timedelta(days=2)
_BURST: Final = 0.02


@dataclass(frozen=True, slots=True)
class Doubt:
    """The doubt about one edge.

    Attributes:
        score: From 0 (nothing speaks against it) to 1.
        reasons: What speaks against it, the weightiest first.
    """

    score: float
    reasons: tuple[Reason, ...]


def combine(reasons: Iterable[Reason]) -> Doubt:
    """Reasons that add up like independent chances: one minus the product of what each leaves."""
    ordered = tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.code)))
    left = 1.0
    for reason in ordered:
        left *= 1 - reason.weight
    return Doubt(round(1 - left, 4), ordered)


def doubt_scores(
    accepted: Iterable[Edge],
    inventory: Inventory,
    *,
    window: tuple[datetime, datetime] | None = None,
    segments: Mapping[Entity, str] | None = None,
) -> dict[Edge, Doubt]:
    """The doubt about each accepted edge.

    Args:
        accepted: The accepted edges.
        inventory: The cluster as known.
        window: Time of the first and the last record; without it no reason speaks of time.
        segments: The segment of each workload, to compare it with its siblings.
    """
    del inventory, segments
    return {edge: combine(_reasons(edge, window)) for edge in accepted}


def _reasons(edge: Edge, window: tuple[datetime, datetime] | None) -> Iterator[Reason]:
    if window is not None and window[1] - window[0] >= _LONG_ENOUGH and edge.days == 1:
        lasted = edge.last_seen - edge.first_seen
        if lasted <= (window[1] - window[0]) * _BURST:
            text = f"all of it within {lasted} on one day of {(window[1] - window[0]).days}"
            yield Reason("one-burst", text, 0.3)
    if edge.server.kind is EntityKind.CIDR and not edge.names:
        yield Reason("raw-address", "an address outside the cluster without a DNS name", 0.25)
