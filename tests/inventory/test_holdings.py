"""Objects to holdings: from when to when an address was whose, and what proves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from recommender.inventory.documents import Document
from recommender.inventory.holdings import Holding, Role
from recommender.inventory.manifests import inventory_of
from recommender.inventory.types import Schedule, ServiceEndpoint
from recommender.model.entities import Entity, EntityKind

if TYPE_CHECKING:
    from recommender.inventory import Inventory

Body = dict[str, Any]

IP = "10.0.0.7"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}+00:00")


def stamp(clock: str) -> str:
    return f"2026-03-02T{clock}Z"


def thing(kind: str, name: str, **parts: Any) -> Body:  # noqa: ANN401 - an object of any shape
    metadata = {"name": name, "namespace": "shop", **parts.pop("metadata", {})}
    return {"kind": kind, "apiVersion": "v1", "metadata": metadata, **parts}


def pod(name: str = "cart", ip: str = IP, uid: str = "u1", **status: object) -> Body:
    return thing(
        "Pod",
        name,
        metadata={"uid": uid, "creationTimestamp": stamp("09:00:00")},
        spec={"containers": []},
        status={"podIPs": [{"ip": ip}], "phase": "Running", **status},
    )


def ran(start: str, end: str | None = None, restarts: int = 0) -> Body:
    state: Body = {"running": {"startedAt": stamp(start)}}
    if end:
        state = {"terminated": {"startedAt": stamp(start), "finishedAt": stamp(end)}}
    return {"state": state, "restartCount": restarts}


def look(*bodies: Body, taken: str | None = None) -> list[Document]:
    seen = at(taken) if taken else None
    return [
        Document(body["kind"], body["apiVersion"], body, "test", number, taken=seen)
        for number, body in enumerate(bodies, 1)
    ]


def known(*looks: list[Document]) -> Inventory:
    return inventory_of([document for documents in looks for document in documents])


def only(*looks: list[Document]) -> Holding:
    (held,) = known(*looks).holdings
    return held


def times(held: Holding) -> tuple[str | None, ...]:
    return tuple(f"{moment:%H:%M:%S}" if moment else None for moment in (held.start, held.end))


def test_a_pod_holds_its_address_from_when_it_had_a_network() -> None:
    condition = {
        "type": "PodReadyToStartContainers",
        "status": "True",
        "lastTransitionTime": stamp("10:00:05"),
    }
    body = pod(startTime=stamp("10:00:00"), conditions=[condition])
    assert only(look(body)) == Holding(
        IP, at("10:00:05"), None, Entity.workload("shop", "Pod", "cart"), "cart"
    )


@pytest.mark.parametrize(
    ("status", "start"),
    [
        ({"containerStatuses": [ran("10:02:00")]}, "10:02:00"),
        (
            {
                "containerStatuses": [ran("10:02:00")],
                "initContainerStatuses": [ran("10:01:00", "10:01:30")],
            },
            "10:01:00",
        ),
        ({"containerStatuses": [ran("11:00:00", restarts=7)]}, "11:00:00"),
        ({"containerStatuses": []}, "10:00:00"),
    ],
    ids=["the container", "the first init container", "restarted often", "nothing is said"],
)
def test_without_that_condition_the_first_container_or_the_start_time_tells(
    status: Body, start: str
) -> None:
    assert times(only(look(pod(startTime=stamp("10:00:00"), **status))))[0] == start


def test_a_container_that_restarted_once_remembers_its_first_start() -> None:
    container = {
        "state": {"running": {"startedAt": stamp("10:30:00")}},
        "lastState": {"terminated": {"startedAt": stamp("10:01:00")}},
        "restartCount": 1,
    }
    assert times(only(look(pod(containerStatuses=[container]))))[0] == "10:01:00"


def test_a_pod_whose_containers_wait_has_its_address_since_the_look_at_the_latest() -> None:
    waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}, "restartCount": 0}
    body = pod(startTime=stamp("10:00:00"), containerStatuses=[waiting])
    assert times(only(look(body, taken="10:03:00"))) == ("10:03:00", "10:03:00")


def test_a_pod_without_any_time_may_always_have_had_its_address() -> None:
    body = pod()
    del body["metadata"]["creationTimestamp"]
    assert times(only(look(body))) == (None, None)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_ended_lost_its_address_though_its_status_keeps_it(phase: str) -> None:
    containers = [ran("10:00:00", "10:05:00"), ran("10:00:00", "10:07:00")]
    body = pod(phase=phase, containerStatuses=containers)
    assert times(only(look(body, taken="12:00:00"))) == ("10:00:00", "10:07:00")


def test_a_pod_that_ended_without_a_word_of_when_holds_nothing() -> None:
    body = pod(phase="Failed")
    del body["metadata"]["creationTimestamp"]
    assert known(look(body)).holdings == ()


def test_a_pod_being_deleted_is_certain_until_its_deletion_was_asked_for() -> None:
    body = pod()
    body["metadata"] |= {
        "deletionTimestamp": stamp("10:30:30"),
        "deletionGracePeriodSeconds": 30,
    }
    assert times(only(look(body))) == ("09:00:00", "10:30:00")
    assert times(only(look(body, taken="10:30:10"))) == ("09:00:00", "10:30:10")


def test_a_dated_look_proves_nothing_of_later() -> None:
    assert times(only(look(pod(), taken="12:00:00"))) == ("09:00:00", "12:00:00")


def test_several_looks_prove_all_between_the_first_start_and_the_last_look() -> None:
    looks = [look(pod(), taken=clock) for clock in ("12:00:00", "10:00:00", "11:00:00")]
    assert times(only(*looks)) == ("09:00:00", "12:00:00")


def test_the_end_of_a_pod_that_vanished_is_not_guessed() -> None:
    other = pod("other", "10.0.0.8", "u2")
    first, second = look(pod(), taken="10:00:00"), look(other, taken="11:00:00")
    held = {holding.ip: times(holding) for holding in known(first, second).holdings}
    assert held == {IP: ("09:00:00", "10:00:00"), "10.0.0.8": ("09:00:00", "11:00:00")}


def test_an_address_that_a_pod_did_not_have_before_is_its_own_from_when_it_was_seen() -> None:
    first, second = look(pod(), taken="10:00:00"), look(pod(ip="10.0.0.9"), taken="11:00:00")
    held = {holding.ip: times(holding) for holding in known(first, second).holdings}
    assert held == {IP: ("09:00:00", "10:00:00"), "10.0.0.9": ("11:00:00", "11:00:00")}


def test_a_name_that_was_given_again_is_another_pod() -> None:
    again = pod(uid="u2", startTime=stamp("10:30:00"))
    held = known(look(pod(), taken="10:00:00"), look(again, taken="11:00:00")).holdings
    assert [times(holding) for holding in held] == [
        ("09:00:00", "10:00:00"),
        ("10:30:00", "11:00:00"),
    ]


def test_both_families_of_a_dual_stack_pod_are_held_in_canonical_form() -> None:
    body = pod(podIPs=[{"ip": IP}, {"ip": "FD00:0:0::7"}])
    assert [holding.ip for holding in known(look(body)).holdings] == [IP, "fd00::7"]


def test_a_pod_in_the_host_network_is_its_node() -> None:
    body = pod()
    body["spec"]["hostNetwork"] = True
    held = only(look(body))
    assert (held.entity, held.pod, held.role) == (Entity.node(), "", Role.NODE)


def node(*addresses: tuple[str, str]) -> Body:
    listed = [{"type": kind, "address": address} for kind, address in addresses]
    return thing("Node", "node-1", status={"addresses": listed})


def test_a_node_holds_its_addresses_and_not_its_host_name() -> None:
    body = node(("InternalIP", "10.1.0.1"), ("ExternalIP", "198.51.100.7"), ("Hostname", "n"))
    held = known(look(body)).holdings
    assert [(h.ip, h.entity, h.role) for h in held] == [
        ("10.1.0.1", Entity.node(), Role.NODE),
        ("198.51.100.7", Entity.node(), Role.NODE),
    ]


def test_the_api_server_has_its_endpoints_also_where_a_node_has_them() -> None:
    endpoints = thing(
        "Endpoints",
        "kubernetes",
        metadata={"namespace": "default"},
        subsets=[{"addresses": [{"ip": "10.1.0.1"}], "ports": [{"port": 6443}]}],
    )
    held = only(look(node(("InternalIP", "10.1.0.1")), endpoints))
    assert (held.entity, held.role) == (Entity.apiserver(), Role.APISERVER)


def service(**spec: object) -> Body:
    return thing("Service", "cart", spec={"ports": [{"port": 80}], **spec})


def test_a_service_holds_its_virtual_and_its_outer_addresses() -> None:
    body = service(type="LoadBalancer", clusterIPs=["10.96.0.1"], externalIPs=["198.51.100.9"])
    body["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.5"}, {"hostname": "lb"}]}}
    cart = Entity(EntityKind.SERVICE, "", "shop", "", "cart")
    held = known(look(body)).holdings
    assert {(h.ip, h.role) for h in held} == {
        ("10.96.0.1", Role.SERVICE),
        ("198.51.100.9", Role.BALANCER),
        ("203.0.113.5", Role.BALANCER),
    }
    assert {h.entity for h in held} == {cart}


def test_a_headless_service_holds_no_address() -> None:
    assert known(look(service(clusterIP="None"))).holdings == ()


def test_of_several_looks_the_latest_time_is_that_of_the_inventory() -> None:
    inventory = known(look(pod(), taken="12:00:00"), look(pod(), taken="11:00:00"))
    assert inventory.taken == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert known(look(pod())).taken is None


def test_a_time_that_is_none_is_named_with_its_field() -> None:
    (finding,) = known(look(pod(startTime="yesterday"))).findings
    assert finding.where.endswith("field status.startTime")
    (finding,) = known(look(pod(startTime="2026-03-02T10:00:00"))).findings
    assert finding.message == "not a time: '2026-03-02T10:00:00'"


def test_a_cron_job_keeps_its_schedule_time_zone_and_whether_it_is_suspended() -> None:
    body = thing(
        "CronJob",
        "report",
        spec={
            "schedule": "30 2 1 * *",
            "timeZone": "Europe/Paris",
            "suspend": True,
            "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}},
        },
    )
    (workload,) = known(look(body)).workloads.values()
    assert workload.schedule == Schedule("30 2 1 * *", "Europe/Paris", suspended=True)
    assert replace(workload, schedule=None) != workload


def test_a_service_without_selector_leads_where_its_endpoints_say() -> None:
    slices = [
        thing(
            "EndpointSlice",
            f"old-{number}",
            metadata={"labels": {"kubernetes.io/service-name": "cart"}},
            addressType="IPv4",
            endpoints=[{"addresses": [ip]}],
            ports=[{"name": "web", "port": 8080}, {"name": "admin", "port": 9000}],
        )
        for number, ip in enumerate(["10.0.0.8", "10.0.0.7"])
    ]
    (found,) = known(look(service(clusterIP="10.96.0.1"), *slices)).services
    assert found.endpoints == (
        ServiceEndpoint("10.0.0.7", 8080, "TCP", "web"),
        ServiceEndpoint("10.0.0.7", 9000, "TCP", "admin"),
        ServiceEndpoint("10.0.0.8", 8080, "TCP", "web"),
        ServiceEndpoint("10.0.0.8", 9000, "TCP", "admin"),
    )
    (selecting,) = known(look(service(selector={"app": "cart"}), *slices)).services
    assert selecting.endpoints == ()
