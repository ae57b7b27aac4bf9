"""One engine for each world: each way of settling the open questions that matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from recommender.evaluation.axes import Axes
from recommender.evaluation.compiling import AddressesOf, Compiled
from recommender.evaluation.engine import Engine
from recommender.evaluation.modes import Modes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.evaluation.compiling import Policy
    from recommender.inventory.types import Inventory


@dataclass(frozen=True, eq=False)
class Prepared:
    """Policies in a cluster, made ready once for all that is asked of them.

    Attributes:
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster.
        modes: Answers to what the specification leaves open.
    """

    policies: tuple[Policy, ...]
    inventory: Inventory
    modes: Modes = field(default_factory=Modes)

    @cached_property
    def axes(self) -> Axes:
        """The axes that the policies are cut by."""
        return Axes([(self.policies, self.inventory)], self.modes)

    @property
    def compiled(self) -> Compiled:
        """The policies, compiled."""
        return self.axes.compiled[0]

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """One for each world, in which no outside host is told apart by its DNS name."""
        return self.engines_with(())

    def engines_with(self, names: tuple[tuple[str, str], ...]) -> tuple[Engine, ...]:
        """One for each world, in which outside hosts are told apart by these names."""
        return worlds(self.axes, self.compiled, self.inventory, self.modes, names)


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
