"""The cluster as far as flows alone show it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from recommender.inventory.types import ContainerPort, Inventory, Namespace, Pod, Workload
from recommender.model.labels import NAMESPACE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.inventory.types import Labels
    from recommender.model.entities import Entity
    from recommender.sources.endpoint import Endpoint


def constant(label_sets: Iterable[Labels]) -> Labels:
    """The labels that stand in every one of some label sets, sorted."""
    common: set[tuple[str, str]] | None = None
    for labels in label_sets:
        common = set(labels) if common is None else common & set(labels)
    return tuple(sorted(common or ()))


def derive_inventory(
    sightings: Iterable[tuple[Endpoint, Entity, str]],
    inferred: frozenset[Entity],
) -> Inventory:
    """The inventory that flows show: workloads, their pods, and labels constant over all time.

    Args:
        sightings: Every distinct description of a pod's end, with its workload and the name of
            the pod (empty where only labels were known).
        inferred: Workloads whose kind and name were told from pod names or labels alone.

    Returns:
        An incomplete inventory: what had no traffic is not in it, and the absence of a label in
        a flow proves nothing.
    """
    by_workload: dict[Entity, list[tuple[Endpoint, str]]] = defaultdict(list)
    namespaces: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for end, entity, pod in sightings:
        by_workload[entity].append((end, pod))
        namespaces[entity.namespace] |= set(end.namespace_labels)
    return Inventory(
        namespaces={
            name: Namespace(name, tuple(sorted(labels | {(NAMESPACE_NAME, name)})))
            for name, labels in sorted(namespaces.items())
        },
        workloads={
            entity: _workload(entity, by_workload[entity], name_inferred=entity in inferred)
            for entity in sorted(by_workload)
        },
    )


def _workload(
    entity: Entity,
    sightings: list[tuple[Endpoint, str]],
    *,
    name_inferred: bool,
) -> Workload:
    by_pod: dict[str, list[Endpoint]] = defaultdict(list)
    for end, pod in sightings:
        by_pod[pod].append(end)
    pods = tuple(
        _pod(entity, name, ends)
        # An end without a name stands for an unnamed pod only where no pod has a name.
        for name, ends in sorted(by_pod.items())
        if name or len(by_pod) == 1
    )
    every = [end.labels for end, _ in sightings if end.labels]
    accounts = {end.service_account for end, _ in sightings if end.service_account}
    return Workload(
        entity=entity,
        labels=constant(every),
        pods=pods,
        ports=_ports([end for end, _ in sightings]),
        service_account=min(accounts) if len(accounts) == 1 else "",
        known_from="flows",
        name_inferred=name_inferred,
    )


def _pod(entity: Entity, name: str, ends: list[Endpoint]) -> Pod:
    labels = constant(end.labels for end in ends if end.labels)
    return Pod(entity.namespace, name, labels, ports=_ports(ends))


def _ports(ends: list[Endpoint]) -> tuple[ContainerPort, ...]:
    return tuple(
        sorted(
            {
                ContainerPort(port, protocol, name)
                for end in ends
                for name, protocol, port in end.named_ports
            },
        ),
    )
