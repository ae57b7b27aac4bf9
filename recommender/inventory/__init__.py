"""The cluster as known: from manifests, dumps, or only from what the flows say."""

from __future__ import annotations

from recommender.inventory.manifests import read_inventory
from recommender.inventory.policies import Policies, read_policies, require_sound
from recommender.inventory.types import Inventory

__all__ = ["Inventory", "Policies", "read_inventory", "read_policies", "require_sound"]
