"""How doubtful each accepted edge is, with reasons that a person can check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.review.doubt_company import company_grounds
from recommender.review.doubt_ports import port_grounds
from recommender.review.doubt_time import time_grounds
from recommender.review.scene import DNS_PORTS, is_settled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.edges import Edge
    from recommender.review.items import Reason
    from recommender.review.scene import Scene


@dataclass(frozen=True, slots=True)
class Doubt:
    """The doubt about one edge.

    Attributes:
        score: From 0 (nothing speaks against it) to 1.
        reasons: What speaks against it, the weightiest first.
    """

    score: float = 0.0
    reasons: tuple[Reason, ...] = ()


def combine(reasons: Iterable[Reason]) -> Doubt:
    """Reasons that add up like independent chances: one minus the product of what each leaves."""
    ordered = tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.code)))
    left = 1.0
    for reason in ordered:
        left *= 1 - reason.weight
    return Doubt(round(1 - left, 4), ordered)


def doubt_of(edge: Edge, scene: Scene) -> Doubt:
    """The doubt about one accepted edge.

    Traffic that needs no rule, and a pod's questions to the cluster's resolver, which every draft
    allows, are not doubted.
    """
    asks = edge.port in DNS_PORTS and edge.server in scene.resolvers
    if is_settled(edge) or asks:
        return Doubt()
    found = (
        *time_grounds(edge, scene),
        *port_grounds(edge, scene),
        *company_grounds(edge, scene),
    )
    return combine(found)
