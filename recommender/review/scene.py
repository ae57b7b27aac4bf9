"""What the edges as a whole show, so that one of them can be held against the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from recommender.connections.marks import FOLDED, OWN_NODE
from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from recommender.inventory.types import Inventory, Service
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

DNS_PORTS: Final = frozenset({53, 853, 5353})
_DAY: Final = timedelta(days=1)
#: Share of the window from its start on that counts as its beginning.
QUIET: Final = 0.15
#: Hours up to which something was hardly seen in a window of days.
HARDLY: Final = 2
_SPARSE: Final = 0.15
_V4_NETWORK, _V6_NETWORK = 24, 48
#: Labels that say what a workload is for, the same for several workloads.
_ROLE_LABELS: Final = (
    "app.kubernetes.io/component",
    "component",
    "tier",
    "role",
    "layer",
)


class Span(NamedTuple):
    """When something was seen, over all edges that mean the same.

    Attributes:
        first: Time of the first record.
        last: Time of the last one.
        days: Distinct days; where edges were drawn together, at most so many.
        hours: Distinct clock hours; likewise.
        flows: Connections.
        pods: Distinct client pods; likewise.
    """

    first: datetime
    last: datetime
    days: int
    hours: int
    flows: int
    pods: int


class Tried(NamedTuple):
    """Ports of a server that did not let a client in.

    Attributes:
        server: The server.
        ports: How many of its ports; of those that were drawn together each was tried about once.
        first: Time of the first record.
        last: Time of the last one.
    """

    server: Entity
    ports: int
    first: datetime
    last: datetime


class Destination(NamedTuple):
    """Who reaches what: outside, a network or a name stands for its addresses."""

    client: str
    server: str
    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The edges of a window in the ways that grounds for doubt look at them.

    Attributes:
        inventory: The cluster as known.
        start: Time of the first record, None where times are not known.
        length: Time from the first record to the last.
        days: Calendar days that the window touches.
        spans: When each destination was seen.
        pods: Pods of each workload that were seen opening connections at once, at most.
        clients: The clients of each server and port.
        pairs: Distinct workloads pairs that talk, by client's and server's namespace.
        tried: Per client what did not answer or was denied.
        barred: Edges' keys (without the verdict) that were denied or only audited too.
        resolvers: Who answers DNS in the cluster.
        declared: Ports that a workload of the inventory declares or a Service leads to; missing
            where it declares none.
        siblings: Workloads that are meant alike, by workload.
        peers: Whom each client reaches: server or its group, protocol, port.
        groups: The group of each workload: namespace and role, where its labels name one.
        sparse: Whether so much was hardly seen that the log is a thin sample: then it says
            nothing against one edge.
    """

    inventory: Inventory
    start: datetime | None = None
    length: timedelta = timedelta(0)
    days: int = 1
    spans: Mapping[Destination, Span] = field(default_factory=dict)
    pods: Mapping[Entity, int] = field(default_factory=dict)
    clients: Mapping[tuple[Entity, str, int], frozenset[Entity]] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], int] = field(default_factory=dict)
    tried: Mapping[Entity, Sequence[Tried]] = field(default_factory=dict)
    barred: frozenset[tuple[Entity, Entity, str, int]] = frozenset()
    resolvers: frozenset[Entity] = frozenset()
    declared: Mapping[Entity, frozenset[int]] = field(default_factory=dict)
    siblings: Mapping[Entity, frozenset[Entity]] = field(default_factory=dict)
    peers: Mapping[Entity, frozenset[tuple[str, str, int]]] = field(default_factory=dict)
    groups: Mapping[Entity, str] = field(default_factory=dict)
    sparse: bool = False

    def span(self, edge: Edge) -> Span:
        """When an edge was seen; of an outside address, its neighbours included."""
        return self.spans.get(destination(edge)) or _span_of(edge)

    def lasts(self, least: timedelta) -> bool:
        """Whether the window is at least so long."""
        return self.start is not None and self.length >= least

    def was_quiet(self, edge: Edge) -> bool:
        """Whether a window of days began without what an edge means."""
        if self.start is None or not self.lasts(2 * _DAY):
            return False
        return self.span(edge).first - self.start >= self.length * QUIET

    def place(self, entity: Entity) -> str:
        """What stands for a server when workloads are compared: its group, or itself."""
        return self.groups.get(entity, entity.id)


