"""Who belongs to the groups of a goals file, in one cluster and one log."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import IPSet
from recommender.model.entities import EntityKind
from recommender.model.errors import ModelError
from recommender.review.goals import ANY, APISERVER, INTERNET, NODES, OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.review.goals import Choice, Goals, Group, Way

#: Addresses that the internet does not route: they are outside, and not the internet.
PRIVATE: Final = IPSet.of(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/9", "ff00::/8"),
)
#: The internet.
PUBLIC: Final = IPSet.every() - PRIVATE


@dataclass(frozen=True, slots=True)
class End:
    """One end of an edge as a goal sees it.

    Attributes:
        entity: Who it is.
        addresses: Its addresses, for an end outside of the cluster.
        names: Its DNS names.
    """

    entity: Entity
    addresses: IPSet = field(default_factory=IPSet)
    names: tuple[str, ...] = ()


class Members:
    """The groups of a goals file resolved against what is known.

    Args:
        goals: The goals.
        inventory: The cluster as known; its labels decide.
        edges: What was seen: ends that are in no inventory, and the addresses of DNS names.
        home: Name of the cluster that the goals are for.
    """

    def __init__(
        self,
        goals: Goals,
        inventory: Inventory,
        edges: Sequence[Edge] = (),
        home: str = "",
    ) -> None:
        self._groups = goals.groups
        self._inventory = inventory
        self._edges = edges
        self._home = home
        self._found: dict[str, frozenset[Entity]] = {}

    @cached_property
    def everyone(self) -> frozenset[Entity]:
        """Every workload of the cluster."""
        seen = {end for edge in self._edges for end in (edge.client, edge.server)}
        known = {*self._inventory.workloads, *(end for end in seen if end.is_workload)}
        return frozenset(entity for entity in known if entity.cluster == self._home)

    def workloads(self, names: Iterable[str]) -> frozenset[Entity]:
        """The workloads of some groups."""
        return frozenset().union(*map(self._workloads, names))

    def addresses(self, names: Iterable[str]) -> IPSet:
        """The addresses outside that some groups hold."""
        found = IPSet()
        for name in names:
            found |= self._addresses(name)
        return found

    def holds(self, names: Iterable[str], end: End) -> bool:
        """Whether one of the groups holds the whole of an end."""
        return any(self._holds(name, end, whole=True) for name in names)

    def touches(self, names: Iterable[str], end: End) -> bool:
        """Whether one of the groups holds any of an end."""
        return any(self._holds(name, end, whole=False) for name in names)

    def lets(self, way: Way, client: End, server: End, protocol: str, port: int) -> bool:
        """Whether a way lets a connection through as a whole."""
        if way.ports is not None and (protocol, port) not in way.ports:
            return False
        return self.holds(way.sources, client) and self.holds(way.targets, server)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """The defined groups among these that hold nobody."""
        return tuple(
            name
            for name in names
            if name in self._groups and not self._workloads(name) and not self._addresses(name)
        )

    def _workloads(self, name: str) -> frozenset[Entity]:
        if name not in self._found:
            if name == ANY:
                self._found[name] = self.everyone
            else:
                choices = self._groups[name].choices if name in self._groups else ()
                self._found[name] = frozenset(
                    entity
                    for entity in self.everyone
                    if any(self._chosen(choice, entity) for choice in choices)
                )
        return self._found[name]

    def _chosen(self, choice: Choice, entity: Entity) -> bool:
        if choice.namespaces and not _like(entity.namespace, choice.namespaces):
            return False
        if choice.names and not any(_like(text, choice.names) for text in _texts(entity)):
            return False
        if choice.namespace_labels:
            namespace = self._inventory.namespaces.get(entity.namespace)
            if namespace is None or not set(choice.namespace_labels) <= set(namespace.labels):
                return False
        if choice.labels:
            workload = self._inventory.workloads.get(entity)
            return workload is not None and set(choice.labels) <= set(workload.labels)
        return True

    def _addresses(self, name: str) -> IPSet:
        if name == OUTSIDE:
            return IPSet.every()
        if name == INTERNET:
            return PUBLIC
        if name == NODES:
            return _set(text for node in self._inventory.nodes for text in node.addresses)
        if name == APISERVER:
            return _set(self._inventory.apiserver_addresses)
        group = self._groups.get(name)
        if group is None:
            return IPSet()
        return (group.addresses or IPSet()) | self._of_hosts(group)

    def _of_hosts(self, group: Group) -> IPSet:
        """The addresses under which the group's hosts were seen."""
        found = IPSet()
        for edge in self._edges if group.hosts else ():
            for end in (client_end(edge), server_end(edge)):
                if end.addresses and any(_like(name, group.hosts) for name in end.names):
                    found |= end.addresses
        return found

    def _holds(self, name: str, end: End, *, whole: bool) -> bool:
        entity = end.entity
        match entity.kind:
            case EntityKind.WORKLOAD:
                return entity in self._workloads(name)
            case EntityKind.NODE:
                return name == NODES
            case EntityKind.APISERVER:
                return name == APISERVER
            case EntityKind.CIDR | EntityKind.NAME:
                return self._holds_outside(name, end, whole=whole)
            case _:
                return False

    def _holds_outside(self, name: str, end: End, *, whole: bool) -> bool:
        if name == OUTSIDE:
            return True
        group = self._groups.get(name)
        if group is not None and any(_like(host, group.hosts) for host in end.names):
            return True
        if not end.addresses:
            # A host whose address nobody knows is taken for one of the internet.
            return name == INTERNET
        mine = self._addresses(name)
        return end.addresses <= mine if whole else bool(end.addresses & mine)


def client_end(edge: Edge) -> End:
    """The client of an edge as a goal sees it."""
    return _end(edge.client, edge)


def server_end(edge: Edge) -> End:
    """The server of an edge as a goal sees it."""
    return _end(edge.server, edge)


def _end(entity: Entity, edge: Edge) -> End:
    if not entity.is_external:
        return End(entity)
    texts = edge.addresses or ((entity.name,) if entity.kind is EntityKind.CIDR else ())
    names = (entity.name,) if entity.kind is EntityKind.NAME else edge.names
    return End(entity, _set(texts), names)


def _set(texts: Iterable[str]) -> IPSet:
    found = []
    for text in texts:
        try:
            found.append(IPSet.of(text))
        except ModelError:
            continue
    result = IPSet()
    for one in found:
        result |= one
    return result


def _texts(entity: Entity) -> tuple[str, str]:
    short = f"{entity.namespace}/{entity.name}"
    return short, f"{entity.namespace}/{entity.workload_kind}/{entity.name}"


def _like(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
