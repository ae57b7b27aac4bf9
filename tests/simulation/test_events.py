"""Which events a connection leaves, at which node, and what they say of its direction."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from simulation.logs import PAIR, Log, of, shop

Flow = dict[str, Any]


def _ports(flow: Flow) -> tuple[int, int]:
    layer = next(iter(flow["l4"].values()))
    return layer.get("source_port", 0), layer.get("destination_port", 0)


def _conversations(log: Log) -> dict[tuple[str, ...], list[Flow]]:
    """Events by the two sockets of their packet, whichever way it went."""
    out: dict[tuple[str, ...], list[Flow]] = defaultdict(list)
    for flow in log.flows:
        source, target = _ports(flow)
        sockets = sorted(
            (f"{flow['IP']['source']} {source}", f"{flow['IP']['destination']} {target}")
        )
        out[tuple(sockets)].append(flow)
    return out


def _shape(flow: Flow) -> tuple[object, ...]:
    flags = "".join(name[0] for name in flow["l4"].get("TCP", {}).get("flags", {}))
    return (
        flow.get("trace_observation_point"),
        flow.get("traffic_direction"),
        flow.get("is_reply"),
        flow.get("trace_reason"),
        flags,
    )


def _one(log: Log, *, same_node: bool) -> list[Flow]:
    for flows in _conversations(log).values():
        nodes = {flow["node_name"] for flow in flows}
        if (len(nodes) == 1) is same_node:
            return flows
    raise AssertionError


@pytest.fixture(scope="module")
def pair() -> Log:
    several = PAIR.replace("name: client,", "name: client, replicas: 6,")
    return of(several, nodes=2)


def test_both_nodes_report_a_connection_between_them(pair: Log) -> None:
    flows = _one(pair, same_node=False)
    client = next(f["node_name"] for f in flows if f["trace_observation_point"] == "TO_OVERLAY")
    assert [_shape(flow) for flow in flows if flow["node_name"] == client] == [
        ("TO_OVERLAY", "EGRESS", False, "NEW", "S"),
        ("TO_ENDPOINT", "EGRESS", True, "REPLY", "SA"),
        ("TO_OVERLAY", "EGRESS", False, "ESTABLISHED", "A"),
        ("TO_OVERLAY", "EGRESS", False, "ESTABLISHED", "PA"),
        ("TO_ENDPOINT", "EGRESS", True, "REPLY", "PA"),
        ("TO_OVERLAY", "EGRESS", False, "ESTABLISHED", "FA"),
        ("TO_ENDPOINT", "EGRESS", True, "REPLY", "FA"),
    ]
    assert [_shape(flow) for flow in flows if flow["node_name"] != client] == [
        ("TO_ENDPOINT", "INGRESS", False, "NEW", "S"),
        ("TO_OVERLAY", "INGRESS", True, "REPLY", "SA"),
        ("TO_ENDPOINT", "INGRESS", False, "ESTABLISHED", "A"),
        ("TO_ENDPOINT", "INGRESS", False, "ESTABLISHED", "PA"),
        ("TO_OVERLAY", "INGRESS", True, "REPLY", "PA"),
        ("TO_ENDPOINT", "INGRESS", False, "ESTABLISHED", "FA"),
        ("TO_OVERLAY", "INGRESS", True, "REPLY", "FA"),
    ]


def test_on_one_node_packets_are_seen_where_they_arrive(pair: Log) -> None:
    flows = _one(pair, same_node=True)
    assert {flow["trace_observation_point"] for flow in flows} == {"TO_ENDPOINT"}
    assert [flow["is_reply"] for flow in flows] == [False, True, False, False, True, False, True]


def test_the_source_of_a_reply_is_the_server(pair: Log) -> None:
    for flow in pair.flows:
        source, target = _ports(flow)
        sender = flow["source"]["namespace"]
        assert sender == ("two" if flow["is_reply"] else "one")
        assert (source == 8080) is flow["is_reply"]
        assert (target == 8080) is not flow["is_reply"]
        assert flow.get("reply", False) is flow["is_reply"]


def test_native_routing_leaves_through_the_stack() -> None:
    log = of(PAIR, datapath="native", nodes=2)
    assert {flow["trace_observation_point"] for flow in log.flows} <= {"TO_STACK", "TO_ENDPOINT"}


def test_a_service_translated_in_the_datapath_shows_in_replies_to_the_client() -> None:
    service = """
