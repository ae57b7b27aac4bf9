"""Lines are what Hubble's exporter would write, field by field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from simulation.logs import Log, of, shop

from recommender.simulation.emitter import Clock
from recommender.simulation.lines import _ORDER, encode
from recommender.simulation.settings import DEFAULT_START

if TYPE_CHECKING:
    from pathlib import Path

# Fields of flow.proto in the order of their declaration.
_DECLARED = (  # noqa: SIM905 - a line for each word would hide the order
    "time uuid emitter verdict drop_reason auth_type ethernet IP l4 tunnel source destination Type "
    "node_name node_labels source_names destination_names l7 reply event_type source_service "
    "destination_service traffic_direction policy_match_type trace_observation_point trace_reason "
    "file ip_trace_id drop_reason_desc is_reply debug_capture_point interface proxy_port "
    "trace_context sock_xlate_point socket_cookie cgroup_id Summary extensions egress_allowed_by "
    "ingress_allowed_by egress_denied_by ingress_denied_by policy_log aggregate"
).split()
_ENDPOINT = ["ID", "identity", "cluster_name", "namespace", "labels", "pod_name", "workloads"]
_IP = ["source", "source_xlated", "destination", "ipVersion", "encrypted"]
_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "NS"]


@pytest.fixture(scope="module")
def log() -> Log:
    return shop(lost_events=3)


def _in_order(keys: list[str], declared: list[str]) -> bool:
    places = [declared.index(key) for key in keys]
    return places == sorted(places)


def _check_order(flow: dict[str, Any]) -> None:
    assert _in_order(list(flow), _DECLARED), list(flow)
    for side in ("source", "destination"):
        assert _in_order(list(flow.get(side, {})), _ENDPOINT)
    assert _in_order(list(flow.get("IP", {})), _IP)
    flags = flow.get("l4", {}).get("TCP", {}).get("flags", {})
    assert _in_order(list(flags), _FLAGS)


def test_fields_stand_in_the_order_of_the_protocol(log: Log) -> None:
    for flow in log.flows:
        _check_order(flow)


def test_real_captures_stand_in_the_same_order(shared: Path) -> None:
    count = 0
    for path in sorted((shared / "samples/hubble/hubble-otel").glob("*.json")) + sorted(
        (shared / "samples/hubble/aks-docker-provider").glob("*.jsonl")
    ):
        for line in path.read_bytes().splitlines():
            _check_order(orjson.loads(line)["flow"])
            count += 1
    assert count > 1000


def test_the_composed_order_is_part_of_the_declared_one() -> None:
    assert _in_order(list(_ORDER), _DECLARED)


def _leaves(value: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, f"{path}[]")]
    return [(path, value)]


def test_zero_values_are_absent_but_for_the_reply_flag(log: Log) -> None:
    for flow in log.flows:
        for path, value in _leaves(flow):
            if path != ".is_reply":
                assert value not in (0, "", False, None), (path, flow)


def test_64_bit_numbers_are_strings(log: Log) -> None:
    latencies = [
        flow["l7"]["latency_ns"] for flow in log.flows if "latency_ns" in flow.get("l7", {})
    ]
    revisions = [
        policy["revision"] for flow in log.flows for policy in flow.get("ingress_allowed_by", [])
    ]
    lost = [
        document["lost_events"]["num_events_lost"]
        for document in map(orjson.loads, log.lines)
        if "lost_events" in document
    ]
    assert latencies
    assert revisions
    assert len(lost) == 3
    assert all(isinstance(value, str) and value.isdigit() for value in latencies + revisions + lost)


def test_lines_are_compact_and_escape_what_go_escapes(log: Log) -> None:
    assert all(line.endswith(b"}\n") and b'": ' not in line for line in log.lines)
    with_query = [line for line in log.lines if b"page=2" in line]
    assert with_query
    assert all(b"\\u0026sort" in line and b"&" not in line for line in with_query)
    assert encode("<a&b>") == b'"\\u003ca\\u0026b\\u003e"'


def test_the_wrapper_repeats_node_and_time(log: Log) -> None:
    for document in map(orjson.loads, log.lines):
        assert list(document) in (
            ["flow", "node_name", "time"],
            ["lost_events", "node_name", "time"],
        )
        if "flow" in document:
            assert document["node_name"] == document["flow"]["node_name"]
            assert document["time"] == document["flow"]["time"]
            assert document["node_name"].startswith("demo/")


def test_lines_come_in_the_order_of_time_within_the_window(log: Log) -> None:
    times = [orjson.loads(line)["time"] for line in log.lines]
    assert [time[:29] for time in times] == sorted(time[:29] for time in times)
    assert times[0] >= "2026-03-02T00:00:00"
    assert times[-1] < "2026-03-09T00:01:00"


def test_every_event_has_its_own_random_identifier(log: Log) -> None:
    pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    identifiers = [flow["uuid"] for flow in log.flows]
    assert all(pattern.fullmatch(identifier) for identifier in identifiers)
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, b"2026-03-02T00:00:00Z"),
        (1_500_000_000, b"2026-03-02T00:00:01.500Z"),
        (1_500_001_000, b"2026-03-02T00:00:01.500001Z"),
        (86_400 * 10**9 + 7, b"2026-03-03T00:00:00.000000007Z"),
    ],
)
def test_timestamps_have_as_many_digits_as_protojson_writes(moment: int, text: bytes) -> None:
    assert Clock(DEFAULT_START).stamp(moment) == text


def test_endpoint_numbers_and_workloads_stand_at_their_own_node_only(log: Log) -> None:
    nodes = {
        (pod.name, pod.addresses["IPv4"]): pod.node.log_name for pod in log.simulation.cluster.pods
    }
    seen = {True: 0, False: 0}
    for flow in log.flows:
        for side in ("source", "destination"):
            end = flow[side]
            if "pod_name" not in end:
                assert "workloads" not in end
                continue
            local = nodes[end["pod_name"], flow["IP"][side]] == flow["node_name"]
            assert ("ID" in end) is local
            assert ("workloads" in end) is local
            seen[local] += 1
    assert all(seen.values())


def test_labels_are_sorted_and_carry_the_derived_ones() -> None:
    flow = of(PAIR_WITH_ACCOUNT).flows[0]
    client = flow["source"] if flow["source"]["namespace"] == "one" else flow["destination"]
    server = flow["destination"] if client is flow["source"] else flow["source"]
    assert client["labels"] == [
        "k8s:app=client",
        "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=one",
        "k8s:io.cilium.k8s.namespace.labels.tier=a",
        "k8s:io.cilium.k8s.policy.cluster=demo",
        "k8s:io.cilium.k8s.policy.serviceaccount=robot",
        "k8s:io.kubernetes.pod.namespace=one",
    ]
    assert server["labels"][0] == "gen:io.cilium.k8s.named-ports=http.TCP.8080"


PAIR_WITH_ACCOUNT = """
application: pair
namespaces: [{name: one, labels: {tier: a}}, {name: two}]
workloads:
- {namespace: one, name: client, serviceAccount: robot}
- {namespace: two, name: server, ports: [{number: 8080, name: http}]}
calls: [{from: one/client, to: two/server, port: http, rate: 4}]
"""


def test_hashes_of_controllers_are_no_part_of_the_log(log: Log) -> None:
    text = b"".join(log.lines)
    assert b"pod-template-hash" not in text
    assert b"controller-revision-hash" not in text
    assert b"job-name=report-" in text
