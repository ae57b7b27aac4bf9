"""The kinds that a live cluster is asked for: these and no others, with get and list alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API server serves it.

    Attributes:
        kind: Name of the kind, as in a manifest.
        group: API group; empty for the core one.
        version: Version of the group.
        plural: Name in paths and in roles.
        namespaced: Whether its objects live in namespaces.
        without: What is not known where the kind may not be read.
        required: Whether there is no inventory without it.
        optional_api: Whether a cluster may well not serve it.
    """

    kind: str
    group: str
    version: str
    plural: str
    without: str
    namespaced: bool = True
    required: bool = False
    optional_api: bool = False

    @property
    def api_version(self) -> str:
        """Group and version as a manifest writes them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "") -> str:
        """Path of the list of all its objects, or of those of a namespace."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{place}/{self.plural}"


_OWNERS: Final = "pods belong to what their owner references name, selectors are told from labels"
_TIERS: Final = "cluster-wide policies do not count in reach, replay and validate"

#: In the order in which they are read. Pods come first: the time of the snapshot is theirs.
RESOURCES: Final = (
    Resource("Pod", "", "v1", "pods", "nothing is known of the cluster", required=True),
    Resource(
        "Namespace",
        "",
        "v1",
        "namespaces",
        "labels of namespaces are not known",
        namespaced=False,
    ),
    Resource(
        "Node",
        "",
        "v1",
        "nodes",
        "addresses of nodes are known from pods in the host network alone",
        namespaced=False,
    ),
    Resource("Service", "", "v1", "services", "addresses of Services lead to no pod"),
    Resource(
        "EndpointSlice",
        "discovery.k8s.io",
        "v1",
        "endpointslices",
        "Services without selector, and the API server, are not known by address",
    ),
    Resource("Deployment", "apps", "v1", "deployments", _OWNERS),
    Resource("ReplicaSet", "apps", "v1", "replicasets", _OWNERS),
    Resource("StatefulSet", "apps", "v1", "statefulsets", _OWNERS),
    Resource("DaemonSet", "apps", "v1", "daemonsets", _OWNERS),
    Resource("ReplicationController", "", "v1", "replicationcontrollers", _OWNERS),
    Resource("Job", "batch", "v1", "jobs", _OWNERS),
    Resource("CronJob", "batch", "v1", "cronjobs", f"schedules are not known, and {_OWNERS}"),
    Resource(
        "NetworkPolicy",
        "networking.k8s.io",
        "v1",
        "networkpolicies",
        "policies that are there already are not known",
    ),
    Resource(
        "AdminNetworkPolicy",
        "policy.networking.k8s.io",
        "v1alpha1",
        "adminnetworkpolicies",
        _TIERS,
        namespaced=False,
        optional_api=True,
    ),
    Resource(
        "BaselineAdminNetworkPolicy",
        "policy.networking.k8s.io",
        "v1alpha1",
        "baselineadminnetworkpolicies",
        _TIERS,
        namespaced=False,
        optional_api=True,
    ),
    Resource(
        "ClusterNetworkPolicy",
        "policy.networking.k8s.io",
        "v1alpha2",
        "clusternetworkpolicies",
        _TIERS,
        namespaced=False,
        optional_api=True,
    ),
)
