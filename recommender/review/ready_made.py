"""What drafts leave of each item: its ready-made rule, and whether it is possible all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recommender.evaluation.judging import Outcome
from recommender.evaluation.replay import replay_over
from recommender.model.findings import Finding, Severity
from recommender.review.items import Decision
from recommender.synthesis.peers import PeerFinder
from recommender.synthesis.single import single_policies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.inventory.types import Inventory
    from recommender.review.items import Item
    from recommender.review.proof import Proof
    from recommender.synthesis.subjects import Roster


def with_rules(
    items: Iterable[Item],
    proof: Proof,
    inventory: Inventory,
    roster: Roster,
) -> tuple[Item, ...]:
    """The items with their ready-made rules.

    What was rejected, breaks a goal or is drafted gets none.

    Args:
        items: What waits for a person, and what was decided.
        proof: The drafts that the rules are to stand beside.
        inventory: The cluster as known.
        roster: Whom policies can select.
    """
    finder = PeerFinder(inventory, roster)
    every = tuple(items)
    held = [item.edge for item in every if not item.drafted]
    rows = replay_over(proof.prepared, held).rows if held else ()
    open_ = {row.edge for row in rows if row.outcome is Outcome.ALLOWED}
    return tuple(
        replace(
            item,
            still_allowed=not item.drafted and item.edge in open_,
            policies=single_policies(item.edge, finder, proof.policies)
            if _is_offered(item)
            else (),
        )
        for item in every
    )


def review_findings(
    findings: Iterable[Finding],
    items: Iterable[Item],
    roster: Roster,
) -> tuple[Finding, ...]:
    """Findings of drafts, in the light of what was held back, and what stays possible of that.

    Args:
        findings: What there is to say about the drafts.
        items: The items, after :func:`with_rules`.
        roster: Whom policies can select.
    """
    held = [item for item in items if not item.drafted]
    ends = {end for item in held for end in (item.edge.client, item.edge.server)}
    subjects = {roster.subject_of[end].id for end in ends if end in roster.subject_of}
    told = [
        _all_in_review(one) if one.code == "no-traffic" and one.subject in subjects else one
        for one in findings
    ]
    still = sorted(item.key for item in held if item.still_allowed)
    if still:
        text = (
            f"the drafts allow {len(still)} edges that wait or were turned down, first {still[0]}"
        )
        why = "they leave its ends open, or another rule covers it"
        hint = "see what stays open, and why, in the findings about its ends"
        told.append(
            Finding("review-still-allowed", Severity.WARNING, "review", f"{text}: {why}", hint=hint)
        )
    return tuple(told)


def _all_in_review(finding: Finding) -> Finding:
    message = "all its accepted traffic waits for a person, so it got no policy and stays open"
    hint = "decide it, and draft again"
    return Finding("all-in-review", Severity.WARNING, finding.subject, message, hint=hint)


def _is_offered(item: Item) -> bool:
    return not (item.drafted or item.forbidden or item.decision is Decision.REJECT)
