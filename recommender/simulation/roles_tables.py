"""Clusters of roles as files: tables of edges and workloads, and the truth."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from recommender.model.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.simulation.roles_traffic import RoleEdge, RoleTraffic

_EDGES: Final = (
    *("src", "dst", "protocol", "port", "flows", "days_active", "first_day", "last_day"),
)
_WORKLOADS: Final = (
    *("workload", "namespace", "kind", "replicas", "service_account", "image", "labels"),
)


def role_files(made: RoleTraffic) -> dict[str, str]:
    """The files of a cluster by name.

    ``edges.csv`` and ``workloads.csv`` are what segments are found from; ``segments.csv`` has the
    true segment of each workload, ``permitted.csv`` what segments may call, ``future.csv`` the
    edges of the later window that are in order, ``exceptions.csv`` the pairs that are permitted
    beside, and ``attacks.csv`` those of attackers.
    """
    cluster = made.cluster
    names = [work.id for work in cluster.workloads]
    known = [work for number, work in enumerate(cluster.workloads) if number not in made.born]
    pairs = ("src", "dst", "protocol", "port")
    return {
        "edges.csv": _text(_EDGES, (_edge(names, edge) for edge in made.seen)),
        "workloads.csv": _text(
            _WORKLOADS,
            (
                (
                    work.id,
                    work.namespace,
                    work.kind,
                    work.replicas,
                    work.service_account,
                    work.image,
                    json.dumps(work.labels, sort_keys=True),
                )
                for work in known
            ),
        ),
        "segments.csv": _text(
            ("workload", "segment"), ((work.id, cluster.segments[work.segment]) for work in known)
        ),
        "permitted.csv": _text(
            ("source", "destination", "protocol", "port"),
            (
                (cluster.segments[one.source], cluster.segments[one.destination], *one.service)
                for one in cluster.permissions
            ),
        ),
        "future.csv": _text(_EDGES, (_edge(names, edge) for edge in made.future)),
        "exceptions.csv": _text(
            pairs, ((names[a], names[b], *service) for a, b, service in sorted(made.exceptions))
        ),
        "attacks.csv": _text(
            pairs, ((names[a], names[b], *service) for a, b, service in sorted(made.attacks))
        ),
    }


def _edge(names: list[str], edge: RoleEdge) -> tuple[object, ...]:
    ends = (names[edge.source], names[edge.destination])
    return (*ends, *edge.service, edge.flows, edge.days, edge.first, edge.last)


def _text(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [cell if isinstance(cell, int) else csv_cell(cell) for cell in row] for row in rows
    )
    return out.getvalue()
