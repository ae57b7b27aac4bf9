"""Manifests and dumps to an `Inventory`: pods found through their owners, templates as pods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recommender.inventory import objects
from recommender.inventory.collecting import READ_KINDS, Collected, pod_template
from recommender.inventory.documents import Document, Documents, read_documents
from recommender.inventory.history import holdings_of
from recommender.inventory.owners import Controller, Owners
from recommender.inventory.policies import POLICY_KINDS, parse_policies
from recommender.inventory.types import Inventory, Pod, Workload
from recommender.model.entities import Entity
from recommender.model.errors import InputError, ManifestError
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from recommender.inventory.fields import Fields
    from recommender.inventory.history import Sighting
    from recommender.inventory.types import Labels
    from recommender.model.labels import LabelSelector


def read_inventory(paths: Iterable[str | Path], *, infer_owners: bool = True) -> Inventory:
    """Read a cluster from snapshots, manifests, folders of them, or kubectl dumps.

    Several snapshots of one cluster are its history: of an object that stands in several the
    latest counts, workloads that are gone stay known, addresses are held from when to when the
    snapshots together prove it, policies are those of the latest.

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
    told = {finding.code for finding in read.findings}
    if not read.documents and not read.looks and told == {"not-an-object"}:
        # Without any object it would seem that nothing runs.
        first = read.findings[0]
        message = f"no Kubernetes object found: {first.message}"
        hint = "name a snapshot, a kubectl dump or a folder of manifests"
        raise InputError(message, where=first.where, hint=hint)
    return inventory_of_read(read, infer_owners=infer_owners)


def inventory_of_read(read: Documents, *, infer_owners: bool = True) -> Inventory:
    """The same as ``read_inventory`` for what was read before, with its findings."""
    inventory = inventory_of(read.documents, infer_owners=infer_owners)
    return replace(
        inventory,
        complete=not any(look.namespaces for look in read.looks),
        findings=(*read.findings, *inventory.findings),
        taken=max((look.taken for look in read.looks), default=None),
    )


def inventory_of(documents: Iterable[Document], *, infer_owners: bool = True) -> Inventory:
    """The same as ``read_inventory`` for objects that were read before, in the order of time."""
    cluster = Collected()
    findings: list[Finding] = []
    policy_documents: list[Document] = []
    listed = tuple(documents)
    for document in listed:
        if document.kind in POLICY_KINDS:
            policy_documents.append(document)
        elif document.kind in READ_KINDS:
            try:
                cluster.add(document)
            except ManifestError as error:
                findings.append(invalid(error, document))
    owners = Owners(cluster.controllers, infer=infer_owners)
    workloads = _workloads(cluster, owners)
    policies = parse_policies(policy_documents)
    for name in sorted(
        {workload.entity.namespace for workload in workloads}
        | {policy.namespace for policy in policies.network},
    ):
        cluster.namespaces.setdefault(name, objects.bare_namespace(name))
    return Inventory(
        namespaces=dict(sorted(cluster.namespaces.items())),
        workloads={workload.entity: workload for workload in workloads},
        services=cluster.all_services(),
        nodes=tuple(node for _, node in sorted(cluster.nodes.items())),
        policies=policies.network,
        tiers=policies.tiers,
        apiserver_addresses=tuple(sorted(cluster.apiserver)),
        complete=True,
        findings=(*findings, *policies.findings),
        holdings=holdings_of([*_pod_sightings(cluster, owners), *cluster.sightings]),
        taken=max((d.taken for d in listed if d.taken is not None), default=None),
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


def _pod_sightings(cluster: Collected, owners: Owners) -> Iterator[Sighting]:
    """Every look at every pod, with the workload that the pod belongs to."""
    for look in cluster.looks:
        (namespace, kind, name), _ = owners.of_pod(look.pod, look.item)
        yield look.sighting(Entity.workload(namespace, kind, name))


def _workloads(cluster: Collected, owners: Owners) -> list[Workload]:
    """Every top controller and every pod without one, sorted by entity."""
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


def _workload(cluster: Collected, top: Controller, pods: list[Pod], *, guessed: bool) -> Workload:
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
    template = pod_template(item, kind)
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
        schedule=objects.schedule(item) if kind == "CronJob" else None,
    )


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


def _account(cluster: Collected, pods: list[Pod]) -> str:
    for pod in pods:
        _, item = cluster.pods[pod.namespace, pod.name]
        return item.child("spec").text("serviceAccountName")
    return ""
