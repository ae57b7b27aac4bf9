"""From segments to drafts: which segments get a policy, and what is left to their workloads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from recommender.connections.marks import OWN_NODE
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS
from recommender.synthesis.label_drafts import Unlabelled, unpatchable, would_share
from recommender.synthesis.segment_subjects import segment_subjects
from recommender.synthesis.settings import Granularity
from recommender.synthesis.sharing import Sharing, Sides, nothing_closed, share_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.model.edges import Edge
    from recommender.segments.types import Segment, Segmentation
    from recommender.synthesis.drafting import Draft, Drafter
    from recommender.synthesis.regrouping import Regrouped
    from recommender.synthesis.segment_subjects import Shared
    from recommender.synthesis.sharing import Closed


@dataclass(frozen=True, slots=True)
class SegmentDrafts:
    """What segments change about the drafts.

    Attributes:
        drafts: The drafts of workloads and of segments.
        sharing: Which rules stand in the policies of whole segments.
        labels: Segments that a label would give a policy.
        regrouped: How few policies it takes; None where that was not asked.
    """

    drafts: Sequence[Draft]
    sharing: Sharing = field(default_factory=Sharing)
    labels: tuple[Unlabelled, ...] = ()
    regrouped: Regrouped | None = None


def share(
    segmentation: Segmentation,
    drafter: Drafter,
    exact: Sequence[Draft],
    accepted: Sequence[Edge],
    closed: Closed = nothing_closed,
) -> SegmentDrafts:
    """Draft again, with policies for segments where these have something to say.

    Args:
        segmentation: The segments, with the blocks that passed the admission.
        drafter: What drafted each workload alone.
        exact: What came of that.
        accepted: The accepted edges.
        closed: Whether an edge that was not seen must stay denied.
    """
    roster, inventory = drafter.finder.roster, drafter.finder.inventory
    edges = [edge for edge in accepted if _needs_a_rule(edge, drafter)]
    covers = {member: draft.covered for draft in exact for member in draft.subject.members}
    shared, why = segment_subjects(segmentation.segments, roster, inventory, exact, drafter.known)
    sides = Sides(roster, shared, segmentation.of)
    sharing = share_blocks(segmentation, sides, edges, drafter.settings.max_added, closed)
    waiting = would_share(segmentation.segments, why, sharing.left, covers)
    as_if = replace(sides, shared={**shared, **waiting})
    then = (
        share_blocks(segmentation, as_if, edges, drafter.settings.max_added, closed)
        if waiting
        else None
    )
    labels = _unlabelled(waiting, then, drafter, sharing) if then is not None else ()
    regrouped = None
    if drafter.settings.granularity is Granularity.SEGMENT:
        from recommender.synthesis.regrouping import regroup

        isolated = frozenset((member, side) for member, own in covers.items() for side in own)
        regrouped = regroup(sides, edges, isolated, sharing)
    drafts = _shared_drafts(replace(drafter, sharing=sharing), exact)
    return SegmentDrafts(drafts, sharing, labels, regrouped)


def _shared_drafts(again: Drafter, exact: Sequence[Draft]) -> list[Draft]:
    """The drafts with all that is shared; those that nothing shared concerns stay as they are."""
    sharing = again.sharing
    mine = {member: one.covers for one in sharing.shared for member in one.segment.members}
    concerned = sharing.concerned | mine.keys()
    subjects = [one.subject for one in sharing.shared]
    drafts = [
        again.draft(draft.subject, mine.get(draft.subject.members[0], frozenset()))
        if draft.subject in subjects or not concerned.isdisjoint(draft.subject.members)
        else draft
        for draft in exact
    ]
    return [*drafts, *(again.draft_segment(one) for one in sharing.shared)]


def _needs_a_rule(edge: Edge, drafter: Drafter) -> bool:
    """Whether an edge needs a rule beside the guardrails, and one can be written."""
    writable = edge.protocol in PROTOCOLS and MIN_PORT <= edge.port <= MAX_PORT
    return writable and OWN_NODE not in edge.marks and not drafter.known.is_query(edge)


def _unlabelled(
    waiting: Mapping[str, Shared],
    then: Sharing,
    drafter: Drafter,
    sharing: Sharing,
) -> tuple[Unlabelled, ...]:
    """What the policies of segments without a selector would say if they had the label."""
    again = replace(drafter, sharing=then)
    inventory = drafter.finder.inventory
    found = []
    for shared in then.shared:
        policy = again.draft_segment(shared).policy
        if shared.segment.name in waiting and policy is not None:
            segment = shared.segment
            blocks = _waiting_blocks(segment, sharing)
            found.append(Unlabelled(segment, blocks, policy, unpatchable(segment, inventory)))
    return tuple(found)


def _waiting_blocks(segment: Segment, sharing: Sharing) -> int:
    """Admitted blocks of a segment that are written exactly for now."""
    return sum(segment in {block.source, block.destination} for block, _ in sharing.left)
