"""AWS VPC flow logs in every form in which they are handed on."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

import recommender as nr
from recommender.connections.edges import connect
from recommender.model.errors import InputError
from recommender.sources.aws_fields import KNOWN
from recommender.sources.options import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.model.accounting import FileAccount

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
ROWS = (
    "2 123456789012 eni-1 10.0.0.1 10.0.0.2 41000 8080 6 10 840 1700000000 1700000059 ACCEPT OK",
    "2 123456789012 eni-1 10.0.0.3 10.0.0.2 41001 22 6 1 40 1700000000 1700000059 REJECT OK",
    "2 123456789012 eni-1 - - - - - - - 1700000060 1700000119 - NODATA",
    "2 123456789012 eni-2 - - - - - - - 1700000060 1700000119 - SKIPDATA",
    "2 123456789012 eni-1 fd00::1 fd00::2 41000 53 17 1 90 1700000000 1700000059 ACCEPT OK",
    "2 123456789012 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1700000000 1700000059 ACCEPT OK",
)


def seen(path: Path, **options: Any) -> list[tuple[object, ...]]:  # noqa: ANN401 - any option
    """What was read of the rows: ends, protocol, verdict, why aside, bytes."""
    frame = nr.read_flows(path, options=ReadOptions(**options))
    columns = [
        *("src_ip", "dst_ip", "src_port", "dst_port", "protocol", "verdict", "aside", "bytes"),
    ]
    frame = frame[columns].astype(object).where(frame[columns].notna(), None)
    return [tuple(row) for row in frame.to_numpy().tolist()]


SEEN = [
    ("10.0.0.1", "10.0.0.2", 41000, 8080, "TCP", "accepted", None, 840),
    ("10.0.0.3", "10.0.0.2", 41001, 22, "TCP", "denied", None, 40),
    (None, None, 0, 0, None, "unknown", "no-data", 0),
    (None, None, 0, 0, None, "unknown", "skipped-data", 0),
    ("fd00::1", "fd00::2", 41000, 53, "UDP", "accepted", None, 90),
    ("10.0.0.1", "10.0.0.2", 0, 0, "ICMP", "accepted", "icmp-without-type", 336),
]


def account(path: Path) -> FileAccount:
    """The accounting of one file."""
    (found,) = connect([path]).accounting.files
    assert found.records == found.accepted + sum(found.set_aside.values()) + sum(
        found.malformed.values()
    )
    return found


def keyed(row: str, separator: str) -> dict[str, object]:
    """A row as a record with a key a field and numbers as floats, as delivery streams write it."""
    values: dict[str, object] = {}
    for name, value in zip(HEADER.split(), row.split(), strict=True):
        number = name in {"srcport", "dstport", "protocol", "packets", "bytes", "start", "end"}
        typed = float(value) if number and value != "-" else value
        values[name.replace("-", separator)] = typed
    return values


def envelope(kind: str) -> dict[str, object]:
    """The rows as CloudWatch hands them on."""
    return {
        "messageType": "DATA_MESSAGE",
        kind: [{"id": str(i), "timestamp": 1, "message": row} for i, row in enumerate(ROWS)],
    }


CONTROL = {
    "messageType": "CONTROL_MESSAGE",
    "logEvents": [{"message": "CWL CONTROL MESSAGE: Checking health."}],
}

SHAPES: dict[str, str] = {
    "text with a header": "\n".join((HEADER, *ROWS)) + "\n",
    "text without a header": "\n".join(ROWS),
    "carriage returns": "\r\n".join((HEADER, *ROWS)) + "\r\n",
    "the header again in the middle": "\n".join((HEADER, *ROWS[:2], HEADER, *ROWS[2:])),
    "two spaces between fields": "\n".join((HEADER, *ROWS)).replace(" 6 ", "  6 "),
    "blank lines": "\n\n" + "\n\n".join((HEADER, *ROWS)),
    "CloudWatch export": "\n".join(f"2023-11-14T22:13:20.000Z {row}" for row in ROWS),
    "Athena CSV": "\n".join(
        row.replace("-", "_", 3 if row == HEADER else 0).replace(" ", ",")
        for row in (HEADER, *ROWS)
    ),
    "CSV with quotes": "\n".join(
        ",".join(f'"{cell}"' for cell in row.split()) for row in (HEADER, *ROWS)
    ),
    "Insights CSV": "\n".join(("@timestamp,@message", *(f"2023-11-14 22:13:20,{r}" for r in ROWS))),
    "JSON with hyphens": "\n".join(json.dumps(keyed(row, "-")) for row in ROWS),
    "JSON with underscores": "\n".join(json.dumps(keyed(row, "_")) for row in ROWS),
    "a JSON array": json.dumps([keyed(row, "_") for row in ROWS], indent=1),
    "messages": "\n".join(json.dumps({"message": row}) for row in ROWS),
    "a subscription": json.dumps(envelope("logEvents")) + "\n" + json.dumps(CONTROL),
    "a document of events": json.dumps(envelope("events"), indent=2),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_form_gives_the_same_flows(tmp_path: Path, shape: str, *, packed: bool) -> None:
    path = tmp_path / "flows.log"
    data = SHAPES[shape].encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    assert seen(path) == SEEN
    assert account(path).records == len(ROWS)
    assert account(path).malformed == {}


def test_a_custom_order_is_told_by_the_header(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_text(
        "dstport srcport action dstaddr srcaddr protocol\n80 41000 ACCEPT b::2 a::1 6\n"
    )
    assert seen(path) == [("a::1", "b::2", 41000, 80, "TCP", "accepted", None, 0)]


def test_fields_without_header_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_text("80 41000 ACCEPT b::2 a::1 6\n" * 3)
    with pytest.raises(InputError):
        connect([path])
    fields = ("dstport", "srcport", "action", "dstaddr", "srcaddr", "protocol")
    assert seen(path, aws_fields=fields) == 3 * [
        ("a::1", "b::2", 41000, 80, "TCP", "accepted", None, 0)
    ]


def test_packet_addresses_are_the_truth(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_text(
        f"{HEADER} pkt-srcaddr pkt-dstaddr\n{ROWS[0]} 10.9.9.1 10.9.9.2\n{ROWS[0]} - -\n"
    )
    assert [row[:2] for row in seen(path)] == [("10.9.9.1", "10.9.9.2"), ("10.0.0.1", "10.0.0.2")]


def test_fields_of_later_versions_are_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    path.write_text(f"{HEADER} resource-id a-field-of-tomorrow\n{ROWS[0]} r-1 x\n")
    assert seen(path) == SEEN[:1]


def test_all_fields_in_the_order_of_versions_need_no_header(tmp_path: Path) -> None:
    path = tmp_path / "flows.log"
    rest = {"tcp_flags": "3", "pkt_srcaddr": "10.9.9.1", "pkt_dstaddr": "10.9.9.2"}
    path.write_text(f"{ROWS[0]} {' '.join(rest.get(name, '-') for name in KNOWN[14:])}\n")
    assert [row[:2] for row in seen(path)] == [("10.9.9.1", "10.9.9.2")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (ROWS[0] + " 1", "wrong-field-count"),
        (ROWS[0].removesuffix(" OK"), "wrong-field-count"),
        (ROWS[0].replace("8080", "http"), "malformed-value"),
        (ROWS[0].replace("8080", "80800"), "malformed-value"),
        (ROWS[0].replace("ACCEPT", "MAYBE"), "malformed-value"),
        (ROWS[0].replace("10.0.0.2", "host-7"), "malformed-value"),
        (ROWS[0].replace("10.0.0.2", "-"), "malformed-value"),
        (ROWS[0].replace("1700000000", "yesterday"), "malformed-value"),
        (ROWS[0].replace(" 840 ", " 99999999999999999999 "), "malformed-value"),
        (ROWS[0] + "\xff", "not-utf8"),
    ],
)
def test_a_malformed_line_is_quarantined_and_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "flows.log"
    path.write_bytes("\n".join((HEADER, ROWS[0], line, ROWS[1])).encode("latin-1"))
    found = connect([path]).accounting
    assert found.files[0].records == 3
    assert found.files[0].malformed == {reason: 1}
    assert [(item.record.line, item.reason) for item in found.quarantined] == [(3, reason)]


def test_the_fast_way_and_the_careful_way_agree(tmp_path: Path) -> None:
    many = [HEADER, *ROWS * 500]
    fast, careful = tmp_path / "fast.log", tmp_path / "careful.log"
    fast.write_text("\n".join(many) + "\n")
    careful.write_text("\n".join((*many, "short line")) + "\n")
    one, other = account(fast), account(careful)
    assert one.set_aside == other.set_aside
    assert other.malformed == {"wrong-field-count": 1}


#: File of the samples, and how its rows are understood.
SAMPLES: dict[str, tuple[int, dict[str, int]]] = {
    "awsdocs/custom-nat-gateway.log": (6, {"unknown-verdict": 6}),
    "awsdocs/custom-v3-tcp-flags.log": (8, {"no-workload": 8}),
    "awsdocs/custom-v3-transit-gateway.log": (4, {"no-workload": 4}),
    "awsdocs/custom-v5-traffic-path.log": (2, {"no-workload": 2}),
    "awsdocs/default-v2.log": (
        7,
        {"icmp-without-type": 2, "no-data": 1, "no-workload": 3, "skipped-data": 1},
    ),
    "awsdocs/default-v2.no-header.log": (
        7,
        {"icmp-without-type": 2, "no-data": 1, "no-workload": 3, "skipped-data": 1},
    ),
    "elastic/beats-custom-nat-gateway.log": (2, {"unknown-verdict": 2}),
    "elastic/test-v5-all-fields.log": (1, {"no-workload": 1}),
    "elastic/test-v8-samples.log": (1, {"no-data": 1}),
    "otel-contrib/valid_vpc_flow_cw.json": (2, {"no-workload": 2}),
    "otel-contrib/valid_vpc_flow_log_ecs.log": (1, {"no-workload": 1}),
    "otel-contrib/valid_vpc_flow_log_multi.log": (2, {"no-workload": 2}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_completely(shared: Path, name: str) -> None:
    found = account(shared / "samples" / "aws" / name)
    assert (found.records, found.set_aside) == SAMPLES[name]
    assert found.malformed == {}
    assert found.format == "aws"


def test_fields_that_do_not_fit_are_said_with_the_line_that_they_should_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("eni-1 10.0.0.1 10.0.0.2 40000 443 6 ACCEPT\n")
    with pytest.raises(InputError, match="not of the 2 fields") as caught:
        connect([path], options=ReadOptions(aws_fields=("srcaddr", "dstaddr")))
    assert "7 values" in caught.value.message
    assert "eni-1 10.0.0.1" in caught.value.hint


def test_a_log_of_another_format_than_the_one_named_says_which(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("2 1 eni-1 10.0.0.1 10.0.0.2 1 443 6 5 8 1700000000 1700000059 ACCEPT OK\n")
    with pytest.raises(InputError, match="an AWS VPC flow log, not a GCP") as caught:
        connect([path], options=ReadOptions(format="gcp"))
    assert "--format" in caught.value.hint