def survey(
    edges: Iterable[Edge],
    inventory: Inventory,
    window: tuple[datetime, datetime] | None,
) -> Scene:
    """Look over all edges once.

    Workloads of one namespace whose labels name the same role are taken for alike.

    Args:
        edges: All edges of whatever verdict.
        inventory: The cluster as known.
        window: Time of the first and the last record.
    """
    everything = list(edges)
    accepted = [edge for edge in everything if edge.verdict is Verdict.ACCEPTED]
    bounds = [edge for edge in accepted if edge.first_seen.timestamp() > 0] if window else []
    groups = _roles(inventory)
    spans = _spans(accepted)
    return Scene(
        inventory=inventory,
        start=window[0] if window and bounds else None,
        length=window[1] - window[0] if window else timedelta(0),
        days=(window[1].date() - window[0].date()).days + 1 if window else 1,
        spans=spans,
        pods=_pods(accepted),
        clients=_clients(accepted),
        pairs=_pairs(accepted),
        tried=_tried(everything),
        barred=frozenset(
            edge.key[:4] for edge in everything if edge.verdict in {Verdict.DENIED, Verdict.AUDIT}
        ),
        resolvers=_resolvers(accepted),
        declared=_declared(inventory),
        siblings=_siblings(groups),
        peers=_peers(accepted, groups),
        groups=groups,
        sparse=_is_sparse(spans),
    )


def destination(edge: Edge) -> Destination:
    """Who reaches what; addresses of one name or network outside count as one."""
    # Who may come from outside is a question about the port, not about each address.
    client = "outside" if edge.client.is_external else _place(edge.client)
    server = _place(edge.server)
    if edge.server.is_external:
        server = edge.names[0] if edge.names else _network(edge.server.name)
    return Destination(client, server, edge.protocol, edge.port)


def _place(entity: Entity) -> str:
    """Nodes are one place: which of them it was, and whether it runs the API server, is chance."""
    return "nodes" if entity.kind in {EntityKind.NODE, EntityKind.APISERVER} else entity.id


def is_settled(edge: Edge) -> bool:
    """Whether a rule for an edge is out of question: no policy can say it, or none is needed."""
    return OWN_NODE in edge.marks or edge.protocol.startswith("ICMP")


def _network(text: str) -> str:
    try:
        address = ip_address(text.partition("/")[0])
    except ValueError:
        return text
    kept = _V4_NETWORK if address.version == 4 else _V6_NETWORK  # noqa: PLR2004 - IPv4
    bits = address.max_prefixlen
    return f"net{address.version}:{int(address) >> (bits - kept):x}"


def _span_of(edge: Edge) -> Span:
    return Span(
        edge.first_seen, edge.last_seen, edge.days, edge.hours, edge.flows, edge.client_pods
    )


def _spans(accepted: Iterable[Edge]) -> dict[Destination, Span]:
    found: dict[Destination, Span] = {}
    for edge in accepted:
        one, key = _span_of(edge), destination(edge)
        had = found.get(key)
        found[key] = one if had is None else _joined(had, one)
    return found


def _joined(one: Span, two: Span) -> Span:
    first, last = min(one.first, two.first), max(one.last, two.last)
    return Span(
        first,
        last,
        min(one.days + two.days, (last.date() - first.date()).days + 1),
        one.hours + two.hours,
        one.flows + two.flows,
        one.pods + two.pods,
    )


def _is_sparse(spans: Mapping[Destination, Span]) -> bool:
    """Whether clients hardly do much of what they do.

    Each client counts once, so that a scan of many ports does not excuse itself.
    """
    by_client: defaultdict[str, list[bool]] = defaultdict(list)
    for key, span in spans.items():
        by_client[key.client].append(span.hours <= HARDLY)
    shares = [sum(hardly) / len(hardly) for hardly in by_client.values()]
    return bool(shares) and sum(shares) / len(shares) > _SPARSE


