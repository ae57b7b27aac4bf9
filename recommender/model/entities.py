"""What an end of an edge is, decided once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityKind(StrEnum):
    """The kinds of ends that traffic can have."""

    WORKLOAD = "workload"
    SERVICE = "service"
    NODE = "node"
    APISERVER = "kube-apiserver"
    CIDR = "cidr"
    NAME = "name"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """One end of an edge.

    Attributes:
        kind: What it is.
        cluster: Name of the cluster, empty where the log names none.
        namespace: Namespace of a workload or Service, else empty.
        workload_kind: ``Deployment``, ``StatefulSet``, ``DaemonSet``, ``Job``, ``CronJob``,
            ``ReplicaSet``, ``Pod``; empty for everything but a workload.
        name: Name of the workload or Service; the CIDR; the DNS name; for an unresolved end the
            reason. Empty for nodes and the API server.
    """

    kind: EntityKind
    cluster: str = ""
    namespace: str = ""
    workload_kind: str = ""
    name: str = ""

    @classmethod
    def workload(cls, namespace: str, kind: str, name: str, *, cluster: str = "") -> Entity:
        """A workload by its namespace, kind and name."""
        return cls(EntityKind.WORKLOAD, cluster, namespace, kind, name)

    @classmethod
    def node(cls) -> Entity:
        """Any node of the cluster, or a pod in a node's network."""
        return cls(EntityKind.NODE)

    @classmethod
    def apiserver(cls) -> Entity:
        """The Kubernetes API server."""
        return cls(EntityKind.APISERVER)

    @classmethod
    def cidr(cls, network: str) -> Entity:
        """Addresses outside the cluster as a CIDR in canonical form."""
        return cls(EntityKind.CIDR, name=network)

    @classmethod
    def dns_name(cls, name: str) -> Entity:
        """A host outside the cluster by its DNS name, without the trailing dot."""
        return cls(EntityKind.NAME, name=name)

    @classmethod
    def unresolved(cls, reason: str) -> Entity:
        """An end that could not be told; it never becomes a rule."""
        return cls(EntityKind.UNRESOLVED, name=reason)

    @property
    def is_workload(self) -> bool:
        """Whether policies can select it."""
        return self.kind is EntityKind.WORKLOAD

    @property
    def is_external(self) -> bool:
        """Whether it lies outside the cluster."""
        return self.kind in {EntityKind.CIDR, EntityKind.NAME}

    @property
    def id(self) -> str:
        """A stable text for it, the same in every output: ``shop/Deployment/cart``."""
        if self.kind is EntityKind.WORKLOAD:
            text = f"{self.namespace}/{self.workload_kind}/{self.name}"
        elif self.kind is EntityKind.SERVICE:
            text = f"{self.namespace}/Service/{self.name}"
        elif self.name:
            text = f"{self.kind.value}:{self.name}"
        else:
            text = self.kind.value
        return f"{self.cluster}:{text}" if self.cluster else text

    def __str__(self) -> str:
        """The same as ``id``."""
        return self.id
