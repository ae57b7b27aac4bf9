"""Replay: what policies would do to observed edges, and how sure that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from evaluation.clusters import cluster, pod, policy, tier

from recommender.evaluation.judging import Outcome
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.replay import Replayed, replay
from recommender.inventory.types import Inventory, Node, Workload
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity
from recommender.model.policies import Direction, NetworkPolicy

A = pod("x/a", ips=("10.0.1.1",))
B = pod("x/b", ips=("10.0.1.2",))
CLUSTER = cluster(A, B)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
END_A = Entity.workload("x", "Pod", "a")
END_B = Entity.workload("x", "Pod", "b")

DENY_IN = policy("deny-in", {"podSelector": {}, "policyTypes": ["Ingress"]})
DENY_OUT = policy("deny-out", {"podSelector": {}, "policyTypes": ["Egress"]})


def edge(  # noqa: PLR0913 - an edge has as many parts
    client: Entity = END_A,
    server: Entity = END_B,
    protocol: str = "TCP",
    port: int = 80,
    *,
    verdict: Verdict = Verdict.ACCEPTED,
    addresses: tuple[str, ...] = (),
    marks: tuple[str, ...] = (),
    client_pods: int = 1,
) -> Edge:
    return Edge(
        client,
        server,
        protocol,
        port,
        verdict,
        flows=3,
        records=6,
        bytes=0,
        first_seen=NOW,
        last_seen=NOW,
        client_pods=client_pods,
        server_pods=1,
        days=1,
        hours=1,
        addresses=addresses,
        marks=marks,
    )


def one(
    seen: Edge,
    *policies: NetworkPolicy,
    inventory: Inventory = CLUSTER,
    modes: Modes | None = None,
) -> Replayed:
    (row,) = replay([seen], policies, inventory, modes).rows
    return row


def ingress(*rules: dict[str, Any]) -> NetworkPolicy:
    return policy("in", {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": list(rules)})


def egress(*rules: dict[str, Any]) -> NetworkPolicy:
    return policy("out", {"podSelector": {}, "policyTypes": ["Egress"], "egress": list(rules)})


def block(cidr: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr}}


def test_without_policies_everything_is_allowed() -> None:
    assert one(edge()).outcome is Outcome.ALLOWED


def test_a_denial_says_which_side_and_which_policies() -> None:
    judgement = one(edge(), DENY_IN, DENY_OUT).judgement
    assert judgement.outcome is Outcome.DENIED
    assert judgement.sides == (Direction.EGRESS, Direction.INGRESS)
    assert judgement.policies == ("x/deny-in", "x/deny-out")
    assert judgement.reason == "no-rule"


def test_the_side_that_allows_is_not_blamed() -> None:
    row = one(edge(), DENY_IN)
    assert row.judgement.sides == (Direction.INGRESS,)
    assert row.why == "ingress: the pods are isolated and no rule allows it (x/deny-in)"


def test_a_denying_tier_is_named() -> None:
    rule = {"action": "Deny", "to": [{"namespaces": {}}]}
    spec = {"priority": 1, "subject": {"namespaces": {}}, "egress": [rule]}
    admin = tier("AdminNetworkPolicy", "top", spec)
    (row,) = replay([edge()], [admin, ingress({})], CLUSTER).rows
    assert row.judgement.policies == ("AdminNetworkPolicy top",)
    assert row.judgement.reason == "tier-denies"


def test_only_accepted_traffic_breaks() -> None:
    edges = [edge(), edge(verdict=Verdict.DENIED)]
    found = replay(edges, [DENY_IN], CLUSTER)
    assert [row.edge.verdict for row in found.breaking] == [Verdict.ACCEPTED]
    assert found.counts() == {"allowed": 0, "denied": 2, "undefined": 0}


def test_the_port_counts() -> None:
    rules = ingress({"ports": [{"port": 80}]})
    assert one(edge(port=80), rules).outcome is Outcome.ALLOWED
    assert one(edge(port=81), rules).outcome is Outcome.DENIED
    assert one(edge(protocol="UDP"), rules).outcome is Outcome.DENIED


def test_replicas_that_differ_break_part_of_the_traffic() -> None:
    entity = Entity.workload("x", "Deployment", "d")
    pods = (pod("x/d1", {"v": "1"}), pod("x/d2", {"v": "2"}))
    inventory = replace(
        CLUSTER, workloads={**CLUSTER.workloads, entity: Workload(entity, pods=pods)}
    )
    only_one = ingress({"from": [{"podSelector": {"matchLabels": {"v": "1"}}}]})
    judgement = one(edge(client=entity), only_one, inventory=inventory).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.DENIED, "some-replicas")


def test_a_workload_that_is_not_known_is_undefined_where_a_policy_could_select_it() -> None:
    ghost = Entity.workload("x", "Deployment", "ghost")
    judgement = one(edge(server=ghost), DENY_IN).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.UNDEFINED, "unknown-workload")


def test_a_workload_that_is_not_known_in_a_namespace_without_policies_is_free() -> None:
    ghost = Entity.workload("elsewhere", "Deployment", "ghost")
    assert one(edge(server=ghost), DENY_IN).outcome is Outcome.ALLOWED
    assert one(edge(client=ghost), DENY_IN).outcome is Outcome.DENIED
    named = ingress({"from": [{"podSelector": {}, "namespaceSelector": {}}]})
    assert one(edge(client=ghost), named).outcome is Outcome.UNDEFINED


def test_a_controller_between_two_runs_is_judged_by_its_template() -> None:
    entity = Entity.workload("x", "CronJob", "backup")
    ended = pod("x/backup-1", {"app": "backup"}, ips=("10.0.1.1",), phase="Succeeded")
    workload = Workload(entity, labels=(("app", "backup"),), pods=(ended,))
    inventory = replace(CLUSTER, workloads={**CLUSTER.workloads, entity: workload})
    rule = ingress({"from": [{"podSelector": {"matchLabels": {"app": "backup"}}}]})
    assert one(edge(client=entity), rule, inventory=inventory).outcome is Outcome.ALLOWED
    assert one(edge(client=entity), DENY_IN, inventory=inventory).outcome is Outcome.DENIED


def test_a_bare_pod_that_has_ended_is_undefined_not_guessed() -> None:
    gone = cluster(replace(A, phase="Failed"), B)
    judgement = one(edge(), DENY_IN, inventory=gone).judgement
    assert judgement.outcome is Outcome.DENIED  # whoever it was, nobody may
    judgement = one(edge(), DENY_OUT, inventory=gone).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.UNDEFINED, "no-running-pod")


# --- outside addresses -----------------------------------------------------------------------


def outside(*addresses: str, name: str = "") -> Edge:
    server = Entity.dns_name(name) if name else Entity.cidr(f"{addresses[0]}/32")
    return edge(server=server, addresses=addresses)


def test_outside_addresses_are_matched_one_by_one() -> None:
    rules = egress({"to": [block("203.0.113.0/24")]})
    assert one(outside("203.0.113.7"), rules).outcome is Outcome.ALLOWED
    assert one(outside("198.51.100.7"), rules).outcome is Outcome.DENIED
    judgement = one(outside("203.0.113.7", "198.51.100.7"), rules).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.DENIED, "some-replicas")


def test_a_cidr_without_addresses_must_be_allowed_whole() -> None:
    server = Entity.cidr("203.0.113.0/24")
    assert one(edge(server=server), egress({"to": [block("203.0.0.0/16")]})).outcome is (
        Outcome.ALLOWED
    )
    judgement = one(edge(server=server), egress({"to": [block("203.0.113.0/25")]})).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.DENIED, "some-replicas")


def test_a_name_without_addresses_is_undefined_unless_everything_is_allowed() -> None:
    some = egress({"to": [block("203.0.113.0/24")]})
    unnamed = edge(server=Entity.dns_name("example.com"))
    assert one(unnamed, some).judgement.reason == "no-address"
    assert one(unnamed, egress({})).outcome is Outcome.ALLOWED
    assert one(unnamed, DENY_OUT).outcome is Outcome.DENIED


def test_domain_names_accept_by_the_name_of_the_edge() -> None:
    rules = [
        {"action": "Accept", "to": [{"domainNames": ["*.example.com"]}]},
        {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]},
    ]
    spec = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": rules}
    admin = tier("ClusterNetworkPolicy", "names", spec)
    edges = [
        outside("203.0.113.7", name="api.example.com"),
        outside("203.0.113.7", name="example.com"),
        outside("203.0.113.7"),
    ]
    rows = replay(edges, [admin], CLUSTER).rows
    assert [row.outcome.value for row in rows] == ["allowed", "denied", "denied"]


# --- what is not settled ---------------------------------------------------------------------


def test_a_block_that_would_match_a_pod_leaves_the_verdict_open() -> None:
    rules = ingress({"from": [block("10.0.0.0/8")]})
    judgement = one(edge(), rules).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.UNDEFINED, "ip-block-on-pods")
    for choice, outcome in ((Choice.YES, Outcome.ALLOWED), (Choice.NO, Outcome.DENIED)):
        assert one(edge(), rules, modes=Modes(ip_block_pods=choice)).outcome is outcome


def test_a_block_that_matches_no_pod_leaves_nothing_open() -> None:
    assert one(edge(), ingress({"from": [block("192.0.2.0/24")]})).outcome is Outcome.DENIED


def test_pods_of_the_host_network_leave_the_verdict_open() -> None:
    host = replace(B, host_network=True)
    judgement = one(edge(), DENY_IN, inventory=cluster(A, host)).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.UNDEFINED, "host-network")
    settled = Modes(host_network_pods=Choice.NO)
    assert one(edge(), DENY_IN, inventory=cluster(A, host), modes=settled).outcome is (
        Outcome.ALLOWED
    )


def test_probes_of_the_own_node_are_always_allowed() -> None:
    probe = edge(client=Entity.node(), addresses=("192.168.0.1",), marks=("own-node",))
    assert one(probe, DENY_IN).outcome is Outcome.ALLOWED
    assert one(replace(probe, marks=()), DENY_IN).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        (Choice.UNDEFINED, Outcome.UNDEFINED),
        (Choice.YES, Outcome.ALLOWED),
        (Choice.NO, Outcome.DENIED),
    ],
)
def test_traffic_to_the_own_node_is_as_the_mode_says(choice: Choice, outcome: Outcome) -> None:
    seen = edge(server=Entity.node(), addresses=("192.168.0.1",), marks=("own-node",))
    assert one(seen, DENY_OUT, modes=Modes(own_node_egress=choice)).outcome is outcome


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        (Choice.UNDEFINED, Outcome.UNDEFINED),
        (Choice.YES, Outcome.ALLOWED),
        (Choice.NO, Outcome.DENIED),
    ],
)
def test_a_pod_that_talks_to_itself_is_as_the_mode_says(choice: Choice, outcome: Outcome) -> None:
    row = one(edge(server=END_A), DENY_IN, modes=Modes(hairpin=choice))
    assert row.outcome is outcome


def test_two_replicas_of_one_workload_are_ordinary_pods() -> None:
    entity = Entity.workload("x", "Deployment", "d")
    pods = (pod("x/d1", {"app": "d"}), pod("x/d2", {"app": "d"}))
    inventory = replace(CLUSTER, workloads={entity: Workload(entity, pods=pods)})
    seen = edge(client=entity, server=entity, client_pods=2)
    assert one(seen, DENY_IN, inventory=inventory).outcome is Outcome.DENIED


def test_nodes_and_the_api_server_are_their_addresses() -> None:
    inventory = replace(
        CLUSTER,
        nodes=(Node("n1", ("192.168.0.1",)),),
        apiserver_addresses=("192.168.0.9",),
    )
    rules = egress({"to": [block("192.168.0.1/32")]})
    assert one(edge(server=Entity.node()), rules, inventory=inventory).outcome is Outcome.ALLOWED
    assert one(edge(server=Entity.apiserver()), rules, inventory=inventory).outcome is (
        Outcome.DENIED
    )


def test_protocols_beyond_the_api_are_undefined_where_a_policy_isolates() -> None:
    ping = edge(protocol="ICMP", port=0)
    assert one(ping).outcome is Outcome.ALLOWED
    assert one(ping, DENY_IN).judgement.reason == "protocol"


def test_a_port_that_does_not_exist_is_undefined() -> None:
    assert one(edge(port=0), DENY_IN).judgement.reason == "no-port"


def test_a_service_without_pods_and_an_unresolved_end_are_undefined() -> None:
    service = Entity(END_A.kind.SERVICE, namespace="x", name="s")
    some = egress({"to": [{"podSelector": {}}]})
    assert one(edge(server=service), some).judgement.reason == "service-without-pods"
    lost = Entity.unresolved("no name")
    assert one(edge(server=lost), some).judgement.reason == "unresolved-end"
    assert one(edge(server=lost), DENY_OUT).outcome is Outcome.DENIED


def test_an_unknown_peer_of_tiers_is_undefined_whatever_the_rules_say() -> None:
    rule = {"action": "Deny", "to": [{"networks": ["203.0.113.0/24"]}]}
    spec = {"priority": 1, "subject": {"namespaces": {}}, "egress": [rule]}
    admin = tier("AdminNetworkPolicy", "top", spec)
    lost = edge(server=Entity.unresolved("no name"))
    (row,) = replay([lost], [admin], CLUSTER).rows
    assert row.outcome is Outcome.UNDEFINED


# --- the answer as a whole -------------------------------------------------------------------


def test_rows_keep_the_order_of_the_edges() -> None:
    edges = [edge(port=port) for port in (90, 80, 85)]
    rows = replay(edges, [ingress({"ports": [{"port": 80}]})], CLUSTER).rows
    assert [row.edge.port for row in rows] == [90, 80, 85]
    assert [row.outcome.value for row in rows] == ["denied", "allowed", "denied"]


def test_the_frame_has_a_row_an_edge() -> None:
    frame = replay([edge()], [DENY_IN], CLUSTER).frame()
    assert frame.loc[0, "outcome"] == "denied"
    assert frame.loc[0, "sides"] == "Ingress"
    assert frame.loc[0, "policies"] == "x/deny-in"


def test_addresses_of_both_families_must_agree() -> None:
    both = ("10.0.1.1", "2001:db8::1")
    dual = cluster(replace(A, ips=both), replace(B, ips=("10.0.1.2", "2001:db8::2")))
    rules = ingress({"from": [block("10.0.0.0/8")]})
    settled = Modes(ip_block_pods=Choice.YES)
    judgement = one(edge(), rules, inventory=dual, modes=settled).judgement
    assert (judgement.outcome, judgement.reason) == (Outcome.UNDEFINED, "address-family")
    rules = ingress({"from": [block("10.0.0.0/8"), block("2001:db8::/32")]})
    assert one(edge(), rules, inventory=dual, modes=settled).outcome is Outcome.ALLOWED
