"""Segments as a table, as JSON and as CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import clean
from recommender.segments.rules import as_csv
from recommender.segments.types import GROUND_WORDS, Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from recommender.segments.types import Block, Pair, Segmentation, Side

#: The form of the JSON document; the first number changes where something is taken away.
VERSION: Final = "1.0"
_SHOWN: Final = 4
_LISTED: Final = 10


def segment_frame(found: Segmentation) -> pd.DataFrame:
    """One row a workload: ``workload``, ``segment``, ``stability``; sorted by workload."""
    import pandas as pd

    rows = [
        (found.texts.get(member, member.id), segment.name, segment.stability)
        for segment in found.segments
        for member in segment.members
    ]
    return pd.DataFrame(sorted(rows), columns=["workload", "segment", "stability"])


def as_segments_csv(found: Segmentation) -> str:
    """The frame of segments as CSV."""
    return as_csv(segment_frame(found))


def as_json(found: Segmentation) -> str:
    """Everything that was found, as a document."""
    return json.dumps(document(found), indent=2, ensure_ascii=True) + "\n"


def document(found: Segmentation) -> dict[str, Any]:
    """Everything that was found, as plain values."""
    admission = found.admission
    return {
        "version": VERSION,
        "window_days": found.window_days,
        "segments": [_segment(found, segment) for segment in found.segments],
        "blocks": [_block(found, block) for block in admission.blocks],
        "pairs": [_pair(found, pair) for pair in admission.pairs],
        "review": [_pair(found, pair) for pair in admission.review],
        "added": admission.added,
        "candidates": [
            {
                "name": one.name,
                "segments": one.segments,
                "blocks": one.blocks,
                "pairs": one.pairs,
                "chosen": one.chosen,
            }
            for one in found.candidates
        ],
    }


def _segment(found: Segmentation, segment: Segment) -> dict[str, Any]:
    def texts(members: Sequence[Any]) -> list[str]:
        return [clean(found.texts.get(member, member.id)) for member in members]

    calls, called = neighbours(found, segment)
    return {
        "name": segment.name,
        "members": texts(segment.members),
        "stability": segment.stability,
        "hub": segment.hub,
        "labels": {clean(key): clean(value) for key, value in segment.labels},
        "placed_by_metadata": texts(segment.placed_by_metadata),
        "fits_badly": texts(segment.fits_badly),
        "calls": calls,
        "called_by": called,
    }


def neighbours(found: Segmentation, segment: Segment) -> tuple[list[str], list[str]]:
    """Whom a segment calls under block rules, and who calls it: ``name PROTOCOL/port``."""
    calls, called = [], []
    for block in found.admission.blocks:
        service = f"{block.protocol}/{block.port}"
        if block.source is segment:
            calls.append(f"{side_text(found, block.destination)} {service}")
        if block.destination is segment:
            called.append(f"{side_text(found, block.source)} {service}")
    return sorted(calls), sorted(called)


def side_text(found: Segmentation, side: Side) -> str:
    """The name of a segment, or the text of an end that is none."""
    return side.name if isinstance(side, Segment) else clean(found.texts.get(side, side.id))


def _block(found: Segmentation, block: Block) -> dict[str, Any]:
    return {
        "source": side_text(found, block.source),
        "destination": side_text(found, block.destination),
        "protocol": block.protocol,
        "port": block.port,
        "edges": block.edges,
        "coverage_source": block.coverage_source,
        "coverage_destination": block.coverage_destination,
        "p_value": block.p_value,
        "added": block.added,
    }


def _pair(found: Segmentation, pair: Pair) -> dict[str, Any]:
    return {
        "src": clean(found.texts.get(pair.client, pair.client.id)),
        "dst": clean(found.texts.get(pair.server, pair.server.id)),
        "protocol": pair.protocol,
        "port": pair.port,
        "days": pair.days,
        "flows": pair.flows,
        "reason": pair.ground.value,
    }


def as_table(found: Segmentation) -> str:
    """What a person reads first: the segments, then the rules in numbers."""
    lines = []
    for segment in found.segments:
        lines += _segment_lines(found, segment)
    return "\n".join([*lines, "", *_rule_lines(found)]) + "\n"


def _segment_lines(found: Segmentation, segment: Segment) -> list[str]:
    sure = "" if segment.stability is None else f", stability {segment.stability:.2f}"
    hub = ", hub" if segment.hub else ""
    count = len(segment.members)
    plural = "" if count == 1 else "s"
    lines = [f"{segment.name}: {count} workload{plural}{sure}{hub}"]
    calls, called = neighbours(found, segment)
    parts = {
        "members": [clean(found.texts.get(m, m.id)) for m in segment.members],
        "labels": [clean(f"{key}={value}") for key, value in segment.labels],
        "calls": calls,
        "called by": called,
        "placed by metadata": [clean(found.texts.get(m, m.id)) for m in segment.placed_by_metadata],
        "fits badly": [clean(found.texts.get(m, m.id)) for m in segment.fits_badly],
    }
    lines += [f"  {name}: {_listed(items)}" for name, items in parts.items() if items]
    return lines


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more


def _rule_lines(found: Segmentation) -> list[str]:
    admission = found.admission
    lines = [
        f"{len(found.segments)} segments over {found.window_days} days",
        f"{len(admission.blocks)} rules between segments, {len(admission.pairs)} exact pairs",
        f"{len(admission.review)} edges to review",
        f"{admission.added} pairs are allowed though never seen",
    ]
    for block in admission.blocks[:_LISTED]:
        if block.added:
            ends = f"{side_text(found, block.source)} -> {side_text(found, block.destination)}"
            shares = f"{block.coverage_source:.0%} and {block.coverage_destination:.0%}"
            lines.append(
                f"  {block.added} by {ends} {block.protocol}/{block.port}: {block.edges} seen, "
                f"{shares} of the members take part"
            )
    lines += [
        f"  review: {clean(found.texts.get(pair.client, pair.client.id))} -> "
        f"{clean(found.texts.get(pair.server, pair.server.id))} {pair.protocol}/{pair.port}: "
        f"{GROUND_WORDS[pair.ground]}"
        for pair in admission.review[:_LISTED]
    ]
    return lines
