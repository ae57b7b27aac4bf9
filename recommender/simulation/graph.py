"""An application as a graph: namespaces, workloads, Services and who calls whom.

It is what a simulated cluster runs. Names follow Kubernetes; a call names the pod's own port,
as a NetworkPolicy does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Kinds of workload that can be simulated.
KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")
#: Protocols that a call can use.
PROTOCOLS: Final = ("TCP", "UDP", "SCTP", "ICMP")
#: Types of Service; ``Headless`` is a ClusterIP Service without an address.
SERVICE_TYPES: Final = ("ClusterIP", "Headless", "NodePort", "LoadBalancer")


class Outcome(StrEnum):
    """What the datapath does with the connections of a call."""

    ACCEPTED = "accepted"
    #: Dropped by the policy of the server.
    DENIED_INGRESS = "denied-ingress"
    #: Dropped by the policy of the client.
    DENIED_EGRESS = "denied-egress"
    #: Let through by audit mode although no policy allows it.
    AUDIT = "audit"
    #: Nothing listens: the server answers with a reset.
    REFUSED = "refused"


class Intent(StrEnum):
    """Why a connection is made."""

    #: The application works this way.
    APPLICATION = "application"
    #: The cluster works this way: name look-ups, health checks between nodes.
    PLATFORM = "platform"
    #: A kubelet probes a pod of its own node.
    PROBE = "probe"
    #: Somebody scans ports.
    SCAN = "scan"
    #: Somebody looks at something once, by hand.
    DEBUG = "debug"
    #: Injected attacks; see `Settings.attacks`.
    ATTACK_PORT_SCAN = "attack-port-scan"
    ATTACK_LATERAL_SSH = "attack-lateral-ssh"
    ATTACK_DNS_TUNNEL = "attack-dns-tunnel"
    ATTACK_MINER = "attack-miner"
    ATTACK_SLOW_SCAN = "attack-slow-scan"
    ATTACK_MIMICRY = "attack-mimicry"

    @property
    def is_attack(self) -> bool:
        """Whether it was injected as an attack."""
        return self.value.startswith("attack-")


class TargetKind(StrEnum):
    """What stands at one end of a call."""

    WORKLOAD = "workload"
    WORLD = "world"
    CIDR = "cidr"
    FQDN = "fqdn"
    APISERVER = "kube-apiserver"
    NODE = "node"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One end of a call.

    Attributes:
        kind: What it is.
        namespace: Namespace of a workload, else empty.
        name: Name of the workload, the CIDR or the DNS name; else empty.
    """

    kind: TargetKind
    namespace: str = ""
    name: str = ""

    @classmethod
    def workload(cls, namespace: str, name: str) -> Target:
        """A workload by namespace and name."""
        return cls(TargetKind.WORKLOAD, namespace, name)

    def __str__(self) -> str:
        """The way application files write it: ``shop/cart``, ``cidr:192.0.2.0/24``, ``world``."""
        if self.kind is TargetKind.WORKLOAD:
            return f"{self.namespace}/{self.name}"
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace.

    Attributes:
        name: Its name.
        labels: Its labels; ``kubernetes.io/metadata.name`` is added where labels are written.
        enforced: Policies select its pods, so that the datapath reports a verdict for every new
            connection of theirs.
        dns_visibility: A policy sends its look-ups through the DNS proxy, so that queries,
            answers and the names of external addresses are logged.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    enforced: bool = False
    dns_visibility: bool = False


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a pod listens on: number, protocol and, where it has one, name."""

    number: int
    protocol: str = "TCP"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload.

    Attributes:
        namespace: Its namespace.
        kind: One of `KINDS`.
        name: Its name, the only one in its namespace.
        replicas: Pods of a Deployment or StatefulSet; pods of one run of a Job or CronJob. A
            DaemonSet has one on each node that it may use, whatever stands here.
        labels: Labels of its pods without those that controllers add.
        ports: What its pods listen on.
        probes: Port numbers that the kubelet probes.
        host_network: Its pods use the node's network and addresses.
        schedule: Cron schedule of a CronJob.
        service_account: Account of its pods; empty means ``default``.
        control_plane: Its pods run on the control-plane node too (DaemonSets) or only there.
    """

    namespace: str
    kind: str
    name: str
    replicas: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[ContainerPort, ...] = ()
    probes: tuple[int, ...] = ()
    host_network: bool = False
    schedule: str = ""
    service_account: str = ""
    control_plane: bool = False

    @property
    def target(self) -> Target:
        """The workload as one end of a call."""
        return Target.workload(self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service: its number, the pod port it leads to (number or name), protocol."""

    port: int
    target: int | str
    protocol: str = "TCP"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: namespace, name, type (one of `SERVICE_TYPES`), selector and ports."""

    namespace: str
    name: str
    selector: Mapping[str, str]
    ports: tuple[ServicePort, ...]
    type: str = "ClusterIP"

    def selects(self, workload: Workload) -> bool:
        """Whether pods of the workload stand behind the Service."""
        return workload.namespace == self.namespace and self.selector.items() <= (
            workload.labels.items()
        )


@dataclass(frozen=True, slots=True)
class Call:
    """Connections that one end opens to another.

    Attributes:
        client: Who opens them.
        server: Who is called.
        port: The pod's port (after Service translation); 0 for ICMP.
        protocol: One of `PROTOCOLS`.
        rate: Connections an hour, all replicas together, averaged over a day; connections a run
            where the client is a Job or CronJob.
        days: Days of the window, counted from 0, on which it happens; empty means every day.
        outcome: What the datapath does with them.
        l7: ``http`` when a policy sends the connections through the HTTP proxy, else empty.
        long_lived: Connections stay open for a while instead of one request each.
        intent: Why they are made.
    """

    client: Target
    server: Target
    port: int
    protocol: str = "TCP"
    rate: float = 1.0
    days: tuple[int, ...] = ()
    outcome: Outcome = Outcome.ACCEPTED
    l7: str = ""
    long_lived: bool = False
    intent: Intent = Intent.APPLICATION


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where the API server answers.

    Attributes:
        port: Its port behind ``kubernetes.default``.
        managed: It runs outside the cluster, at ``address``; otherwise on the control-plane node.
        address: Its address when managed.
    """

    port: int = 6443
    managed: bool = False
    address: str = "192.0.2.10"


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that a simulated cluster runs.

    Attributes:
        name: Name of the application.
        cluster: Name of the cluster.
        namespaces: Its namespaces.
        workloads: Its workloads.
        services: Its Services.
        calls: Who calls whom.
        resolver: The workload that answers DNS; None when names are not looked up.
        apiserver: Where the API server answers.
    """

    name: str
    namespaces: tuple[Namespace, ...]
    workloads: tuple[Workload, ...]
    services: tuple[Service, ...] = ()
    calls: tuple[Call, ...] = ()
    cluster: str = "demo"
    resolver: Target | None = None
    apiserver: ApiServer = field(default_factory=ApiServer)

    def workload(self, target: Target) -> Workload | None:
        """The workload of that end of a call, None when it is something else."""
        if target.kind is not TargetKind.WORKLOAD:
            return None
        for workload in self.workloads:
            if workload.namespace == target.namespace and workload.name == target.name:
                return workload
        return None
