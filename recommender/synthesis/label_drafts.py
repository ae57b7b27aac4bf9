"""Segments that no selector names: the label that would, and the policy that waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.labels import LabelSelector
from recommender.synthesis.naming import is_object_name
from recommender.synthesis.segment_subjects import Shared, Unshared
from recommender.synthesis.sharing import NEEDS_LABEL
from recommender.synthesis.subjects import Subject
from recommender.synthesis.templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.inventory.types import Inventory, Workload
    from recommender.model.entities import Entity
    from recommender.model.policies import Direction, NetworkPolicy
    from recommender.segments.types import Block, Segment

#: Key of the label that names a segment; its value is the segment's name.
SEGMENT_LABEL: Final = "segment"


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A segment that would share a policy if its pods had a label.

    Attributes:
        segment: The segment.
        blocks: Admitted blocks that wait for the label.
        policy: The policy that would be in force then; inactive until it selects anything.
        unpatchable: Members without a pod template that could be patched: bare pods, jobs, and
            those whose name is only inferred.
    """

    segment: Segment
    blocks: int
    policy: NetworkPolicy
    unpatchable: tuple[Entity, ...] = ()

    @property
    def label(self) -> tuple[str, str]:
        """The label as key and value."""
        return (SEGMENT_LABEL, self.segment.name)


def would_share(
    segments: Iterable[Segment],
    why: Mapping[str, Unshared],
    left: Iterable[tuple[Block, str]],
    covers: Mapping[Entity, frozenset[Direction]],
) -> dict[str, Shared]:
    """Segments with admitted blocks that wait for nothing but a label, as if they had it.

    Args:
        segments: All segments.
        why: Why some have no subject.
        left: Admitted blocks that are written exactly, with the reason.
        covers: The directions in which each workload is isolated.
    """
    waiting = {
        getattr(side, "name", "")
        for block, reason in left
        if reason == NEEDS_LABEL
        for side in (block.source, block.destination)
    }
    found: dict[str, Shared] = {}
    for segment in segments:
        if segment.name not in waiting or why.get(segment.name) is not Unshared.NEEDS_LABEL:
            continue
        selector = LabelSelector.of({SEGMENT_LABEL: segment.name})
        subject = Subject(segment.members[0].namespace, segment.name, selector, segment.members)
        both = frozenset.intersection(*(covers[member] for member in segment.members))
        found[segment.name] = Shared(segment, subject, both)
    return found


def unpatchable(segment: Segment, inventory: Inventory) -> tuple[Entity, ...]:
    """Members whose pod template cannot be patched."""

    def can_be(workload: Workload) -> bool:
        entity = workload.entity
        known = entity.workload_kind in TEMPLATES and not workload.name_inferred
        return known and is_object_name(entity.name)

    return tuple(m for m in segment.members if not can_be(inventory.workloads[m]))
