"""The ready-made rule of each item: what a person applies who wants it and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recommender.review.items import Decision
from recommender.synthesis.peers import PeerFinder
from recommender.synthesis.single import single_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.policies import NetworkPolicy
    from recommender.review.items import Item
    from recommender.synthesis.subjects import Roster


def with_rules(
    items: Iterable[Item],
    drafts: Sequence[NetworkPolicy],
    inventory: Inventory,
    roster: Roster,
) -> tuple[Item, ...]:
    """The items with their ready-made rules.

    What was rejected, breaks a goal or is drafted gets none.

    Args:
        items: What waits for a person, and what was decided.
        drafts: The drafts that the rules are to stand beside.
        inventory: The cluster as known.
        roster: Whom policies can select.
    """
    finder = PeerFinder(inventory, roster)
    return tuple(
        replace(item, policies=single_policies(item.edge, finder, drafts))
        if _is_offered(item)
        else item
        for item in items
    )


def _is_offered(item: Item) -> bool:
    return not (item.drafted or item.forbidden or item.decision is Decision.REJECT)
