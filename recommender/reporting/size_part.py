"""The part of the document about size: how much there is to review, and how little would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recommender.model.policies import Direction
from recommender.synthesis.minimise import policy_at_least

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.model.policies import NetworkPolicy

Part = dict[str, Any]


def size_part(policies: Sequence[NetworkPolicy], texts: Iterable[str]) -> Part:
    """Policies, rules, entries and bytes; and no fewer rules could say what each policy says.

    Args:
        policies: The drafts.
        texts: The YAML of each.
    """
    rules = [rule for policy in policies for side in Direction for rule in policy.rules(side)]
    return {
        "policies": len(policies),
        "rules": len(rules),
        "rules_at_least": sum(map(policy_at_least, policies)),
        "peers": sum(len(rule.peers) for rule in rules if isinstance(rule.peers, tuple)),
        "ports": sum(len(rule.ports) for rule in rules if isinstance(rule.ports, tuple)),
        "bytes": sum(len(text.encode()) for text in texts),
    }
