"""Small clusters and policies for tests, in few words, through the project's own readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recommender.evaluation.validation import validate_network_policy
from recommender.inventory.fields import Fields
from recommender.inventory.policies import network_policy
from recommender.inventory.tiers import tier_policy
from recommender.inventory.types import ContainerPort, Inventory, Namespace, Pod, Workload
from recommender.model.entities import Entity
from recommender.model.findings import Severity
from recommender.model.labels import NAMESPACE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recommender.inventory.types import Node
    from recommender.model.policies import NetworkPolicy
    from recommender.model.tiers import TierPolicy


def sorted_pairs(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def pod(  # noqa: PLR0913 - a pod has as many parts
    place: str,
    labels: Mapping[str, str] | None = None,
    *,
    ips: tuple[str, ...] = (),
    ports: Iterable[ContainerPort] = (),
    host_network: bool = False,
    phase: str = "Running",
    node: str = "",
) -> Pod:
    """A pod ``namespace/name``; its labels are ``pod=<name>`` unless given."""
    namespace, name = place.split("/")
    chosen = {"pod": name} if labels is None else labels
    return Pod(
        namespace,
        name,
        sorted_pairs(chosen),
        ips,
        node=node,
        host_network=host_network,
        phase=phase,
        ports=tuple(ports),
    )


def cluster(
    *pods: Pod,
    namespaces: Mapping[str, Mapping[str, str]] | None = None,
    nodes: tuple[Node, ...] = (),
) -> Inventory:
    """An inventory of bare pods; their namespaces have the labels given and their name."""
    given = dict(namespaces or {})
    names = sorted({item.namespace for item in pods} | set(given))
    known = {
        name: Namespace(name, sorted_pairs({**given.get(name, {}), NAMESPACE_NAME: name}))
        for name in names
    }
    workloads = {}
    for item in sorted(pods, key=lambda each: (each.namespace, each.name)):
        entity = Entity.workload(item.namespace, "Pod", item.name)
        workloads[entity] = Workload(
            entity,
            labels=item.labels,
            pods=(item,),
            replicas=1,
            ports=item.ports,
            host_network=item.host_network,
        )
    return Inventory(known, workloads, nodes=nodes, complete=True)


def policy(name: str, spec: Mapping[str, Any], *, namespace: str = "x") -> NetworkPolicy:
    """A typed policy from its raw spec, read and validated as from a file."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }
    problems = [
        finding
        for finding in validate_network_policy(body, where=name)
        if finding.severity is Severity.ERROR
    ]
    assert problems == []
    return network_policy(Fields(body, name), name)


def tier(kind: str, name: str, spec: Mapping[str, Any]) -> TierPolicy:
    """A typed cluster-wide policy from its raw spec, read as from a file."""
    return tier_policy(kind, Fields({"metadata": {"name": name}, "spec": dict(spec)}, name), name)
