"""Objects of one cluster put where they belong, with every look at what holds an address."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recommender.inventory import objects
from recommender.inventory.fields import Fields
from recommender.inventory.history import Holder, Seen, Sighting
from recommender.inventory.holdings import Role
from recommender.inventory.lifetimes import (
    ENDED_PHASES,
    created,
    deletion_asked,
    pod_end,
    pod_start,
)
from recommender.model.entities import Entity, EntityKind

if TYPE_CHECKING:
    from datetime import datetime

    from recommender.inventory.documents import Document
    from recommender.inventory.types import Namespace, Node, Pod, Service, ServiceEndpoint

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

#: The kinds that are read here; policies are read elsewhere, all others passed over.
READ_KINDS: Final = frozenset(
    {*TEMPLATES, "Pod", "Namespace", "Service", "Node", "Endpoints", "EndpointSlice"},
)


@dataclass(frozen=True, slots=True)
class PodLook:
    """One look at one pod.

    Attributes:
        pod: The pod.
        item: The object, to find its owner by.
        start: From when it certainly had its addresses; None where it does not say.
        end: Until when, for one that has ended; None for one that goes on.
        seen: When it was seen so; None where no time is known.
    """

    pod: Pod
    item: Fields
    start: datetime | None
    end: datetime | None
    seen: Seen | None

    @classmethod
    def of(cls, pod: Pod, item: Fields, seen: Seen | None) -> PodLook:
        """Read the times of a pod.

        Raises:
            ManifestError: One of them is no time.
        """
        moment = None if seen is None else seen.first
        end = pod_end(item, moment)
        if end is None and moment is None:
            end = deletion_asked(item)
        return cls(pod, item, pod_start(item, moment), end, seen)

    def sighting(self, workload: Entity) -> Sighting:
        """The addresses that it shows: the workload's, or the node's in the host network."""
        pod, hosted = self.pod, self.pod.host_network
        # One that has ended without a word of when has no address that is certain.
        lost = self.end is None and pod.phase in ENDED_PHASES
        return Sighting(
            _holder("Pod", self.item),
            Entity.node() if hosted else workload,
            () if lost else pod.ips,
            self.start,
            self.end,
            self.seen,
            "" if hosted else pod.name,
            Role.NODE if hosted else Role.POD,
        )


@dataclass(slots=True)
class Collected:
    """What has been read so far: of two objects with one name the later one counts.

    Attributes:
        endpoints: Of each Service, what each of its Endpoints and EndpointSlices says.
        looks: Every look at a pod, to be given its workload once all owners are known.
        sightings: Every look at what else has addresses.
    """

    namespaces: dict[str, Namespace] = field(default_factory=dict)
    pods: dict[tuple[str, str], tuple[Pod, Fields]] = field(default_factory=dict)
    controllers: dict[tuple[str, str, str], Fields] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    apiserver: set[str] = field(default_factory=set)
    endpoints: dict[tuple[str, str], dict[str, tuple[ServiceEndpoint, ...]]] = field(
        default_factory=dict
    )
    looks: list[PodLook] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    _latest: dict[tuple[str, str, str], tuple[object, Seen | None]] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        """Put one object where it belongs; looks are to come in the order of their times.

        Raises:
            ManifestError: The API server would refuse the object.
        """
        moment = document.taken
        if moment is None:
            self._put(document, Fields.of(document), None)
            return
        body, seen = self._latest.get(document.key, (None, None))
        if seen is not None and body is document.body:
            # Nothing of it has changed since the look before.
            seen.last = moment
            return
        seen = Seen(moment, moment)
        self._put(document, Fields.of(document), seen)
        self._latest[document.key] = (document.body, seen)

    def _put(self, document: Document, item: Fields, seen: Seen | None) -> None:
        match document.kind:
            case "Namespace":
                namespace = objects.namespace(item)
                self.namespaces[namespace.name] = namespace
            case "Pod":
                pod = objects.pod(item)
                self.looks.append(PodLook.of(pod, item, seen))
                self.pods[pod.namespace, pod.name] = (pod, item)
            case "Service":
                service = objects.service(item)
                self.services[service.namespace, service.name] = service
                entity = Entity(EntityKind.SERVICE, "", service.namespace, "", service.name)
                self._see(item, entity, service.cluster_ips, Role.SERVICE, seen)
                self._see(item, entity, service.external_ips, Role.BALANCER, seen)
            case "Node":
                node = objects.node(item)
                self.nodes[node.name] = node
                self._see(item, Entity.node(), node.addresses, Role.NODE, seen)
            case "Endpoints" | "EndpointSlice":
                self._add_endpoints(item, seen)
            case kind:
                # Read the template now, so that a bad one is named with its own place.
                pod_template(item, kind)
                key = (objects.namespace_of(item), kind, objects.name_of(item))
                self.controllers[key] = item

    def _add_endpoints(self, item: Fields, seen: Seen | None) -> None:
        # The API server's own Service is the one name for it that every cluster has.
        labels = dict(item.child("metadata").labels("labels"))
        name = labels.get("kubernetes.io/service-name") or objects.name_of(item)
        service, ends = (objects.namespace_of(item), name), objects.endpoints(item)
        self.endpoints.setdefault(service, {})[objects.name_of(item)] = ends
        if service == ("default", "kubernetes"):
            addresses = tuple(dict.fromkeys(end.ip for end in ends))
            self.apiserver.update(addresses)
            self._see(item, Entity.apiserver(), addresses, Role.APISERVER, seen)

    def all_services(self) -> tuple[Service, ...]:
        """The Services, those without selector with what their endpoints say."""
        return tuple(
            service if service.selector else replace(service, endpoints=self._led_to(place))
            for place, service in sorted(self.services.items())
        )

    def _led_to(self, service: tuple[str, str]) -> tuple[ServiceEndpoint, ...]:
        slices = self.endpoints.get(service, {}).values()
        return tuple(sorted({end for ends in slices for end in ends if end.port}))

    def _see(
        self,
        item: Fields,
        entity: Entity,
        ips: tuple[str, ...],
        role: Role,
        seen: Seen | None,
    ) -> None:
        end = deletion_asked(item) if seen is None else None
        holder = _holder(role.value, item)
        self.sightings.append(
            Sighting(holder, entity, ips, created(item), end, seen, role=role),
        )


def pod_template(item: Fields, kind: str) -> Fields:
    """The pod template of a controller.

    Raises:
        ManifestError: The API server would refuse the template.
    """
    for key in TEMPLATES[kind]:
        item = item.child(key)
    item.child("metadata").labels("labels")
    objects.container_ports(item.child("spec"))
    return item


def _holder(kind: str, item: Fields) -> Holder:
    metadata = item.child("metadata")
    return (kind, metadata.text("namespace"), metadata.text("name"), metadata.text("uid"))
