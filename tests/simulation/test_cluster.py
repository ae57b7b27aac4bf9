"""Pods come and go, keep their addresses while they live, and stand in the inventory."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson
import pytest
from simulation.logs import Log, of, shop

from recommender.inventory import read_inventory
from recommender.simulation import simulate
from recommender.simulation.cluster import FOREVER, AddressPool, Pod

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def log() -> Log:
    return shop(churn=1.0, seed=11)


def test_no_two_pods_hold_an_address_at_one_moment(log: Log) -> None:
    holders: dict[str, list[Pod]] = defaultdict(list)
    for pod in log.simulation.cluster.pods:
        if not pod.workload.host_network:
            holders[pod.addresses["IPv4"]].append(pod)
    reused = 0
    for pods in holders.values():
        pods.sort(key=lambda pod: pod.start)
        for earlier, later in pairwise(pods):
            assert earlier.end <= later.start
            reused += 1
    assert reused > 10


def test_addresses_come_back_to_other_pods_soon() -> None:
    pool = AddressPool({"IPv4": "10.0.0.", "IPv6": "fd00::"}, frozenset({4}))
    hosts = [pool.take() for _ in range(10)]
    assert hosts[0] == (2, {"IPv4": "10.0.0.2", "IPv6": "fd00::2"})
    assert [host for host, _ in hosts] == [2, 3, 5, 6, 7, 8, 9, 10, 11, 12]
    for host in (3, 6, 7, 2, 9):
        pool.release(host)
    assert pool.take()[0] == 3
    assert pool.take()[0] == 13


def test_a_node_with_more_pods_than_addresses_still_gives_each_its_own() -> None:
    pool = AddressPool({"IPv4": "10.244.7."}, frozenset({200}))
    addresses = [pool.take()[1]["IPv4"] for _ in range(600)]
    assert len(set(addresses)) == 600


def test_rollouts_make_new_names_and_keep_the_workload(log: Log) -> None:
    by_workload: dict[str, set[str]] = defaultdict(set)
    for pod in log.simulation.cluster.pods:
        if pod.workload.kind == "Deployment":
            by_workload[pod.workload.name].add(pod.owner)
    assert all(len(owners) > 1 for owners in by_workload.values())


def test_a_deployment_is_never_without_pods(log: Log) -> None:
    for placement in log.simulation.cluster.placements.values():
        if placement.workload.kind != "Deployment":
            continue
        for moment, living in zip(placement.moments, placement.living, strict=True):
            if moment < FOREVER:
                assert len(living) >= placement.workload.replicas


def test_pods_talk_only_while_they_live(log: Log) -> None:
    start = log.simulation.settings.start
    lives: dict[tuple[str, str], list[Pod]] = defaultdict(list)
    for pod in log.simulation.cluster.pods:
        lives[pod.name, pod.addresses["IPv4"]].append(pod)
    for flow in log.flows:
        seconds = (datetime.fromisoformat(flow["time"]) - start).total_seconds()
        for side in ("source", "destination"):
            name = flow[side].get("pod_name")
            if name:
                # A connection may outlive the pod that a rollout takes away under it.
                assert any(
                    pod.start <= seconds * 10**9 < pod.end + 60 * 10**9
                    for pod in lives[name, flow["IP"][side]]
                )


def test_runs_of_a_cronjob_start_on_schedule(log: Log) -> None:
    pods = [pod for pod in log.simulation.cluster.pods if pod.workload.kind == "CronJob"]
    assert len(pods) == 7
    assert [pod.start // 10**9 % 86_400 for pod in pods] == [2 * 3600 + 15 * 60 + 1] * 7
    assert len({pod.owner for pod in pods}) == 7


def test_a_job_runs_once_and_a_bare_pod_stays() -> None:
    log = of("""
application: kinds
namespaces: [{name: a}]
workloads:
- {namespace: a, kind: Job, name: migrate, labels: {app: migrate}}
- {namespace: a, kind: Pod, name: toolbox, labels: {app: toolbox}}
- {namespace: a, kind: Deployment, name: server, ports: [{number: 80}]}
calls:
- {from: a/migrate, to: a/server, port: 80, rate: 3}
- {from: a/toolbox, to: a/server, port: 80}
""")
    kinds = {
        (workload["name"], workload["kind"])
        for flow in log.flows
        for workload in flow["source"].get("workloads", [])
    }
    assert {("migrate", "Job"), ("toolbox", "Pod")} <= kinds
    counts = {edge.client.name: tally.connections for edge, tally in log.simulation.truth}
    assert counts["migrate"] == 3


def test_the_inventory_lists_the_pods_that_live_at_its_moment(log: Log) -> None:
    simulation = log.simulation
    for moment in (0, simulation.settings.window_ns // 2, None):
        when = simulation.settings.window_ns if moment is None else moment
        listed = {
            (item["metadata"]["name"], item["status"]["podIP"], item["spec"]["nodeName"])
            for item in simulation.inventory(moment)["items"]
            if item["kind"] == "Pod" and item["status"]["phase"] == "Running"
        }
        living = {
            (pod.name, pod.addresses["IPv4"], pod.node.name)
            for pod in simulation.cluster.pods
            if pod.start <= when < pod.end
        }
        assert listed == living


def test_the_inventory_reads_back_as_a_cluster(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    path.write_bytes(orjson.dumps(log.simulation.inventory()))
    inventory = read_inventory([path])
    wanted = {
        (workload.namespace, workload.kind, workload.name)
        for workload in log.simulation.application.workloads
    }
    found = {
        (entity.namespace, entity.workload_kind, entity.name) for entity in inventory.workloads
    }
    assert wanted == found


def test_services_lead_to_the_pods_behind_them(log: Log) -> None:
    items = log.simulation.inventory()["items"]
    slices = {item["metadata"]["name"]: item for item in items if item["kind"] == "EndpointSlice"}
    catalog = slices["catalog-ipv4"]
    assert catalog["ports"] == [{"name": "grpc", "port": 3550, "protocol": "TCP"}]
    pods = {
        item["status"]["podIP"]
        for item in items
        if item["kind"] == "Pod" and item["metadata"]["labels"].get("app") == "catalog"
    }
    assert {address for end in catalog["endpoints"] for address in end["addresses"]} == pods
    services = {
        item["metadata"]["name"]: item["spec"] for item in items if item["kind"] == "Service"
    }
    assert services["db"]["clusterIP"] == "None"
    assert services["gateway"]["type"] == "LoadBalancer"
    assert services["kubernetes"]["clusterIP"] == "10.96.0.1"


def test_pods_name_their_owners_up_to_the_workload(log: Log) -> None:
    items = log.simulation.inventory()["items"]
    owned = {
        (item["kind"], item["metadata"]["name"])
        for item in items
        if item["kind"] in {"ReplicaSet", "Job", "StatefulSet", "DaemonSet"}
    }
    for item in items:
        if item["kind"] == "Pod":
            for owner in item["metadata"]["ownerReferences"]:
                assert (owner["kind"], owner["name"]) in owned


def test_two_clusters_have_an_inventory_each() -> None:
    simulation = simulate("shop", connections=50, flows=None, multi_cluster=True)
    first, second = (simulation.inventory(cluster=name) for name in ("demo", "demo-b"))

    def addresses(listed: dict[str, list[dict[str, dict[str, str]]]]) -> set[str]:
        return {
            item["status"]["podIP"] for item in listed["items"] if "podIP" in item.get("status", {})
        }

    assert not addresses(first) & addresses(second)
