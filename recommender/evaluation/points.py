"""Points: everything that policies can tell apart as an end of a connection.

A point stands for all pods that no policy distinguishes, for a run of outside addresses, or for
an end of which nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.evaluation.selecting import LabelMatrix
from recommender.inventory.types import Pod
from recommender.model.addresses import parse_address
from recommender.model.labels import NAMESPACE_NAME, LabelSelector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from recommender.evaluation.atoms import AddressAtoms
    from recommender.evaluation.compiling import PodsOf
    from recommender.inventory.types import (
        ContainerPort,
        Inventory,
        Labels,
        Namespace,
        Workload,
    )

#: Phases of pods that have ended; their addresses may already belong to others.
ENDED: Final = frozenset({"Succeeded", "Failed"})


def pods_of(workload: Workload) -> tuple[Pod, ...]:
    """The pods of a workload that have not ended; for a controller without one, its template.

    A CronJob between two runs has ended pods alone, and will make more like them. The addresses
    of ended pods may belong to others by now, so they are left out.
    """
    running = tuple(pod for pod in workload.pods if pod.phase not in ENDED)
    if running or workload.entity.workload_kind == "Pod":
        return running
    entity = workload.entity
    host = workload.host_network
    ports = workload.ports
    return (Pod(entity.namespace, entity.name, workload.labels, host_network=host, ports=ports),)


class PointKind(IntEnum):
    """What a point stands for."""

    POD = 0
    OUTSIDE = 1
    #: An end that only a rule for all peers matches.
    NOBODY = 2
    #: An end that every rule matches.
    ANYBODY = 3


@dataclass(frozen=True, slots=True)
class Point:
    """One point.

    Attributes:
        kind: What it stands for.
        namespace: Namespace of a pod.
        labels: Labels of a pod.
        ports: Declared ports of a pod.
        atom: Its address atom; the atom "unknown" where it is not known or does not matter.
        name: DNS name of an outside host, empty where none matters.
        host: Whether it is a pod of the host network that policies see as a pod.
    """

    kind: PointKind
    namespace: str = ""
    labels: Labels = ()
    ports: tuple[ContainerPort, ...] = ()
    atom: int = -1
    name: str = ""
    host: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What of pods and hosts policies can see in a world.

    Attributes:
        by_address: Whether any policy can match pods by their addresses.
        host_as_pod: Whether pods of the host network are pods to policies.
        names: DNS names that outside hosts are known by, each with an address or "".
    """

    by_address: bool = False
    host_as_pod: bool = False
    names: frozenset[tuple[str, str]] = frozenset()


