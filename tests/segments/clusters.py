"""Clusters of roles as the tables that segments are found from, with their truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from recommender.simulation.roles import RoleSettings
from recommender.simulation.roles_traffic import RoleTraffic, role_traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

TINY = RoleSettings(workloads=100, roles=5, tenants=2, attackers=1)
SMALL = RoleSettings(workloads=300, roles=8, tenants=2)


@dataclass(frozen=True)
class Made:
    """The tables of a cluster, and the true segment of each known workload."""

    traffic: RoleTraffic
    edges: pd.DataFrame
    workloads: pd.DataFrame
    truth: Mapping[str, int]


@cache
def made(seed: int = 1, settings: RoleSettings = SMALL) -> Made:
    """A cluster by its seed."""
    traffic = role_traffic(seed, settings)
    known = traffic.cluster.workloads
    rows = [
        (
            known[edge.source].id,
            known[edge.destination].id,
            edge.service[0],
            edge.service[1],
            edge.flows,
            edge.days,
            edge.first,
            edge.last,
        )
        for edge in traffic.seen
    ]
    columns = ["src", "dst", "protocol", "port", "flows", "days_active", "first_day", "last_day"]
    there = [work for number, work in enumerate(known) if number not in traffic.born]
    workloads = pd.DataFrame(
        {
            "workload": [work.id for work in there],
            "namespace": [work.namespace for work in there],
            "kind": [work.kind for work in there],
            "replicas": [work.replicas for work in there],
            "service_account": [work.service_account for work in there],
            "image": [work.image for work in there],
            "labels": [json.dumps(work.labels) for work in there],
        }
    )
    truth = {work.id: work.segment for work in there}
    return Made(traffic, pd.DataFrame(rows, columns=columns), workloads, truth)
