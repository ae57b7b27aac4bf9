"""Manifests and dumps to an `Inventory`: pods found through their owners, templates as pods."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recommender.inventory import objects
from recommender.inventory.documents import Document, read_documents
from recommender.inventory.fields import Fields
from recommender.inventory.owners import Controller, Owners
from recommender.inventory.policies import POLICY_KINDS, parse_policies
from recommender.inventory.types import Inventory, Namespace, Node, Pod, Service, Workload
from recommender.model.entities import Entity
from recommender.model.errors import ManifestError
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recommender.inventory.types import Labels
    from recommender.model.labels import LabelSelector

#: Kinds that make pods, and where in them the pod template stands.
TEMPLATES: Final = {
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}

_READ_KINDS: Final = frozenset(
    {*TEMPLATES, "Pod", "Namespace", "Service", "Node", "Endpoints", "EndpointSlice"},
)


@dataclass(slots=True)
class _Cluster:
    """What has been read so far."""

    namespaces: dict[str, Namespace] = field(default_factory=dict)
    pods: dict[tuple[str, str], tuple[Pod, Fields]] = field(default_factory=dict)
    controllers: dict[tuple[str, str, str], Fields] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    apiserver: set[str] = field(default_factory=set)


def read_inventory(paths: Iterable[str | Path], *, infer_owners: bool = True) -> Inventory:
    """Read a cluster from manifests, folders of them, or kubectl dumps.

    Args:
        paths: Files, folders, or ``-`` for standard input.
        infer_owners: Whether a pod of ``ReplicaSet web-5d9c`` belongs to ``Deployment web``
            where the input has no ReplicaSet objects and the pod's own
            ``pod-template-hash`` says so; likewise ``Job`` to ``CronJob``.

    Returns:
        Everything known of the cluster, with its policies; ``findings`` names each object that
        could not be read.

    Raises:
        InputError: A path does not exist, or there is no object in all.
    """
    read = read_documents(paths)
    inventory = inventory_of(read.documents, infer_owners=infer_owners)
    return replace(inventory, findings=(*read.findings, *inventory.findings))


def inventory_of(documents: Iterable[Document], *, infer_owners: bool = True) -> Inventory:
    """The same as ``read_inventory`` for objects that were read before."""
    cluster = _Cluster()
    findings: list[Finding] = []
    policy_documents: list[Document] = []
    for document in documents:
        if document.kind in POLICY_KINDS:
            policy_documents.append(document)
        elif document.kind in _READ_KINDS:
            try:
                _add(cluster, document)
            except ManifestError as error:
                findings.append(invalid(error, document))
    workloads = _workloads(cluster, infer_owners=infer_owners)
    policies = parse_policies(policy_documents)
    for name in sorted(
        {workload.entity.namespace for workload in workloads}
        | {policy.namespace for policy in policies.network},
    ):
        cluster.namespaces.setdefault(name, objects.bare_namespace(name))
    return Inventory(
        namespaces=dict(sorted(cluster.namespaces.items())),
        workloads={workload.entity: workload for workload in workloads},
        services=tuple(service for _, service in sorted(cluster.services.items())),
        nodes=tuple(node for _, node in sorted(cluster.nodes.items())),
        policies=policies.network,
        tiers=policies.tiers,
        apiserver_addresses=tuple(sorted(cluster.apiserver)),
        complete=True,
        findings=(*findings, *policies.findings),
    )


def invalid(error: ManifestError, document: Document) -> Finding:
    """The finding for an object that the API server would refuse."""
    name = document.body.get("metadata")
    shown = name.get("name", "") if isinstance(name, dict) else ""
    return Finding(
        error.code,
        Severity.ERROR,
        f"{document.kind} {shown}".strip(),
        error.message,
        hint=error.hint,
        where=error.where or document.where,
    )


def _add(cluster: _Cluster, document: Document) -> None:
    """Put one object where it belongs; of two with one name the later one counts."""
    item = Fields.of(document)
    match document.kind:
        case "Namespace":
            namespace = objects.namespace(item)
            cluster.namespaces[namespace.name] = namespace
        case "Pod":
            pod = objects.pod(item)
            cluster.pods[pod.namespace, pod.name] = (pod, item)
        case "Service":
            service = objects.service(item)
            cluster.services[service.namespace, service.name] = service
        case "Node":
            node = objects.node(item)
            cluster.nodes[node.name] = node
        case "Endpoints" | "EndpointSlice":
            # The API server's own Service is the one name for it that every cluster has.
            labels = dict(item.child("metadata").labels("labels"))
            service_name = labels.get("kubernetes.io/service-name") or objects.name_of(item)
            if (objects.namespace_of(item), service_name) == ("default", "kubernetes"):
                cluster.apiserver.update(objects.endpoint_addresses(item))
        case kind:
            # Read the template now, so that a bad one is named with its own place.
            _template(item, kind)
            key = (objects.namespace_of(item), kind, objects.name_of(item))
            cluster.controllers[key] = item


def _workloads(cluster: _Cluster, *, infer_owners: bool) -> list[Workload]:
    """Every top controller and every pod without one, sorted by entity."""
    owners = Owners(cluster.controllers, infer=infer_owners)
    members: dict[Controller, list[Pod]] = {}
    inferred: set[Controller] = set()
    for pod, item in cluster.pods.values():
        top, guessed = owners.of_pod(pod, item)
        members.setdefault(top, []).append(pod)
        if guessed:
            inferred.add(top)
    for namespace, kind, name in cluster.controllers:
        top = owners.of_controller((namespace, kind, name))
        members.setdefault(top, [])
    return [
        _workload(cluster, top, sorted(pods, key=lambda pod: pod.name), guessed=top in inferred)
        for top, pods in sorted(members.items())
    ]


def _workload(cluster: _Cluster, top: Controller, pods: list[Pod], *, guessed: bool) -> Workload:
    namespace, kind, name = top
    entity = Entity.workload(namespace, kind, name)
    item = cluster.controllers.get(top)
    if item is None:
        return Workload(
            entity,
            labels=_shared_labels(pods),
            pods=tuple(pods),
            replicas=len(pods),
            ports=pods[0].ports if pods else (),
            service_account=_account(cluster, pods),
            host_network=any(pod.host_network for pod in pods),
            name_inferred=guessed,
        )
    template = _template(item, kind)
    labels = template.child("metadata").labels("labels")
    spec = template.child("spec")
    ports, host_network = objects.container_ports(spec), spec.flag("hostNetwork")
    virtual = Pod(namespace, name, labels, host_network=host_network, ports=ports)
    return Workload(
        entity,
        labels=labels,
        selector=_selector(item, kind),
        pods=tuple(pods) or (virtual,),
        replicas=item.child("spec").number("replicas"),
        ports=ports,
        service_account=spec.text("serviceAccountName"),
        host_network=host_network,
    )


def _template(item: Fields, kind: str) -> Fields:
    for key in TEMPLATES[kind]:
        item = item.child(key)
    item.child("metadata").labels("labels")
    objects.container_ports(item.child("spec"))
    return item


def _selector(item: Fields, kind: str) -> LabelSelector | None:
    spec = item.child("spec")
    if kind == "CronJob":
        spec = spec.child("jobTemplate").child("spec")
    if not spec.has("selector"):
        return None
    if kind == "ReplicationController":
        from recommender.model.labels import LabelSelector as Selector

        pairs = dict(spec.labels("selector"))
        return Selector.of(pairs) if pairs else None
    return spec.selector("selector")


def _shared_labels(pods: list[Pod]) -> Labels:
    """The pairs that every pod has."""
    shared = set(pods[0].labels) if pods else set()
    for pod in pods:
        shared &= set(pod.labels)
    return tuple(sorted(shared))


def _account(cluster: _Cluster, pods: list[Pod]) -> str:
    for pod in pods:
        _, item = cluster.pods[pod.namespace, pod.name]
        return item.child("spec").text("serviceAccountName")
    return ""
