"""The parts of the document about segments: who belongs together, and what their rules add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.segments.types import Segment, Segmentation
    from recommender.synthesis.label_drafts import Unlabelled
    from recommender.synthesis.sharing import SharedBlock

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Segments:
    """What a report says of segments.

    Attributes:
        segmentation: The segments; None where none were looked for.
        shared: Names of those that have a policy of their own.
        blocks: The rules between whole segments, those that add most first.
        labels: Segments that wait for a label.
    """

    segmentation: Segmentation | None = None
    shared: frozenset[str] = frozenset()
    blocks: tuple[SharedBlock, ...] = ()
    labels: tuple[Unlabelled, ...] = ()


def segments_part(segments: Segments) -> list[Part]:
    """One entry a segment, by name."""
    if segments.segmentation is None:
        return []
    waiting = {one.segment.name: one for one in segments.labels}
    ordered = sorted(segments.segmentation.segments, key=lambda segment: segment.name)
    return [
        _segment(one, waiting.get(one.name), shared=one.name in segments.shared) for one in ordered
    ]


def blocks_part(segments: Segments) -> list[Part]:
    """One entry a block that is written for whole segments, those that add most first."""
    return [_block(block) for block in segments.blocks]


def _segment(segment: Segment, waiting: Unlabelled | None, *, shared: bool) -> Part:
    return {
        "name": segment.name,
        "members": [member.id for member in segment.members],
        "stability": segment.stability,
        "hub": segment.hub,
        "labels": dict(segment.labels),
        "placed_by_metadata": [member.id for member in segment.placed_by_metadata],
        "fits_badly": [member.id for member in segment.fits_badly],
        "shares_policy": shared,
        "waits_for_label": "=".join(waiting.label) if waiting is not None else None,
    }


def _block(block: SharedBlock) -> Part:
    return {
        "source": block.source,
        "destination": block.destination,
        "protocol": block.protocol,
        "port": block.port,
        "edges": block.edges,
        "added": len(block.added),
        "pairs": [[client.id, server.id] for client, server in block.added],
    }
