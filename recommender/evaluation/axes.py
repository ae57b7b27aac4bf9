"""The axes that the policies under comparison are cut by: ports and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.evaluation.atoms import AddressAtoms, PortAtoms, PortTable
from recommender.evaluation.compiling import AddressesOf, Compiled, compile_policies
from recommender.evaluation.points import pods_of
from recommender.evaluation.ports import PortName, range_of, resolve
from recommender.model.addresses import IPSet, host_network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.modes import Modes
    from recommender.inventory.types import ContainerPort, Inventory


class Axes:
    """Port and address atoms of one or more sets of policies.

    Engines on the same axes number port sets alike, so that they compare number by number.

    Args:
        sides: Policies, each with the inventory that they are about.
        modes: Whether ranges of ports are understood.
    """

    def __init__(
        self,
        sides: Sequence[tuple[Iterable[Policy], Inventory]],
        modes: Modes,
    ) -> None:
        self.compiled = tuple(compile_policies(policies, about) for policies, about in sides)
        inventories = [about for _, about in sides]
        ranges: set[tuple[str, int, int]] = set()
        names: set[PortName] = set()
        for port in (port for each in self.compiled for port in each.ports()):
            if isinstance(port.port, str):
                names.add((port.protocol, port.port))
            elif port.port is not None:
                ranges.add(range_of(port, end_port=modes.end_port))
        self.names = frozenset(names)
        for declared in _declared(inventories):
            for name in names:
                ranges.update((protocol, n, n) for protocol, n in resolve(declared, name))
        sets = set(_addresses(self.compiled)) | set(_host_addresses(inventories))
        #: The port axis.
        self.ports = PortAtoms(ranges)
        #: Numbers of port sets.
        self.table = PortTable(self.ports)
        #: The address axis.
        self.addresses = AddressAtoms(sets)
        #: Whether any policy or pod has an IPv6 address.
        self.has_ipv6 = any(each.v6 for each in sets) or any(
            ":" in ip for about in inventories for ip in _pod_addresses(about)
        )


def _declared(inventories: Iterable[Inventory]) -> set[tuple[ContainerPort, ...]]:
    return {
        pod.ports
        for inventory in inventories
        for workload in inventory.workloads.values()
        for pod in pods_of(workload)
    }


def _addresses(compiled: Iterable[Compiled]) -> Iterator[IPSet]:
    for each in compiled:
        for entry in each.all_entries():
            for peer in entry.peers:
                if isinstance(peer, AddressesOf):
                    yield peer.addresses


def _host_addresses(inventories: Iterable[Inventory]) -> Iterator[IPSet]:
    """Addresses of pods of the host network: such a pod is an outside address of its own."""
    for inventory in inventories:
        for workload in inventory.workloads.values():
            for pod in workload.pods:
                if pod.host_network:
                    yield from (IPSet.of(host_network(ip)) for ip in pod.ips)


def _pod_addresses(inventory: Inventory) -> Iterator[str]:
    for workload in inventory.workloads.values():
        for pod in workload.pods:
            yield from pod.ips
