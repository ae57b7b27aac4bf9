"""What waits for a person: an accepted edge, why it is doubted, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.model.edges import Edge
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy


class Decision(StrEnum):
    """What a person decided about an edge."""

    ACCEPT = "accept"
    REJECT = "reject"
    DEFER = "defer"


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for doubt that a person can check.

    Attributes:
        code: Stable word for it, for example ``one-burst``.
        text: One sentence with the figures it rests on.
        weight: How much it adds to the doubt, 0 to 1.
    """

    code: str
    text: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """One question for a person: may this client go on to call this server?

    Attributes:
        key: Stable text of what the rule means: client, server, protocol and port. Names of pods
            and their addresses are not in it.
        edge: The edge with its evidence.
        score: How doubtful it is, from 0 to 1.
        reasons: Why, the weightiest first.
        decision: What was decided about it, None where nobody has.
        decision_reason: Why it was decided so, in the words of the person.
        decision_by: Who decided.
        stale: It was accepted, and grounds for doubt have come up since that were not known then:
            it is asked again.
        forbidden: It breaks a goal: it is never drafted, whatever is decided.
        drafted: Whether it is among the drafts all the same: accepted, or all were.
        still_allowed: It is not drafted, and yet the drafts allow it: they isolate neither of its
            ends, or another rule covers it.
        policies: The ready-made rule: policies that allow this edge and nothing else, to be
            applied beside the drafts. Empty where there is nothing to add.
    """

    key: str
    edge: Edge
    score: float
    reasons: tuple[Reason, ...] = ()
    decision: Decision | None = None
    decision_reason: str = ""
    decision_by: str = ""
    stale: bool = False
    forbidden: bool = False
    drafted: bool = False
    still_allowed: bool = False
    policies: tuple[NetworkPolicy, ...] = ()

    @property
    def order(self) -> tuple[int, float, str]:
        """Sort key: what nobody has decided first, the most doubtful first."""
        return (self.decision is not None, -self.score, self.key)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Edges after sorting.

    Attributes:
        drafted: What drafts are made from: every edge but the accepted ones that wait or were
            turned down. Edges of other verdicts stay, they make no rules.
        items: What a person is asked, or has answered; the most doubtful first.
        findings: What there is to say about it.
    """

    drafted: tuple[Edge, ...]
    items: tuple[Item, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def held(self) -> tuple[Item, ...]:
        """The items that are not drafted."""
        return tuple(item for item in self.items if not item.drafted)


def rule_key(edge: Edge) -> str:
    """What an accepted edge would allow, as a stable text.

    It names workloads, not pods, so that a rollout, other addresses or another order of the
    input do not change it: ``shop/Deployment/web -> shop/Deployment/cart TCP/7070``.
    """
    return f"{edge.client.id} -> {edge.server.id} {edge.protocol}/{edge.port}"
