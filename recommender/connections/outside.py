"""Addresses that the cluster's history does not name: outside the cluster, or unknown in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.inventory.ranges import RangeNames
from recommender.model.addresses import parse_address, parse_network
from recommender.model.errors import ModelError
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.connections.holders import Holders
    from recommender.model.addresses import Network

#: Why an address of the cluster's own ranges names nobody: no pod is known to have ever had it.
UNKNOWN: Final = "ip-unknown"
#: Why the address of a node names nobody in a log that shows no addresses of pods.
NODE_OR_POD: Final = "ip-node"
#: Why one names nobody whose record spans the time of several holders.
SPANNING: Final = "ip-margin"


def place(addresses: Iterable[str], holders: Holders) -> list[tuple[str, EndClass, str]]:
    """What ends are that are known by nothing but their address.

    A public address is outside. So is a private one where the inventory is meant to hold every
    pod, unless it is of a range that pods get their addresses from: then a pod had it that the
    inventory does not know. What people gave a name as outside is outside. Without an inventory
    nothing can be told.

    Args:
        addresses: The distinct addresses, as the log wrote them.
        holders: What the cluster's history knows.

    Returns:
        Address, class, and why nobody can be named, sorted; addresses of which nothing can be
        told are left out.
    """
    inventory = holders.inventory
    if inventory is None:
        return []
    known = holders.addresses()
    ranges = [
        network
        for node in inventory.nodes
        for text in node.pod_cidrs
        if (network := _network(text)) is not None
    ]
    named = RangeNames(inventory.ranges)
    found = []
    for text in sorted(addresses):
        try:
            address = parse_address(text)
        except ModelError:
            continue
        if str(address) in known:
            found.append((text, EndClass.POD, SPANNING))
        elif named.of(text):
            found.append((text, EndClass.WORLD, ""))
        elif any(address in network for network in ranges):
            found.append((text, EndClass.POD, UNKNOWN))
        elif address.is_global or (inventory.complete and not address.is_multicast):
            found.append((text, EndClass.WORLD, ""))
    return found


def _network(text: str) -> Network | None:
    try:
        return parse_network(text)
    except ModelError:
        return None
