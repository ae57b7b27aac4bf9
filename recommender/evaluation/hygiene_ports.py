"""Ports that cannot be meant: names that nobody serves, and Service ports in place of pod ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene_scene import about, listed
from recommender.model.policies import Direction, PodPeer
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.evaluation.hygiene_scene import Member, Scene
    from recommender.inventory.types import Service, ServicePort
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy, PolicyPort, Rule

UNSERVED_NAME: Final = "named-port-not-served"
SERVICE_PORT: Final = "service-port-used"


def odd_ports(scene: Scene, policies: Iterable[NetworkPolicy]) -> Iterator[Finding]:
    """Ports of rules in force that none of the servers listens on, where that can be told."""
    for policy in policies:
        for direction in Direction:
            if not policy.isolates(direction):
                continue
            for number, rule in enumerate(policy.rules(direction)):
                servers = _servers(scene, policy, direction, rule)
                if servers and isinstance(rule.ports, tuple):
                    for index, port in enumerate(rule.ports):
                        field = f"spec.{direction.value.lower()}[{number}].ports[{index}].port"
                        yield from _odd(scene, policy, field, port, servers)


def _servers(
    scene: Scene, policy: NetworkPolicy, direction: Direction, rule: Rule
) -> tuple[Member, ...]:
    """The pods whose ports a rule speaks of; none where it may speak of anything."""
    if direction is Direction.INGRESS:
        return scene.subjects(policy)
    if not isinstance(rule.peers, tuple):
        return ()
    found: dict[Member, None] = {}
    for peer in rule.peers:
        if not isinstance(peer, PodPeer):
            return ()
        found.update(dict.fromkeys(scene.peers(policy, peer)))
    return tuple(found)


def _odd(
    scene: Scene, policy: NetworkPolicy, field: str, port: PolicyPort, servers: tuple[Member, ...]
) -> Iterator[Finding]:
    declared = {
        (each.protocol, each.port, each.name) for member in servers for each in member.ports
    }
    if isinstance(port.port, str):
        wanted = (port.protocol, port.port)
        if wanted not in {(protocol, name) for protocol, _, name in declared}:
            names = listed(f"{name} ({p})" for p, _, name in declared if name)
            message = (
                f"no selected pod serves a {port.protocol} port named `{clean(port.port)}`: "
                "the entry allows nothing"
            )
            hint = f"they serve {clean(names)}" if names else "they name no ports: use a number"
            yield about(policy, UNSERVED_NAME, message, field=field, hint=hint)
    elif port.port is not None and port.end_port is None:
        if (port.protocol, port.port) in {(protocol, number) for protocol, number, _ in declared}:
            return
        found = _behind(scene, port, servers)
        if found:
            service, targets = found
            message = (
                f"{port.port} is the port of Service {clean(service.name)}, not of its pods: "
                f"rules are checked after the Service has led to {listed(targets)}"
            )
            hint = f"write {listed(targets)}"
            yield about(policy, SERVICE_PORT, message, field=field, hint=hint)


def _behind(
    scene: Scene, port: PolicyPort, servers: tuple[Member, ...]
) -> tuple[Service, list[str]] | None:
    """The Service whose port was meant and the pod ports behind it, where all servers agree."""
    for service in scene.inventory.services:
        if not service.selector:
            continue
        pods = [m for m in servers if m.workload.entity.namespace == service.namespace]
        pods = [m for m in pods if set(service.selector) <= set(m.labels)]
        if len(pods) < len(servers):
            continue
        for entry in service.ports:
            if (entry.protocol, entry.port) == (port.protocol, port.port):
                targets = sorted({str(number) for m in pods for number in _targets(entry, m)})
                if targets and str(port.port) not in targets:
                    return service, targets
    return None


def _targets(entry: ServicePort, member: Member) -> list[int]:
    if isinstance(entry.target_port, int):
        return [entry.target_port or entry.port]
    wanted = (entry.target_port, entry.protocol)
    return [port.port for port in member.ports if (port.name, port.protocol) == wanted][:1]
