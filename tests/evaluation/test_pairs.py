"""Pairs of workloads that may talk, and how far one leads to others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from evaluation.clusters import cluster, pod, policy
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation.hops import Reachable
from recommender.evaluation.pairs import Pairs, exposure_change, pairs
from recommender.evaluation.reach import reach
from recommender.inventory.types import Workload
from recommender.model.entities import Entity

if TYPE_CHECKING:
    from recommender.model.policies import NetworkPolicy

NAMES = ("a", "b", "c", "d")
PODS = [pod(f"x/{name}", ips=(f"10.0.1.{at}",)) for at, name in enumerate(NAMES, start=1)]
CLUSTER = cluster(*PODS)


def only(server: str, *clients: str) -> NetworkPolicy:
    rule = {"from": [{"podSelector": {"matchLabels": {"pod": client}}} for client in clients]}
    spec = {
        "podSelector": {"matchLabels": {"pod": server}},
        "policyTypes": ["Ingress"],
        "ingress": [rule] if clients else [],
    }
    return policy(f"only-{server}", spec)


CHAIN = [only("a"), only("b", "a"), only("c", "b"), only("d", "c")]


def test_without_policies_every_pair_may_talk() -> None:
    found = pairs([], CLUSTER)
    assert found.workloads == len(NAMES)
    assert found.count == len(NAMES) * (len(NAMES) - 1)
    assert found.mean_reach.one == found.mean_reach.any == len(NAMES) - 1


def test_a_chain_leads_on_hop_by_hop() -> None:
    found = pairs(CHAIN, CLUSTER)
    assert found.count == 3
    assert found.mean_reach.one == 3 / 4
    assert found.mean_reach.two == (2 + 2 + 1) / 4
    assert found.mean_reach.any == (3 + 2 + 1) / 4


def test_a_workload_never_counts_as_reaching_itself() -> None:
    circle = [only("a", "b"), only("b", "a")]
    alone = cluster(*PODS[:2])
    found = pairs(circle, alone)
    assert found.count == 2
    assert found.mean_reach.any == 1


def test_workloads_of_another_cluster_do_not_count() -> None:
    stranger = Entity.workload("x", "Pod", "a", cluster="far")
    workloads = dict(CLUSTER.workloads)
    workloads[stranger] = Workload(stranger, pods=workloads[next(iter(workloads))].pods)
    found = pairs([], replace(CLUSTER, workloads=workloads))
    assert found.workloads == len(NAMES)


def test_drafts_stand_beside_the_policies_that_are_there() -> None:
    known = replace(CLUSTER, policies=(only("a", "b"),))
    change = exposure_change([only("b", "c")], known)
    assert change.before.count == 12 - 2
    assert change.after.count == 12 - 2 - 2
    assert change.removed == 1 - 8 / 10


def test_a_draft_replaces_the_policy_of_its_name() -> None:
    known = replace(CLUSTER, policies=(only("a", "b"),))
    change = exposure_change([only("a", "b", "c")], known)
    assert (change.before.count, change.after.count) == (10, 11)


def test_openness_to_addresses_outside_is_counted() -> None:
    assert (pairs([], CLUSTER).from_outside, pairs([], CLUSTER).to_outside) == (4, 4)
    closed = pairs([only("a")], CLUSTER)
    assert (closed.from_outside, closed.to_outside) == (3, 4)


def spread(found: Pairs) -> set[tuple[Entity, Entity, str]]:
    """The pairs that the runs stand for."""
    return {
        (client, server, found.ports[number])
        for unit, clients in enumerate(found.units)
        for start, end, number in found.runs(unit)
        for servers in found.units[start:end]
        for client in clients
        for server in servers
        if client != server
    }


def test_runs_stand_for_the_rows_of_reach() -> None:
    found = pairs(CHAIN, CLUSTER)
    rows = [
        (row.source, row.destination)
        for row in reach(CHAIN, CLUSTER).rows()
        if isinstance(row.source, Entity) and isinstance(row.destination, Entity)
    ]
    assert {pair[:2] for pair in spread(found)} == set(rows)
    assert {pair[2] for pair in spread(found)} == {"All Connections"}


def naive(steps: list[set[int]], start: int, hops: int) -> set[int]:
    """Nodes after at least one step and at most so many."""
    found: set[int] = set()
    edge = {start}
    for _ in range(hops):
        edge = set().union(*(steps[node] for node in edge))
        found |= edge
    return found


@given(
    st.integers(0, 9).flatmap(
        lambda n: st.lists(st.sets(st.integers(0, max(0, n - 1))), min_size=n, max_size=n)
    )
)
def test_hops_agree_with_walking(steps: list[set[int]]) -> None:
    count = len(steps)
    direct = np.zeros((count, count), dtype=np.bool_)
    for node, others in enumerate(steps):
        direct[node, sorted(others)] = True
    found = Reachable(direct)
    for matrix, hops in ((found.direct, 1), (found.within_two, 2), (found.at_all, count)):
        rows = [set(np.flatnonzero(row).tolist()) for row in matrix]
        assert rows == [naive(steps, node, hops) for node in range(count)]
