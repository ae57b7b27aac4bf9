"""Rules that no recorded traffic used."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene_scene import about
from recommender.evaluation.implication import Ports, addresses_of
from recommender.model.addresses import IPSet
from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind
from recommender.model.findings import Severity
from recommender.model.policies import Direction, IPBlock
from recommender.model.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.evaluation.hygiene_scene import Member, Scene
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy, Peer, PolicyPort, Rule

UNUSED_RULE: Final = "unused-rule"

_DNS: Final = (
    PortSet.of("UDP", 53)
    | PortSet.of("TCP", 53)
    | PortSet.of("UDP", 5353)
    | PortSet.of("TCP", 5353)
)
_PASSED: Final = frozenset({Verdict.ACCEPTED, Verdict.UNANSWERED})


def unused_rules(
    scene: Scene, policies: Iterable[NetworkPolicy], edges: Sequence[Edge]
) -> Iterator[Finding]:
    """Rules in force that no edge which was let through needs.

    A rule can be right and unused: the window may have been too short, or the rule is for a
    night job. So these are notes.
    """
    traffic = _Traffic(scene, edges)
    for policy in policies:
        for direction in Direction:
            if not policy.isolates(direction):
                continue
            concerned = traffic.of(policy, direction)
            for number, rule in enumerate(policy.rules(direction)):
                if _is_guardrail(direction, rule) or any(
                    traffic.needs(edge, policy, direction, rule) for edge in concerned
                ):
                    continue
                name = direction.value.lower()
                message = (
                    f"never used by the recorded {name} traffic of its pods "
                    f"({len(concerned)} edges)"
                )
                hint = "remove it if it is not for traffic rarer than the window of the log"
                yield about(
                    policy,
                    UNUSED_RULE,
                    message,
                    field=f"spec.{name}[{number}]",
                    hint=hint,
                    severity=Severity.NOTE,
                )


def _is_guardrail(direction: Direction, rule: Rule) -> bool:
    """Whether a rule is for DNS alone: every pod with egress rules has it, used or not."""
    ports = Ports.of(rule.ports)
    return direction is Direction.EGRESS and not ports.names and ports.numbers <= _DNS


class _Traffic:
    """Edges by the workload at their ends, and how rules see them."""

    def __init__(self, scene: Scene, edges: Sequence[Edge]) -> None:
        self._scene = scene
        self._members: dict[Entity, list[Member]] = {}
        for members in scene.members.values():
            for member in members:
                self._members.setdefault(member.workload.entity, []).append(member)
        self._edges: dict[tuple[Direction, Entity], list[Edge]] = {}
        for edge in edges:
            if edge.verdict in _PASSED:
                self._edges.setdefault((Direction.INGRESS, edge.server), []).append(edge)
                self._edges.setdefault((Direction.EGRESS, edge.client), []).append(edge)

    def of(self, policy: NetworkPolicy, direction: Direction) -> list[Edge]:
        """The edges of the pods that a policy selects, on its side."""
        entities = {member.workload.entity: None for member in self._scene.subjects(policy)}
        return [edge for entity in entities for edge in self._edges.get((direction, entity), [])]

    def needs(self, edge: Edge, policy: NetworkPolicy, direction: Direction, rule: Rule) -> bool:
        """Whether a rule allows an edge on its side."""
        if isinstance(rule.ports, tuple) and not any(self._port(edge, port) for port in rule.ports):
            return False
        peer = edge.server if direction is Direction.EGRESS else edge.client
        return not isinstance(rule.peers, tuple) or any(
            self._peer(edge, peer, policy, item) for item in rule.peers
        )

    def _port(self, edge: Edge, port: PolicyPort) -> bool:
        if port.protocol != edge.protocol:
            return False
        if isinstance(port.port, str):
            return any(
                (each.name, each.protocol, each.port) == (port.port, edge.protocol, edge.port)
                for member in self._members.get(edge.server, [])
                for each in member.ports
            )
        return port.port is None or port.port <= edge.port <= (port.end_port or port.port)

    def _peer(self, edge: Edge, peer: Entity, policy: NetworkPolicy, item: Peer) -> bool:
        if isinstance(item, IPBlock):
            block = addresses_of(item)
            if peer.kind is EntityKind.CIDR:
                return bool(IPSet.of(ip_network(peer.name)) & block)
            return any(address in block for address in edge.addresses)
        return any(member.workload.entity == peer for member in self._scene.peers(policy, item))
