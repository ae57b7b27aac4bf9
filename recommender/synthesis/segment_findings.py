"""What a person should know about the policies that segments share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.model.findings import Finding, Severity
from recommender.synthesis.findings import counted
from recommender.synthesis.sharing import CLOSED, OVER_BOUND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.synthesis.label_drafts import Unlabelled
    from recommender.synthesis.segment_drafts import SegmentDrafts
    from recommender.synthesis.sharing import SharedBlock

_SHOWN = 3


def segment_findings(shared: SegmentDrafts) -> Iterator[Finding]:
    """What segments add, what waits for a label, and what a bound kept exact."""
    yield from _added(shared.sharing.blocks)
    for waiting in shared.labels:
        yield _needs_label(waiting)
    over = [block for block, reason in shared.sharing.left if reason == OVER_BOUND]
    if over:
        yield Finding(
            "block-over-bound",
            Severity.NOTE,
            "segments",
            f"{counted(len(over), 'rule')} between segments would add more pairs than "
            f"--max-added has room for ({sum(block.added for block in over):,} in all) and "
            "are written for single workloads",
        )
    closed = [block for block, reason in shared.sharing.left if reason == CLOSED]
    if closed:
        yield Finding(
            "block-stays-exact",
            Severity.NOTE,
            "segments",
            f"{counted(len(closed), 'rule')} between segments would also allow what was denied, "
            "waits for a person or breaks a goal, and are written for single workloads",
        )
    found = shared.regrouped
    if found is not None and found.policies > found.at_least:
        yield Finding(
            "policies-not-least",
            Severity.NOTE,
            "segments",
            f"segments take {found.policies} policies; at least {found.at_least} are needed, and "
            "the search ended before it found whether fewer do",
        )


def _added(blocks: Sequence[SharedBlock]) -> Iterator[Finding]:
    adding = [block for block in blocks if block.added]
    if not adding:
        return
    most = ", ".join(
        f"{block.source} -> {block.destination} {block.protocol}/{block.port} "
        f"({len(block.added)} beside {block.edges} seen)"
        for block in adding[:_SHOWN]
    )
    rest = len(adding) - _SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    yield Finding(
        "pairs-added",
        Severity.NOTE,
        "segments",
        f"{counted(sum(len(block.added) for block in adding), 'pair')} of workloads may talk "
        f"though never seen to: {most}{more}",
        hint="`blocks` of report.json lists each pair; --max-added N bounds them, "
        "--granularity workload allows none",
    )


def _needs_label(waiting: Unlabelled) -> Finding:
    segment = waiting.segment
    key, value = waiting.label
    return Finding(
        "segment-needs-label",
        Severity.NOTE,
        f"{segment.members[0].namespace}/{segment.name}",
        f"its {counted(len(segment.members), 'workload')} would share a policy with "
        f"{counted(waiting.blocks, 'rule')}, but no stable labels select their pods and none "
        "else: each has exact rules for now",
        hint=f"roll out the label {key}={value} with the component in labels/, then draft again",
    )
