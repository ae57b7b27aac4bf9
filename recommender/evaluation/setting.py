"""What a question is asked about: policies and the cluster they act on, read from paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.inventory import read_inventory, require_sound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recommender.evaluation.compiling import Policy
    from recommender.inventory.types import Inventory


@dataclass(frozen=True, slots=True)
class Setting:
    """Policies and the cluster they act on.

    Attributes:
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster.
    """

    policies: tuple[Policy, ...]
    inventory: Inventory


def read_setting(
    paths: Iterable[str | Path],
    inventory: Inventory | None = None,
) -> Setting:
    """Read policies, and the workloads beside them.

    Args:
        paths: Manifests, folders of them, kubectl dumps, or ``-``.
        inventory: The cluster, where it is known from elsewhere; without, it is what ``paths``
            hold beside the policies.

    Raises:
        ManifestError: An object is invalid: an answer without it would mislead.
        InputError: A path does not exist, or there is no object in all.
    """
    read = read_inventory(paths)
    require_sound(read.findings)
    return Setting((*read.policies, *read.tiers), read if inventory is None else inventory)
