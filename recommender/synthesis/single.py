"""Policies that allow one edge and nothing else, to be applied beside the drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.model.policies import Direction, NetworkPolicy
from recommender.model.text import short_hash
from recommender.synthesis.minimise import rules
from recommender.synthesis.naming import object_name
from recommender.synthesis.peers import AddressGrant, PeerGrant
from recommender.synthesis.relation import EXACT, relation
from recommender.synthesis.subjects import MANAGED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.synthesis.peers import PeerFinder
    from recommender.synthesis.subjects import Subject


def single_policies(
    edge: Edge,
    finder: PeerFinder,
    drafts: Sequence[NetworkPolicy],
) -> tuple[NetworkPolicy, ...]:
    """What has to stand beside the drafts so that they allow one more edge.

    A policy is made for a side only where the drafts isolate it: elsewhere it would isolate the
    side itself, and deny everything else there.

    Args:
        edge: An accepted edge.
        finder: Turns edges into grants.
        drafts: The drafts that the policies are to stand beside.

    Returns:
        None, one, or one for each side; none where no exact rule can say it.
    """
    return tuple(_policies(edge, finder, drafts))


def _policies(
    edge: Edge,
    finder: PeerFinder,
    drafts: Sequence[NetworkPolicy],
) -> Iterator[NetworkPolicy]:
    for direction, end in ((Direction.EGRESS, edge.client), (Direction.INGRESS, edge.server)):
        subject = finder.roster.subject_of.get(end)
        if subject is None or not _isolated(end, subject, direction, drafts):
            continue
        outcome = finder.outcome(edge, direction, subject.namespace)
        peers = [outcome] if isinstance(outcome, PeerGrant) else []
        addresses = [outcome] if isinstance(outcome, AddressGrant) else []
        if not peers and not addresses:
            continue
        found = rules(relation(peers, addresses, EXACT), port_ranges=False, reason="review")
        yield NetworkPolicy(
            namespace=subject.namespace,
            name=object_name(f"review-{subject.name}", short_hash(f"{edge.id} {direction.value}")),
            subject=subject.selector,
            policy_types=frozenset({direction}),
            ingress=found if direction is Direction.INGRESS else (),
            egress=found if direction is Direction.EGRESS else (),
            labels=(MANAGED_BY,),
            origin=" ".join(member.id for member in subject.members),
        )


def _isolated(
    end: Entity,
    subject: Subject,
    direction: Direction,
    drafts: Sequence[NetworkPolicy],
) -> bool:
    return any(
        draft.namespace == subject.namespace
        and draft.isolates(direction)
        and (draft.subject.matches_all or end.id in draft.origin.split(" "))
        for draft in drafts
    )
