"""The parts of the document about segments: who belongs together, and what their rules add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.segments.types import Segment, Segmentation
    from recommender.synthesis.sharing import SharedBlock

Part = dict[str, Any]


def segments_part(segmentation: Segmentation | None, shared: frozenset[str]) -> list[Part]:
    """One entry a segment, by name.

    Args:
        segmentation: The segments; None where none were looked for.
        shared: Names of those that have a policy of their own.
    """
    if segmentation is None:
        return []
    ordered = sorted(segmentation.segments, key=lambda segment: segment.name)
    return [_segment(segment, shared=segment.name in shared) for segment in ordered]


def blocks_part(blocks: Iterable[SharedBlock]) -> list[Part]:
    """One entry a block that is written for whole segments, those that add most first."""
    return [_block(block) for block in blocks]


def _segment(segment: Segment, *, shared: bool) -> Part:
    return {
        "name": segment.name,
        "members": [member.id for member in segment.members],
        "stability": segment.stability,
        "hub": segment.hub,
        "labels": dict(segment.labels),
        "placed_by_metadata": [member.id for member in segment.placed_by_metadata],
        "fits_badly": [member.id for member in segment.fits_badly],
        "shares_policy": shared,
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
