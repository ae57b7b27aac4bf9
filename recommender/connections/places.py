"""Ends outside the pods: addresses, DNS names, nodes, the API server."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from recommender.inventory.holdings import Role
from recommender.inventory.ranges import RangeNames
from recommender.model.addresses import host_network, parse_address
from recommender.model.entities import Entity, EntityKind
from recommender.model.errors import ModelError
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.inventory.holdings import Holding
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge

_EPOCH: Final = datetime.fromtimestamp(0, UTC)

# Addresses that stand for pods elsewhere.
_FRONTS: Final = frozenset({Role.SERVICE, Role.BALANCER})

#: The CIDRs that mean everywhere.
EVERYWHERE: Final = ("0.0.0.0/0", "::/0")

_FIXED: Final = {
    EndClass.OWN_NODE: Entity(EntityKind.NODE, name="own"),
    EndClass.NODE: Entity.node(),
    EndClass.APISERVER: Entity.apiserver(),
}
_UNRESOLVED: Final = {
    EndClass.HEALTH: "cilium-health",
    EndClass.INGRESS: "cilium-ingress",
    EndClass.UNMANAGED: "unmanaged-pod",
    EndClass.NONE: "no-identity",
}


class Named(NamedTuple):
    """A DNS name of an address.

    Attributes:
        client: The workload that was told; None where the log does not say.
        ip: The address.
        name: The name, in lower case and without the trailing dot.
    """

    client: Entity | None
    ip: str
    name: str


class Places:
    """Turns classes and addresses into entities, and addresses into names."""

    def __init__(self, names: Iterable[Named], inventory: Inventory | None) -> None:
        """Remember the names that the log gives to addresses.

        Args:
            names: Who knows which address by which DNS name.
            inventory: The cluster as known, to tell pods and the API server by address, with
                the names that people give to ranges.
        """
        # Several hosts share an address behind one front: what a client asked for tells which.
        self._names: dict[tuple[Entity | None, str], set[str]] = defaultdict(set)
        for named in names:
            address = self.canonical(named.ip)
            self._names[(None, address)].add(named.name)
            if named.client is not None:
                self._names[(named.client, address)].add(named.name)
        self._inventory = inventory
        self._ranges = RangeNames(inventory.ranges if inventory is not None else ())

    @staticmethod
    def canonical(ip: str) -> str:
        """An address in canonical form; what is no address stays as it is."""
        try:
            return str(parse_address(ip))
        except ModelError:
            return ip

    @staticmethod
    def addresses(texts: Iterable[str]) -> tuple[str, ...]:
        """Those texts that are addresses, in canonical form, sorted; a log may hold anything."""
        found = set()
        for text in texts:
            with suppress(ModelError):
                found.add(str(parse_address(text)))
        return tuple(sorted(found))

    @staticmethod
    def time(moment: datetime | None) -> datetime:
        """A moment with its zone, UTC; the epoch where the log has none."""
        return (moment or _EPOCH).replace(tzinfo=UTC)

    def entity(
        self,
        kind: EndClass,
        ip: str,
        other: Entity | None = None,
        seen: tuple[datetime, datetime] = (_EPOCH, _EPOCH),
    ) -> Entity:
        """The entity of an end that is no pod.

        Args:
            kind: Its class.
            ip: Its address, outside the cluster.
            other: The workload at the other end, whose DNS answers name the address first.
            seen: Times of the first and the last record; the epoch where there is none.
        """
        if kind in _FIXED:
            return _FIXED[kind]
        if ip in EVERYWHERE:
            return Entity.cidr(ip)
        address = self.canonical(ip)
        if kind in {EndClass.NONE, EndClass.WORLD}:
            for held in _owners(self._inventory, address):
                if _held(held, *seen):
                    return held.entity
        if kind is EndClass.WORLD:
            return self._external(address, other)
        return Entity.unresolved(_UNRESOLVED[kind])

    def _external(self, address: str, other: Entity | None) -> Entity:
        try:
            network = str(host_network(address))
        except ModelError:
            return Entity.unresolved("no-address" if not address else "invalid-address")
        names = self._of(address, other)
        return Entity.dns_name(next(iter(names))) if len(names) == 1 else Entity.cidr(network)

    def names(self, end: Entity, other: Entity | None = None) -> set[str]:
        """Names known for an external entity: what people call its range, and in DNS.

        What the workload at the other end was told comes before what others were.
        """
        if end.kind is EntityKind.NAME:
            return {end.name}
        address = end.name.partition("/")[0]
        return self._of(address, other) | ({self._ranges.of(address)} - {""})

    def _of(self, address: str, other: Entity | None) -> set[str]:
        own = self._names.get((other, address), set())
        return own or self._names.get((None, address), set())

    def settle(self, edges: Iterable[Edge]) -> list[Edge]:
        """Merge edges that turned out to be the same: several addresses of one DNS name."""
        groups: dict[object, list[Edge]] = defaultdict(list)
        for edge in edges:
            groups[edge.key].append(edge)
        return [group[0] if len(group) == 1 else _merge(group) for group in groups.values()]


def _owners(inventory: Inventory | None, ip: str) -> Sequence[Holding]:
    """When one workload, the nodes or the API server had an address that nobody else ever had."""
    holdings = inventory.holdings if inventory is not None else ()
    rows = (
        bisect(holdings, ip, key=lambda held: held.ip) for bisect in (bisect_left, bisect_right)
    )
    found = [held for held in holdings[slice(*rows)] if held.role not in _FRONTS]
    return found if len({held.entity for held in found}) == 1 else ()


def _held(holding: Holding, first: datetime, last: datetime) -> bool:
    """Whether a holding is proven for all the time between two records."""
    if first == _EPOCH:
        return holding.start is None and holding.end is None
    started = holding.start is None or holding.start <= first
    return started and (holding.end is None or last <= holding.end)


def _merge(edges: list[Edge]) -> Edge:
    """One edge of several with the same key and different addresses.

    Days and hours are those of the busiest part: their union is not known any more, so the
    count is a lower bound.
    """
    first = edges[0]
    outside_client = first.client.is_external

    def total(count: str) -> int:
        return sum(getattr(edge, count) for edge in edges)

    def most(count: str) -> int:
        return max(int(getattr(edge, count)) for edge in edges)

    def union(values: str) -> tuple[str, ...]:
        return tuple(sorted({value for edge in edges for value in getattr(edge, values)}))

    return replace(
        first,
        flows=total("flows"),
        records=total("records"),
        bytes=total("bytes"),
        # Where a part has no time, it stands at the epoch.
        first_seen=min(
            (edge.first_seen for edge in edges if edge.first_seen > _EPOCH), default=_EPOCH
        ),
        last_seen=max(edge.last_seen for edge in edges),
        client_pods=total("client_pods") if outside_client else most("client_pods"),
        server_pods=most("server_pods") if outside_client else total("server_pods"),
        days=most("days"),
        hours=most("hours"),
        observers=union("observers"),
        addresses=union("addresses"),
        names=union("names"),
        samples=tuple(sorted({record for edge in edges for record in edge.samples})[:3]),
        marks=union("marks"),
    )