def _pods(accepted: Iterable[Edge]) -> dict[Entity, int]:
    found: Counter[Entity] = Counter()
    for edge in accepted:
        found[edge.client] = max(found[edge.client], edge.client_pods)
    return dict(found)


def _clients(accepted: Iterable[Edge]) -> dict[tuple[Entity, str, int], frozenset[Entity]]:
    found: defaultdict[tuple[Entity, str, int], set[Entity]] = defaultdict(set)
    for edge in accepted:
        found[edge.server, edge.protocol, edge.port].add(edge.client)
    return {key: frozenset(clients) for key, clients in found.items()}


def _pairs(accepted: Iterable[Edge]) -> dict[tuple[str, str], int]:
    pairs = {
        (edge.client, edge.server)
        for edge in accepted
        if edge.client.is_workload and edge.server.is_workload
    }
    return Counter((client.namespace, server.namespace) for client, server in pairs)


def _tried(edges: Collection[Edge]) -> dict[Entity, list[Tried]]:
    found: defaultdict[Entity, list[Tried]] = defaultdict(list)
    let_in = {edge.key[:4] for edge in edges if edge.verdict is Verdict.ACCEPTED}
    for edge in edges:
        if edge.verdict in {Verdict.UNANSWERED, Verdict.DENIED} and edge.key[:4] not in let_in:
            ports = edge.flows if FOLDED in edge.marks else 1
            found[edge.client].append(Tried(edge.server, ports, edge.first_seen, edge.last_seen))
    return dict(found)


def _resolvers(accepted: Iterable[Edge]) -> frozenset[Entity]:
    """Who answers DNS inside: workloads and nodes that several clients ask."""
    asked: defaultdict[Entity, set[Entity]] = defaultdict(set)
    for edge in accepted:
        inside = not edge.server.is_external
        if inside and edge.port in DNS_PORTS and edge.client.is_workload:
            asked[edge.server].add(edge.client)
    most = max(map(len, asked.values()), default=0)
    return frozenset(server for server, clients in asked.items() if 2 * len(clients) >= most)


def _declared(inventory: Inventory) -> dict[Entity, frozenset[int]]:
    services: defaultdict[str, list[Service]] = defaultdict(list)
    for service in inventory.services:
        if service.selector:
            services[service.namespace].append(service)
    found: dict[Entity, frozenset[int]] = {}
    for entity, workload in inventory.workloads.items():
        own = (*workload.ports, *(port for pod in workload.pods for port in pod.ports))
        if own and workload.known_from == "inventory":
            labels = set(workload.labels)
            led = {
                port.target_port or port.port
                for service in services[entity.namespace]
                if labels.issuperset(service.selector)
                for port in service.ports
                if isinstance(port.target_port, int)
            }
            found[entity] = frozenset({port.port for port in own} | led)
    return found


def _roles(inventory: Inventory) -> dict[Entity, str]:
    found: dict[Entity, str] = {}
    for entity, workload in inventory.workloads.items():
        labels = dict(workload.labels)
        role = next((f"{key}={labels[key]}" for key in _ROLE_LABELS if labels.get(key)), "")
        if role:
            found[entity] = f"{entity.namespace} {role}"
    return found


def _siblings(groups: Mapping[Entity, str]) -> dict[Entity, frozenset[Entity]]:
    members: defaultdict[str, set[Entity]] = defaultdict(set)
    for entity, group in groups.items():
        members[group].add(entity)
    return {entity: frozenset(members[group] - {entity}) for entity, group in groups.items()}


def _peers(
    accepted: Iterable[Edge], groups: Mapping[Entity, str]
) -> dict[Entity, frozenset[tuple[str, str, int]]]:
    found: defaultdict[Entity, set[tuple[str, str, int]]] = defaultdict(set)
    for edge in accepted:
        place = groups.get(edge.server, edge.server.id)
        found[edge.client].add((place, edge.protocol, edge.port))
    return {client: frozenset(peers) for client, peers in found.items()}
