"""Which entity an end of a connection is, by everything a log may say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from connections.records import CART, WEB, WORLD, End, flow, ids, pod, read, reserved, talk

from recommender.connections import marks
from recommender.inventory.holdings import Holding, Role
from recommender.inventory.types import Inventory, Node, Pod, Workload
from recommender.model.entities import Entity
from recommender.model.policies import Direction

if TYPE_CHECKING:
    from pathlib import Path

HERE = WEB.local("Deployment", "web")


def partner(found: object) -> str:
    (edge,) = found.edges  # type: ignore[attr-defined]
    return str(edge.server.id)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["host"], "node:own"),
        (["remote-node"], "node"),
        (["host", "remote-node"], "node"),
        (["kube-apiserver"], "kube-apiserver"),
        (["kube-apiserver", "remote-node"], "kube-apiserver"),
        (["host", "kube-apiserver"], "kube-apiserver"),
        (["kube-apiserver", "world"], "kube-apiserver"),
        (["world"], "cidr:192.0.2.7/32"),
        (["world-ipv4"], "cidr:192.0.2.7/32"),
        (["unmanaged"], "unresolved:unmanaged-pod"),
        (["init"], "unresolved:unmanaged-pod"),
        (["ingress"], "unresolved:cilium-ingress"),
        ([], "unresolved:no-identity"),
    ],
)
def test_reserved_identities_are_told_by_all_their_labels(
    tmp_path: Path,
    labels: list[str],
    expected: str,
) -> None:
    assert partner(read(tmp_path, flow(HERE, reserved("192.0.2.7", *labels)))) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "node:own"),
        (2, "cidr:192.0.2.7/32"),
        (6, "node"),
        (7, "kube-apiserver"),
        (10, "cidr:192.0.2.7/32"),
        (16777217, "cidr:192.0.2.7/32"),
        (2 * 16777216 + 1, "node"),
        (4711, "unresolved:no-identity"),
        (True, "unresolved:no-identity"),
    ],
)
def test_numbers_alone_tell_where_a_mask_took_the_labels(
    tmp_path: Path,
    number: int,
    expected: str,
) -> None:
    assert partner(read(tmp_path, flow(HERE, End("192.0.2.7", {"identity": number})))) == expected


def test_control_plane_node_probes_as_a_node_and_serves_as_the_api_server(tmp_path: Path) -> None:
    node = reserved("10.0.0.1", "host", "kube-apiserver")
    found = read(tmp_path, *talk(node, HERE, 8080), *talk(HERE, node, 6443))
    assert ids(found) == [
        "node:own -> shop/Deployment/web TCP/8080",
        "shop/Deployment/web -> kube-apiserver TCP/6443",
    ]


def test_host_that_is_not_the_pods_own_node_is_no_probe(tmp_path: Path) -> None:
    host = reserved("10.0.0.1", "host")
    found = read(tmp_path, *talk(host, HERE, 8080), *talk(host, CART, 8080, at=40001))
    assert ids(found) == [
        "node -> shop/Deployment/cart TCP/8080",
        "node:own -> shop/Deployment/web TCP/8080",
    ]
    assert [edge.marks for edge in found.edges] == [(), (marks.OWN_NODE,)]


def test_log_that_names_no_local_ends_takes_the_host_at_its_word(tmp_path: Path) -> None:
    found = read(tmp_path, *talk(reserved("10.0.0.1", "host"), WEB, 8080))
    assert ids(found) == ["node:own -> shop/Deployment/web TCP/8080"]


def test_health_checks_of_the_network_plugin_are_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, flow(reserved("10.0.0.1", "host"), reserved("10.0.1.9", "health"), 4240))
    assert found.accounting.set_aside == {"cilium-health": 1}


def test_traffic_without_any_workload_is_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, flow(reserved("10.0.0.1", "host"), WORLD, 443))
    assert found.accounting.set_aside == {"no-workload": 1}


def test_pod_that_carries_world_beside_its_name_is_the_pod(tmp_path: Path) -> None:
    odd = CART.but(labels=["reserved:world"], identity=2)
    assert partner(read(tmp_path, flow(WEB, odd))) == "shop/Deployment/cart"


@pytest.mark.parametrize(
    "label",
    ["cidr:2001-db8--7/128", "cidr:0--0/0", "cidr:nonsense", "fqdn:", "cidr:192.0.2.0/24"],
)
def test_external_ends_are_their_address_whatever_range_they_belong_to(
    tmp_path: Path,
    label: str,
) -> None:
    outside = reserved("2001:DB8::7", "world", also=[label])
    assert partner(read(tmp_path, flow(HERE, outside, 443))) == "cidr:2001:db8::7/128"


def test_ipv4_written_as_ipv6_is_the_same_address(tmp_path: Path) -> None:
    mapped = reserved("::ffff:93.184.216.34", "world")
    found = read(tmp_path, flow(HERE, WORLD, 443), flow(HERE, mapped, 443))
    assert ids(found) == ["shop/Deployment/web -> cidr:93.184.216.34/32 TCP/443"]
    assert found.edges[0].addresses == ("93.184.216.34",)


def test_address_that_is_none_is_unresolved(tmp_path: Path) -> None:
    found = read(tmp_path, flow(HERE, reserved("not an address", "world")))
    assert partner(found) == "unresolved:invalid-address"


def test_workload_learned_on_the_pods_own_node_names_it_in_events_of_others(
    tmp_path: Path,
) -> None:
    odd = pod("data", "db-main-0", "10.0.3.30", "app=db")
    found = read(
        tmp_path,
        flow(WEB, odd, 5432, node_name="node-a"),
        flow(WEB, odd.local("Cluster", "db"), 5432, at=40001, node_name="node-b"),
    )
    assert ids(found) == ["shop/Deployment/web -> data/Cluster/db TCP/5432"]
    assert (
        found.inventory.workloads[Entity.workload("data", "Cluster", "db")].name_inferred is False
    )


def test_sibling_of_a_known_pod_has_its_workload(tmp_path: Path) -> None:
    agents = [
        pod("ops", f"agent-{suffix}", f"10.0.5.{i}") for i, suffix in ((1, "x2x7k"), (2, "q8w2z"))
    ]
    found = read(
        tmp_path,
        flow(agents[0].local("DaemonSet", "agent"), WORLD, 443),
        flow(agents[1], WORLD, 443, at=40001),
    )
    assert ids(found) == ["ops/DaemonSet/agent -> cidr:93.184.216.34/32 TCP/443"]
    assert found.edges[0].client_pods == 2


def test_inventory_names_a_pod_before_the_log_does(tmp_path: Path) -> None:
    entity = Entity.workload("shop", "Rollout", "front")
    known = Inventory(
        workloads={entity: Workload(entity, pods=(Pod("shop", WEB.about["pod_name"]),))},
    )
    found = read(tmp_path, flow(WEB, CART), inventory=known)
    assert ids(found) == ["shop/Rollout/front -> shop/Deployment/cart TCP/8080"]


def test_inventory_names_an_address_that_the_log_does_not(tmp_path: Path) -> None:
    entity = Entity.workload("shop", "Deployment", "cart")
    known = Inventory(
        workloads={entity: Workload(entity, pods=(Pod("shop", "cart-1", ips=("10.0.2.20",)),))},
        nodes=(Node("node-a", addresses=("172.18.0.2",)),),
        apiserver_addresses=("172.18.0.9",),
        holdings=(
            Holding("10.0.2.20", None, None, entity, "cart-1"),
            Holding("172.18.0.2", None, None, Entity.node(), role=Role.NODE),
            Holding("172.18.0.9", None, None, Entity.apiserver(), role=Role.APISERVER),
        ),
    )
    found = read(
        tmp_path,
        flow(HERE, End("10.0.2.20", {})),
        flow(HERE, reserved("172.18.0.2", "world"), 9100),
        flow(HERE, reserved("172.18.0.9", "world"), 6443),
        inventory=known,
    )
    assert ids(found) == [
        "shop/Deployment/web -> kube-apiserver TCP/6443",
        "shop/Deployment/web -> node TCP/9100",
        "shop/Deployment/web -> shop/Deployment/cart TCP/8080",
    ]


@pytest.mark.parametrize("other", ["before", "after", "another's"])
def test_an_address_names_nobody_who_is_not_known_to_have_had_it_then(
    tmp_path: Path, other: str
) -> None:
    entity, stranger = (Entity.workload("shop", "Deployment", name) for name in ("cart", "job"))
    end, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    holdings = {
        "before": (Holding("10.0.2.20", None, end, entity, "cart-1"),),
        "after": (Holding("10.0.2.20", late, None, entity, "cart-1"),),
        "another's": (
            Holding("10.0.2.20", end, None, entity, "cart-1"),
            Holding("10.0.2.20", None, end, stranger, "job-1"),
        ),
    }
    found = read(
        tmp_path, flow(HERE, End("10.0.2.20", {})), inventory=Inventory(holdings=holdings[other])
    )
    assert ids(found) == ["shop/Deployment/web -> unresolved:no-identity TCP/8080"]


def test_end_known_by_labels_is_the_one_workload_that_has_them(tmp_path: Path) -> None:
    found = read(tmp_path, flow(WEB, CART), flow(WEB, CART.but(pod_name=None), at=40001))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]
    assert found.edges[0].records == 2


def test_labels_that_two_workloads_share_are_no_identity(tmp_path: Path) -> None:
    twins = [pod("shop", f"{name}-7c9d4b5f66-q8w2z", "10.0.2.2", "app=x") for name in ("a", "b")]
    nameless = pod("shop", "", "10.0.2.3", "app=x").but(pod_name=None)
    found = read(tmp_path, *(flow(WEB, twin, at=40001) for twin in twins), flow(WEB, nameless))
    assert "shop/Deployment/web -> unresolved:ambiguous-labels TCP/8080" in ids(found)


def test_labels_that_nothing_else_explains_name_the_workload(tmp_path: Path) -> None:
    nameless = pod("shop", "", "10.0.2.3", "app=lonely", "tier=x").but(pod_name=None)
    found = read(tmp_path, flow(WEB, nameless))
    assert ids(found) == ["shop/Deployment/web -> shop/Controller/lonely TCP/8080"]
    assert found.inventory.workloads[found.edges[0].server].name_inferred


def test_connection_tells_the_client_that_a_proxy_hides(tmp_path: Path) -> None:
    hidden: dict[str, Any] = {
        "traffic_direction": None,
        "is_reply": None,
        "trace_observation_point": "TO_OVERLAY",
    }
    node = reserved(WEB.ip, "remote-node")
    found = read(tmp_path, *talk(WEB, CART), flow(node, CART, flags="A", **hidden))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]
    assert found.edges[0].records == 5


def test_client_that_a_proxy_hides_for_good_is_set_aside(tmp_path: Path) -> None:
    hidden: dict[str, Any] = {
        "traffic_direction": None,
        "is_reply": None,
        "trace_observation_point": "TO_OVERLAY",
    }
    found = read(tmp_path, *talk(WEB, CART), flow(reserved("10.0.0.1", "host"), CART, **hidden))
    assert found.accounting.set_aside == {"proxied-by-node": 1}


def test_nameless_address_is_the_workload_that_alone_held_it(tmp_path: Path) -> None:
    found = read(tmp_path, *talk(WEB, CART), flow(End(WEB.ip, {}), CART, 9090, at=40001, flags="A"))
    assert ids(found)[-1] == "shop/Deployment/web -> shop/Deployment/cart TCP/9090"
    assert found.edges[-1].marks == (marks.IDENTITY_BY_ADDRESS,)


def test_address_that_passed_from_one_workload_to_another_names_neither(tmp_path: Path) -> None:
    heir = pod("shop", "heir-5d4f8c7b9c-b2b7k", WEB.ip)
    found = read(
        tmp_path,
        *talk(WEB, CART),
        *talk(heir, CART, at=40002),
        flow(End(WEB.ip, {}), CART, 9090, at=40001, flags="A"),
    )
    assert "unresolved:no-identity -> shop/Deployment/cart TCP/9090" in ids(found)


def test_clusters_keep_their_workloads_apart(tmp_path: Path) -> None:
    there = CART.but(cluster_name="west")
    found = read(
        tmp_path,
        flow(HERE.but(cluster_name="default"), CART.but(cluster_name="default")),
        flow(HERE.but(cluster_name="default"), there, at=40001),
    )
    assert ids(found) == [
        "default:shop/Deployment/web -> default:shop/Deployment/cart TCP/8080",
        "default:shop/Deployment/web -> west:shop/Deployment/cart TCP/8080",
    ]


@pytest.mark.parametrize("name", ["default", "west"])
def test_single_cluster_needs_no_name(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, flow(HERE.but(cluster_name=name), CART))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]
    assert found.clusters == (() if name == "default" else ("west",))


def test_cluster_label_counts_where_the_field_is_masked(tmp_path: Path) -> None:
    west = CART.but(labels=[*CART.about["labels"], "k8s:io.cilium.k8s.policy.cluster=west"])
    found = read(tmp_path, flow(WEB.but(cluster_name="east"), west))
    assert ids(found) == ["east:shop/Deployment/web -> west:shop/Deployment/cart TCP/8080"]


def test_derived_labels_never_reach_the_inventory_as_labels(tmp_path: Path) -> None:
    labels = [
        "k8s:app=cart",
        "k8s:io.cilium.k8s.namespace.labels.team=blue",
        "k8s:io.cilium.k8s.policy.cluster=demo",
        "k8s:io.cilium.k8s.policy.serviceaccount=robot",
        "k8s:io.kubernetes.pod.namespace=shop",
        "gen:io.cilium.k8s.named-ports=grpc.TCP.7070_metrics.TCP.9090",
        "any:tier=back",
        "plain=yes",
    ]
    found = read(tmp_path, flow(WEB, CART.but(labels=labels)))
    cart = found.inventory.workloads[found.edges[0].server]
    assert dict(cart.labels) == {"app": "cart", "tier": "back", "plain": "yes"}
    assert {(p.name, p.protocol, p.port) for p in cart.ports} == {
        ("grpc", "TCP", 7070),
        ("metrics", "TCP", 9090),
    }
    assert cart.service_account == "robot"
    assert ("team", "blue") in found.inventory.namespaces["shop"].labels


def test_labels_of_a_workload_are_those_that_all_its_pods_always_had(tmp_path: Path) -> None:
    first = pod("shop", "cart-7c9d4b5f66-q8w2z", "10.0.2.20", "app=cart", "version=1", "x=y")
    second = pod("shop", "cart-7c9d4b5f66-b2b7k", "10.0.2.21", "app=cart", "version=2", "x=y")
    found = read(tmp_path, flow(WEB, first), flow(WEB, second, at=40001))
    cart = found.inventory.workloads[found.edges[0].server]
    assert dict(cart.labels) == {"app": "cart", "x": "y"}
    assert len(cart.pods) == found.edges[0].server_pods == 2


def test_workload_is_observed_where_its_own_node_reported(tmp_path: Path) -> None:
    found = read(tmp_path, *talk(HERE, CART))
    web, cart = found.edges[0].client, found.edges[0].server
    assert found.observed[web] == set(Direction)
    assert cart not in found.observed
    assert [(f.code, f.subject) for f in found.findings] == [("not-observed", cart.id)]


def test_masked_log_shows_only_the_directions_that_had_traffic(tmp_path: Path) -> None:
    bare: dict[str, Any] = {"labels": None, "identity": None}
    found = read(tmp_path, *talk(WEB.but(**bare), CART.but(**bare)))
    assert dict(found.observed) == {
        found.edges[0].client: {Direction.EGRESS},
        found.edges[0].server: {Direction.INGRESS},
    }


def test_ends_of_the_wrong_type_are_no_ends(tmp_path: Path) -> None:
    for odd in ("text", [1], 5, None, {"labels": "x", "pod_name": 5, "namespace": []}):
        found = read(tmp_path, {**flow(WEB, CART), "destination": odd})
        assert ids(found) == ["shop/Deployment/web -> unresolved:no-identity TCP/8080"]
