"""The corner cases of the tiers around NetworkPolicy, one test each, for every evaluator.

Source: ``sigs.k8s.io/network-policy-api`` v1alpha1 (AdminNetworkPolicy,
BaselineAdminNetworkPolicy) and v1alpha2 (ClusterNetworkPolicy).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from evaluation.clusters import cluster, pod, policy, tier
from evaluation.judges import Says
from evaluation.naive import World

from recommender.inventory.types import ContainerPort, Node

if TYPE_CHECKING:
    from evaluation.judges import Judge

    from recommender.model.policies import NetworkPolicy
    from recommender.model.tiers import TierPolicy

Spec = dict[str, Any]

A = pod("x/a", ips=("10.0.1.1",), ports=[ContainerPort(53, "UDP", "dns")])
B = pod("x/b", ips=("10.0.1.2",))
Y = pod("y/a", ips=("10.0.2.1",), ports=[ContainerPort(54, "TCP", "dns")])
EXTERNAL = "203.0.113.7"
ALL: Spec = {"namespaces": {}}
IN_X: Spec = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "x"}}}
IN_Y: Spec = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "y"}}}
DENY_ALL_INGRESS: Spec = {"podSelector": {}, "policyTypes": ["Ingress"]}


def rule(action: str, *peers: Spec, side: str = "from", **more: Any) -> Spec:  # noqa: ANN401
    return {"action": action, side: list(peers), **more}


def out(action: str, *peers: Spec, **more: Any) -> Spec:  # noqa: ANN401
    return rule(action, *peers, side="to", **more)


def admin(
    *inbound: Spec,
    outbound: tuple[Spec, ...] = (),
    priority: int = 10,
    subject: Spec = IN_X,
    name: str = "",
) -> TierPolicy:
    spec = {
        "tier": "Admin",
        "priority": priority,
        "subject": subject,
        "ingress": list(inbound),
        "egress": list(outbound),
    }
    return tier("ClusterNetworkPolicy", name or f"admin-{priority}", spec)


def baseline(*inbound: Spec, outbound: tuple[Spec, ...] = (), priority: int = 10) -> TierPolicy:
    spec = {
        "tier": "Baseline",
        "priority": priority,
        "subject": IN_X,
        "ingress": list(inbound),
        "egress": list(outbound),
    }
    return tier("ClusterNetworkPolicy", f"baseline-{priority}", spec)


def world(*tiers: TierPolicy, network: tuple[NetworkPolicy, ...] = ()) -> World:
    return World(cluster(A, B, Y), network, tiers)


def test_the_lower_priority_number_goes_first(judge: Judge) -> None:
    first, second = admin(rule("Accept", IN_Y), priority=1), admin(rule("Deny", ALL), priority=2)
    for tiers in ((first, second), (second, first)):
        says = Says(judge, world(*tiers))
        assert says(Y, A)
        assert not says(B, A)


def test_rules_go_from_the_top_and_the_first_match_decides(judge: Judge) -> None:
    says = Says(judge, world(admin(rule("Deny", IN_Y), rule("Accept", ALL))))
    assert not says(Y, A)
    assert says(B, A)


def test_admin_goes_before_network_policies_and_these_before_baseline(judge: Judge) -> None:
    network = (policy("deny", DENY_ALL_INGRESS),)
    says = Says(judge, world(admin(rule("Accept", IN_Y)), network=network))
    assert says(Y, A)
    assert not says(B, A)
    says = Says(judge, world(baseline(rule("Accept", ALL)), network=network))
    assert not says(Y, A)


def test_an_admin_accept_of_one_side_leaves_the_other_side_to_decide(judge: Judge) -> None:
    network = (policy("deny", DENY_ALL_INGRESS),)
    says = Says(judge, world(admin(outbound=(out("Accept", ALL),)), network=network))
    assert not says(A, B)
    assert says(A, Y)


def test_a_tier_policy_isolates_nothing_by_itself(judge: Judge) -> None:
    says = Says(judge, world(admin(rule("Accept", IN_Y)), baseline(rule("Accept", IN_Y))))
    assert says(B, A)
    assert says(EXTERNAL, A)


def test_pass_skips_the_rest_of_its_tier(judge: Judge) -> None:
    passing = admin(rule("Pass", IN_Y), priority=1)
    denying = admin(rule("Deny", ALL), priority=2)
    says = Says(judge, world(passing, denying))
    assert says(Y, A)  # nothing further decides
    assert not says(B, A)
    network = (policy("deny", DENY_ALL_INGRESS),)
    says = Says(judge, world(passing, denying, network=network))
    assert not says(Y, A)
    says = Says(judge, world(passing, denying, baseline(rule("Deny", IN_Y))))
    assert not says(Y, A)


def test_after_pass_no_later_accept_of_the_tier_counts(judge: Judge) -> None:
    network = (policy("deny", DENY_ALL_INGRESS),)
    same = admin(rule("Pass", IN_Y), rule("Accept", ALL))
    says = Says(judge, world(same, network=network))
    assert not says(Y, A)
    assert says(B, A)
    later = admin(rule("Accept", ALL), priority=20)
    says = Says(judge, world(admin(rule("Pass", IN_Y)), later, network=network))
    assert not says(Y, A)
    assert says(B, A)


def test_pass_in_the_baseline_tier_falls_to_the_default(judge: Judge) -> None:
    says = Says(
        judge,
        world(baseline(rule("Pass", IN_Y), priority=1), baseline(rule("Deny", ALL), priority=2)),
    )
    assert says(Y, A)
    assert not says(B, A)


def test_an_isolated_pod_never_asks_the_baseline_tier(judge: Judge) -> None:
    allow = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    says = Says(judge, world(baseline(rule("Deny", ALL)), network=(policy("allow", allow),)))
    assert says(Y, A)


def test_isolation_in_the_other_direction_leaves_the_baseline_tier_to_decide(
    judge: Judge,
) -> None:
    egress_only = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
    network = (policy("egress", egress_only),)
    says = Says(judge, world(baseline(rule("Deny", IN_Y)), network=network))
    assert not says(Y, A)
    assert says(B, A)


def test_networks_match_pods_too(judge: Judge) -> None:
    deny = admin(outbound=(out("Deny", {"networks": ["0.0.0.0/0"]}),))
    says = Says(judge, world(deny))
    assert not says(A, B)
    assert not says(A, EXTERNAL)
    assert says(A, "2001:db8::1")
    says = Says(judge, world(admin(outbound=(out("Deny", {"networks": ["10.0.2.0/24"]}),))))
    assert not says(A, Y)
    assert says(A, B)


def test_networks_leave_pods_alone_where_a_tool_reads_them_so(judge: Judge) -> None:
    deny = admin(outbound=(out("Deny", {"networks": ["0.0.0.0/0"]}),))
    says = Says(judge, replace(world(deny), networks_match_pods=False))
    assert says(A, B)
    assert not says(A, EXTERNAL)


def test_pods_of_the_host_network_are_neither_subject_nor_peer(judge: Judge) -> None:
    host = pod("x/h", ips=("192.168.0.2",), host_network=True)
    inventory = cluster(A, B, host)
    says = Says(judge, World(inventory, (), (admin(rule("Deny", ALL)),)))
    assert says(A, host)
    assert says(host, A)
    assert not says(B, A)


def test_not_even_where_the_plugin_sees_the_host_network(judge: Judge) -> None:
    host = pod("x/h", ips=("192.168.0.2",), host_network=True)
    inventory = cluster(A, B, host)
    tiers = (admin(rule("Deny", ALL)),)
    says = Says(judge, World(inventory, (), tiers, hosts_are_pods=True))
    assert says(A, host)
    assert says(host, A)
    assert not says(B, A)


def test_outside_sources_match_no_ingress_peer(judge: Judge) -> None:
    says = Says(judge, world(admin(rule("Deny", ALL))))
    assert says(EXTERNAL, A)


def test_ranges_of_the_tiers_need_no_support_of_end_port(judge: Judge) -> None:
    protocols = [{"tcp": {"destinationPort": {"range": {"start": 80, "end": 82}}}}]
    deny = admin(rule("Deny", ALL, protocols=protocols))
    says = Says(judge, replace(world(deny), end_port=False))
    assert [port for port in range(79, 84) if not says(B, A, port)] == [80, 81, 82]


def test_a_named_port_is_any_protocol_of_the_container_port(judge: Judge) -> None:
    named = [{"destinationNamedPort": "dns"}]
    says = Says(judge, world(admin(outbound=(out("Deny", ALL, protocols=named),))))
    assert not says(B, A, 53, "UDP")
    assert says(B, A, 53, "TCP")
    assert not says(B, Y, 54, "TCP")
    assert says(B, Y, 53, "UDP")


def test_ports_and_ranges_of_a_protocol(judge: Judge) -> None:
    protocols = [
        {"tcp": {"destinationPort": {"range": {"start": 80, "end": 82}}}},
        {"udp": {"destinationPort": {"number": 53}}},
    ]
    says = Says(judge, world(admin(rule("Deny", ALL, protocols=protocols))))
    denied = [port for port in range(78, 85) if not says(B, A, port)]
    assert denied == [80, 81, 82]
    assert not says(B, A, 53, "UDP")
    assert says(B, A, 80, "UDP")
    assert says(B, A, 53, "SCTP")


@pytest.mark.parametrize(
    ("action", "outside"), [("Accept", True), ("Deny", False), ("Pass", False)]
)
def test_a_rule_with_a_peer_of_an_unknown_kind_fails_closed(
    judge: Judge, action: str, *, outside: bool
) -> None:
    # The deny of all pods below shows whether the rule above it let any of them through.
    unknown = admin(outbound=(out(action, {"services": {}}, IN_Y), out("Deny", ALL)))
    says = Says(judge, world(unknown))
    assert not says(A, Y)
    assert not says(A, B)
    assert says(A, EXTERNAL) is outside


def test_nodes_are_their_addresses(judge: Judge) -> None:
    nodes = (
        Node("n1", addresses=("192.168.0.1", "2001:db8::1"), labels=(("role", "gpu"),)),
        Node("n2", addresses=("192.168.0.2",)),
    )
    peer = {"nodes": {"matchLabels": {"role": "gpu"}}}
    inventory = cluster(A, B, nodes=nodes)
    says = Says(judge, World(inventory, (), (admin(outbound=(out("Deny", peer),)),)))
    assert not says(A, "192.168.0.1")
    assert not says(A, "2001:db8::1")
    assert says(A, "192.168.0.2")


def test_an_admin_network_policy_is_a_policy_of_the_admin_tier(judge: Judge) -> None:
    spec = {
        "priority": 5,
        "subject": {
            "pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"pod": "a"}}}
        },
        "ingress": [
            rule("Allow", IN_Y, ports=[{"portNumber": {"protocol": "TCP", "port": 80}}]),
            rule("Deny", ALL, ports=[{"portRange": {"protocol": "TCP", "start": 80, "end": 81}}]),
        ],
    }
    says = Says(judge, world(tier("AdminNetworkPolicy", "p", spec)))
    assert says(Y, A, 80)
    assert not says(Y, A, 81)
    assert not says(B, A, 80)
    assert says(B, A, 82)
    assert says(Y, B, 81)


def test_the_baseline_admin_network_policy_comes_last(judge: Judge) -> None:
    spec = {"subject": IN_X, "ingress": [rule("Allow", IN_Y), rule("Deny", ALL)]}
    says = Says(judge, world(tier("BaselineAdminNetworkPolicy", "default", spec)))
    assert says(Y, A)
    assert not says(B, A)
    network = (policy("all", {"podSelector": {}, "ingress": [{}]}),)
    says = Says(judge, world(tier("BaselineAdminNetworkPolicy", "default", spec), network=network))
    assert says(B, A)


def test_domain_names_are_names_and_a_star_stands_for_any_labels(judge: Judge) -> None:
    names = {
        "203.0.113.1": "api.example.com",
        "203.0.113.2": "a.b.example.com",
        "203.0.113.3": "example.com",
        "203.0.113.4": "api.example.org",
        "203.0.113.5": "exact.example.org",
        "203.0.113.6": "not.exact.example.org",
    }
    listed = {"domainNames": ["*.example.com", "exact.example.org"]}
    rules = (out("Accept", listed), out("Deny", {"networks": ["0.0.0.0/0"]}))
    says = Says(judge, replace(world(admin(outbound=rules)), names=names))
    assert [says(A, address) for address in names] == [True, True, False, False, True, False]
    assert not says(A, "203.0.113.9")
