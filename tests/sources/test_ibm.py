"""IBM Cloud VPC flow logs: every flow of every object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sources.clouds import account, seen

if TYPE_CHECKING:
    from pathlib import Path


def flow(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "start_time": "2020-07-01T20:30:39Z",
        "end_time": "2020-07-01T20:33:09Z",
        "connection_start_time": "2020-07-01T20:30:39Z",
        "direction": "O",
        "action": "accepted",
        "initiator_ip": "10.240.128.4",
        "target_ip": "10.240.128.5",
        "initiator_port": 41000,
        "target_port": 8080,
        "transport_protocol": 6,
        "bytes_from_initiator": 1368,
        "packets_from_initiator": 4,
        "bytes_from_target": 1280,
        "packets_from_target": 4,
    } | fields


def whole(*flows: dict[str, Any], **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "version": "0.0.1",
        "collector_crn": "crn:v1:bluemix:public:is:us-south:a/1::flow-log-collector:r006-1",
        "network_interface_id": "0737-1",
        "capture_start_time": "2020-07-01T20:28:18Z",
        "capture_end_time": "2020-07-01T20:33:18Z",
        "state": "ok",
        "number_of_flow_logs": len(flows),
        "flow_logs": list(flows),
    } | fields


FLOWS = [
    flow(),
    flow(action="rejected", direction="I", start_time="", end_time="", packets_from_target=0),
    flow(initiator_ip="fd00::1", target_ip="fd00::2", transport_protocol=17, target_port=53),
]
SEEN = [
    ("10.240.128.4", "10.240.128.5", 41000, 8080, "TCP", "accepted", None, "EGRESS", 2648),
    ("10.240.128.4", "10.240.128.5", 41000, 8080, "TCP", "denied", None, "INGRESS", 2648),
    ("fd00::1", "fd00::2", 41000, 53, "UDP", "accepted", None, "EGRESS", 2648),
]


@pytest.mark.parametrize("form", ["object", "pretty", "objects", "array"])
def test_every_form_gives_every_flow(tmp_path: Path, form: str) -> None:
    objects = [whole(FLOWS[0]), whole(*FLOWS[1:])]
    content = {
        "object": json.dumps(whole(*FLOWS)),
        "pretty": json.dumps(whole(*FLOWS), indent=1),
        "objects": "".join(json.dumps(each) + "\n" for each in objects),
        "array": json.dumps(objects, indent=2),
    }[form]
    path = tmp_path / "00000001.json"
    path.write_text(content)
    assert seen(path) == SEEN
    found = account(path)
    assert (found.format, found.records) == ("ibm", 3)


def test_a_rejected_flow_without_times_has_that_of_its_connection_or_capture(
    tmp_path: Path,
) -> None:
    rejected = flow(action="rejected", start_time="", end_time="")
    path = tmp_path / "00000001.json"
    path.write_text(json.dumps(whole(rejected, rejected | {"connection_start_time": ""})))
    assert [str(start) for (start,) in seen(path, "start")] == [
        "2020-07-01 20:30:39+00:00",
        "2020-07-01 20:28:18+00:00",
    ]


def test_an_object_without_flows_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text(json.dumps(whole(flow())) + "\n" + json.dumps(whole(state="no data")) + "\n")
    assert account(path).records == 1


@pytest.mark.parametrize(
    "fields",
    [{"direction": "X"}, {"action": ""}, {"initiator_ip": "nobody"}, {"target_port": 70000}],
)
def test_a_flow_that_cannot_be_is_quarantined(tmp_path: Path, fields: dict[str, Any]) -> None:
    path = tmp_path / "00000001.json"
    path.write_text(json.dumps(whole(flow(), flow(**fields))))
    found = account(path)
    assert (found.records, found.malformed) == (2, {"malformed-value": 1})


def test_the_real_sample_is_read_flow_by_flow(shared: Path) -> None:
    path = shared / "samples/ibm/flowlogger/log_select.attribute_list.json"
    found = account(path)
    assert (found.records, found.malformed) == (3, {})
    assert seen(path)[1] == (
        *("10.240.128.4", "161.26.0.10", 36919, 53, "UDP", "accepted", None, "EGRESS", 729),
    )
