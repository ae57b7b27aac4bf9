"""Traps of the problem, one by one, from a cloud's log and a snapshot to edges and rules.

Each test is a trap that other recommenders fell into; its name says the right behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from end_to_end.vpc import SYN, Body, Vpc
from inventory.hostile import simulate

import recommender as nr
from recommender.connections.edges import connect
from recommender.inventory import read_inventory
from recommender.model.edges import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.connections.types import Connections
    from recommender.reporting.policy_set import PolicySet


def connections(folder: Path, vpc: Vpc) -> Connections:
    log, snapshots = vpc.write(folder)
    return connect([log], inventory=read_inventory([snapshots]))


def accepted(found: Connections) -> set[str]:
    return {
        f"{edge.client.id} -> {edge.server.id} {edge.port}"
        for edge in found.edges
        if edge.verdict is Verdict.ACCEPTED
    }


def drafts(folder: Path, vpc: Vpc) -> PolicySet:
    log, snapshots = vpc.write(folder)
    return nr.recommend(log, snapshots)


def rules(found: PolicySet, name: str, direction: str) -> list[Any]:
    """Peers and ports of the rules of one draft, as a cluster reads them."""
    for body in yaml.safe_load_all(found.to_yaml()):
        if body["metadata"]["name"] == name and body["kind"] == "NetworkPolicy":
            listed = body["spec"].get(direction, [])
            key = "from" if direction == "ingress" else "to"
            return [(rule[key], [port["port"] for port in rule["ports"]]) for rule in listed]
    return []


def pods(name: str) -> Body:
    return {"podSelector": {"matchLabels": {"app": name}}}


def cidrs(*addresses: str) -> list[Body]:
    return [{"ipBlock": {"cidr": f"{address}"}} for address in addresses]


@pytest.fixture
def shop() -> Vpc:
    """Two workloads of one pod each, a node, and an API server elsewhere."""
    vpc = Vpc()
    vpc.workload("web", "10.0.0.1")
    vpc.workload("cart", "10.0.0.2", port_name="http")
    vpc.node("node-1", "10.1.0.1")
    return vpc


class TestDirection:
    """Trap 1: an answer, or a port that systems hand out, is not taken for a call."""

    def test_flags_tell_the_opener_and_answers_make_no_edge(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.call("10.0.0.1", "10.0.0.2", 8080)
        assert accepted(connections(tmp_path, shop)) == {
            "shop/StatefulSet/web -> shop/StatefulSet/cart 8080"
        }

    def test_without_flags_a_port_that_is_known_to_listen_tells(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.row(("10.0.0.2", 8080), ("10.0.0.1", 40_000))
        assert accepted(connections(tmp_path, shop)) == {
            "shop/StatefulSet/web -> shop/StatefulSet/cart 8080"
        }

    def test_two_high_ports_that_nobody_knows_are_set_aside_and_make_no_rule(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.row(("10.0.0.1", 40_000), ("10.0.0.2", 50_000))
        found = connections(tmp_path, shop)
        assert accepted(found) == set()
        assert found.accounting.set_aside == {"direction-undecided": 1}


class TestNamedRanges:
    """Trap 22: an internal address that nobody knows is told, and one with a name is outside."""

    @pytest.mark.parametrize("named", [True, False])
    def test_a_private_range_with_a_name_is_outside_where_not_all_pods_are_known(
        self, tmp_path: Path, shop: Vpc, *, named: bool
    ) -> None:
        shop.call("10.0.0.1", "10.9.0.7", 5432)
        log, _ = shop.write(tmp_path, shop.snapshot(namespaces=["shop"]))
        names = tmp_path / "addresses.yaml"
        names.write_text("orders-rds: 10.9.0.0/24\n")
        found = nr.recommend(log, tmp_path / "snapshots", names=names if named else None)
        (edge,) = found.run.edges
        if named:
            assert (edge.server.id, edge.names) == ("cidr:10.9.0.7/32", ("orders-rds",))
            assert "orders-rds" in found.to_yaml()
        else:
            assert edge.server.id.startswith("unresolved:")
            assert rules(found, "web", "egress") == []


class TestServicePorts:
    """Trap 2: a rule names the port of the pods, whatever port the Service has."""

    @pytest.mark.parametrize("target", [8080, "http"])
    def test_a_call_to_a_virtual_address_is_one_to_the_port_of_the_pods(
        self, tmp_path: Path, shop: Vpc, target: int | str
    ) -> None:
        ports = [{"port": 80, "targetPort": target}]
        shop.service("cart", clusterIPs=["10.96.0.2"], selector={"app": "cart"}, ports=ports)
        shop.call("10.0.0.1", "10.96.0.2", 80)
        found = drafts(tmp_path, shop)
        assert rules(found, "cart", "ingress") == [([pods("web")], [8080])]
        assert rules(found, "web", "egress")[0] == ([pods("cart")], [8080])

    def test_a_port_that_the_service_does_not_have_leads_to_nobody(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        ports = [{"port": 80, "targetPort": 8080}]
        shop.service("cart", clusterIPs=["10.96.0.2"], selector={"app": "cart"}, ports=ports)
        shop.call("10.0.0.1", "10.96.0.2", 81)
        found = drafts(tmp_path, shop)
        assert not [edge for edge in found.run.edges if edge.server.is_workload]
        assert rules(found, "cart", "ingress") == []


class TestReuse:
    """Trap 6: an address belongs to a pod while the pod had it, and to nobody on a guess."""

    def test_a_record_from_before_the_pod_had_the_address_is_not_its_own(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.call("10.0.0.1", "10.0.0.2", 8080, at=-100_000)
        assert accepted(connections(tmp_path, shop)) == set()

    def test_a_record_from_after_the_look_is_not_attributed(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.call("10.0.0.1", "10.0.0.2", 8080, at=7300)
        found = connections(tmp_path, shop)
        assert accepted(found) == set()
        assert "inventory-older" in {finding.code for finding in found.findings}

    def test_a_pod_that_ended_gives_its_address_to_nobody_else(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        old = Vpc()
        old.workload("job", "10.0.0.1")
        body = old.objects[1]
        body["status"]["phase"] = "Succeeded"
        times = {"startedAt": body["status"]["startTime"], "finishedAt": "2026-03-02T11:00:00Z"}
        body["status"]["containerStatuses"] = [{"state": {"terminated": times}}]
        web = shop.objects[1]["status"]
        web["startTime"] = "2026-03-02T11:05:00Z"
        web["containerStatuses"][0]["state"]["running"]["startedAt"] = "2026-03-02T11:05:00Z"
        shop.objects += old.objects
        shop.call("10.0.0.1", "10.0.0.2", 8080, at=-7200)
        shop.call("10.0.0.1", "10.0.0.2", 8080, at=-2400)
        found = connections(tmp_path, shop)
        edges = {edge.client.id: edge for edge in found.edges if edge.client.is_workload}
        assert set(edges) == {"shop/StatefulSet/job", "shop/StatefulSet/web"}
        assert f"{edges['shop/StatefulSet/web'].first_seen:%H:%M}" == "11:20"

    @pytest.mark.parametrize("seed", range(4))
    def test_a_hostile_history_makes_no_edge_of_a_wrong_workload(
        self, tmp_path: Path, seed: int
    ) -> None:
        history, vpc, truth = simulate(seed), Vpc(), set()
        vpc.workload("server", "10.2.0.1")
        for number, life in enumerate(history.lives):
            # Every workload calls a port of its own, so that a wrong name shows.
            port = 8000 + life.workload
            truth.add((f"shop/StatefulSet/w{life.workload}", port))
            for part in range(20):
                true = life.got + (life.ended - life.got) * part / 20
                skewed = true + (number * 20 + part) % 9 - 4
                vpc.row((life.ip, 40_000 + part), ("10.2.0.1", port), at=skewed, flags=SYN)
        looks = history.snapshots()
        for body in looks:
            body["objects"] += vpc.objects
        log, snapshots = vpc.write(tmp_path, *looks)
        found = connect([log], inventory=read_inventory([snapshots]))
        named = {(edge.client.id, edge.port) for edge in found.edges if edge.client.is_workload}
        assert named <= truth
        assert len(named) > len(truth) / 2
        account = found.accounting
        assert account.records == len(vpc.rows)
        assert account.records == account.accepted + sum(account.set_aside.values())
        assert {"ip-gap", "ip-margin"} <= set(account.set_aside)


class TestSelectors:
    """Trap 7: a Service leads where its selector says, whatever its own labels are."""

    def test_a_services_own_labels_mean_nothing(self, tmp_path: Path, shop: Vpc) -> None:
        shop.service(
            "cart",
            labels={"app": "web"},
            clusterIPs=["10.96.0.2"],
            selector={"app": "cart"},
            ports=[{"port": 80, "targetPort": 8080}],
        )
        shop.call("10.0.0.1", "10.96.0.2", 80)
        assert accepted(connections(tmp_path, shop)) == {
            "shop/StatefulSet/web -> shop/StatefulSet/cart 8080"
        }

    def test_a_service_without_selector_leads_where_its_endpoints_say(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.service("old", clusterIPs=["10.96.0.3"], ports=[{"port": 80, "name": "a"}])
        shop.endpoints("old", "shop", 8080, "10.0.0.2", name="a")
        shop.call("10.0.0.1", "10.96.0.3", 80)
        assert accepted(connections(tmp_path, shop)) == {
            "shop/StatefulSet/web -> shop/StatefulSet/cart 8080"
        }

    def test_a_service_of_two_workloads_is_not_guessed(self, tmp_path: Path, shop: Vpc) -> None:
        for body in shop.objects:
            labels = [body["metadata"].get("labels")]
            labels.append(
                body.get("spec", {}).get("template", {}).get("metadata", {}).get("labels")
            )
            for held in labels:
                if held:
                    held["tier"] = "all"
        ports = [{"port": 80, "targetPort": 8080}]
        shop.service("both", clusterIPs=["10.96.0.4"], selector={"tier": "all"}, ports=ports)
        shop.workload("client", "10.0.0.5")
        shop.call("10.0.0.5", "10.96.0.4", 80)
        found = drafts(tmp_path, shop)
        assert rules(found, "web", "ingress") == rules(found, "cart", "ingress") == []
        assert not [edge for edge in found.run.edges if edge.server.is_workload]


class TestNodes:
    """Trap 8: nodes, and pods in their network, are nodes."""

    def test_a_node_that_calls_a_pod_becomes_the_addresses_of_the_nodes(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.node("node-2", "10.1.0.2")
        shop.call("10.1.0.2", "10.0.0.2", 8080)
        found = drafts(tmp_path, shop)
        peers = [peer for peer, _ in rules(found, "cart", "ingress")]
        allowed = [item["ipBlock"]["cidr"] for listed in peers for item in listed]
        assert {"10.1.0.1/32", "10.1.0.2/32"} == set(_singles(allowed))

    def test_a_pod_in_the_host_network_is_its_node_and_never_a_subject(
        self, tmp_path: Path, shop: Vpc
    ) -> None:
        shop.workload("agent", "10.1.0.1", namespace="kube-system", host_network=True)
        shop.call("10.1.0.1", "10.0.0.2", 8080)
        shop.call("10.0.0.1", "10.1.0.1", 9100)
        found = drafts(tmp_path, shop)
        assert {f"{edge.client.id} {edge.server.id}" for edge in found.run.edges} == {
            "node shop/StatefulSet/cart",
            "shop/StatefulSet/web node",
        }
        assert "agent" not in {policy.name for policy in found.policies}


class TestApiServer:
    """Trap 9: the API server is its endpoints and their port, by whatever address it is called."""

    @pytest.fixture
    def vpc(self, shop: Vpc) -> Vpc:
        ports = [{"name": "https", "port": 443, "targetPort": 6443}]
        shop.service("kubernetes", "default", clusterIPs=["10.96.0.1"], ports=ports)
        shop.endpoints("kubernetes", "default", 6443, "10.3.0.1", "10.3.0.2", name="https")
        return shop

    @pytest.mark.parametrize(("address", "port"), [("10.3.0.1", 6443), ("10.96.0.1", 443)])
    def test_a_call_to_it_allows_all_its_endpoints_at_their_port(
        self, tmp_path: Path, vpc: Vpc, address: str, port: int
    ) -> None:
        vpc.call("10.0.0.1", address, port)
        found = drafts(tmp_path, vpc)
        (edge,) = found.run.edges
        assert (edge.server.id, edge.port) == ("kube-apiserver", 6443)
        allowed = [
            (item["ipBlock"]["cidr"], ports)
            for peers, ports in rules(found, "web", "egress")
            for item in peers
            if "ipBlock" in item
        ]
        assert {ports[0] for _, ports in allowed} == {6443}
        assert {"10.3.0.1/32", "10.3.0.2/32"} <= set(_singles([cidr for cidr, _ in allowed]))

    def test_its_calls_to_webhooks_come_from_its_endpoints(self, tmp_path: Path, vpc: Vpc) -> None:
        vpc.call("10.3.0.2", "10.0.0.2", 8080)
        (edge,) = drafts(tmp_path, vpc).run.edges
        assert (edge.client.id, edge.server.id) == ("kube-apiserver", "shop/StatefulSet/cart")


class TestDualStack:
    """Trap 17 for pods: both families of one pod are that pod."""

    def test_a_call_over_either_family_is_the_same_edge(self, tmp_path: Path, shop: Vpc) -> None:
        for number, body in enumerate(body for body in shop.objects if body["kind"] == "Pod"):
            body["status"]["podIPs"].append({"ip": f"2001:DB8::{number + 1}"})
        shop.call("2001:db8::1", "2001:db8::2", 8080)
        shop.call("10.0.0.1", "10.0.0.2", 8080, source_port=40_001)
        (edge,) = connections(tmp_path, shop).edges
        assert (edge.client.id, edge.server.id, edge.flows) == (
            "shop/StatefulSet/web",
            "shop/StatefulSet/cart",
            2,
        )


class TestFromOutside:
    """Trap 13: who a pod sees behind a node port or a balancer depends on the traffic policy."""

    def reached(self, folder: Path, shop: Vpc, address: str, port: int, **spec: Any) -> set[str]:  # noqa: ANN401
        ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080}]
        spec |= {"selector": {"app": "cart"}, "ports": ports, "clusterIPs": ["10.96.0.2"]}
        shop.service("cart", **spec)
        shop.call("198.51.100.7", address, port)
        return accepted(connections(folder, shop))

    def test_a_node_that_sends_on_hides_the_client(self, tmp_path: Path, shop: Vpc) -> None:
        found = self.reached(tmp_path, shop, "10.1.0.1", 30080, type="NodePort")
        assert not [edge for edge in found if edge.startswith("cidr:")]

    def test_a_node_that_keeps_the_source_does_not(self, tmp_path: Path, shop: Vpc) -> None:
        found = self.reached(
            tmp_path, shop, "10.1.0.1", 30080, type="NodePort", externalTrafficPolicy="Local"
        )
        assert found == {"cidr:198.51.100.7/32 -> shop/StatefulSet/cart 8080"}

    def test_a_balancer_leads_to_the_pods_at_their_port(self, tmp_path: Path, shop: Vpc) -> None:
        status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.5"}]}}
        found = self.reached(
            tmp_path,
            shop,
            "203.0.113.5",
            80,
            type="LoadBalancer",
            externalTrafficPolicy="Local",
            status=status,
        )
        assert found == {"cidr:198.51.100.7/32 -> shop/StatefulSet/cart 8080"}


def _singles(texts: list[str]) -> list[str]:
    """The single addresses of CIDRs, each as the CIDR that holds it alone."""
    from recommender.model.addresses import parse_network

    return [f"{address}/32" for text in texts for address in parse_network(text)]
