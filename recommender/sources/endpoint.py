"""What a log says of one end of a record: the identity, decoded once for each distinct text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class EndClass(IntEnum):
    """Classes of ends. The value is stored with every record, so it never changes."""

    #: The log names no identity; only an address may be known.
    NONE = 0
    #: A pod, by name or by labels.
    POD = 1
    #: The node that reported the record, or a pod in its network.
    OWN_NODE = 2
    #: Another node, or a node that cannot be told.
    NODE = 3
    #: The Kubernetes API server.
    APISERVER = 4
    #: An address outside the cluster.
    WORLD = 5
    #: Cilium's health endpoints.
    HEALTH = 6
    #: The address of Cilium's ingress proxy.
    INGRESS = 7
    #: A pod that the CNI does not manage, or not yet.
    UNMANAGED = 8
    #: The node that reported the record, which also runs the API server. Replaced as soon as the
    #: client is known: what it calls comes from the node, what calls it wants the API server.
    OWN_APISERVER = 9


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a record as the log describes it.

    Attributes:
        kind: Its class.
        cluster: Name of its cluster, where the log has it.
        namespace: Namespace of a pod.
        pod: Name of a pod; empty where only labels are known.
        workload_kind: Kind of the pod's controller, where the log has it.
        workload: Name of the pod's controller.
        labels: Labels of the pod, without those that the log's producer derived, sorted.
        namespace_labels: Labels of the pod's namespace, where the log has them, sorted.
        service_account: Service account of the pod.
        named_ports: Named container ports as (name, protocol, port), sorted.
        cidrs: CIDRs by which the producer knows an external address.
        names: DNS names by which the producer knows an external address.
        local: Whether the reporting node hosts this end.
    """

    kind: EndClass
    cluster: str = ""
    namespace: str = ""
    pod: str = ""
    workload_kind: str = ""
    workload: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    namespace_labels: tuple[tuple[str, str], ...] = ()
    service_account: str = ""
    named_ports: tuple[tuple[str, str, int], ...] = ()
    cidrs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    local: bool = False
