"""Levels of trust: the environment or tenant that a workload's or its namespace's labels name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.model.labels import TRUST_LABELS

if TYPE_CHECKING:
    from recommender.inventory.types import Inventory
    from recommender.model.entities import Entity


def trust_levels(inventory: Inventory) -> dict[Entity, dict[str, str]]:
    """Per workload the labels of trust that it has, by key; its own before its namespace's."""
    spaces = {
        name: {key: value for key, value in space.labels if key in TRUST_LABELS}
        for name, space in inventory.namespaces.items()
    }
    return {
        entity: {
            **spaces.get(entity.namespace, {}),
            **{key: value for key, value in workload.labels if key in TRUST_LABELS},
        }
        for entity, workload in inventory.workloads.items()
    }
