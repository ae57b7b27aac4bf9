"""The corner cases of NetworkPolicy v1, one test each, for every evaluator.

Most of these no public golden corpus can catch: the outcome is the specification's
(``k8s.io/api/networking/v1/types.go`` and ``pkg/apis/networking/v1/defaults.go``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from evaluation.clusters import cluster, pod, policy
from evaluation.judges import Says
from evaluation.naive import World

from recommender.inventory.types import ContainerPort, Node

if TYPE_CHECKING:
    from evaluation.judges import Judge

Spec = dict[str, Any]

HTTP = ContainerPort(8080, "TCP", "http")
A = pod("x/a", ips=("10.0.1.1",), ports=[HTTP])
B = pod("x/b", ips=("10.0.1.2",))
Y = pod("y/a", ips=("10.0.2.1",), ports=[ContainerPort(9090, "TCP", "http")])
EXTERNAL = "203.0.113.7"
EVERYTHING: Spec = {}
ONLY_A = {"matchLabels": {"pod": "a"}}
ONLY_B = {"matchLabels": {"pod": "b"}}


def world(*specs: Spec) -> World:
    """A, B in x and Y in y, under policies of namespace x."""
    policies = tuple(policy(f"p{number}", spec) for number, spec in enumerate(specs))
    return World(cluster(A, B, Y), policies)


def ingress(*rules: Spec, pods: Spec = ONLY_A) -> Spec:
    return {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": list(rules)}


def egress(*rules: Spec, pods: Spec = ONLY_A) -> Spec:
    return {"podSelector": pods, "policyTypes": ["Egress"], "egress": list(rules)}


# --- whom a policy selects -------------------------------------------------------------------


@pytest.mark.parametrize("selector", [{"podSelector": {}}, {}, {"podSelector": None}])
def test_an_empty_subject_is_every_pod_of_the_namespace(judge: Judge, selector: Spec) -> None:
    says = Says(judge, world({**selector, "policyTypes": ["Ingress"]}))
    assert not says(Y, A)
    assert not says(Y, B)
    assert says(A, Y)


def test_an_empty_pod_peer_is_the_policys_own_namespace(judge: Judge) -> None:
    says = Says(judge, world(ingress({"from": [{"podSelector": {}}]})))
    assert says(B, A)
    assert not says(Y, A)
    assert not says(EXTERNAL, A)


def test_an_empty_namespace_peer_is_every_pod_and_nothing_external(judge: Judge) -> None:
    says = Says(judge, world(ingress({"from": [{"namespaceSelector": {}}]})))
    assert says(B, A)
    assert says(Y, A)
    assert not says(EXTERNAL, A)


def test_two_selectors_in_one_item_must_both_hold(judge: Judge) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "t"}}, "podSelector": ONLY_A}
    inventory = cluster(A, B, Y, pod("y/b"), namespaces={"y": {"team": "t"}})
    spec = ingress({"from": [peer]}, pods={})
    says = Says(judge, World(inventory, (policy("p", spec),)))
    assert says(Y, B)
    assert not says(A, B)  # the pod matches, its namespace does not
    assert not says(pod("y/b"), B)  # the namespace matches, the pod does not


def test_two_items_are_either(judge: Judge) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"team": "t"}}}, {"podSelector": ONLY_A}]
    inventory = cluster(A, B, Y, pod("y/b"), namespaces={"y": {"team": "t"}})
    spec = ingress({"from": peers}, pods=ONLY_B)
    says = Says(judge, World(inventory, (policy("p", spec),)))
    assert says(A, B)
    assert says(Y, B)
    assert says(pod("y/b"), B)


@pytest.mark.parametrize("peers", [{}, {"from": []}, {"from": None}])
def test_no_peers_are_all_sources(judge: Judge, peers: Spec) -> None:
    says = Says(judge, world(ingress({**peers, "ports": [{"port": 80}]})))
    assert says(B, A)
    assert says(Y, A)
    assert says(EXTERNAL, A)
    assert not says(EXTERNAL, A, 81)


@pytest.mark.parametrize("peers", [{}, {"to": []}, {"to": None}])
def test_no_peers_are_all_destinations(judge: Judge, peers: Spec) -> None:
    says = Says(judge, world(egress({**peers, "ports": [{"port": 80}]})))
    assert says(A, B)
    assert says(A, EXTERNAL)
    assert not says(A, EXTERNAL, 81)


@pytest.mark.parametrize("ports", [{}, {"ports": []}, {"ports": None}])
def test_no_ports_are_all_ports_of_all_protocols(judge: Judge, ports: Spec) -> None:
    says = Says(judge, world(ingress({**ports, "from": [{"podSelector": ONLY_B}]})))
    for protocol in ("TCP", "UDP", "SCTP"):
        assert says(B, A, 1, protocol)
        assert says(B, A, 65535, protocol)
        assert not says(Y, A, 1, protocol)


# --- isolation -------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [{"ingress": []}, {}, {"ingress": None}])
def test_no_rules_isolate_and_allow_nothing(judge: Judge, rules: Spec) -> None:
    says = Says(judge, world({"podSelector": {}, "policyTypes": ["Ingress"], **rules}))
    assert not says(B, A)
    assert not says(EXTERNAL, A)
    assert says(A, EXTERNAL)


def test_one_empty_rule_allows_everything(judge: Judge) -> None:
    says = Says(judge, world(ingress(EVERYTHING)))
    assert says(EXTERNAL, A, 7, "SCTP")
    assert says(Y, A)


def test_without_policy_types_egress_rules_isolate_both_directions(judge: Judge) -> None:
    says = Says(
        judge, world({"podSelector": ONLY_A, "egress": [{"to": [{"podSelector": ONLY_B}]}]})
    )
    assert says(A, B)
    assert not says(A, Y)
    assert not says(B, A)  # Ingress is always among the default types


def test_without_policy_types_an_empty_egress_list_does_not_isolate_egress(judge: Judge) -> None:
    says = Says(judge, world({"podSelector": ONLY_A, "egress": []}))
    assert says(A, Y)
    assert not says(Y, A)


def test_without_policy_types_ingress_rules_leave_egress_open(judge: Judge) -> None:
    says = Says(judge, world({"podSelector": ONLY_A, "ingress": [EVERYTHING]}))
    assert says(A, EXTERNAL)
    assert says(EXTERNAL, A)


def test_rules_of_a_direction_that_is_not_named_are_inert(judge: Judge) -> None:
    spec = {**egress({"to": [{"podSelector": ONLY_B}]}), "ingress": [EVERYTHING]}
    deny = ingress()
    says = Says(judge, world(spec, deny))
    assert not says(B, A)
    spec = {**ingress(EVERYTHING), "egress": [{"to": [{"podSelector": ONLY_B}]}]}
    says = Says(judge, world(spec))
    assert says(A, Y)


def test_policies_add_up_in_any_order(judge: Judge) -> None:
    specs = [
        ingress({"from": [{"podSelector": ONLY_B}]}),
        ingress(),
        ingress({"ports": [{"port": 9}]}),
    ]
    for ordered in (specs, specs[::-1]):
        says = Says(judge, world(*ordered))
        assert says(B, A, 80)
        assert says(Y, A, 9)
        assert not says(Y, A, 80)


def test_a_connection_needs_both_sides(judge: Judge) -> None:
    out = egress({"to": [{"podSelector": ONLY_B}]})
    into = ingress({"from": [{"podSelector": ONLY_A}], "ports": [{"port": 80}]}, pods=ONLY_B)
    says = Says(judge, world(out, into))
    assert says(A, B, 80)
    assert not says(A, B, 81)  # the client's side allows it
    assert not says(A, Y, 80)  # the server's side allows it
    assert not says(Y, B, 80)


def test_isolation_is_per_direction(judge: Judge) -> None:
    says = Says(judge, world(egress()))
    assert not says(A, B)
    assert says(B, A)


# --- ports -----------------------------------------------------------------------------------


def test_a_missing_protocol_is_tcp(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{"port": 80}]})))
    assert says(B, A, 80, "TCP")
    assert not says(B, A, 80, "UDP")
    assert not says(B, A, 80, "SCTP")


def test_a_protocol_without_port_is_every_port_of_it_alone(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{"protocol": "UDP"}]})))
    assert says(B, A, 1, "UDP")
    assert says(B, A, 65535, "UDP")
    assert not says(B, A, 80, "TCP")
    assert not says(B, A, 80, "SCTP")


def test_an_empty_port_entry_is_every_tcp_port(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{}]})))
    assert says(B, A, 443, "TCP")
    assert not says(B, A, 443, "UDP")


def test_a_range_includes_both_its_ends(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{"port": 80, "endPort": 82}]})))
    assert [says(B, A, port) for port in (79, 80, 81, 82, 83)] == [False, True, True, True, False]


def test_a_range_of_one_port(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{"port": 65535, "endPort": 65535}]})))
    assert says(B, A, 65535)
    assert not says(B, A, 65534)


def test_a_plugin_without_ranges_takes_the_first_port_alone(judge: Judge) -> None:
    spec = ingress({"ports": [{"port": 80, "endPort": 82}]})
    says = Says(judge, replace(world(spec), end_port=False))
    assert says(B, A, 80)
    assert not says(B, A, 81)


def test_a_named_port_is_resolved_on_each_destination(judge: Judge) -> None:
    says = Says(judge, world(egress({"ports": [{"port": "http"}]})))
    other = pod("x/c", ports=[HTTP])
    says.world = replace(says.world, inventory=cluster(A, B, Y, other))
    assert says(A, other, 8080)
    assert not says(A, other, 9090)
    assert says(A, Y, 9090)
    assert not says(A, Y, 8080)


def test_a_named_port_on_ingress_is_the_subjects(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{"port": "http"}]}, pods={})))
    assert says(Y, A, 8080)
    assert not says(Y, A, 9090)  # the client's own port of that name does not count


def test_a_named_port_needs_its_protocol_too(judge: Judge) -> None:
    server = pod("x/c", ports=[ContainerPort(53, "UDP", "dns"), ContainerPort(54, "TCP", "dns")])
    spec = ingress({"ports": [{"port": "dns", "protocol": "UDP"}]}, pods={})
    says = Says(judge, World(cluster(A, server), (policy("p", spec),)))
    assert says(A, server, 53, "UDP")
    assert not says(A, server, 53, "TCP")
    assert not says(A, server, 54, "TCP")
    assert not says(A, server, 54, "UDP")


def test_a_name_that_a_pod_does_not_serve_matches_nothing_and_still_isolates(
    judge: Judge,
) -> None:
    says = Says(judge, world(ingress({"ports": [{"port": "http"}]}, pods=ONLY_B)))
    assert not says(A, B, 8080)
    assert not says(A, B, 80)


def test_a_named_port_toward_an_address_matches_nothing(judge: Judge) -> None:
    peer = {"ipBlock": {"cidr": "203.0.113.0/24"}}
    says = Says(judge, world(egress({"to": [peer], "ports": [{"port": "http"}]})))
    assert not says(A, EXTERNAL, 8080)
    says = Says(judge, world(egress({"ports": [{"port": "http"}]})))
    assert not says(A, EXTERNAL, 8080)


def test_a_named_port_from_an_address_is_the_subjects(judge: Judge) -> None:
    peer = {"ipBlock": {"cidr": "203.0.113.0/24"}}
    says = Says(judge, world(ingress({"from": [peer], "ports": [{"port": "http"}]})))
    assert says(EXTERNAL, A, 8080)
    assert not says(EXTERNAL, A, 80)


def test_of_two_ports_with_one_name_the_first_counts(judge: Judge) -> None:
    server = pod("x/c", ports=[ContainerPort(1, "TCP", "web"), ContainerPort(2, "TCP", "web")])
    spec = ingress({"ports": [{"port": "web"}]}, pods={})
    says = Says(judge, World(cluster(A, server), (policy("p", spec),)))
    assert says(A, server, 1)
    assert not says(A, server, 2)


def test_sctp_is_a_protocol_of_its_own(judge: Judge) -> None:
    says = Says(judge, world(ingress({"ports": [{"protocol": "SCTP", "port": 80}]})))
    assert says(B, A, 80, "SCTP")
    assert not says(B, A, 80, "TCP")
    assert not says(B, A, 80, "UDP")


# --- labels ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "absent", "equal", "other"),
    [
        ({"operator": "In", "values": ["1"]}, False, True, False),
        ({"operator": "NotIn", "values": ["1"]}, True, False, True),
        ({"operator": "Exists"}, False, True, True),
        ({"operator": "DoesNotExist"}, True, False, False),
        ({"operator": "In", "values": ["1", ""]}, False, True, True),
    ],
)
def test_expressions(
    judge: Judge, expression: Spec, *, absent: bool, equal: bool, other: bool
) -> None:
    without, one, empty = pod("x/c", {}), pod("x/d", {"v": "1"}), pod("x/e", {"v": ""})
    selector = {"matchExpressions": [{"key": "v", **expression}]}
    spec = ingress({"from": [{"podSelector": selector}]})
    says = Says(judge, World(cluster(A, without, one, empty), (policy("p", spec),)))
    assert says(without, A) is absent
    assert says(one, A) is equal
    assert says(empty, A) is other


def test_an_empty_value_needs_the_key(judge: Judge) -> None:
    without, empty, full = pod("x/c", {}), pod("x/d", {"v": ""}), pod("x/e", {"v": "1"})
    spec = ingress({"from": [{"podSelector": {"matchLabels": {"v": ""}}}]})
    says = Says(judge, World(cluster(A, without, empty, full), (policy("p", spec),)))
    assert says(empty, A)
    assert not says(without, A)
    assert not says(full, A)


def test_every_pair_must_hold(judge: Judge) -> None:
    both, first, second = (
        pod(f"x/p{number}", labels)
        for number, labels in enumerate([{"v": "1", "w": "1"}, {"v": "1"}, {"w": "1"}])
    )
    spec = ingress({"from": [{"podSelector": {"matchLabels": {"v": "1", "w": "1"}}}]})
    says = Says(judge, World(cluster(A, both, first, second), (policy("p", spec),)))
    assert [says(source, A) for source in (both, first, second)] == [True, False, False]


def test_pairs_and_expressions_on_one_key_must_all_hold(judge: Judge) -> None:
    one, two, three = (pod(f"x/{v}", {"v": v, "w": "1"}) for v in ("one", "two", "three"))
    selector = {
        "matchLabels": {"w": "1"},
        "matchExpressions": [
            {"key": "v", "operator": "In", "values": ["one", "two"]},
            {"key": "v", "operator": "NotIn", "values": ["two"]},
        ],
    }
    spec = ingress({"from": [{"podSelector": selector}]})
    says = Says(judge, World(cluster(A, one, two, three), (policy("p", spec),)))
    assert [says(source, A) for source in (one, two, three)] == [True, False, False]


def test_a_namespace_has_the_label_of_its_name_even_where_no_object_says_so(
    judge: Judge,
) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "y"}}}
    bare = world(ingress({"from": [peer]}))
    says = Says(judge, replace(bare, inventory=replace(bare.inventory, namespaces={})))
    assert says(Y, A)
    assert not says(B, A)


def test_not_in_over_namespaces_matches_those_without_the_label(judge: Judge) -> None:
    peer = {
        "namespaceSelector": {
            "matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["dev"]}]
        }
    }
    inventory = cluster(A, Y, pod("z/a"), namespaces={"z": {"env": "dev"}})
    says = Says(judge, World(inventory, (policy("p", ingress({"from": [peer]})),)))
    assert says(Y, A)
    assert not says(pod("z/a"), A)


# --- addresses -------------------------------------------------------------------------------


def block(cidr: str, *excluded: str) -> Spec:
    return {"ipBlock": {"cidr": cidr, "except": list(excluded)}}


def test_an_exception_is_not_in_the_block(judge: Judge) -> None:
    says = Says(judge, world(ingress({"from": [block("203.0.0.0/16", "203.0.113.0/24")]})))
    assert says("203.0.112.255", A)
    assert not says("203.0.113.0", A)
    assert not says("203.0.113.255", A)
    assert says("203.0.114.0", A)
    assert not says("203.1.0.0", A)


@pytest.mark.parametrize("apart", [False, True])
def test_an_exception_of_one_block_is_allowed_by_another(judge: Judge, *, apart: bool) -> None:
    wide, narrow = block("203.0.0.0/16", "203.0.113.0/24"), block("203.0.113.7/32")
    specs = [ingress({"from": [wide]}), ingress({"from": [narrow]})]
    says = Says(judge, world(*(specs if apart else [ingress({"from": [wide, narrow]})])))
    assert says(EXTERNAL, A)
    assert not says("203.0.113.8", A)


def test_a_block_matches_pods_only_where_the_plugin_says_so(judge: Judge) -> None:
    spec = egress({"to": [block("10.0.0.0/8", "10.0.2.0/24")]})
    says = Says(judge, replace(world(spec), blocks_match_pods=True))
    assert says(A, B)
    assert not says(A, Y)
    says = Says(judge, replace(world(spec), blocks_match_pods=False))
    assert not says(A, B)
    assert says(A, "10.0.1.77")


def test_host_bits_of_a_block_are_masked(judge: Judge) -> None:
    says = Says(judge, world(ingress({"from": [block("203.0.113.99/24")]})))
    assert says("203.0.113.1", A)


def test_a_block_of_one_family_never_matches_the_other(judge: Judge) -> None:
    says = Says(judge, world(ingress({"from": [block("0.0.0.0/0")]})))
    assert says(EXTERNAL, A)
    assert not says("2001:db8::1", A)
    says = Says(judge, world(ingress({"from": [block("::/0", "2001:db8::/32")]})))
    assert says("2001:db9::1", A)
    assert not says("2001:db8::1", A)
    assert not says(EXTERNAL, A)


def test_of_a_pods_addresses_the_family_in_use_counts(judge: Judge) -> None:
    dual = pod("x/c", ips=("10.0.1.3", "2001:db8::3"))
    six = pod("x/d", {"pod": "a"}, ips=("2001:db8::4",))
    spec = egress({"to": [block("2001:db8::/64")]})
    inventory = cluster(A, B, dual, six)
    says = Says(judge, World(inventory, (policy("p", spec),), blocks_match_pods=True))
    assert not says(A, dual)  # A has IPv4 alone
    assert says(six, dual)
    assert not says(A, B)


# --- who is no ordinary pod ------------------------------------------------------------------

NODE = Node("n1", addresses=("192.168.0.1",))
HOST = pod("x/h", {"pod": "b"}, ips=("192.168.0.2",), host_network=True, node="n2")


def test_a_pod_of_the_host_network_is_not_selected_and_counts_as_its_node(judge: Judge) -> None:
    inventory = cluster(A, B, HOST)
    says = Says(judge, World(inventory, (policy("p", ingress(pods={})),)))
    assert says(A, HOST)  # no policy selects it
    says = Says(
        judge, World(inventory, (policy("p", ingress({"from": [{"podSelector": ONLY_B}]})),))
    )
    assert says(B, A)
    assert not says(HOST, A)  # no selector finds it
    nodes = block("192.168.0.0/24")
    says = Says(judge, World(inventory, (policy("p", ingress({"from": [nodes]})),)))
    assert says(HOST, A)  # its node's address does


def test_a_plugin_that_sees_the_host_network_treats_its_pods_as_pods(judge: Judge) -> None:
    inventory = cluster(A, B, HOST)
    spec = ingress({"from": [{"podSelector": ONLY_B}]})
    says = Says(judge, World(inventory, (policy("p", spec),), hosts_are_pods=True))
    assert says(HOST, A)
    says = Says(judge, World(inventory, (policy("p", ingress(pods={})),), hosts_are_pods=True))
    assert not says(A, HOST)


def test_the_own_node_always_reaches_its_pods(judge: Judge) -> None:
    here = replace(A, node="n1")
    inventory = cluster(here, nodes=(NODE, Node("n2", addresses=("192.168.0.9",))))
    says = Says(judge, World(inventory, (policy("p", ingress()),)))
    assert says("192.168.0.1", here)
    assert not says("192.168.0.9", here)  # another node is an ordinary address


def test_a_pod_always_reaches_itself(judge: Judge) -> None:
    both = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert Says(judge, world(both))(A, A)


def test_replicas_are_ordinary_pods_to_each_other(judge: Judge) -> None:
    twin = pod("x/a2", {"pod": "a"}, ips=("10.0.1.9",), ports=[HTTP])
    says = Says(judge, World(cluster(A, twin), (policy("p", ingress()),)))
    assert not says(A, twin)
    assert not says(twin, A)
