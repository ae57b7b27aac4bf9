"""Who is who: every distinct end that a log describes becomes an entity, once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recommender.connections.naming import UNKNOWN_KIND, controller_of
from recommender.model.entities import Entity
from recommender.model.text import short_hash
from recommender.sources.endpoint import EndClass, Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recommender.inventory.types import Inventory

#: How sure an identity is: nothing, a reserved class, a pod by labels, a pod by name.
RANK_NONE: Final = 0
RANK_CLASS: Final = 1
RANK_LABELS: Final = 2
RANK_NAME: Final = 3

#: Labels that name a workload when nothing else does, the best first.
_NAMING_LABELS: Final = (
    "app.kubernetes.io/name",
    "app",
    "k8s-app",
    "app.kubernetes.io/component",
    "component",
    "name",
)

# What Cilium calls a cluster that has no name.
_DEFAULT_CLUSTER: Final = "default"

PodKey = tuple[str, str, str]  # cluster, namespace, name


@dataclass(frozen=True, slots=True)
class Resolved:
    """One distinct end of the log.

    Attributes:
        kind: Its class.
        rank: How sure its identity is.
        entity: The workload, for pods; None for every other class, whose entity depends on the
            address.
        pod: The pod's key where it is known by name.
    """

    kind: EndClass
    rank: int
    entity: Entity | None = None
    pod: PodKey | None = None


@dataclass(slots=True)
class Resolution:
    """All ends of a log, resolved.

    Attributes:
        ends: In the order of the endpoints given.
        clusters: Names of the clusters whose nodes reported, sorted.
        inferred: Workloads whose kind and name were told from pod names or labels alone.
    """

    ends: list[Resolved] = field(default_factory=list)
    clusters: tuple[str, ...] = ()
    inferred: frozenset[Entity] = frozenset()


def resolve(endpoints: Sequence[Endpoint], inventory: Inventory | None = None) -> Resolution:
    """Decide for every distinct end which entity it is.

    A pod's controller is taken from the inventory, else from events of the pod's own node, else
    from those of a sibling pod, else from its name. An end known by labels alone is the one
    workload of its namespace that has a pod with exactly these labels.

    Args:
        endpoints: The distinct ends as the log describes them.
        inventory: The cluster as known, if it is.
    """
    clusters = {end.cluster for end in endpoints if end.cluster and end.kind is EndClass.POD}
    single = len(clusters) <= 1
    ends = [replace(end, cluster="") if single and end.cluster else end for end in endpoints]
    known = _from_inventory(inventory)
    workloads = _workloads_of_pods(ends, known, _by_name(inventory))
    by_labels = _workloads_by_labels(ends, workloads)
    resolution = Resolution(
        clusters=_named({end.cluster for end in endpoints if end.local} - {""}),
    )
    resolution.ends = [_resolve_one(end, workloads, by_labels) for end in ends]
    told = {
        _entity(end.cluster, end.namespace, end.workload_kind, end.workload)
        for end in ends
        if end.workload
    } | set(known.values())
    seen = {end.entity for end in resolution.ends if end.entity}
    resolution.inferred = frozenset(seen - told)
    return resolution


def _named(clusters: set[str]) -> tuple[str, ...]:
    """The clusters, unless there is only the one that nobody named."""
    return () if clusters <= {_DEFAULT_CLUSTER} else tuple(sorted(clusters))


def _entity(cluster: str, namespace: str, kind: str, name: str) -> Entity:
    return Entity.workload(namespace, kind, name, cluster=cluster)


def _from_inventory(inventory: Inventory | None) -> dict[PodKey, Entity]:
    if inventory is None:
        return {}
    return {
        (entity.cluster, pod.namespace, pod.name): entity
        for entity, workload in inventory.workloads.items()
        for pod in workload.pods
    }


def _by_name(inventory: Inventory | None) -> dict[tuple[str, str], Entity]:
    """Workloads of the inventory by namespace and name, where only one has the name."""
    options: dict[tuple[str, str], set[Entity]] = defaultdict(set)
    for entity in inventory.workloads if inventory else ():
        options[(entity.namespace, entity.name)].add(entity)
    return {key: next(iter(found)) for key, found in options.items() if len(found) == 1}


def _workloads_of_pods(
    ends: Iterable[Endpoint],
    known: Mapping[PodKey, Entity],
    by_name: Mapping[tuple[str, str], Entity],
) -> dict[PodKey, Entity]:
    """The workload of every pod that is known by name."""
    told: dict[PodKey, set[Entity]] = defaultdict(set)
    pods: set[PodKey] = set()
    for end in ends:
        if end.kind is EndClass.POD and end.pod:
            key = (end.cluster, end.namespace, end.pod)
            pods.add(key)
            if end.workload:
                kind, name = end.workload_kind, end.workload
                told[key].add(_entity(end.cluster, end.namespace, kind, name))
    found = {key: known[key] for key in pods if key in known}
    found |= {key: min(options) for key, options in told.items() if key not in found}
    siblings = _siblings({**dict(known), **found})
    for key in sorted(pods - found.keys()):
        cluster, namespace, pod = key
        kind, name = controller_of(pod)
        entity = siblings.get((cluster, namespace, kind, name)) or by_name.get((namespace, name))
        found[key] = entity or _entity(cluster, namespace, kind, name)
    return found


def _siblings(found: Mapping[PodKey, Entity]) -> dict[tuple[str, str, str, str], Entity]:
    """Controllers by what the names of their pods alone would tell, where that is unambiguous."""
    options: dict[tuple[str, str, str, str], set[Entity]] = defaultdict(set)
    for (cluster, namespace, pod), entity in found.items():
        options[(cluster, namespace, *controller_of(pod))].add(entity)
    return {key: next(iter(entities)) for key, entities in options.items() if len(entities) == 1}


LabelKey = tuple[str, str, tuple[tuple[str, str], ...]]  # cluster, namespace, labels


def _workloads_by_labels(
    ends: Iterable[Endpoint],
    workloads: Mapping[PodKey, Entity],
) -> dict[LabelKey, set[Entity]]:
    found: dict[LabelKey, set[Entity]] = defaultdict(set)
    for end in ends:
        if end.kind is EndClass.POD and end.pod and end.labels:
            entity = workloads[(end.cluster, end.namespace, end.pod)]
            found[(end.cluster, end.namespace, end.labels)].add(entity)
    return found


def _resolve_one(
    end: Endpoint,
    workloads: Mapping[PodKey, Entity],
    by_labels: Mapping[LabelKey, set[Entity]],
) -> Resolved:
    if end.kind is not EndClass.POD:
        rank = RANK_NONE if end.kind is EndClass.NONE else RANK_CLASS
        return Resolved(end.kind, rank)
    if end.pod:
        key = (end.cluster, end.namespace, end.pod)
        return Resolved(EndClass.POD, RANK_NAME, workloads[key], key)
    if end.workload:
        entity = _entity(end.cluster, end.namespace, end.workload_kind, end.workload)
        return Resolved(EndClass.POD, RANK_LABELS, entity)
    candidates = by_labels.get((end.cluster, end.namespace, end.labels), set())
    if len(candidates) == 1:
        return Resolved(EndClass.POD, RANK_LABELS, next(iter(candidates)))
    if candidates:
        # Several workloads have pods with exactly these labels: a guess would misname traffic.
        return Resolved(EndClass.POD, RANK_CLASS, Entity.unresolved("ambiguous-labels"))
    name = _name_from_labels(end)
    entity = _entity(end.cluster, end.namespace, UNKNOWN_KIND, name)
    return Resolved(EndClass.POD, RANK_LABELS, entity)


def _name_from_labels(end: Endpoint) -> str:
    labels = dict(end.labels)
    named = next((labels[key] for key in _NAMING_LABELS if labels.get(key)), None)
    return named or f"labels-{short_hash(repr(end.labels))}"