class Points:
    """The points of a cluster, with the masks that policies need of them.

    Args:
        inventory: Whose pods are ends.
        addresses: The address axis.
        selectors: Every selector that any policy holds, for pods or namespaces.
        sight: What of pods and hosts the policies can see.
    """

    def __init__(
        self,
        inventory: Inventory,
        addresses: AddressAtoms,
        selectors: Iterable[LabelSelector],
        sight: Sight,
    ) -> None:
        self.addresses = addresses
        self._by_address = sight.by_address
        self._host_as_pod = sight.host_as_pod
        self._index: dict[Point, int] = {}
        self.points: list[Point] = []
        #: Points of outside addresses: point ``outside + atom``.
        self.outside = 0
        for atom in range(addresses.count + 1):
            self._add(Point(PointKind.OUTSIDE, atom=atom))
        self.nobody = self._add(Point(PointKind.NOBODY))
        self.anybody = self._add(Point(PointKind.ANYBODY))
        for name, address in sorted(sight.names):
            self._add(self._named(name, address))
        self._of_pod: dict[Pod, tuple[tuple[int, int], ...]] = {}
        for workload in inventory.workloads.values():
            for pod in {**dict.fromkeys(workload.pods), **dict.fromkeys(pods_of(workload))}:
                self._of_pod[pod] = self._pod_points(pod)
        self._measure(inventory.namespaces, frozenset(selectors))

    def of_pod(self, pod: Pod) -> tuple[tuple[int, int], ...]:
        """Points of one pod of the inventory, each with its address family (0 for any).

        Empty for a pod that has ended, which no traffic can reach.
        """
        return self._of_pod[pod]

    def of_name(self, name: str, address: str) -> int:
        """The point of an outside host known by a name that was given at the start."""
        return self._index[self._named(name, address)]

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.points)

    def pods(self, match: PodsOf) -> NDArray[np.bool_]:
        """Pods by a selector of namespaces (or the name of one) and one of pods."""
        namespaces, pods = match.namespaces, match.pods
        if isinstance(namespaces, str):
            chosen = self._namespace == self._namespace_codes.get(namespaces, -1)
        else:
            chosen = self._namespace_matrix.matches(namespaces)[self._namespace]
        found: NDArray[np.bool_] = chosen & self._label_matrix.matches(pods)[self._labels]
        found &= self.is_pod
        return found & ~self._host if match.tier else found

    def within(self, members: NDArray[np.bool_], *, pods: bool) -> NDArray[np.bool_]:
        """Points whose address lies in a set of atoms; pods too where ``pods`` says so."""
        found: NDArray[np.bool_] = members[self._atoms] & (self._kinds != PointKind.NOBODY)
        return found if pods else found & ~self.is_pod

    def named(self, names: tuple[str, ...]) -> NDArray[np.bool_]:
        """Outside hosts whose DNS name one of these covers; ``*.`` stands for any labels."""
        return np.array([_covers(names, point.name) for point in self.points], dtype=bool)

    def _add(self, point: Point) -> int:
        index = self._index.setdefault(point, len(self.points))
        if index == len(self.points):
            self.points.append(point)
        return index

    def _named(self, name: str, address: str) -> Point:
        atom = self.addresses.of(parse_address(address)) if address else self.addresses.unknown
        return Point(PointKind.OUTSIDE, atom=atom, name=name)

    def _pod_points(self, pod: Pod) -> tuple[tuple[int, int], ...]:
        if pod.phase in ENDED:
            return ()
        host = pod.host_network and not self._host_as_pod
        families: dict[int, int] = {}
        unknown = self.addresses.unknown
        for text in pod.ips:
            address = parse_address(text)
            atom = self.addresses.of(address) if self._by_address or host else unknown
            families.setdefault(address.version, atom)
        faces = sorted(families.items())
        if not faces or (len(faces) > 1 and not (self._by_address or host)):
            # Where addresses do not matter, a pod with both families is as good as any.
            faces = [(0, unknown)]
        kind, as_pod = PointKind.POD, pod.host_network
        if host:
            return tuple((f, self._add(Point(PointKind.OUTSIDE, atom=atom))) for f, atom in faces)
        return tuple(
            (f, self._add(Point(kind, pod.namespace, pod.labels, pod.ports, atom, host=as_pod)))
            for f, atom in faces
        )

    def _measure(
        self,
        namespaces: Mapping[str, Namespace],
        selectors: frozenset[LabelSelector],
    ) -> None:
        keys = frozenset().union(*(selector.keys() for selector in selectors), {NAMESPACE_NAME})
        codes: dict[str, int] = {}
        maps: dict[Labels, int] = {}
        kinds = np.array([point.kind for point in self.points], dtype=np.int8)
        self._namespace = np.array(
            [codes.setdefault(point.namespace, len(codes)) for point in self.points],
            dtype=np.int32,
        )
        self._labels = np.array(
            [maps.setdefault(point.labels, len(maps)) for point in self.points],
            dtype=np.int32,
        )
        labels_of_namespace: list[Labels] = []
        for name in codes:
            known = namespaces.get(name)
            # A namespace that the input lacks exists all the same, with the API server's label.
            bare = ((NAMESPACE_NAME, name),)
            labels_of_namespace.append(known.labels if known else bare)
        self._kinds = kinds
        self.is_pod = kinds == PointKind.POD
        self._host = np.array([point.host for point in self.points], dtype=bool)
        self._namespace_codes = codes
        self._atoms = np.array(
            [self.addresses.unknown if p.atom < 0 else p.atom for p in self.points],
            dtype=np.int32,
        )
        self._namespace_matrix = LabelMatrix(labels_of_namespace, keys)
        self._label_matrix = LabelMatrix(list(maps), keys)


def _covers(patterns: tuple[str, ...], name: str) -> bool:
    return bool(name) and any(
        name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern
        for pattern in patterns
    )
