"""Who held which address when: the part of the truth that a snapshot of a cluster cannot show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from recommender.simulation.cluster import FOREVER

if TYPE_CHECKING:
    from recommender.simulation.cluster import Cluster

Object = dict[str, Any]


def lifetimes(cluster: Cluster, start: datetime) -> list[Object]:
    """Every pod of the window and when it lived: the truth about who held which address."""
    out = []
    for pod in cluster.pods:
        entry: Object = {
            "cluster": pod.node.cluster,
            "namespace": pod.workload.namespace,
            "name": pod.name,
            "workload": {"kind": pod.workload.kind, "name": pod.workload.name},
            "node": pod.node.name,
            "addresses": list(pod.addresses.values()),
            "start": _iso(start, pod.start),
        }
        if pod.end != FOREVER:
            entry["end"] = _iso(start, pod.end)
        out.append(entry)
    return out


def _iso(start: datetime, moment: int) -> str:
    when = start.astimezone(UTC) + timedelta(microseconds=moment // 1000)
    return when.isoformat().replace("+00:00", "Z")
