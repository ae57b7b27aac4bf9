"""The same connections as each cloud's network logs them: what it sees, and what it makes of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from simulation.logs import PAIR

from recommender.model.errors import UsageError
from recommender.simulation import Settings, Simulation, simulate
from recommender.simulation.aws_rows import FIELDS
from recommender.simulation.graph_files import parse
from recommender.simulation.output import Layout
from recommender.simulation.settings import LOGS

if TYPE_CHECKING:
    from pathlib import Path

CLOUDS = [log for log in LOGS if log != "hubble"]
TWO_NODES = PAIR.replace("name: client,", "name: client, replicas: 4,")
OUTSIDE = PAIR + "- {from: one/client, to: 'cidr:192.0.2.0/24', port: 443, rate: 4}\n"


def made(text: str, log: str, **options: Any) -> Simulation:  # noqa: ANN401
    settings = Settings(connections=60, churn=0.0, noise=False, days=1.0, nodes=2)
    return simulate(parse(text), settings, log=log, **options)


def rows(simulation: Simulation) -> list[dict[str, str]]:
    fields = FIELDS[simulation.settings.log]
    lines = [line.decode().split() for _, line in simulation.lines()]
    return [dict(zip(fields, line, strict=True)) for line in lines]


def payloads(simulation: Simulation) -> list[dict[str, Any]]:
    return [json.loads(line)["jsonPayload"] for _, line in simulation.lines()]


def tuples(simulation: Simulation) -> list[list[str]]:
    out: list[list[str]] = []
    for _, line in simulation.lines():
        (record,) = json.loads(line)["records"]
        for flow in record["flowRecords"]["flows"]:
            for group in flow["flowGroups"]:
                out.extend(entry.split(",") for entry in group["flowTuples"])
    return out


def flows(simulation: Simulation) -> list[dict[str, Any]]:
    return [flow for _, line in simulation.lines() for flow in json.loads(line)["flow_logs"]]


@pytest.mark.parametrize("log", CLOUDS)
def test_every_cloud_logs_the_connections_that_hubble_logs(log: str) -> None:
    settings = Settings(connections=300, seed=5, days=2.0, datapath="native")
    seen = {
        name: {
            (edge, tally.connections, frozenset(tally.clients))
            for edge, tally in simulate("shop", settings, log=name).truth
        }
        for name in ("hubble", log)
    }
    assert seen[log] == seen["hubble"]


@pytest.mark.parametrize("log", CLOUDS)
def test_packets_between_pods_of_one_node_leave_nothing(log: str) -> None:
    simulation = made(TWO_NODES, log, sampling=1.0, nodes=1, connections=20)
    assert all(b"8080" not in line for _, line in simulation.lines())
    (tally,) = [tally for edge, tally in simulation.truth if edge.port == 8080]
    assert tally.connections
    assert tally.seen == 0


@pytest.mark.parametrize("log", CLOUDS)
def test_a_node_stands_for_its_pods_towards_the_internet(log: str) -> None:
    simulation = made(OUTSIDE, log, sampling=1.0)
    text = b"".join(line for _, line in simulation.lines() if b"192.0.2." in line)
    client = next(pod for pod in simulation.cluster.pods if pod.workload.name == "client")
    assert client.node.addresses["IPv4"].encode() in text
    (tally,) = [tally for edge, tally in simulation.truth if edge.port == 443]
    assert tally.translated == tally.seen == tally.connections > 0


def test_both_interfaces_report_both_directions_of_a_connection_on_aws() -> None:
    simulation = made(TWO_NODES, "aws", connections=40)
    (tally,) = [tally for edge, tally in simulation.truth if edge.port == 8080]
    reported = [row for row in rows(simulation) if "8080" in {row["srcport"], row["dstport"]}]
    by_connection = Counter(frozenset((row["srcport"], row["dstport"])) for row in reported)
    assert set(by_connection.values()) == {4}
    assert len(by_connection) == tally.seen


def test_an_interface_of_aws_shows_its_own_address_beside_the_packets() -> None:
    simulation = made(TWO_NODES, "aws")
    nodes = {address for node in simulation.nodes for address in node.addresses.values()}
    pods = {address for pod in simulation.cluster.pods for address in pod.addresses.values()}
    reported = [row for row in rows(simulation) if "8080" in {row["srcport"], row["dstport"]}]
    assert reported
    for row in reported:
        assert {row["pkt-srcaddr"], row["pkt-dstaddr"]} <= pods
        assert len({row["srcaddr"], row["dstaddr"]} & nodes) == 1


def test_flags_of_aws_tell_who_opened_the_connection() -> None:
    flags: dict[str, set[int]] = {"srcport": set(), "dstport": set()}
    for row in rows(made(TWO_NODES, "aws")):
        for name, found in flags.items():
            if row[name] == "8080":
                found.add(int(row["tcp-flags"]) & 18)
    assert flags == {"srcport": {18}, "dstport": {2}}


def test_the_default_fields_of_aws_have_no_address_of_a_pod_on_its_own_side() -> None:
    simulation = made(TWO_NODES, "aws-default")
    pods = {address for pod in simulation.cluster.pods for address in pod.addresses.values()}
    reported = [row for row in rows(simulation) if "8080" in {row["srcport"], row["dstport"]}]
    assert reported
    assert all(not {row["srcaddr"], row["dstaddr"]} <= pods for row in reported)


@pytest.mark.parametrize(("side", "rejecting"), [("ingress", "server"), ("egress", "client")])
def test_the_side_that_denies_rejects_on_aws(side: str, rejecting: str) -> None:
    text = TWO_NODES.replace("rate: 4", f"rate: 4, outcome: denied-{side}")
    simulation = made(text, "aws")
    by_action: dict[str, set[str]] = {}
    for row in rows(simulation):
        if row["dstport"] == "8080":
            local = "client" if row["pkt-srcaddr"] != row["srcaddr"] else "server"
            by_action.setdefault(row["action"], set()).add(local)
        assert row["srcport"] != "8080"
    assert by_action["REJECT"] == {rejecting}
    assert by_action.get("ACCEPT", set()) == ({"client"} if side == "ingress" else set())


def test_aws_says_when_it_skipped_records_and_when_there_were_none() -> None:
    simulation = simulate("shop", connections=200, flows=None, log="aws", lost_events=3)
    statuses = Counter(row["log-status"] for row in rows(simulation))
    assert statuses["SKIPDATA"] == 3
    assert statuses["NODATA"] == 4


def test_gcp_names_the_pods_of_both_ends() -> None:
    simulation = made(TWO_NODES, "gcp", sampling=1.0)
    reported = [entry for entry in payloads(simulation) if entry["connection"]["dest_port"] == 8080]
    assert {entry["reporter"] for entry in reported} == {"SRC", "DEST"}
    pods = {entry["dest_gke_details"]["pod"]["pod_workload"]["workload_name"] for entry in reported}
    assert pods == {"server"}
    assert all(isinstance(entry["bytes_sent"], str) for entry in reported)


def test_gcp_samples_and_makes_up_for_it() -> None:
    everything = len(payloads(made(TWO_NODES, "gcp", sampling=1.0, connections=400)))
    sampled = payloads(made(TWO_NODES, "gcp", connections=400))
    assert 0 < len(sampled) < everything / 3
    assert all(int(entry["packets_sent"]) % 60 == 0 for entry in sampled)
    # The log of a part shows a part, and the truth says which.
    simulation = made(TWO_NODES, "gcp", connections=400)
    (tally,) = [tally for edge, tally in simulation.truth if edge.port == 8080]
    assert 0 < tally.seen < tally.connections


def test_gcp_logs_no_ingress_that_the_firewall_denies() -> None:
    text = TWO_NODES.replace("rate: 4", "rate: 4, outcome: denied-ingress")
    reported = payloads(made(text, "gcp", sampling=1.0))
    denied = [entry for entry in reported if entry["connection"]["dest_port"] == 8080]
    assert {entry["reporter"] for entry in denied} == {"SRC"}


def test_azure_counts_both_ways_from_who_opened_the_connection() -> None:
    reported = [entry for entry in tuples(made(TWO_NODES, "azure")) if "8080" in entry]
    assert {entry[4] for entry in reported} == {"8080"}
    assert {entry[6] for entry in reported} == {"I", "O"}
    assert {entry[7] for entry in reported} == {"B", "E"}
    for entry in reported:
        assert len(entry) == 13
        assert (int(entry[9]) > 0) == (entry[7] == "E")


def test_azure_says_what_is_denied_in_the_state() -> None:
    text = TWO_NODES.replace("rate: 4", "rate: 4, outcome: denied-ingress")
    reported = [entry for entry in tuples(made(text, "azure")) if entry[4] == "8080"]
    assert {entry[7] for entry in reported if entry[6] == "I"} == {"D"}
    assert {entry[7] for entry in reported if entry[6] == "O"} >= {"B", "E"}


def test_connections_that_last_continue_in_the_next_interval_of_azure() -> None:
    text = TWO_NODES.replace("rate: 4", "rate: 4, longLived: true")
    states = [entry[7] for entry in tuples(made(text, "azure", aggregate=5))]
    assert {"B", "C", "E"} == set(states)


def test_ibm_names_who_opened_the_connection() -> None:
    reported = [flow for flow in flows(made(TWO_NODES, "ibm")) if flow["target_port"] == 8080]
    assert {flow["direction"] for flow in reported} == {"I", "O"}
    assert all(flow["action"] == "accepted" for flow in reported)
    assert all(flow["packets_from_target"] > 0 for flow in reported)


def test_ibm_leaves_the_times_of_rejected_flows_empty() -> None:
    text = TWO_NODES.replace("rate: 4", "rate: 4, outcome: denied-ingress")
    reported = [flow for flow in flows(made(text, "ibm")) if flow["action"] == "rejected"]
    assert reported
    assert all(flow["start_time"] == "" for flow in reported)


@pytest.mark.parametrize("log", CLOUDS)
def test_flows_are_records_whatever_a_line_holds(log: str) -> None:
    # The rows, tuples and flows of each kind of log, each of which names a port of the server.
    simulation = simulate("shop", flows=900, log=log, sampling=1.0)
    marks = {"gcp": b'"insertId"', "ibm": b'"initiator_ip"', "azure": b",NX,", "azure-nsg": b",A,"}
    mark = marks.get(log, b"\n")
    assert 700 < sum(line.count(mark) for _, line in simulation.lines()) < 1100


@pytest.mark.parametrize("log", CLOUDS)
def test_the_same_settings_make_the_same_rows(log: str) -> None:
    first, second = (list(made(TWO_NODES, log).lines()) for _ in range(2))
    assert first == second


def test_files_of_aws_begin_with_the_names_of_the_fields(tmp_path: Path) -> None:
    layout = Layout("none", rotate_bytes=4000)
    written = made(TWO_NODES, "aws").write(tmp_path / "named", layout)
    assert len(written.logs) > 1
    for path in written.logs:
        assert path.read_text().startswith("version account-id ")
    (bare,) = made(TWO_NODES, "aws", envelope="bare").write(tmp_path / "bare", Layout("none")).logs
    assert bare.read_text().startswith("3 123456789012 ")


@pytest.mark.parametrize("log", ["azure", "azure-nsg", "gcp", "ibm"])
def test_an_array_is_one_document(log: str, tmp_path: Path) -> None:
    simulation = made(TWO_NODES, log, envelope="array", sampling=1.0)
    (path,) = simulation.write(tmp_path, Layout("none")).logs
    document = json.loads(path.read_text())
    entries = document["records"] if log.startswith("azure") else document
    assert len(entries) == sum(1 for _ in simulation.lines())


@pytest.mark.parametrize(
    ("log", "options"),
    [
        ("aws", {"envelope": "array"}),
        ("gcp", {"envelope": "flow-only"}),
        ("azure", {"style": "retina"}),
        ("gcp", {"sampling": 0.0}),
        ("other", {}),
    ],
)
def test_what_a_log_cannot_be_is_refused(log: str, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        made(PAIR, log, **options)
