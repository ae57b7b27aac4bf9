"""The cluster as known: from manifests, dumps, or only from what the flows say."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from recommender.inventory.manifests import read_inventory
    from recommender.inventory.policies import Policies, read_policies, require_sound
    from recommender.inventory.types import Inventory

__all__ = ["Inventory", "Policies", "read_inventory", "read_policies", "require_sound"]

# Reading logs needs the types alone: what reads manifests waits until somebody asks for it.
_EXPORTS: Final = {
    "Inventory": "types",
    "Policies": "policies",
    "read_inventory": "manifests",
    "read_policies": "policies",
    "require_sound": "policies",
}


def __getattr__(name: str) -> object:
    """Import the module of a public name when the name is first used (PEP 562)."""
    if name not in _EXPORTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
    globals()[name] = value
    return value
