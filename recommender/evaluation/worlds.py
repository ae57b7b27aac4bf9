"""One engine for each world: each way of settling the open questions that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.evaluation.axes import Axes
from recommender.evaluation.compiling import AddressesOf, Compiled
from recommender.evaluation.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.modes import Modes
    from recommender.inventory.types import Inventory


def engines(
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes,
    names: Iterable[tuple[str, str]] = (),
) -> tuple[Engine, ...]:
    """One engine for each way of settling the open questions that matter here.

    All stand on the same axes, so their numbers of port sets compare.
    """
    axes = Axes([(policies, inventory)], modes)
    return worlds(axes, axes.compiled[0], inventory, modes, tuple(names))


def worlds(
    axes: Axes,
    compiled: Compiled,
    inventory: Inventory,
    modes: Modes,
    names: tuple[tuple[str, str], ...] = (),
) -> tuple[Engine, ...]:
    """The same on axes that exist already."""
    blocks = any(
        isinstance(peer, AddressesOf) and peer.network_policy
        for entry in compiled.all_entries()
        for peer in entry.peers
    )
    pods = [pod for workload in inventory.workloads.values() for pod in workload.pods]
    settled = modes.worlds(
        addresses=blocks,
        host_network=bool(compiled.policies) and any(pod.host_network for pod in pods),
    )
    return tuple(Engine(compiled, inventory, world, axes, names) for world in settled)
