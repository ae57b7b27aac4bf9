"""Azure flow logs: every tuple of NSG flow logs 1 and 2 and of VNet flow logs 4."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from sources.clouds import account, seen

from recommender.model.errors import PartialInputError
from recommender.sources.discovery import find_inputs
from recommender.sources.reader import FileEnd, read_parts

if TYPE_CHECKING:
    from pathlib import Path

MAC = "00224871C205"
NSG_1 = (
    "1542110402,10.0.0.4,10.0.0.5,41000,8080,T,I,A",
    "1542110403,94.102.49.190,10.0.0.5,28746,443,U,I,D",
)
NSG_2 = (
    "1542110402,10.0.0.4,10.0.0.5,41000,8080,T,O,A,B,,,,",
    "1542110462,10.0.0.4,10.0.0.5,41000,8080,T,O,A,C,30,16978,24,14008",
    "1542110480,10.0.0.4,10.0.0.5,41000,8080,T,O,A,E,1,66,1,66",
    "1542110424,176.119.4.10,10.0.0.5,56509,59336,T,I,D,B,,,,",
)
VNET_4 = (
    "1663146003599,10.0.0.4,10.0.0.5,41000,8080,6,O,B,NX,0,0,0,0",
    "1663146003606,10.0.0.4,10.0.0.5,41000,8080,6,O,E,NX,3,767,2,1580",
    "1663145998065,101.33.218.153,10.0.0.5,55188,22,6,I,D,NX,0,0,0,0",
    "1663145998066,fd00::4,fd00::5,41000,53,17,I,E,X,1,80,1,120",
)
SEEN_2 = [
    ("10.0.0.4", "10.0.0.5", 41000, 8080, "TCP", "accepted", None, "EGRESS", 0),
    ("10.0.0.4", "10.0.0.5", 41000, 8080, "TCP", "accepted", None, "EGRESS", 30986),
    ("10.0.0.4", "10.0.0.5", 41000, 8080, "TCP", "accepted", None, "EGRESS", 132),
    ("176.119.4.10", "10.0.0.5", 56509, 59336, "TCP", "denied", None, "INGRESS", 0),
]
SEEN_4 = [
    ("10.0.0.4", "10.0.0.5", 41000, 8080, "TCP", "accepted", None, "EGRESS", 0),
    ("10.0.0.4", "10.0.0.5", 41000, 8080, "TCP", "accepted", None, "EGRESS", 2347),
    ("101.33.218.153", "10.0.0.5", 55188, 22, "TCP", "denied", None, "INGRESS", 0),
    ("fd00::4", "fd00::5", 41000, 53, "UDP", "accepted", None, "INGRESS", 200),
]


def nsg(*tuples: str, version: int = 2) -> dict[str, Any]:
    flows = [{"rule": "UserRule_any", "flows": [{"mac": MAC, "flowTuples": list(tuples)}]}]
    return {
        "time": "2018-11-13T12:00:35.3899262Z",
        "category": "NetworkSecurityGroupFlowEvent",
        "operationName": "NetworkSecurityGroupFlowEvents",
        "properties": {"Version": version, "flows": flows},
    }


def vnet(*tuples: str) -> dict[str, Any]:
    groups = [{"rule": "DefaultRule_any", "flowTuples": list(tuples)}]
    return {
        "time": "2022-09-14T09:00:52.5625085Z",
        "flowLogVersion": 4,
        "macAddress": MAC,
        "category": "FlowLogFlowEvent",
        "flowRecords": {"flows": [{"aclID": "0", "flowGroups": groups}]},
    }


def split(text: str) -> dict[str, Any]:
    """A tuple as a pipeline hands it on that makes a record of each."""
    return {
        "macAddress": MAC,
        "operationName": "NetworkSecurityGroupFlowEvents",
        "rule": "UserRule_any",
        "flow.0": text,
    }


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


BOTH = pytest.mark.parametrize(
    ("record", "tuples", "expected"), [(nsg, NSG_2, SEEN_2), (vnet, VNET_4, SEEN_4)]
)


@BOTH
@pytest.mark.parametrize("form", ["blob", "bom", "pretty", "blobs", "records", "array", "gzip"])
def test_every_form_gives_every_tuple(
    tmp_path: Path,
    record: Any,  # noqa: ANN401 - one of two functions
    tuples: tuple[str, ...],
    expected: list[object],
    form: str,
) -> None:
    records = [record(*tuples[:2]), record(*tuples[2:])]
    blob = json.dumps({"records": records})
    content = {
        "blob": blob.encode(),
        "bom": b"\xef\xbb\xbf" + blob.encode() + b"\r\n",
        "pretty": json.dumps({"records": records}, indent=2).encode(),
        "blobs": "".join(json.dumps({"records": [each]}) + "\n" for each in records).encode(),
        "records": "".join(json.dumps(each) + "\n" for each in records).encode(),
        "array": json.dumps(records).encode(),
        "gzip": gzip.compress(blob.encode()),
    }[form]
    path = written(tmp_path / "PT1H.json", content)
    assert sorted(seen(path), key=str) == sorted(expected, key=str)
    found = account(path)
    assert (found.format, found.records) == ("azure", len(tuples))


def test_version_1_has_decisions_and_no_states(tmp_path: Path) -> None:
    path = written(tmp_path / "PT1H.json", json.dumps({"records": [nsg(*NSG_1, version=1)]}))
    assert seen(path) == [
        ("10.0.0.4", "10.0.0.5", 41000, 8080, "TCP", "accepted", None, "INGRESS", 0),
        ("94.102.49.190", "10.0.0.5", 28746, 443, "UDP", "denied", None, "INGRESS", 0),
    ]


def test_a_tuple_that_was_split_off_is_a_record(tmp_path: Path) -> None:
    lines = "".join(json.dumps(split(text)) + "\n" for text in NSG_2)
    path = written(tmp_path / "flows.jsonl", lines)
    assert seen(path) == SEEN_2
    assert account(path).records == len(NSG_2)


def test_times_are_seconds_or_milliseconds(tmp_path: Path) -> None:
    path = written(
        tmp_path / "flows.jsonl",
        json.dumps(nsg(NSG_2[0])) + "\n" + json.dumps(vnet(VNET_4[0])) + "\n",
    )
    found = [str(start) for (start,) in seen(path, "start")]
    assert found == ["2018-11-13 12:00:02+00:00", "2022-09-14 09:00:03.599000+00:00"]


def test_who_reported_a_tuple_is_its_interface(tmp_path: Path) -> None:
    path = written(tmp_path / "PT1H.json", json.dumps({"records": [vnet(VNET_4[0])]}))
    assert seen(path, "observer", "reply") == [(MAC, False)]


@pytest.mark.parametrize(
    "text",
    [
        "1542110402,10.0.0.4,10.0.0.5,41000,8080,T,O",
        "1542110402,10.0.0.4,10.0.0.5,41000,8080,T,O,X,B,,,,",
        "1542110402,10.0.0.4,10.0.0.5,port,8080,T,O,A,B,,,,",
        "noon,10.0.0.4,10.0.0.5,41000,8080,T,O,A,B,,,,",
        "1663146003599,10.0.0.4,10.0.0.5,41000,8080,6,O,Q,NX,0,0,0,0",
        "",
    ],
)
def test_a_tuple_of_another_form_is_quarantined_by_itself(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "PT1H.json", json.dumps({"records": [nsg(NSG_2[0], text)]}))
    found = account(path)
    assert found.records == 2
    assert found.malformed == {"malformed-tuple": 1}


def test_a_tuple_with_an_impossible_address_or_port_is_quarantined(tmp_path: Path) -> None:
    bad = (NSG_2[0].replace("10.0.0.5", "example"), NSG_2[0].replace("8080", "80800"))
    path = written(tmp_path / "PT1H.json", json.dumps({"records": [nsg(*bad)]}))
    assert account(path).malformed == {"malformed-value": 2}


def test_lines_that_are_no_records_are_quarantined(tmp_path: Path) -> None:
    lines = [json.dumps(nsg(NSG_2[0])), "{broken", '{"other": 1}', json.dumps(nsg())]
    found = account(written(tmp_path / "flows.jsonl", "\n".join(lines) + "\n"))
    # A record of ours without tuples is none of traffic.
    assert found.records == 3
    assert found.malformed == {"malformed-json": 1, "not-a-flow": 1}


def test_a_blob_that_breaks_off_is_partial_and_keeps_what_came_before(tmp_path: Path) -> None:
    blob = json.dumps({"records": [nsg(NSG_2[0]), nsg(NSG_2[1])]})
    path = written(tmp_path / "PT1H.json", blob[:-40])
    *_, last = [part.part for part in read_parts(find_inputs([path]))]
    assert isinstance(last, FileEnd)
    assert isinstance(last.problem, PartialInputError)
    found = account(path)
    assert found.records == 2
    assert found.malformed == {"malformed-json": 1}


def test_a_blob_larger_than_a_line_may_be_is_read(tmp_path: Path) -> None:
    records = [nsg(*NSG_2) for _ in range(9000)]
    blob = json.dumps({"records": records})
    assert len(blob) > 4 << 20
    path = written(tmp_path / "PT1H.json.gz", gzip.compress(blob.encode(), 1))
    assert account(path).records == 9000 * len(NSG_2)


def test_real_samples_are_read_tuple_by_tuple(shared: Path) -> None:
    nsg_log = shared / "samples/azure/elastic/nsg-testdata.log"
    found = account(nsg_log)
    assert (found.records, found.malformed) == (11, {})
    verdicts = [verdict for (verdict,) in seen(nsg_log, "verdict")]
    assert verdicts.count("denied") == 7
    vnet_log = shared / "samples/azure/elastic/vnet-testdata.log"
    found = account(vnet_log)
    assert (found.records, found.malformed) == (19, {})
    verdicts = [verdict for (verdict,) in seen(vnet_log, "verdict")]
    assert verdicts.count("denied") == 9
