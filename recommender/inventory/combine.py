"""What is known of the cluster together with what only the flows show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.inventory.types import Inventory


def combine(known: Inventory | None, seen: Inventory) -> Inventory:
    """One inventory of both: what is known wins, what is only seen is added.

    Args:
        known: From a live cluster, a dump or manifests; None where there is none.
        seen: Derived from flows.

    Returns:
        An inventory that is complete where ``known`` is: workloads that it does not hold had
        traffic in the window and are gone now, or run elsewhere.
    """
    if known is None:
        return seen
    return replace(
        known,
        namespaces={**seen.namespaces, **known.namespaces},
        workloads={**seen.workloads, **known.workloads},
    )
