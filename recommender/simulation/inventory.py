"""The simulated cluster as the Kubernetes API would list it at one moment."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from recommender.simulation.ends import namespace_labels
from recommender.simulation.lookups import ServiceAddresses
from recommender.simulation.streams import alive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.simulation.cluster import Cluster, Node, Placement, Pod
    from recommender.simulation.graph import Application, Service, Workload
    from recommender.simulation.settings import Settings

Object = dict[str, Any]

_FINISHED_KEPT = 3
_API = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}


class Inventory:
    """Builds the list of objects of one cluster.

    Args:
        application: What runs.
        cluster: Its nodes and pods.
        settings: Window and address families.
        name: Which of the clusters; the application's own when there is only one.
    """

    def __init__(
        self,
        application: Application,
        cluster: Cluster,
        settings: Settings,
        name: str,
    ) -> None:
        self._application = application
        self._settings = settings
        self._services = ServiceAddresses(application)
        self._nodes = [node for node in cluster.nodes if node.cluster == name]
        self._placements = [
            placement for placement in cluster.placements.values() if placement.cluster == name
        ]

    def at(self, moment: int) -> Object:
        """The cluster at a nanosecond of the window, as ``kubectl get -o json`` lists it.

        Living pods are there, and the last few finished pods of each CronJob and Job.
        """
        items: list[Object] = [
            self._namespace(entry.name, entry.labels) for entry in self._application.namespaces
        ]
        items.extend(self._node(node) for node in self._nodes)
        for placement in self._placements:
            pods = self._present(placement, moment)
            items.extend(self._controllers(placement.workload, pods, moment))
            items.extend(self._pod(pod, moment) for pod in pods)
        items.extend(self._apiserver())
        for service in self._application.services:
            items.append(self._service(service))
            items.extend(self._slices(service, moment))
        return {"apiVersion": "v1", "kind": "List", "items": items}

    def _when(self, moment: int) -> str:
        start = self._settings.start.astimezone(UTC)
        when = start + timedelta(seconds=moment // 10**9)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def _present(placement: Placement, moment: int) -> list[Pod]:
        living = list(alive(placement, moment))
        if placement.workload.kind in {"Job", "CronJob"}:
            finished = [pod for pod in placement.pods if pod.end <= moment]
            living = finished[-_FINISHED_KEPT:] + living
        return living

    # --- cluster-wide objects ------------------------------------------------------------------

    @staticmethod
    def _namespace(name: str, labels: Mapping[str, str]) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": namespace_labels(name, labels)},
            "status": {"phase": "Active"},
        }

    def _node(self, node: Node) -> Object:
        addresses = [
            {"type": "InternalIP", "address": address} for address in node.addresses.values()
        ]
        networks = [_network(node.routers[family], family) for family in self._settings.families]
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": node.name, "labels": dict(node.labels)},
            "spec": {"podCIDR": networks[0], "podCIDRs": networks},
            "status": {"addresses": [*addresses, {"type": "Hostname", "address": node.name}]},
        }

    def _apiserver(self) -> list[Object]:
        server = self._application.apiserver
        addresses = (
            [server.address]
            if server.managed
            else [next(iter(node.addresses.values())) for node in self._nodes if node.control_plane]
        )
        if not addresses:
            return []
        metadata = {"name": "kubernetes", "namespace": "default"}
        labels = {"component": "apiserver", "provider": "kubernetes"}
        port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": server.port}
        ip = "10.96.0.1" if "IPv4" in self._settings.families else "fd00:10:96::1"
        return [
            self._namespace("default", {}),
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata | {"labels": labels},
                "spec": {"type": "ClusterIP", "clusterIP": ip, "clusterIPs": [ip], "ports": [port]},
            },
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": metadata | {"labels": {"kubernetes.io/service-name": "kubernetes"}},
                "addressType": "IPv6" if ":" in addresses[0] else "IPv4",
                "endpoints": [{"addresses": addresses, "conditions": {"ready": True}}],
                "ports": [{"name": "https", "port": server.port, "protocol": "TCP"}],
            },
        ]

    # --- workloads -----------------------------------------------------------------------------

    def _controllers(self, workload: Workload, pods: list[Pod], moment: int) -> list[Object]:
        if workload.kind == "Pod":
            return []
        spec: Object = {"template": self._template(workload)}
        selector = {"matchLabels": dict(workload.labels)}
        if workload.kind in {"Deployment", "StatefulSet"}:
            spec = {"replicas": workload.replicas, "selector": selector} | spec
        elif workload.kind == "DaemonSet":
            spec = {"selector": selector} | spec
        elif workload.kind == "CronJob":
            spec = {"schedule": workload.schedule, "jobTemplate": {"spec": spec}}
        out = [_object(workload.kind, workload.namespace, workload.name, spec)]
        owners = sorted({pod.owner for pod in pods if pod.owner != workload.name})
        owned = {"Deployment": "ReplicaSet", "CronJob": "Job"}.get(workload.kind)
        for owner in owners if owned else []:
            members = [pod for pod in pods if pod.owner == owner]
            out.append(self._owned(workload, str(owned), members, moment))
        return out

    def _owned(self, workload: Workload, kind: str, pods: list[Pod], moment: int) -> Object:
        owner = pods[0].owner
        labels = dict(pods[0].labels)
        spec: Object = {"template": self._template(workload, labels)}
        if kind == "ReplicaSet":
            spec = {"replicas": len(pods), "selector": {"matchLabels": labels}} | spec
        made = _object(kind, workload.namespace, owner, spec)
        made["metadata"]["labels"] = labels
        made["metadata"]["ownerReferences"] = [
            _reference(workload.kind, workload.namespace, workload.name),
        ]
        if kind == "Job":
            done = sum(pod.end <= moment for pod in pods)
            made["status"] = {"succeeded": done} if done else {"active": len(pods)}
        return made

    def _template(self, workload: Workload, labels: Mapping[str, str] | None = None) -> Object:
        spec: Object = {"containers": [_container(workload)]}
        if workload.service_account:
            spec["serviceAccountName"] = workload.service_account
        if workload.host_network:
            spec["hostNetwork"] = True
        return {"metadata": {"labels": dict(labels or workload.labels)}, "spec": spec}

    def _pod(self, pod: Pod, moment: int) -> Object:
        workload = pod.workload
        metadata: Object = {
            "name": pod.name,
            "namespace": workload.namespace,
            "uid": pod.uid,
            "labels": dict(pod.labels),
            "creationTimestamp": self._when(pod.start),
        }
        kind = {"Deployment": "ReplicaSet", "CronJob": "Job"}.get(workload.kind, workload.kind)
        if pod.owner:
            metadata["ownerReferences"] = [_reference(kind, workload.namespace, pod.owner)]
        spec = self._template(workload)["spec"] | {"nodeName": pod.node.name}
        finished = pod.end <= moment
        addresses = [pod.addresses[family] for family in self._settings.families]
        status: Object = {
            "phase": "Succeeded" if finished else "Running",
            "hostIP": next(iter(pod.node.addresses.values())),
            "podIP": addresses[0],
            "podIPs": [{"ip": address} for address in addresses],
            "startTime": self._when(pod.start),
        }
        if finished:
            ended = {"exitCode": 0, "reason": "Completed", "finishedAt": self._when(pod.end)}
            status["containerStatuses"] = [{"name": "main", "state": {"terminated": ended}}]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata} | {
            "spec": spec,
            "status": status,
        }

    # --- Services ------------------------------------------------------------------------------

    def _service(self, service: Service) -> Object:
        families = self._settings.families
        addresses = [self._services.address(service, family) for family in families]
        headless = service.type == "Headless"
        spec: Object = {
            "type": "ClusterIP" if headless else service.type,
            "clusterIP": "None" if headless else addresses[0],
            "clusterIPs": ["None"] if headless else addresses,
            "ipFamilies": list(families),
            "selector": dict(service.selector),
            "ports": [
                {"port": port.port, "protocol": port.protocol, "targetPort": port.target}
                | ({"name": port.name} if port.name else {})
                for port in service.ports
            ],
        }
        made: Object = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": service.name, "namespace": service.namespace},
            "spec": spec,
        }
        if service.type == "LoadBalancer":
            made["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.200"}]}}
        return made

    def _slices(self, service: Service, moment: int) -> list[Object]:
        pods = [
            pod
            for placement in self._placements
            if service.selects(placement.workload)
            for pod in alive(placement, moment)
        ]
        return [
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{service.name}-{family.lower()}",
                    "namespace": service.namespace,
                    "labels": {"kubernetes.io/service-name": service.name},
                },
                "addressType": family,
                "endpoints": [self._endpoint(pod, family) for pod in pods],
                "ports": _slice_ports(service, pods),
            }
            for family in self._settings.families
        ]

    @staticmethod
    def _endpoint(pod: Pod, family: str) -> Object:
        return {
            "addresses": [pod.addresses[family]],
            "conditions": {"ready": True},
            "nodeName": pod.node.name,
            "targetRef": {
                "kind": "Pod",
                "name": pod.name,
                "namespace": pod.workload.namespace,
                "uid": pod.uid,
            },
        }


def _slice_ports(service: Service, pods: list[Pod]) -> list[Object]:
    names = {port.name: port.number for pod in pods for port in pod.workload.ports if port.name}
    out = []
    for port in service.ports:
        number = names.get(port.target) if isinstance(port.target, str) else port.target
        if number is not None:
            out.append({"name": port.name, "port": number, "protocol": port.protocol})
    return out


def _container(workload: Workload) -> Object:
    container: Object = {"name": "main", "image": f"registry.example/{workload.name}:1"}
    if workload.ports:
        container["ports"] = [
            {"containerPort": port.number, "protocol": port.protocol}
            | ({"name": port.name} if port.name else {})
            for port in workload.ports
        ]
    if workload.probes:
        container["readinessProbe"] = {"tcpSocket": {"port": workload.probes[0]}}
    return container


def _object(kind: str, namespace: str, name: str, spec: Object) -> Object:
    uid = _uid(kind, namespace, name)
    metadata: Object = {"name": name, "namespace": namespace, "uid": uid}
    return {"apiVersion": _API[kind], "kind": kind, "metadata": metadata, "spec": spec}


def _reference(kind: str, namespace: str, name: str) -> Object:
    about = {"apiVersion": _API[kind], "kind": kind, "name": name}
    return {**about, "uid": _uid(kind, namespace, name), "controller": True}


def _uid(kind: str, namespace: str, name: str) -> str:
    """A UID of its own for each object, the same wherever it is named."""
    return str(uuid5(NAMESPACE_OID, f"{kind}/{namespace}/{name}"))


def _network(router: str, family: str) -> str:
    if family == "IPv6":
        return f"{router.rpartition(':')[0]}:/64"
    return f"{router.rpartition('.')[0]}.0/24"
