"""Which segments can have a policy of their own: those that a selector tells from all others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.synthesis.naming import policy_names
from recommender.synthesis.segment_selectors import segment_selector
from recommender.synthesis.selectors import label_index
from recommender.synthesis.subjects import Subject, foreign_names, selectable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.inventory.types import Inventory
    from recommender.model.policies import Direction
    from recommender.segments.types import Segment
    from recommender.synthesis.dns import Resolvers
    from recommender.synthesis.drafting import Draft
    from recommender.synthesis.subjects import Roster

_FEWEST: Final = 2


class Unshared(StrEnum):
    """Why a segment of several workloads has no policy of its own."""

    #: No stable labels, alone or in a list, select its pods and none else.
    NEEDS_LABEL = "segment-needs-label"
    #: A member has no policy at all, or shares one with a workload of another segment.
    MEMBER_APART = "member-apart"
    #: No direction is isolated for every member.
    OPEN = "open"
    #: A resolver is a member: every pod of the cluster may ask it, and its rules say so.
    RESOLVER = "resolver"


@dataclass(frozen=True, slots=True)
class Shared:
    """A segment with the subject that its policy is for.

    Attributes:
        segment: The segment.
        subject: Selects the pods of all members and none else.
        covers: The directions that the policies of all members isolate.
    """

    segment: Segment
    subject: Subject
    covers: frozenset[Direction]


def segment_subjects(
    segments: Iterable[Segment],
    roster: Roster,
    inventory: Inventory,
    drafts: Iterable[Draft],
    known: Resolvers,
) -> tuple[dict[str, Shared], dict[str, Unshared]]:
    """Find a subject for every segment of at least two workloads.

    Args:
        segments: The segments, each within one namespace.
        roster: Who can be selected at all.
        inventory: The cluster as known; selectors are held against all of it.
        drafts: What was drafted for each workload alone.
        known: The cluster's resolvers.

    Returns:
        The subjects by the segment's name, and why the others have none.
    """
    covers = {draft.subject: draft.covered for draft in drafts}
    spaces, _ = selectable(inventory, roster.cluster)
    indexes = {
        namespace: label_index(workloads, complete=inventory.complete)
        for namespace, workloads in spaces.items()
    }
    found: dict[str, Shared] = {}
    why: dict[str, Unshared] = {}
    for segment in segments:
        if len(segment.members) < _FEWEST:
            continue
        if (reason := _apart(segment, roster, covers, known)) is not None:
            why[segment.name] = reason
            continue
        namespace = segment.members[0].namespace
        members = [inventory.workloads[member] for member in segment.members]
        selector = segment_selector(members, indexes[namespace])
        if selector is None:
            why[segment.name] = Unshared.NEEDS_LABEL
            continue
        subject = Subject(namespace, segment.name, selector, segment.members)
        found[segment.name] = Shared(segment, subject, _covers(segment, roster, covers))
    return _named(found, roster, inventory), why


def _covers(
    segment: Segment,
    roster: Roster,
    covers: Mapping[Subject, frozenset[Direction]],
) -> frozenset[Direction]:
    each = [covers[roster.subject_of[member]] for member in segment.members]
    return frozenset.intersection(*each)


def _apart(
    segment: Segment,
    roster: Roster,
    covers: Mapping[Subject, frozenset[Direction]],
    known: Resolvers,
) -> Unshared | None:
    members = frozenset(segment.members)
    subjects = {roster.subject_of.get(member) for member in members}
    namespaces = {member.namespace for member in members}
    if len(namespaces) > 1 or any(s is None or not members >= set(s.members) for s in subjects):
        return Unshared.MEMBER_APART
    if any(subject in subjects for subject, _ in known.pods):
        return Unshared.RESOLVER
    return None if _covers(segment, roster, covers) else Unshared.OPEN


def _named(
    found: dict[str, Shared],
    roster: Roster,
    inventory: Inventory,
) -> dict[str, Shared]:
    """Give every subject a policy name that no workload's and nobody else's policy has."""
    spaces: defaultdict[str, list[Shared]] = defaultdict(list)
    for shared in found.values():
        spaces[shared.subject.namespace].append(shared)
    named: dict[str, Shared] = {}
    for namespace, group in spaces.items():
        taken = {subject.name for subject in roster.subjects if subject.namespace == namespace}
        wanted = {shared.segment.name: (shared.segment.name, "segment") for shared in group}
        names = policy_names(wanted, taken | foreign_names(inventory, namespace))
        for shared in group:
            old = shared.subject
            subject = Subject(namespace, names[shared.segment.name], old.selector, old.members)
            named[shared.segment.name] = Shared(shared.segment, subject, shared.covers)
    return dict(sorted(named.items()))
