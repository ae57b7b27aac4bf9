"""What cannot be read is named by file and line, counted, and stops nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connections.records import CART, WEB, Flow, flow, ids, reconciles, talk, text, wrapped

from recommender.connections.edges import connect
from recommender.connections.ingested import MAX_QUARANTINED
from recommender.sources import cutting, scanning
from recommender.sources.cutting import BLOCK_BYTES
from recommender.sources.flows import read_flows
from recommender.sources.lines import MAX_LINE

if TYPE_CHECKING:
    from recommender.connections.types import Connections
    from recommender.model.edges import Record

EDGE = ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]
GOOD = [json.dumps(wrapped(record)).encode() for record in talk(WEB, CART)]
DEEP = 100_000


def among_good(folder: Path, *bad: bytes) -> Connections:
    """Two good lines, the bad ones, two good lines."""
    log = folder / "flows.jsonl"
    log.write_bytes(b"\n".join([*GOOD[:2], *bad, *GOOD[2:]]) + b"\n")
    return connect([log])


def bare(**fields: object) -> bytes:
    return json.dumps({"flow": {**flow(WEB, CART), **fields}}).encode()


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"level=info msg=hello", "malformed-json"),
    "cut off": (GOOD[0][:-20], "malformed-json"),
    "two records": (GOOD[0] + GOOD[1], "malformed-json"),
    "open brackets": (b"[" * DEEP, "malformed-json"),
    "null": (b"null", "malformed-json"),
    "number": (b"42", "not-a-flow"),
    "huge number": (b"1" * 100_000, "not-a-flow"),
    "raw NUL": (b'{"flow":{"verdict":"FOR\0WARDED"}}', "malformed-json"),
    "lone surrogate": (b'{"flow":{"verdict":"\\ud800"}}', "malformed-json"),
    "no flow": (b"{}", "not-a-flow"),
    "empty flow": (b'{"flow":{}}', "not-a-flow"),
    "flow of the wrong type": (b'{"flow":"FORWARDED"}', "not-a-flow"),
    "flow of null": (b'{"flow":null,"time":"2026-03-02T10:00:00Z"}', "not-a-flow"),
    "something else": (b'{"level":"info","msg":"hello"}', "not-a-flow"),
    "another log": (b'{"time":"2026-03-02T10:00:00Z","msg":"hello"}', "not-a-flow"),
    "deep something": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "not-a-flow"),
    "Latin-1": (b'{"flow":{"verdict":"\xe9t\xe9"}}', "not-utf8"),
    "overlong": (b'{"flow":{"verdict":"\xc0\xaf"}}', "not-utf8"),
    "encoded surrogate": (b'{"flow":{"verdict":"\xed\xa0\x80"}}', "not-utf8"),
    "over 4 MiB": (bare(Summary="x" * MAX_LINE), "oversized"),
    "over 4 MiB and no text": (b"\xff" * (MAX_LINE + 1), "oversized"),
    "longer than a block": (b"x" * (2 * BLOCK_BYTES + 5), "oversized"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_line_is_quarantined_with_its_place(tmp_path: Path, kind: str) -> None:
    line, reason = BAD[kind]
    found = among_good(tmp_path, line)
    assert ids(found) == EDGE
    assert found.accounting.malformed == {reason: 1}
    assert reconciles(found, 5)
    (quarantined,) = found.accounting.quarantined
    assert quarantined.record == (str(tmp_path / "flows.jsonl"), 3)
    assert quarantined.reason == reason
    assert 0 < len(quarantined.excerpt) <= 120


def test_all_kinds_at_once_keep_their_lines(tmp_path: Path) -> None:
    lines = [line for line, _ in BAD.values()]
    found = among_good(tmp_path, *lines)
    assert [q.record.line for q in found.accounting.quarantined] == list(range(3, 3 + len(BAD)))
    assert [q.reason for q in found.accounting.quarantined] == [why for _, why in BAD.values()]
    assert reconciles(found, 4 + len(BAD))


def test_line_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    empty = len(bare(Summary=""))
    assert reconciles(among_good(tmp_path, bare(Summary="x" * (MAX_LINE - empty))), 5)
    found = among_good(tmp_path, bare(Summary="x" * (MAX_LINE - empty + 1)))
    assert found.accounting.malformed == {"oversized": 1}


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("size", [MAX_LINE + 1, BLOCK_BYTES, 2 * BLOCK_BYTES])
def test_endless_last_line_is_one_record(tmp_path: Path, size: int, end: bytes) -> None:
    log = tmp_path / "flows.jsonl"
    log.write_bytes(b"\n".join([*GOOD, b"x" * size]) + end)
    found = connect([log])
    assert [q.record.line for q in found.accounting.quarantined] == [5]
    assert reconciles(found, 5)


def test_excerpt_cannot_steer_a_terminal(tmp_path: Path) -> None:
    found = among_good(tmp_path, b"\x1b]0;owned\x07 \xe2\x80\xae evil")
    (quarantined,) = found.accounting.quarantined
    assert "\x1b" not in quarantined.excerpt
    assert "\u202e" not in quarantined.excerpt
    assert "owned" in quarantined.excerpt


def test_lines_keep_their_numbers_over_many_blocks(tmp_path: Path) -> None:
    fill = bare(Summary="x" * 10_000)
    count = 3 * BLOCK_BYTES // len(fill)
    lines = [fill] * count
    wanted = [1, count // 2, count]
    for number in wanted:
        lines[number - 1] = b"broken"
    log = tmp_path / "flows.jsonl"
    log.write_bytes(b"\n".join(lines))
    found = connect([log])
    assert [q.record.line for q in found.accounting.quarantined] == wanted
    assert reconciles(found, count)


def test_only_the_first_bad_lines_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    bad = MAX_QUARANTINED + 10
    found = among_good(tmp_path, *[b"broken"] * bad)
    assert found.accounting.malformed == {"malformed-json": bad}
    lines = [q.record.line for q in found.accounting.quarantined]
    assert lines == list(range(3, 3 + MAX_QUARANTINED))


@pytest.mark.parametrize(
    "fields",
    [
        {"IP": "10.0.0.1"},
        {"l4": []},
        {"l4": {"TCP": "x"}},
        {"l4": {"TCP": {"destination_port": 1e400, "source_port": 40000}}},
        {"l4": {"TCP": {"destination_port": -1, "source_port": "x"}}},
        {"event_type": "x"},
        {"verdict": {"a": 1}},
        {"is_reply": "perhaps"},
        {"source": "text"},
        {"destination_names": "text"},
        {"destination_names": [1, {"a": 2}, None]},
        {"l7": {"type": "RESPONSE", "dns": {"query": 5, "ips": "203.0.113.5"}}},
        {"l7": {"type": "RESPONSE", "dns": {"query": "x.example.", "ips": ["nonsense", None]}}},
        {"aggregate": {"ingress_flow_count": -5}},
        {"node_name": ["x"]},
        {"time": {"seconds": 5}},
        {"source": {"labels": ["k8s:a=" + "b" * 100_000], "pod_name": "p", "namespace": "n"}},
        {"source": {"labels": ["\0", "k8s:\0=\0"], "pod_name": "a\0b", "namespace": "n"}},
        {"source": {"labels": [[[[]]]] * 1000}},
        {"source": json.loads("[" * 500 + "]" * 500)},
    ],
)
def test_fields_of_the_wrong_type_stop_nothing(tmp_path: Path, fields: Flow) -> None:
    found = among_good(tmp_path, bare(**fields))
    assert EDGE[0] in ids(found)
    assert reconciles(found, 5)


def test_record_without_ends_stops_nothing(tmp_path: Path) -> None:
    masked = {k: v for k, v in flow(WEB, CART).items() if k not in {"source", "destination"}}
    assert reconciles(among_good(tmp_path, json.dumps(wrapped(masked)).encode()), 5)


def test_deep_end_is_no_end(tmp_path: Path) -> None:
    deep = bare().replace(b'"labels": [', b'"labels": [' + b"[" * DEEP + b"]" * DEEP + b",", 1)
    found = among_good(tmp_path, deep)
    # The connection that it belongs to tells who it was.
    assert reconciles(found, 5)
    assert ids(found) == EDGE


def test_first_line_may_be_bad(tmp_path: Path) -> None:
    log = tmp_path / "flows.jsonl"
    log.write_bytes(b"[2026-03-02] hubble is up\n" + b"\n".join(GOOD))
    found = connect([log])
    assert [q.record.line for q in found.accounting.quarantined] == [1]
    assert reconciles(found, 5)


def test_array_with_bad_elements_counts_each(tmp_path: Path) -> None:
    elements = [*GOOD[:2], b'"text"', b"1e400", b"{}", b'{"flow":{"verdict":"\\ud800"}}', *GOOD[2:]]
    log = tmp_path / "flows.json"
    log.write_bytes(b"[" + b",\n".join(elements) + b"]")
    found = connect([log])
    assert ids(found) == EDGE
    assert reconciles(found, 8)
    assert [q.record.line for q in found.accounting.quarantined] == [3, 4, 5, 6]
    assert found.accounting.complete


@pytest.mark.parametrize("rest", [b"", b",", b",{", b",\n{\n\n}}}"])
def test_array_that_breaks_off_keeps_what_came_before(tmp_path: Path, rest: bytes) -> None:
    log = tmp_path / "flows.json"
    log.write_bytes(b"[" + b",".join(GOOD) + rest)
    found = connect([log])
    assert ids(found) == EDGE
    assert not found.accounting.complete
    assert "malformed" in found.accounting.files[0].problem
    assert reconciles(found, 4 + sum(found.accounting.malformed.values()))
    assert found.accounting.accepted == 4


def test_file_of_nothing_but_broken_records_is_no_log(tmp_path: Path) -> None:
    log = tmp_path / "flows.jsonl"
    log.write_bytes(text([*GOOD, *[b"\xff\xfe broken"] * 3]))
    assert connect([log]).accounting.malformed == {"not-utf8": 3}


def test_block_of_nothing_but_blank_lines_costs_no_time(tmp_path: Path) -> None:
    found = among_good(tmp_path, b"\n \r\n" * (1 << 18))
    assert ids(found) == EDGE
    assert reconciles(found, 4)
    assert {record.line for record in found.edges[0].samples} & {1, 2}


@pytest.mark.parametrize("bad", [b"broken", b"\xff broken", b"", b'{"flow":{}}'])
@pytest.mark.parametrize("size", [2_000, 5_000, 100_000])
def test_large_block_is_looked_at_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: bytes, size: int
) -> None:
    log = tmp_path / "flows.jsonl"
    log.write_bytes(b"\n".join([*GOOD, bad, *GOOD * 20, bad, *GOOD]))
    whole = connect([log])
    monkeypatch.setattr(cutting, "BLOCK_BYTES", size)
    cut = connect([log])
    assert [q.record.line for q in cut.accounting.quarantined] == ([5, 86] if bad else [])
    assert (cut.edges, cut.accounting) == (whole.edges, whole.accounting)


def cut_small(monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    """From here on plain files are cut into blocks of about so many bytes."""
    monkeypatch.setattr(scanning, "FIRST_BYTES", least)
    monkeypatch.setattr(scanning, "LEAST_BYTES", least)
    monkeypatch.setattr(scanning, "MOST_BYTES", least)
    monkeypatch.setattr(scanning, "MOST_BYTES_OF_CLOUDS", least)


@pytest.mark.parametrize("least", [1_000, 10_000])
def test_where_a_plain_file_is_cut_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    log = tmp_path / "flows.jsonl"
    log.write_bytes(text([*GOOD * 50, b"broken", *GOOD * 50, b"", b"broken", *GOOD]))
    whole = connect([log])
    cut_small(monkeypatch, least)
    cut = connect([log])
    assert [q.record.line for q in cut.accounting.quarantined] == [201, 403]
    assert (cut.edges, cut.accounting) == (whole.edges, whole.accounting)


def test_each_file_counts_its_lines_from_its_own_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(text([*GOOD * 10, b"broken", *GOOD]))
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(text([*GOOD, b"broken"])))
    cut_small(monkeypatch, 5_000)
    found = [(Path(one.file).name, one.line) for one in places_of(connect([tmp_path]))]
    assert found == [("a.jsonl", 41), ("b.jsonl", 41), ("c.jsonl.gz", 5)]


def places_of(found: Connections) -> list[Record]:
    return [item.record for item in found.accounting.quarantined]


@pytest.mark.parametrize("least", [300, 1 << 20])
def test_records_tell_their_lines_wherever_a_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    head = "version interface-id srcaddr dstaddr srcport dstport protocol action start end bytes"
    rows = (
        f"2 eni 10.0.0.1 10.0.0.2 {port} 80 6 ACCEPT 1772400000 1772400060 9"
        for port in range(1, 60)
    )
    log = tmp_path / "aws.log"
    log.write_text("\n".join([head, *rows]))
    cut_small(monkeypatch, least)
    frame = read_flows([log])
    assert (frame["line"] - frame["src_port"]).unique().tolist() == [1]
    (account,) = connect([log]).accounting.files
    assert (account.records, account.bytes) == (59, log.stat().st_size)


def test_lines_after_an_endless_one_keep_their_numbers(tmp_path: Path) -> None:
    found = among_good(tmp_path, b"x" * (2 * BLOCK_BYTES), b"broken", *[GOOD[0]] * 3, b"broken")
    assert [q.record.line for q in found.accounting.quarantined] == [3, 4, 8]
    assert reconciles(found, 10)


def test_a_block_cut_again_keeps_what_was_quarantined_before_it() -> None:
    data = b"x" * (BLOCK_BYTES + 1), b"y\n" + b"".join(b"%9999d\n" % n for n in range(500))
    (block,) = cutting.cut_blocks("a.log", data)
    parts = list(cutting.cut_block(block))
    assert [(item.record.line, item.reason) for item in block.early] == [(1, "oversized")]
    assert [part.early for part in parts] == [block.early] + [[]] * (len(parts) - 1)
    assert len(parts) > 1
    assert not parts[0].sound
    assert [part.first_line for part in parts[:2]] == [2, 2 + (parts[0].lines or 0)]
    assert sum(part.lines or 0 for part in parts) == 500
