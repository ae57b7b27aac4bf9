"""GCP flow logs: entries in every form, pods by name, both reporters once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sources.clouds import account, edges, seen

from recommender.connections.edges import connect

if TYPE_CHECKING:
    from pathlib import Path

Entry = dict[str, Any]


def pod(namespace: str, name: str, kind: str = "DEPLOYMENT", workload: str = "") -> Entry:
    details: Entry = {"pod_name": name, "pod_namespace": namespace}
    if workload:
        details["pod_workload"] = {"workload_name": workload, "workload_type": kind}
    cluster = {"cluster_name": "prod", "cluster_location": "europe-west1"}
    return {"gke_details": {"cluster": cluster, "pod": details}, "instance": {"vm_name": "gke-1"}}


WEB = ("10.4.0.10", pod("shop", "web-5d4f8c7b9c-x2x7k", workload="web"))
CART = ("10.4.1.20", pod("shop", "cart-0", "STATEFUL_SET", "cart"))
OUTSIDE = ("203.0.113.9", {"location": {"country": "nld", "asn": 64500}})


def entry(  # noqa: PLR0913 - an entry has that much to say
    source: tuple[str, Entry],
    target: tuple[str, Entry],
    ports: tuple[int, int] = (41000, 8080),
    *,
    reporter: str = "SRC",
    sent: int = 1000,
    protocol: int = 6,
    **fields: Any,  # noqa: ANN401 - any JSON
) -> Entry:
    payload: Entry = {
        "connection": {
            "src_ip": source[0],
            "src_port": ports[0],
            "dest_ip": target[0],
            "dest_port": ports[1],
            "protocol": protocol,
        },
        "reporter": reporter,
        "bytes_sent": str(sent),
        "packets_sent": "30",
        "start_time": "2026-03-02T10:00:00.123456789Z",
        "end_time": "2026-03-02T10:00:04.5Z",
    }
    payload |= {f"src_{name}": value for name, value in source[1].items()}
    payload |= {f"dest_{name}": value for name, value in target[1].items()}
    return {
        "insertId": "1x",
        "jsonPayload": payload | fields,
        "logName": "projects/p/logs/compute.googleapis.com%2Fvpc_flows",
        "timestamp": "2026-03-02T10:00:10Z",
    }


ENTRIES = [
    entry(WEB, CART),
    entry(CART, WEB, (8080, 41000), reporter="DEST"),
    entry(WEB, OUTSIDE, (41001, 443)),
]
SEEN = [
    ("10.4.0.10", "10.4.1.20", 41000, 8080, "TCP", "accepted", None, "EGRESS", 1000),
    ("10.4.1.20", "10.4.0.10", 8080, 41000, "TCP", "accepted", None, "INGRESS", 1000),
    ("10.4.0.10", "203.0.113.9", 41001, 443, "TCP", "accepted", None, "EGRESS", 1000),
]


def lines(*entries: Entry) -> str:
    return "".join(json.dumps(each) + "\n" for each in entries)


def floats(found: Entry) -> Entry:
    """An entry as a row of BigQuery: numbers as floats, times with a space and a zone."""
    payload = json.loads(json.dumps(found["jsonPayload"]))
    payload["connection"] |= {
        name: float(value)
        for name, value in payload["connection"].items()
        if not isinstance(value, str)
    }
    payload["start_time"] = "2026-03-02 10:00:00.123456 UTC"
    return found | {"jsonPayload": payload, "timestamp": "2026-03-02 10:00:10 UTC"}


FORMS = {
    "lines": lines(*ENTRIES),
    "array": json.dumps(ENTRIES),
    "pretty-array": json.dumps(ENTRIES, indent=2),
    "pretty": "\n".join(json.dumps(each, indent=2) for each in ENTRIES),
    "prose": 'VPC flow logs\nQuery: resource.type="x"\n' + json.dumps(ENTRIES, indent=2),
    "prose-lines": "VPC flow logs\n" + lines(*ENTRIES),
    "response": json.dumps({"entries": ENTRIES, "nextPageToken": "abc"}, indent=2),
    "bigquery": lines(*map(floats, ENTRIES)),
    "payloads": lines(*(each["jsonPayload"] for each in ENTRIES)),
    "linked": lines(
        *(
            {"log_name": "vpc_flows", "json_payload": json.dumps(each["jsonPayload"])}
            for each in ENTRIES
        )
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_every_entry(tmp_path: Path, form: str) -> None:
    path = tmp_path / "flows.json"
    path.write_text(FORMS[form])
    assert seen(path) == SEEN
    found = account(path)
    assert (found.format, found.records, found.malformed) == ("gcp", 3, {})
    start = {str(value)[:26] for (value,) in seen(path, "start")}
    assert start == {"2026-03-02 10:00:00.123456"}


def test_pods_are_known_by_name_and_both_reporters_tell_of_one_connection(tmp_path: Path) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text(
        lines(
            *(entry(WEB, CART, reporter=reporter) for reporter in ("SRC", "DEST")),
            *(entry(CART, WEB, (8080, 41000), reporter=side) for side in ("SRC", "DEST")),
        )
    )
    connections = connect([path])
    assert edges(connections) == {
        ("shop/Deployment/web", "shop/StatefulSet/cart", "TCP", 8080, "accepted")
    }
    (edge,) = connections.edges
    assert (edge.flows, edge.records) == (1, 4)


@pytest.mark.parametrize(
    "service",
    [
        {"service_name": "cart", "service_namespace": "shop"},
        [{"service_name": "cart", "service_namespace": "shop"}],
    ],
)
def test_details_may_name_services_in_either_shape(tmp_path: Path, service: object) -> None:
    described = {"gke_details": CART[1]["gke_details"] | {"service": service}}
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(WEB, (CART[0], described))))
    assert seen(path, "dst_pod", "dst_workload_kind") == [("cart-0", "StatefulSet")]


def test_details_that_name_the_cluster_alone_leave_an_address(tmp_path: Path) -> None:
    node = ("10.1.0.5", {"gke_details": {"cluster": {"cluster_name": "prod"}}})
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(node, CART)))
    assert seen(path, "src_class", "dst_class") == [("none", "pod")]


def test_a_machine_is_outside_where_the_other_side_tells_of_its_cluster(tmp_path: Path) -> None:
    machine = ("10.1.0.9", {"instance": {"vm_name": "bastion"}})
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(machine, CART), entry(machine, ("10.4.1.20", {}))))
    assert seen(path, "src_class") == [("world",), ("none",)]


def test_a_service_of_google_has_a_name(tmp_path: Path) -> None:
    google = ("142.251.183.95", {"google_service": {"service_name": "logging.googleapis.com"}})
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(WEB, google, (41000, 443))))
    (edge,) = connect([path]).edges
    assert edge.server.id.endswith("logging.googleapis.com")


def test_a_workload_without_kind_is_told_by_the_names_of_its_pods(tmp_path: Path) -> None:
    unknown = ("10.4.0.9", pod("shop", "api-7c9d4b5f66-q8w2z", "SOMETHING_NEW", "api"))
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(unknown, CART), entry(CART, unknown, (8080, 41000))))
    (edge,) = connect([path]).edges
    assert edge.client.id == "shop/Deployment/api"


def test_dropped_traffic_is_denied(tmp_path: Path) -> None:
    path = tmp_path / "flows.jsonl"
    dropped = entry(WEB, CART, disposition="DROPPED")
    for unset in ("bytes_sent", "packets_sent"):
        del dropped["jsonPayload"][unset]
    path.write_text(lines(dropped))
    assert seen(path, "verdict") == [("denied",)]


def test_bare_headers_without_an_answer_are_unanswered(tmp_path: Path) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(WEB, CART, sent=0), entry(WEB, CART, (41001, 9090))))
    assert edges(connect([path])) == {
        ("shop/Deployment/web", "shop/StatefulSet/cart", "TCP", 8080, "unanswered"),
        ("shop/Deployment/web", "shop/StatefulSet/cart", "TCP", 9090, "accepted"),
    }


@pytest.mark.parametrize(
    "more",
    [
        entry(CART, WEB, (8080, 41000), sent=0),
        entry(WEB, CART, (41005, 8080), sent=500),
        entry(CART, WEB, (8080, 41006), sent=500),
    ],
)
def test_bare_headers_count_where_the_edge_is_answered_elsewhere(
    tmp_path: Path, more: Entry
) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(entry(WEB, CART, sent=0), more))
    assert {edge.verdict.value for edge in connect([path]).edges} == {"accepted"}


def test_other_entries_of_an_export_are_set_aside(tmp_path: Path) -> None:
    audit = {"logName": "projects/p/logs/cloudaudit", "protoPayload": {"methodName": "x"}}
    path = tmp_path / "flows.jsonl"
    path.write_text(lines(ENTRIES[0], audit, {"other": 1}) + "{broken\n")
    found = account(path)
    assert found.records == 4
    assert found.set_aside == {"other-log": 1}
    assert found.malformed == {"malformed-json": 1, "not-a-flow": 1}


def test_a_value_that_breaks_off_is_partial(tmp_path: Path) -> None:
    path = tmp_path / "flows.json"
    path.write_text(FORMS["pretty"][:-30])
    found = account(path)
    assert (found.records, found.complete) == (3, False)
    assert found.malformed == {"malformed-json": 1}


def test_a_broken_value_between_others_is_quarantined_by_itself(tmp_path: Path) -> None:
    pretty = [json.dumps(each, indent=2) for each in ENTRIES]
    pretty[1] = pretty[1].replace('"src_port": 8080', '"src_port": ')
    path = tmp_path / "flows.json"
    path.write_text("\n".join(pretty))
    found = account(path)
    assert found.complete
    assert found.malformed["malformed-json"] >= 1
    assert [row[3] for row in seen(path)] == [8080, 443]


def test_real_samples_are_read_entry_by_entry(shared: Path) -> None:
    counts = {
        path.name: (account(path).records, account(path).malformed)
        for path in sorted((shared / "samples/gcp").glob("*/*"))
    }
    assert counts == {
        "beats-vpc-flow-log-entries.excerpt.ndjson": (7, {}),
        "google.compute.googleapis.com.vpc_flows.json": (1, {}),
        "network-vpc-flow.log": (1, {}),
        "vpc-flow-log-from-computeengine.json": (1, {}),
        "vpc-flow-log-google-service.json": (1, {}),
        "vpc-flow-log-synthetic.json": (1, {}),
    }
    synthetic = shared / "samples/gcp/otel-contrib/vpc-flow-log-synthetic.json"
    assert edges(connect([synthetic])) == {
        (
            "my-gke-cluster:default/Deployment/my-deployment",
            "peer-gke-cluster:production/StatefulSet/peer-deployment",
            "TCP",
            80,
            "accepted",
        )
    }
