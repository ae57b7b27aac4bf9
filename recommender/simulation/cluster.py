"""The nodes and pods of a simulated cluster, and who held which address when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.simulation.graph import Workload

#: The identity Hubble gives to pods starts above the reserved and well-known ones.
FIRST_IDENTITY: Final = 256
_IDENTITIES: Final = 65_000
#: Before this a pod did not start and after this it does not end, in nanoseconds.
FOREVER: Final = 1 << 62

# Pod labels that Cilium leaves out of identities, and so out of flow logs.
_NOT_IDENTITY: Final = frozenset(
    {
        "pod-template-hash",
        "pod-template-generation",
        "controller-revision-hash",
        "controller-uid",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
    },
)


@dataclass(frozen=True, slots=True)
class Node:
    """A node.

    Attributes:
        index: Its place in the cluster's list of nodes.
        cluster: The cluster it belongs to.
        name: Its name.
        addresses: Its own address by family (``IPv4``, ``IPv6``).
        routers: The address of its ``cilium_host`` interface by family: what packets from the
            node's own network carry towards pods.
        labels: Its labels.
        control_plane: Whether the API server runs on it.
        mac: The MAC address of its side of the wires.
    """

    index: int
    cluster: str
    name: str
    addresses: Mapping[str, str]
    routers: Mapping[str, str]
    labels: Mapping[str, str]
    control_plane: bool
    mac: str

    @property
    def log_name(self) -> str:
        """The name in ``node_name``: with the cluster's unless that is Cilium's default."""
        return self.name if self.cluster == "default" else f"{self.cluster}/{self.name}"


@dataclass(slots=True, eq=False)
class Pod:
    """One pod and its life.

    Attributes:
        workload: What it belongs to.
        node: Where it runs.
        name: Its name.
        owner: Name of the object that owns it: ReplicaSet, StatefulSet, DaemonSet, Job; empty
            for a bare pod.
        labels: Its labels, those that controllers add included.
        start: When it starts, in nanoseconds of the window; negative before it.
        end: When it ends; `FOREVER` when it outlives the window.
        addresses: Its address by family.
        endpoint_id: Its number on its node.
        identity: Number of its security identity.
        mac: Its MAC address.
        host_mac: The MAC address of the node's end of its wire.
        interface: Index and name of that end.
        uid: Its Kubernetes UID.
    """

    workload: Workload
    node: Node
    name: str
    owner: str
    labels: Mapping[str, str]
    start: int
    end: int
    addresses: Mapping[str, str] = field(default_factory=dict)
    endpoint_id: int = 0
    identity: int = 0
    mac: str = ""
    host_mac: str = ""
    interface: tuple[int, str] = (0, "")
    uid: str = ""

    @property
    def identity_labels(self) -> dict[str, str]:
        """The labels that make its security identity and that flow logs show."""
        return {key: value for key, value in self.labels.items() if key not in _NOT_IDENTITY}


class Identities:
    """Numbers of security identities: one per namespace, labels and service account."""

    __slots__ = ("_by_key", "_taken")

    def __init__(self) -> None:
        self._by_key: dict[tuple[object, ...], int] = {}
        self._taken: set[int] = set()

    def of(self, cluster: str, pod: Pod) -> int:
        """The identity of a pod: the same for pods that policies cannot tell apart."""
        key = (
            cluster,
            pod.workload.namespace,
            pod.workload.service_account,
            tuple(sorted(pod.identity_labels.items())),
        )
        number = self._by_key.get(key)
        if number is None:
            # Spread like real ones, yet the same on every run: hash() of text would not be.
            number = FIRST_IDENTITY + _spread("/".join(map(str, key))) % _IDENTITIES
            while number in self._taken:
                number = FIRST_IDENTITY + (number - FIRST_IDENTITY + 1) % _IDENTITIES
            self._taken.add(number)
            self._by_key[key] = number
        return number


def _spread(text: str) -> int:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


class AddressPool:
    """The pod addresses of one node, handed out again soon after they are released.

    Real pools are small next to the number of pods that come and go, so that an address soon
    belongs to another pod; a pool of 254 would hide that in a short window.

    Args:
        prefixes: First 24 bits of the node's IPv4 pod network and first 64 of its IPv6 one, as
            text that a host part completes.
        reserved: Host parts that are not for pods.
    """

    __slots__ = ("_free", "_next", "_prefixes", "_reserved")

    _LAST: Final = 254
    _SPARE: Final = 4

    def __init__(self, prefixes: Mapping[str, str], reserved: frozenset[int]) -> None:
        self._prefixes = prefixes
        self._reserved = reserved
        self._free: list[int] = []
        self._next = 2

    def take(self) -> tuple[int, dict[str, str]]:
        """A host part and the addresses made of it, one for each family."""
        if len(self._free) > self._SPARE or self._next > self._LAST:
            host = self._free.pop(0) if self._free else self._overflow()
        else:
            while self._next in self._reserved:
                self._next += 1
            host = self._next
            self._next += 1
        return host, {
            family: f"{prefix}{host:x}" if family == "IPv6" else _host4(prefix, host)
            for family, prefix in self._prefixes.items()
        }

    def _overflow(self) -> int:
        # A node that holds more pods than its /24 has addresses borrows from beyond it.
        self._next += 1
        return self._next

    def release(self, host: int) -> None:
        """Put a host part back."""
        self._free.append(host)


def _host4(prefix: str, host: int) -> str:
    if host <= AddressPool._LAST:  # noqa: SLF001 - same module
        return f"{prefix}{host}"
    first, _, third, _ = prefix.split(".")
    return f"{first}.{128 + (host >> 8)}.{third}.{host & 0xFF}"


@dataclass(slots=True)
class Placement:
    """A workload in one cluster and its pods over time.

    Attributes:
        workload: The workload.
        cluster: The cluster.
        pods: All its pods of the window, by start.
        moments: When the set of living pods changes, ascending.
        living: The living pods from each of these moments on.
    """

    workload: Workload
    cluster: str
    pods: list[Pod] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)
    living: list[tuple[Pod, ...]] = field(default_factory=list)

    def index(self) -> None:
        """Work out who lives when, after the pods are known."""
        changes = sorted({pod.start for pod in self.pods} | {pod.end for pod in self.pods})
        self.moments = changes
        starts: dict[int, list[Pod]] = {}
        for pod in self.pods:
            starts.setdefault(pod.start, []).append(pod)
        alive: list[Pod] = []
        self.living = []
        for moment in changes:
            alive = [pod for pod in alive if pod.end > moment] + starts.get(moment, [])
            self.living.append(tuple(alive))


@dataclass(slots=True)
class Cluster:
    """The simulated cluster, or two that form a mesh.

    Attributes:
        nodes: All nodes.
        placements: Every workload in every cluster, by cluster, namespace and name.
    """

    nodes: list[Node]
    placements: dict[tuple[str, str, str], Placement]

    @property
    def pods(self) -> list[Pod]:
        """All pods of the window, in a stable order."""
        return [pod for placement in self.placements.values() for pod in placement.pods]
