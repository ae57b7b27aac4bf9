"""Clusters of roles as the plain tables that segments are found from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from recommender.simulation.roles_traffic import RoleTraffic


def edge_frame(made: RoleTraffic) -> pd.DataFrame:
    """The edges of the window, as `recommender segments --edges` takes them."""
    texts = [work.id for work in made.cluster.workloads]
    return pd.DataFrame(
        {
            "src": [texts[edge.source] for edge in made.seen],
            "dst": [texts[edge.destination] for edge in made.seen],
            "protocol": [edge.service[0] for edge in made.seen],
            "port": [edge.service[1] for edge in made.seen],
            "flows": [edge.flows for edge in made.seen],
            "days_active": [edge.days for edge in made.seen],
            "first_day": [edge.first for edge in made.seen],
            "last_day": [edge.last for edge in made.seen],
        }
    )


def workload_frame(made: RoleTraffic) -> pd.DataFrame:
    """The workloads of the window, as `recommender segments --workloads` takes them."""
    there = [work for number, work in enumerate(made.cluster.workloads) if number not in made.born]
    return pd.DataFrame(
        {
            "workload": [work.id for work in there],
            "namespace": [work.namespace for work in there],
            "kind": [work.kind for work in there],
            "replicas": [work.replicas for work in there],
            "service_account": [work.service_account for work in there],
            "image": [work.image for work in there],
            "labels": [json.dumps(dict(work.labels)) for work in there],
        }
    )
