"""What every workload of a namespace may do, factored into one policy: name resolution, metrics.

Policies add up. So a rule that stands in the policy of every workload of a namespace can stand in
one policy for the whole namespace instead, and the policies of the workloads become as short as
what is their own. That policy isolates every pod of the namespace, which is safe only in the
directions in which the namespace's default-deny is. It has to be applied together with the others,
so it is written only where as few rules as possible are asked for (granularity ``segment``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, NetworkPolicy
from recommender.synthesis.minimise import edge_order, rule_order
from recommender.synthesis.subjects import MANAGED_BY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from recommender.model.policies import Rule
    from recommender.synthesis.drafting import DirectionDraft, Draft

#: Name of the policy.
BASELINE: Final = "baseline"

# One policy more has to spare at least two rules.
_FEWEST: Final = 3


def factor(
    namespace: str,
    drafts: Sequence[Draft],
    safe: Collection[Direction],
    taken: Collection[str],
) -> tuple[NetworkPolicy | None, list[Draft]]:
    """Move what all drafts of a namespace allow into one policy for all of its pods.

    Args:
        namespace: Its name.
        drafts: The drafts of its workloads and segments.
        safe: Directions in which each of its workloads is isolated.
        taken: Names that policies of the namespace have already.

    Returns:
        The policy, None where the drafts share nothing, and the drafts without what it says.
    """
    common: dict[Direction, tuple[Rule, ...]] = {}
    for direction in sorted(safe):
        shared = _common(list(_sides(drafts, direction)))
        if shared:
            common[direction] = shared
    if not common or BASELINE in taken:
        return None, list(drafts)
    policy = NetworkPolicy(
        namespace=namespace,
        name=BASELINE,
        subject=LabelSelector.everything(),
        policy_types=frozenset(common),
        ingress=common.get(Direction.INGRESS, ()),
        egress=common.get(Direction.EGRESS, ()),
        labels=(MANAGED_BY,),
        origin=f"namespace {namespace}",
    )
    return policy, [_without(draft, common) for draft in drafts]


def _sides(drafts: Sequence[Draft], direction: Direction) -> list[DirectionDraft]:
    """The sides that isolate somebody alone; what only adds to a segment's policy is none."""
    return [
        side
        for draft in drafts
        for side in draft.directions
        if side.direction is direction and side.covered and direction not in draft.shared
    ]


def _common(sides: Sequence[DirectionDraft]) -> tuple[Rule, ...]:
    """The rules that all sides have, each with the evidence of all."""
    if len(sides) < _FEWEST:
        return ()
    found = []
    for rule in sides[0].rules:
        same = [other for side in sides for other in side.rules if other == rule]
        if len(same) == len(sides):
            evidence = {edge for other in same for edge in other.evidence}
            marks = {mark for other in same for mark in other.marks}
            found.append(
                replace(
                    rule,
                    evidence=tuple(sorted(evidence, key=edge_order)),
                    marks=tuple(sorted(marks)),
                )
            )
    return tuple(sorted(found, key=rule_order))


def _without(draft: Draft, common: dict[Direction, tuple[Rule, ...]]) -> Draft:
    sides = (
        replace(
            side,
            rules=tuple(rule for rule in side.rules if rule not in common.get(side.direction, ())),
        )
        for side in draft.directions
    )
    ingress, egress = sides
    return replace(draft, ingress=ingress, egress=egress)