services:
- {namespace: two, name: server, selector: {app: server}, ports: [{port: 80, target: http}]}
"""
    log = of(PAIR + service, service_lb="packet")
    delivered = [flow for flow in log.flows if "source_xlated" in flow["IP"]]
    assert delivered
    for flow in delivered:
        assert flow["is_reply"]
        assert flow["trace_observation_point"] == "TO_ENDPOINT"
        assert flow["IP"]["source_xlated"].startswith("10.96.")
        assert _ports(flow)[0] == 80
    others = [flow for flow in log.flows if "source_xlated" not in flow["IP"]]
    assert {port for flow in others for port in _ports(flow) if port < 30_000} == {8080}


def _call(log: Log, namespace: str, name: str, port: int) -> list[Flow]:
    """Events of connections to one port of pods whose name begins so."""
    out = []
    for flow in log.flows:
        for side, number in (("destination", 1), ("source", 0)):
            end = flow[side]
            if (
                end.get("namespace") == namespace
                and end.get("pod_name", "").startswith(name)
                and _ports(flow)[number] == port
            ):
                out.append(flow)
    return out


@pytest.fixture(scope="module")
def log() -> Log:
    return shop(noise=False)


def test_what_a_servers_policy_denies_is_sent_and_never_answered(log: Log) -> None:
    calls = _call(log, "payments", "ledger", 9443)
    denied = [flow for flow in calls if flow["source"].get("pod_name", "").startswith("frontend")]
    assert denied
    kinds = {(flow["event_type"]["type"], flow["verdict"]) for flow in denied}
    assert (
        {(1, "DROPPED"), (5, "DROPPED")}
        <= kinds
        <= {(1, "DROPPED"), (5, "DROPPED"), (4, "FORWARDED")}
    )
    for flow in denied:
        if flow["verdict"] == "DROPPED":
            assert "is_reply" not in flow
            assert flow["drop_reason"] == 133
            assert flow["drop_reason_desc"] == "POLICY_DENIED"
            assert flow["traffic_direction"] == "INGRESS"
            assert "ID" in flow["destination"]
        else:
            assert flow["trace_observation_point"] == "TO_OVERLAY"
            assert flow["l4"]["TCP"]["flags"] == {"SYN": True}
    sockets = {(f["IP"]["source"], _ports(f)[0]) for f in denied}
    assert not [f for f in log.flows if (f["IP"]["destination"], _ports(f)[1]) in sockets]


def test_what_a_clients_policy_denies_never_leaves(log: Log) -> None:
    ads = [
        flow
        for flow in log.flows
        if "fqdn:tracking.ads.example" in flow["destination"].get("labels", [])
    ]
    assert ads
    assert {(f["verdict"], f["traffic_direction"]) for f in ads} == {("DROPPED", "EGRESS")}
    assert {f["event_type"]["type"] for f in ads} == {1, 5}


def test_audit_mode_reports_and_lets_through(log: Log) -> None:
    audited = [flow for flow in log.flows if flow["verdict"] == "AUDIT"]
    assert audited
    for flow in audited:
        assert flow["event_type"] == {"type": 5}
        assert flow["is_reply"] is False
        assert "policy_match_type" not in flow
        answers = [
            other
            for other in log.flows
            if other.get("is_reply")
            and other["IP"]["destination"] == flow["IP"]["source"]
            and _ports(other)[1] == _ports(flow)[0]
        ]
        assert answers


def test_enforced_namespaces_report_a_verdict_for_each_new_connection(log: Log) -> None:
    verdicts = [
        flow
        for flow in log.flows
        if flow["event_type"]["type"] == 5 and flow["verdict"] == "FORWARDED"
    ]
    assert verdicts
    for flow in verdicts:
        ingress = flow["traffic_direction"] == "INGRESS"
        judged = flow["destination" if ingress else "source"]
        assert judged["namespace"] == "payments"
        assert "ID" in judged
        assert flow["policy_match_type"] == 2
        allowed = flow["ingress_allowed_by" if ingress else "egress_allowed_by"]
        assert allowed[0]["kind"] == "NetworkPolicy"
        assert flow["l4"].get("TCP", {"flags": {"SYN": True}})["flags"] == {"SYN": True}


def test_an_http_proxy_leaves_requests_redirections_and_a_second_leg(log: Log) -> None:
    proxied = [flow for flow in log.flows if flow.get("trace_observation_point") == "TO_PROXY"]
    http = [flow for flow in log.flows if "http" in flow.get("l7", {})]
    assert {flow["l7"]["type"] for flow in http} == {"REQUEST", "RESPONSE"}
    for flow in http:
        assert flow["Type"] == "L7"
        assert flow["event_type"] == {"type": 129}
        assert flow["is_reply"] is (flow["l7"]["type"] == "RESPONSE")
        assert "flags" not in flow["l4"]["TCP"]
        assert "ethernet" not in flow
    assert any("TCP" in flow["l4"] and flow["proxy_port"] for flow in proxied)
    assert any(flow["verdict"] == "REDIRECTED" for flow in log.flows)
    borrowed = [
        flow
        for flow in log.flows
        if "k8s:app=frontend" in flow["source"].get("labels", [])
        and "pod_name" not in flow["source"]
    ]
    assert borrowed
    assert all(flow["IP"]["source"].endswith(".200") for flow in borrowed)


def test_dns_answers_name_the_addresses_that_are_then_called(log: Log) -> None:
    answers = [
        flow["l7"]["dns"]
        for flow in log.flows
        if flow.get("l7", {}).get("type") == "RESPONSE" and "dns" in flow["l7"]
    ]
    named = {
        address
        for answer in answers
        if answer["query"] == "api.bank.example."
        for address in answer["ips"]
    }
    called = [flow for flow in log.flows if flow.get("destination_names") == ["api.bank.example"]]
    assert called
    assert {flow["IP"]["destination"] for flow in called} <= named
    assert any(answer.get("rcode") == 3 and "ips" not in answer for answer in answers)
    assert all(answer["query"].endswith(".") for answer in answers)


def test_names_of_outside_addresses_stand_where_the_client_is(log: Log) -> None:
    for flow in log.flows:
        for field, side in (("destination_names", "source"), ("source_names", "destination")):
            if field in flow:
                assert "ID" in flow[side]


def test_a_kubelet_probes_pods_of_its_own_node(log: Log) -> None:
    probes = [
        flow for flow in _call(log, "shop", "cart", 7070) if flow["source"].get("identity") == 1
    ]
    assert probes
    for flow in probes:
        assert flow["source"]["labels"] == ["reserved:host"]
        assert flow["destination"]["workloads"] == [{"name": "cart", "kind": "Deployment"}]


def test_reserved_ends_carry_the_labels_of_what_they_are(log: Log) -> None:
    seen = {
        (end["identity"], tuple(end["labels"]))
        for flow in log.flows
        for end in (flow["source"], flow["destination"])
        if "pod_name" not in end and end["identity"] < 256
    }
    assert {
        (1, ("reserved:host",)),
        (2, ("reserved:world",)),
        (4, ("reserved:health",)),
        (6, ("reserved:remote-node",)),
        (7, ("reserved:kube-apiserver", "reserved:remote-node")),
    } <= seen


def test_local_identities_differ_between_nodes(log: Log) -> None:
    numbers: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for flow in log.flows:
        end = flow["destination"]
        if end["identity"] >= 1 << 24:
            numbers[tuple(end["labels"])].add(end["identity"])
    assert any(len(found) > 1 for found in numbers.values())


def test_a_managed_api_server_is_kube_apiserver_and_world() -> None:
    text = PAIR.replace("calls:", "apiserver: {managed: true, address: 192.0.2.10}\ncalls:")
    log = of(text + "- {from: one/client, to: kube-apiserver, port: 6443}\n")
    ends = [flow["destination"] for flow in log.flows if _ports(flow)[1] == 6443]
    assert ends
    assert all(end["labels"] == ["reserved:kube-apiserver", "reserved:world"] for end in ends)
    assert all(end["identity"] >= 1 << 24 for end in ends)


@pytest.mark.parametrize(
    ("protocol", "summaries"),
    [("UDP", {"UDP"}), ("SCTP", {"SCTP"}), ("ICMP", {"ICMPv4 EchoRequest", "ICMPv4 EchoReply"})],
)
def test_other_protocols_have_no_flags(protocol: str, summaries: set[str]) -> None:
    text = PAIR.replace("port: http, rate: 4", f"port: 9, protocol: {protocol}, rate: 4")
    log = of(text)
    assert {flow["Summary"] for flow in log.flows} == summaries
    assert {next(iter(flow["l4"])) for flow in log.flows} == {protocol.replace("ICMP", "ICMPv4")}
    assert {flow["trace_reason"] for flow in log.flows} >= {"NEW", "REPLY"}


def test_a_closed_port_answers_with_a_reset() -> None:
    log = of(PAIR.replace("rate: 4", "rate: 4, outcome: refused"))
    summaries = {flow["Summary"] for flow in log.flows}
    assert summaries == {"TCP Flags: SYN", "TCP Flags: ACK, RST"}


def test_pods_in_a_nodes_network_are_that_node() -> None:
    text = PAIR.replace("kind: Deployment, name: server", "kind: DaemonSet, name: server")
    log = of(text.replace("ports: [", "hostNetwork: true, ports: ["))
    servers = [flow["destination"] for flow in log.flows if not flow.get("is_reply", True)]
    assert servers
    assert {end["identity"] for end in servers} <= {1, 6}
    assert {edge.host_network for edge, _ in log.simulation.truth if edge.server.name} == {
        ("server",),
    }


def test_dual_stack_clusters_talk_both_families_and_split_the_world() -> None:
    log = shop(family="dual")
    families = {flow["IP"]["ipVersion"] for flow in log.flows}
    assert families == {"IPv4", "IPv6"}
    labels = {label for flow in log.flows for label in flow["source"].get("labels", [])}
    assert {"reserved:world-ipv4", "reserved:world-ipv6"} <= labels
    for flow in log.flows:
        six = flow["IP"]["ipVersion"] == "IPv6"
        assert (":" in flow["IP"]["source"]) is six
        assert (":" in flow["IP"]["destination"]) is six


def test_a_second_cluster_is_called_by_name() -> None:
    log = shop(multi_cluster=True, connections=800)
    pairs = {
        (flow["source"].get("cluster_name"), flow["destination"].get("cluster_name"))
        for flow in log.flows
    }
    assert {("demo", "demo-b"), ("demo-b", "demo"), ("demo", "demo"), ("demo-b", "demo-b")} <= pairs
    assert {flow["node_name"].partition("/")[0] for flow in log.flows} == {"demo", "demo-b"}
