"""Advice on boundaries: what could be drawn differently, with the numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from synthesis.segmented import segmentation
from synthesis.worlds import cluster, edge, entity, workload

from recommender.inventory.types import Namespace
from recommender.model.entities import Entity
from recommender.review.boundaries import boundary_findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.findings import Finding

WORLD = Entity.cidr("203.0.113.8/32")


def advice(
    members: Mapping[str, Sequence[str]],
    edges: Sequence[Edge],
    inventory: Inventory | None = None,
) -> dict[str, list[Finding]]:
    """Findings by code; every workload is known and runs on the node n1."""
    known = inventory or cluster(*(workload(name) for names in members.values() for name in names))
    segments = {name: [entity(one) for one in whose] for name, whose in members.items()}
    found: dict[str, list[Finding]] = {}
    for finding in boundary_findings(segmentation(segments, [], edges), edges, known):
        found.setdefault(finding.code, []).append(finding)
    return found


def test_a_namespace_with_data_and_with_what_the_world_calls_is_named() -> None:
    edges = [edge(WORLD, "shop/web", 443), edge("shop/web", "shop/db", 5432)]
    (found,) = advice({"web": ["shop/web"], "db": ["shop/db"]}, edges)[
        "namespace-mixes-sensitivity"
    ]
    assert found.subject == "namespace shop"
    assert "1 segment with data (db)" in found.message
    assert "(web)" in found.message


def test_data_in_a_namespace_of_its_own_is_no_mix() -> None:
    edges = [edge(WORLD, "shop/web", 443), edge("shop/web", "data/db", 5432)]
    found = advice({"web": ["shop/web"], "db": ["data/db"]}, edges)
    assert "namespace-mixes-sensitivity" not in found


def test_segments_that_do_the_same_in_several_namespaces_are_one_role() -> None:
    tenants = ("a", "b")
    edges = [
        edge(one, two, port)
        for t in tenants
        for one, two, port in (
            (f"{t}/web", "data/db", 5432),
            (f"{t}/web", "data/mq", 5672),
        )
    ]
    members = {f"{t}-web": [f"{t}/web"] for t in tenants} | {"db": ["data/db"], "mq": ["data/mq"]}
    (found,) = advice(members, edges)["segment-spread"]
    assert "2 workloads in 2 namespaces" in found.message


def test_a_segment_that_talks_elsewhere_more_than_at_home_might_move() -> None:
    callers = [f"shop/c{n}" for n in range(4)]
    edges = [edge(caller, "data/api") for caller in callers]
    (found,) = advice({"callers": callers, "api": ["data/api"]}, edges)["namespace-layout"][:1]
    assert "spare 4 of the 4 pairs" in found.message


def test_data_and_the_platform_are_not_told_to_move() -> None:
    callers = [f"shop/c{n}" for n in range(4)]
    edges = [edge(caller, "data/db", 5432) for caller in callers]
    edges += [edge(caller, "kube-system/dns", 53, "UDP") for caller in callers]
    found = advice({"callers": callers, "db": ["data/db"], "dns": ["kube-system/dns"]}, edges)
    assert [one.subject for one in found.get("namespace-layout", [])] in ([], ["callers"])


def test_traffic_between_environments_is_a_warning_with_its_edges() -> None:
    edges = [edge("shop/web", "test/db", 5432)]
    known = cluster(workload("shop/web", {"app": "web", "env": "prod"}), workload("test/db"))
    spaces = {**known.namespaces, "test": Namespace("test", (("env", "dev"),))}
    found = advice(
        {"web": ["shop/web"], "db": ["test/db"]}, edges, replace(known, namespaces=spaces)
    )
    (crossed,) = found["trust-crossed"]
    assert crossed.subject == "env: prod -> dev"
    assert "1 edge between the two" in crossed.message


def test_data_beside_others_on_a_node_is_named_with_how_many() -> None:
    edges = [edge("shop/web", "data/db", 5432)]
    (found,) = advice({"web": ["shop/web"], "db": ["data/db"]}, edges)["sensitive-shares-nodes"]
    assert "1 node together with 1 workload" in found.message


def test_a_quiet_cluster_has_no_advice() -> None:
    assert advice({"web": ["shop/web"]}, []) == {}
