"""Where segments end whatever the traffic says: namespaces, and levels of trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.codes import renumber

if TYPE_CHECKING:
    from recommender.segments.traffic import Ints, Traffic
    from recommender.segments.types import SegmentSettings


def zones(traffic: Traffic, settings: SegmentSettings) -> Ints:
    """Zone of each workload: no segment lies in two.

    A policy selects pods of one namespace, so that a segment across namespaces would only hide
    that it is several. A workload without a label of trust has that of its namespace, where all
    others there agree.
    """
    count = traffic.workloads
    place = traffic.place[:count] if settings.cut_namespaces else np.zeros(count, dtype=np.int64)
    if len(traffic.trust) == 0 or not settings.trust_labels:
        return renumber(place)
    trust = _inherited(traffic)
    return renumber(place * (int(trust.max(initial=0)) + 2) + trust + 1)


def _inherited(traffic: Traffic) -> Ints:
    place, trust = traffic.place[: traffic.workloads], traffic.trust
    known = trust >= 0
    many = int(place.max(initial=0)) + 1
    low = np.full(many, np.iinfo(np.int64).max)
    high = np.full(many, -1, dtype=np.int64)
    np.minimum.at(low, place[known], trust[known])
    np.maximum.at(high, place[known], trust[known])
    sole = np.where(low == high, high, -1)
    return np.where(known, trust, sole[place])


def cut(labels: Ints, zone: Ints) -> Ints:
    """The groups, split at the borders of zones."""
    return renumber(labels * (int(zone.max(initial=0)) + 1) + zone)
