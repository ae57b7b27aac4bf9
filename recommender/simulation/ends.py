"""The ends of connections and how the nodes that report a packet describe them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from recommender.model.entities import Entity
from recommender.simulation.dice import Dice
from recommender.simulation.graph import TargetKind
from recommender.simulation.outside import address_pool, cidr_label, network_of
from recommender.simulation.placing import HEALTH_HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.simulation.cluster import Node, Pod
    from recommender.simulation.graph import Application, Target
    from recommender.simulation.settings import Settings

#: Identities of addresses outside the cluster are numbered by each node for itself from here.
LOCAL_IDENTITY: Final = 16_777_217

_HOST: Final = 1
_WORLD: Final = 2
_HEALTH: Final = 4
_REMOTE_NODE: Final = 6
_APISERVER: Final = 7
_WORLD_BY_FAMILY: Final = {"IPv4": 9, "IPv6": 10}


@dataclass(slots=True, eq=False)
class End:
    """One end of a connection: an address, and what Hubble knows about it.

    Attributes:
        family: ``IPv4`` or ``IPv6``.
        address: Its address.
        entity: What it is in the truth.
        mac: Its MAC address where a node sees it directly.
        node: The node it lives on; None outside the cluster.
        pod: The pod, None for anything else and for pods in a node's network.
        class_labels: Reserved and other labels of an end that is no pod, as other nodes see it.
        names: DNS names under which clients reach it.
        views: What `View` made of it, by observing node.
    """

    family: str
    address: str
    entity: Entity
    mac: str
    node: Node | None = None
    pod: Pod | None = None
    class_labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    views: dict[int, dict[str, Any]] = field(default_factory=dict)

    def local_to(self, node: Node) -> bool:
        """Whether that node sees it as its own."""
        return self.node is node


class Ends:
    """Makes the ends of connections, each once, and describes them as a node would.

    Args:
        application: What is simulated.
        settings: Size, window and kind of log.
        nodes: Nodes of the cluster.
    """

    def __init__(
        self,
        application: Application,
        settings: Settings,
        nodes: list[Node],
    ) -> None:
        self._application = application
        self._settings = settings
        self._namespaces = {entry.name: entry for entry in application.namespaces}
        self._nodes = nodes
        self._dice = Dice(settings.seed, "ends")
        self._pods: dict[tuple[int, str, bool], End] = {}
        self._others: dict[tuple[object, ...], End] = {}
        self._external: dict[tuple[str, str], list[str]] = {}
        self._seed = settings.seed

    def pod(self, pod: Pod, family: str, *, router: bool = False) -> End:
        """The end that a pod is; one in a node's network is that node.

        Args:
            pod: The pod.
            family: Address family.
            router: A pod in a node's network sends through the ``cilium_host`` interface.
        """
        key = (id(pod), family, router)
        end = self._pods.get(key)
        if end is None:
            workload = pod.workload
            entity = Entity.workload(
                workload.namespace,
                workload.kind,
                workload.name,
                cluster=pod.node.cluster if self._settings.multi_cluster else "",
            )
            if workload.host_network:
                host = self.host(pod.node, family, router=router)
                end = End(
                    family,
                    host.address,
                    entity,
                    host.mac,
                    pod.node,
                    class_labels=host.class_labels,
                )
            else:
                end = End(family, pod.addresses[family], entity, pod.mac, pod.node, pod)
            self._pods[key] = end
        return end

    def host(self, node: Node, family: str, *, router: bool = False) -> End:
        """The node itself, by its own address or that of its ``cilium_host`` interface."""
        address = (node.routers if router else node.addresses)[family]
        labels = ["reserved:remote-node"]
        if node.control_plane and not router:
            labels.insert(0, "reserved:kube-apiserver")
        return self._other(family, address, Entity.node(), tuple(labels), node)

    def health(self, node: Node, family: str) -> End:
        """The health endpoint of a node."""
        prefix = node.routers[family].rpartition("." if family == "IPv4" else ":")
        host = str(HEALTH_HOST) if family == "IPv4" else f"{HEALTH_HOST:x}"
        address = f"{prefix[0]}{prefix[1]}{host}"
        return self._other(family, address, Entity.node(), ("reserved:health",), node)

    def apiserver(self, cluster: str, family: str) -> End:
        """The API server of a cluster."""
        server = self._application.apiserver
        if server.managed:
            address = server.address if family == "IPv4" else "2001:db8:a::10"
            labels = ("reserved:kube-apiserver", "reserved:world")
            return self._other(family, address, Entity.apiserver(), labels, None)
        node = next(node for node in self._nodes if node.control_plane and node.cluster == cluster)
        labels = ("reserved:kube-apiserver", "reserved:remote-node")
        address = node.addresses[family]
        return self._other(family, address, Entity.apiserver(), labels, node)

    def external(self, target: Target, family: str, draw: Dice) -> End:
        """An address outside the cluster that stands for that target.

        Args:
            target: ``world``, a CIDR or a DNS name.
            family: Address family of the connection.
            draw: Chooses among the target's addresses.
        """
        pool = self.addresses(target, family)
        if target.kind is TargetKind.FQDN:
            # A name answers with a few addresses at a time.
            address = pool[draw.below(min(len(pool), 3))]
            labels = (f"fqdn:{target.name}", self._world_label(family))
            entity = Entity.dns_name(target.name)
            end = self._other(family, address, entity, labels, None)
            end.names = (target.name,)
            return end
        address = draw.pick(pool)
        if target.kind is TargetKind.CIDR:
            network = network_of(target.name, family)
            labels = (f"cidr:{cidr_label(network)}", self._world_label(family))
            return self._other(family, address, Entity.cidr(network), labels, None)
        everything = Entity.cidr("0.0.0.0/0" if family == "IPv4" else "::/0")
        return self._other(family, address, everything, (self._world_label(family),), None)

    def stranger(self, address: str, family: str) -> End:
        """An address outside the cluster that nobody has a name for.

        Args:
            address: The IPv4 address.
            family: Address family of the connection; pods without IPv4 go through NAT64.
        """
        network = network_of(f"{address}/32", family)
        reached = network.partition("/")[0]
        labels = (self._world_label(family),)
        return self._other(family, reached, Entity.cidr(network), labels, None)

    def addresses(self, target: Target, family: str) -> list[str]:
        """The addresses an external target is reached at or comes from."""
        key = (str(target), family)
        pool = self._external.get(key)
        if pool is None:
            pool = address_pool(target, family, Dice(self._seed, f"addresses/{target}/{family}"))
            self._external[key] = pool
        return pool

    def _world_label(self, family: str) -> str:
        return f"reserved:world-{family.lower()}" if self._dual else "reserved:world"

    @property
    def _dual(self) -> bool:
        return len(self._settings.families) > 1

    def _other(
        self,
        family: str,
        address: str,
        entity: Entity,
        labels: tuple[str, ...],
        node: Node | None,
    ) -> End:
        key = (family, address, entity, labels)
        end = self._others.get(key)
        if end is None:
            mac = node.mac if node is not None else self._dice.mac()
            end = End(family, address, entity, mac, node, class_labels=labels)
            self._others[key] = end
        return end

    # --- how a node describes an end ---------------------------------------------------------

    def view(self, end: End, observer: Node) -> dict[str, Any]:
        """The ``source`` or ``destination`` object of an end in the log of one node.

        The endpoint's number and its workload stand only in the log of its own node.
        """
        found = end.views.get(observer.index)
        if found is None:
            found = (
                self._pod_view(end.pod, observer)
                if end.pod is not None
                else self._class_view(end, observer)
            )
            end.views[observer.index] = found
        return found

    def _pod_view(self, pod: Pod, observer: Node) -> dict[str, Any]:
        local = pod.node is observer
        view: dict[str, Any] = {"ID": pod.endpoint_id} if local else {}
        view |= {
            "identity": pod.identity,
            "cluster_name": pod.node.cluster,
            "namespace": pod.workload.namespace,
            "labels": self.labels(pod),
            "pod_name": pod.name,
        }
        if local:
            view["workloads"] = [{"name": pod.workload.name, "kind": pod.workload.kind}]
        return view

    def labels(self, pod: Pod) -> list[str]:
        """The labels of a pod's identity as the log writes them, derived ones included."""
        workload = pod.workload
        derived = "io.cilium.k8s."
        namespace = self._namespaces[workload.namespace]
        out = [f"k8s:{key}={value}" for key, value in pod.identity_labels.items()]
        for key, value in namespace_labels(namespace.name, namespace.labels).items():
            out.append(f"k8s:{derived}namespace.labels.{key}={value}")
        account = workload.service_account or "default"
        out.append(f"k8s:{derived}policy.cluster={pod.node.cluster}")
        out.append(f"k8s:{derived}policy.serviceaccount={account}")
        out.append(f"k8s:io.kubernetes.pod.namespace={workload.namespace}")
        named = sorted(
            f"{port.name}.{port.protocol}.{port.number}" for port in workload.ports if port.name
        )
        if named:
            out.append(f"gen:io.cilium.k8s.named-ports={'_'.join(named)}")
        return sorted(out)

    def _class_view(self, end: End, observer: Node) -> dict[str, Any]:
        labels = list(end.class_labels)
        if end.node is observer and "reserved:remote-node" in labels:
            # A node calls itself host, whatever else it is.
            labels.remove("reserved:remote-node")
            labels.insert(0, "reserved:host")
        view: dict[str, Any] = {}
        if "reserved:health" in labels and end.node is observer:
            view["ID"] = HEALTH_HOST
        view["identity"] = self._identity(end, labels, observer)
        view["labels"] = labels
        return view

    def _identity(self, end: End, labels: list[str], observer: Node) -> int:
        if "reserved:host" in labels:
            return _HOST
        if "reserved:health" in labels:
            return _HEALTH
        if "reserved:remote-node" in labels:
            return _APISERVER if "reserved:kube-apiserver" in labels else _REMOTE_NODE
        if len(labels) == 1:
            return _WORLD_BY_FAMILY[end.family] if self._dual else _WORLD
        draw = Dice(self._seed, f"identity/{observer.index}/{labels}")
        return LOCAL_IDENTITY + draw.below(4000)


def namespace_labels(name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a namespace with the one that the API server adds."""
    return dict(sorted({**labels, "kubernetes.io/metadata.name": name}.items()))
