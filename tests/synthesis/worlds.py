"""Small clusters and edges, written as briefly as a test can read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recommender.inventory.types import Inventory, Namespace, Pod, Workload
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity
from recommender.model.labels import NAMESPACE_NAME, LabelSelector
from recommender.model.policies import Direction, IPBlock, PodPeer
from recommender.synthesis.settings import BOTH, Settings
from recommender.synthesis.synthesize import Synthesis, synthesize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.inventory.types import Node, Service
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy, Peer, Rule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def entity(text: str) -> Entity:
    """``shop/web`` is a Deployment, ``shop/StatefulSet/db`` says its kind."""
    namespace, _, rest = text.partition("/")
    kind, slash, name = rest.partition("/")
    return Entity.workload(namespace, kind, name) if slash else entity_of(namespace, kind)


def entity_of(namespace: str, name: str) -> Entity:
    return Entity.workload(namespace, "Deployment", name)


def workload(  # noqa: PLR0913 - a builder takes what tests vary
    name: str,
    labels: Mapping[str, str] | None = None,
    *,
    selector: Mapping[str, str] | None = None,
    replicas: int = 1,
    per_pod: Iterable[Mapping[str, str]] = (),
    host_network: bool = False,
    ips: tuple[str, ...] = (),
    phase: str = "Running",
    node: str = "n1",
) -> Workload:
    """A workload with its pods; ``labels=None`` means a label ``app`` with its name."""
    who = entity(name)
    own = {"app": who.name} if labels is None else dict(labels)
    maps = [{**own, **more} for more in per_pod] or [own] * replicas
    pods = tuple(
        Pod(
            who.namespace,
            f"{who.name}-{number}",
            tuple(sorted(shown.items())),
            ips,
            node=node,
            host_network=host_network,
            phase=phase,
        )
        for number, shown in enumerate(maps)
    )
    return Workload(
        who,
        labels=tuple(sorted(own.items())),
        selector=LabelSelector.of(selector) if selector else None,
        pods=pods,
        host_network=host_network,
    )


def cluster(
    *workloads: Workload,
    complete: bool = True,
    nodes: tuple[Node, ...] = (),
    services: tuple[Service, ...] = (),
    policies: tuple[NetworkPolicy, ...] = (),
    apiserver: tuple[str, ...] = (),
) -> Inventory:
    """An inventory of these workloads and their namespaces."""
    names = sorted({workload.entity.namespace for workload in workloads})
    return Inventory(
        namespaces={name: Namespace(name, ((NAMESPACE_NAME, name),)) for name in names},
        workloads={workload.entity: workload for workload in workloads},
        services=services,
        nodes=nodes,
        policies=policies,
        apiserver_addresses=apiserver,
        complete=complete,
    )


def edge(  # noqa: PLR0913 - a builder takes what tests vary
    client: str | Entity,
    server: str | Entity,
    port: int = 80,
    protocol: str = "TCP",
    *,
    verdict: Verdict = Verdict.ACCEPTED,
    addresses: tuple[str, ...] = (),
    marks: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    observers: tuple[str, ...] = ("n1",),
) -> Edge:
    """An edge with one flow; ends given as text are workloads."""
    return Edge(
        client=entity(client) if isinstance(client, str) else client,
        server=entity(server) if isinstance(server, str) else server,
        protocol=protocol,
        port=port,
        verdict=verdict,
        flows=1,
        records=1,
        bytes=0,
        first_seen=NOON,
        last_seen=NOON,
        client_pods=1,
        server_pods=1,
        days=1,
        hours=1,
        observers=observers,
        addresses=addresses,
        names=names,
        marks=marks,
    )


def draft(
    edges: Iterable[Edge],
    inventory: Inventory,
    settings: Settings | None = None,
    observed: Mapping[Entity, frozenset[Direction]] | None = None,
) -> Synthesis:
    """Drafts where everything was observable, unless said otherwise."""
    everything = dict.fromkeys(inventory.workloads, BOTH) if observed is None else observed
    return synthesize(edges, inventory, observed=everything, settings=settings)


def policy(result: Synthesis, name: str) -> NetworkPolicy:
    """The one policy called ``namespace/name``."""
    (found,) = [p for p in result.policies if f"{p.namespace}/{p.name}" == name]
    return found


def names(result: Synthesis) -> list[str]:
    return [f"{p.namespace}/{p.name}" for p in result.policies]


def findings(result: Synthesis, code: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.code == code]


def codes(result: Synthesis) -> set[str]:
    return {finding.code for finding in result.findings}


def show_peer(peer: Peer) -> str:
    if isinstance(peer, IPBlock):
        return peer.cidr
    assert isinstance(peer, PodPeer)
    where = "" if peer.namespaces is None else f"{peer.namespaces}/"
    return f"{where.removeprefix(NAMESPACE_NAME + '=')}{peer.pods}"


def show(rule: Rule) -> str:
    """A rule as one line: ``app=web, app=api on TCP/80 TCP/443``."""
    assert isinstance(rule.peers, tuple)
    assert isinstance(rule.ports, tuple)
    ports = (
        f"{port.protocol}/{port.port}" + (f"-{port.end_port}" if port.end_port else "")
        for port in rule.ports
    )
    return f"{', '.join(map(show_peer, rule.peers))} on {' '.join(ports)}"


def ingress(found: NetworkPolicy) -> list[str]:
    return [show(rule) for rule in found.ingress]


def egress(found: NetworkPolicy, *, dns: bool = False) -> list[str]:
    """The egress rules, without the DNS guardrail unless it is asked for."""
    return [show(rule) for rule in found.egress if dns or rule.reason != "dns"]
