"""The cluster as known: namespaces, workloads with their pods, Services, nodes, policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from recommender.inventory.holdings import Holding
    from recommender.inventory.ranges import NamedRange
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.labels import LabelSelector
    from recommender.model.policies import NetworkPolicy
    from recommender.model.tiers import TierPolicy

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, order=True)
class ContainerPort:
    """A port that a container declares."""

    port: int
    protocol: str = "TCP"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        labels: Its labels, sorted pairs; from flows only what the log showed.
        ips: Its addresses, in the order of the status.
        node: Name of its node, empty where unknown.
        host_network: Whether it shares the node's network.
        phase: ``Running``, ``Succeeded`` ... or empty where unknown.
        ports: Declared container ports.
    """

    namespace: str
    name: str
    labels: Labels = ()
    ips: tuple[str, ...] = ()
    node: str = ""
    host_network: bool = False
    phase: str = ""
    ports: tuple[ContainerPort, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a CronJob runs.

    Attributes:
        cron: The five fields of cron, or a word such as ``@daily``, as written.
        time_zone: Name of the time zone; empty for that of the controller manager, mostly UTC.
        suspended: Whether it starts no new Jobs.
    """

    cron: str
    time_zone: str = ""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """A controller (or a bare pod) with its pods.

    Attributes:
        entity: Cluster, namespace, kind and name.
        labels: Labels that every pod of it has: the pod template's, or, from flows, those
            constant over all pods and all time.
        selector: The controller's own ``spec.selector``, None where unknown.
        pods: Its pods, sorted by name.
        replicas: Wanted number of pods, None where unknown.
        ports: Declared container ports of the template.
        service_account: Name of its service account, empty where unknown.
        host_network: Whether its pods share the node's network.
        known_from: ``inventory`` or ``flows``.
        name_inferred: True where kind and name were told from a pod's name alone.
        schedule: When it runs, for a CronJob whose object is known; else None.
    """

    entity: Entity
    labels: Labels = ()
    selector: LabelSelector | None = None
    pods: tuple[Pod, ...] = ()
    replicas: int | None = None
    ports: tuple[ContainerPort, ...] = ()
    service_account: str = ""
    host_network: bool = False
    known_from: str = "inventory"
    name_inferred: bool = False
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace with its labels (always with ``kubernetes.io/metadata.name``)."""

    name: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, order=True)
class ServicePort:
    """A port of a Service and where it leads."""

    port: int
    protocol: str = "TCP"
    name: str = ""
    target_port: int | str = 0
    node_port: int = 0


@dataclass(frozen=True, slots=True, order=True)
class ServiceEndpoint:
    """An address and port that a Service without selector leads to.

    Attributes:
        ip: The address.
        port: The port there.
        protocol: The protocol.
        name: Name of the Service's port that leads there; empty where it has none.
    """

    ip: str
    port: int
    protocol: str = "TCP"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: its selector, addresses and ports.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        type: ``ClusterIP``, ``NodePort``, ``LoadBalancer`` or ``ExternalName``.
        selector: Pairs that its pods have; empty for a Service without selector.
        cluster_ips: Its virtual addresses; empty for a headless Service.
        ports: Its ports.
        external_ips: Load-balancer and external addresses.
        external_traffic_policy: ``Cluster`` or ``Local``.
        endpoints: Where a Service without selector leads, sorted; empty for one that has one.
    """

    namespace: str
    name: str
    type: str = "ClusterIP"
    selector: Labels = ()
    cluster_ips: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    external_ips: tuple[str, ...] = ()
    external_traffic_policy: str = "Cluster"
    endpoints: tuple[ServiceEndpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its addresses and pod ranges."""

    name: str
    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything known of one cluster.

    Attributes:
        namespaces: By name.
        workloads: By entity.
        services: Sorted by namespace and name.
        nodes: Sorted by name.
        policies: NetworkPolicies found in the cluster or the files.
        apiserver_addresses: Addresses of the API server's endpoints, sorted.
        complete: True where the inventory is meant to hold every pod (a live cluster or a
            dump); False for one derived from flows.
        tiers: Cluster-wide policies found: AdminNetworkPolicy, BaselineAdminNetworkPolicy,
            ClusterNetworkPolicy.
        findings: Objects that could not be read (errors) and oddities of the input.
        holdings: Who held which address when, sorted by address and time.
        taken: When the latest of its snapshots was taken; None where no time is known.
        ranges: Names that people give to ranges outside the cluster.
    """

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    workloads: Mapping[Entity, Workload] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    nodes: tuple[Node, ...] = ()
    policies: tuple[NetworkPolicy, ...] = ()
    apiserver_addresses: tuple[str, ...] = ()
    complete: bool = False
    tiers: tuple[TierPolicy, ...] = ()
    findings: tuple[Finding, ...] = ()
    holdings: tuple[Holding, ...] = ()
    taken: datetime | None = None
    ranges: tuple[NamedRange, ...] = ()
