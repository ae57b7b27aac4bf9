"""Edges and workloads as arrays: what clustering computes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"
Flags: TypeAlias = "NDArray[np.bool_]"
#: A matrix, sparse or dense: scipy ships no types.
Matrix: TypeAlias = Any


@dataclass(frozen=True)
class Traffic:
    """Edges between numbered ends; the first ``workloads`` ends are grouped, the rest are not.

    Whoever builds it numbers workloads, other ends, services and values in the order of their
    stable texts, and sorts edges by ``(source, destination, service)``: then nothing depends on
    the order of the input.

    Attributes:
        workloads: How many ends are workloads.
        ends: How many ends there are.
        services: How many distinct protocols and ports.
        source: Calling end of each edge; no edge leads from an end to itself.
        destination: Called end of each edge.
        service: Protocol and port of each edge.
        days: Days on which each edge was seen.
        window: Days from the first to the last record.
        own: Workloads with an edge to themselves, and its service: two columns.
        place: Namespace of each end; -1 where it has none.
        metadata: For each kind of metadata the value of each workload; -1 where it is unknown.
        trust: Level of trust of each workload, as labels tell; -1 where they do not.
        pinned: Group of each workload that a reviewer has settled; -1 for all others.
    """

    workloads: int
    ends: int
    services: int
    source: Ints
    destination: Ints
    service: Ints
    days: Ints
    window: int
    own: Ints
    place: Ints
    metadata: Mapping[str, Ints] = field(default_factory=dict)
    trust: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    pinned: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def edges(self) -> int:
        """How many edges between different ends."""
        return len(self.source)

    def keep(self, mask: Flags) -> Traffic:
        """The same ends with some of the edges."""
        return replace(
            self,
            source=self.source[mask],
            destination=self.destination[mask],
            service=self.service[mask],
            days=self.days[mask],
        )

    def has_edges_of(self, other: Traffic) -> bool:
        """Whether the edges are those of other traffic between the same ends."""
        return self is other or all(
            np.array_equal(mine, theirs)
            for mine, theirs in (
                (self.source, other.source),
                (self.destination, other.destination),
                (self.service, other.service),
            )
        )

    def degrees(self) -> Ints:
        """Edges of each workload, as a caller or called."""
        both = np.concatenate([self.source, self.destination])
        return np.bincount(both, minlength=self.ends)[: self.workloads]


def side_labels(traffic: Traffic, labels: Ints) -> Ints:
    """Group of every end: ends that are no workloads are groups of their own, after the others."""
    groups = int(labels.max(initial=-1)) + 1
    others = np.arange(traffic.ends - traffic.workloads, dtype=np.int64) + groups
    return np.concatenate([labels.astype(np.int64), others])
