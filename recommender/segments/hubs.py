"""Hubs: the few workloads that much of the cluster meets: resolvers, metrics, ingress, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.codes import grouped

if TYPE_CHECKING:
    from recommender.segments.traffic import Ints, Traffic

_FEWEST: Final = 5
_LARGEST_SHARE: Final = 0.01
_MET_SHARE: Final = 0.3


def hub_groups(traffic: Traffic) -> Ints:
    """Group the hubs: workloads of one namespace with the same main port and direction.

    A hub in a partition of its own keeps the rules few: it is party to much of all traffic, and
    invisible in any measure that counts workloads.

    Returns:
        Number of the hub of each workload; -1 for all that are none.
    """
    count, services = traffic.workloads, max(traffic.services, 1)
    me = np.concatenate([traffic.source, traffic.destination])
    peer = np.concatenate([traffic.destination, traffic.source])
    way = np.concatenate([traffic.service, traffic.service + services])
    inside = me < count
    me, peer, way = me[inside], peer[inside], way[inside]
    out = np.full(count, -1, dtype=np.int64)
    if len(me) == 0:
        return out
    main = _main_way(me, way, 2 * services, count)
    busy = np.flatnonzero(main >= 0)
    _, group = np.unique(traffic.place[busy] * (2 * services) + main[busy], return_inverse=True)
    of = np.full(count, -1, dtype=np.int64)
    of[busy] = group.reshape(-1)
    sizes = np.bincount(of[busy])
    known = peer < count
    met = grouped(of[me[known]] * count + peer[known])[0] // count
    meets = np.bincount(met, minlength=len(sizes))
    small = sizes <= max(_FEWEST, _LARGEST_SHARE * count)
    hubs = np.flatnonzero(small & (meets >= _MET_SHARE * count))
    for number, hub in enumerate(hubs.tolist()):
        out[of == hub] = number
    return out


def _main_way(me: Ints, way: Ints, ways: int, count: int) -> Ints:
    """Service and direction of most edges of each workload; the lowest number where several are."""
    codes, times = np.unique(me * ways + way, return_counts=True)
    order = np.lexsort((-codes, times))
    main = np.full(count, -1, dtype=np.int64)
    # The last assignment to a workload wins: its most frequent way.
    main[codes[order] // ways] = codes[order] % ways
    return main
