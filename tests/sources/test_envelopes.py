"""Every shape in which Hubble flows come, and everything they are packed in."""

from __future__ import annotations

import gzip
import io
import json
import sys
from typing import TYPE_CHECKING

import pytest
import zstandard
from connections.records import CART, WEB, ids, reconciles, talk, text, wrapped

from recommender.connections.edges import connect
from recommender.model.errors import InputError
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recommender.connections.types import Connections

EDGE = ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]
FLOWS = talk(WEB, CART)
LINES = text(map(wrapped, FLOWS))
BOM = b"\xef\xbb\xbf"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def written(folder: Path, data: bytes, name: str = "flows.log") -> Connections:
    path = folder / name
    path.write_bytes(data)
    return connect([path])


SHAPES: dict[str, bytes] = {
    "wrapped": LINES,
    "bare": text(FLOWS),
    "without outer fields": text({"flow": flow} for flow in FLOWS),
    "array of bare flows": json.dumps(FLOWS).encode(),
    "array of wrapped flows": json.dumps([wrapped(flow) for flow in FLOWS], indent=2).encode(),
    "array after a byte order mark": BOM + b"\r\n " + json.dumps(FLOWS).encode(),
    "byte order mark": BOM + LINES,
    "carriage returns": LINES.replace(b"\n", b"\r\n"),
    "no newline at the end": LINES.rstrip(b"\n"),
    "blank lines": b"\n \n" + LINES.replace(b"\n", b"\n\r\n\n            \t\n") + b"\n\n",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_every_shape_gives_the_same_connection(
    tmp_path: Path,
    shape: str,
    pack: Callable[[bytes], bytes],
) -> None:
    found = written(tmp_path, pack(SHAPES[shape]))
    assert ids(found) == EDGE
    assert reconciles(found, 4)
    assert found.accounting.complete
    assert found.accounting.files[0].format == "hubble"


def test_exporter_events_stand_among_the_flows(tmp_path: Path) -> None:
    others = [
        b'{"node_status":{"state_change":"NODE_CONNECTED"},"node_name":"a","time":"2026-03-02T10:00:00Z"}',
        b'{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"7"},"node_name":"a"}',
        b'{"agent_event":{"type":"POLICY_UPDATED"},"node_name":"a"}',
        b'{"debug_event":{"type":"DBG_GENERIC"},"node_name":"a"}',
    ]
    found = written(tmp_path, b"\n".join([*others, LINES]))
    assert ids(found) == EDGE
    assert reconciles(found, 8)


def test_envelopes_may_mix_in_one_file(tmp_path: Path) -> None:
    mixed = [FLOWS[0], wrapped(FLOWS[1]), {"flow": FLOWS[2]}, {"flow": FLOWS[3], "new_field": {}}]
    assert reconciles(written(tmp_path, text(mixed)), 4)


def test_gzip_of_several_members_and_padding_is_one_log(tmp_path: Path) -> None:
    members = b"".join(gzip.compress(text([wrapped(flow)])) for flow in FLOWS)
    found = written(tmp_path, members + b"\0" * 512)
    assert reconciles(found, 4)
    assert found.accounting.complete


def test_zstd_of_several_frames_is_one_log(tmp_path: Path) -> None:
    found = written(tmp_path, b"".join(zstd(text([wrapped(flow)])) for flow in FLOWS))
    assert reconciles(found, 4)


def test_packing_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert ids(written(tmp_path, gzip.compress(LINES), "flows.jsonl")) == EDGE
    assert ids(written(tmp_path, LINES, "flows.jsonl.gz")) == EDGE


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch,
    pack: Callable[[bytes], bytes],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(LINES))))
    found = connect(["-"])
    assert ids(found) == EDGE
    assert found.accounting.files[0].file == "stdin"


def test_rotated_files_of_several_nodes_are_one_log(tmp_path: Path) -> None:
    names = [
        "node-a/events.log",
        "node-a/events.log.1",
        "node-a/events-2026-03-02T00-00-00.000.log.gz",
        "node-b/hubble/events.log.2.zst",
    ]
    for name, flow in zip(names, FLOWS, strict=True):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pack = gzip.compress if name.endswith("gz") else zstd if name.endswith("zst") else bytes
        path.write_bytes(pack(text([wrapped(flow)])))
    for named in ([tmp_path], [tmp_path / "node-*"], [tmp_path / "**" / "events*"]):
        found = connect(named)
        assert ids(found) == EDGE
        assert reconciles(found, 4)
        assert [account.file for account in found.accounting.files] == sorted(
            str(tmp_path / name) for name in names
        )


def test_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "flows.log").write_bytes(LINES)
    (tmp_path / "link.log").symlink_to("flows.log")
    twice = [tmp_path, tmp_path / "flows.log", tmp_path / "." / "flows.log", tmp_path / "*.log"]
    assert reconciles(connect(twice), 4)


def test_folder_may_hold_other_things(tmp_path: Path) -> None:
    (tmp_path / "flows.log").write_bytes(LINES)
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "pod.json").write_text('{"apiVersion": "v1", "kind": "Pod"}')
    (tmp_path / "README.md").write_text("no log")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "flows.log").write_bytes(LINES)
    found = connect([tmp_path])
    assert reconciles(found, 4)
    assert [(f.code, f.subject) for f in found.findings if f.code == "file-skipped"] == [
        ("file-skipped", str(tmp_path / "empty.log")),
        ("file-skipped", str(tmp_path / "pod.json")),
    ]


OTHERS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "holds no records"),
    "blank": (b"\n\r\n   \n", "holds no records"),
    "AWS": (b"version account-id interface-id srcaddr\n2 123456789012 eni-1 ", "AWS"),
    "AWS without header": (b"2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21", "AWS"),
    "GCP": (b'{"insertId":"x","jsonPayload":{"connection":{"src_ip":"10.0.0.1"}}}', "GCP"),
    "manifest": (b"apiVersion: v1\nkind: Pod\n", "manifest"),
    "manifest in JSON": (b'{"apiVersion": "v1", "kind": "List", "items": []}', "manifest"),
    "Zeek": (b'{"id_orig_h":"10.0.0.1","id_resp_h":"10.0.0.2"}', "Zeek"),
    "NetObserv": (b'{"SrcAddr":"10.0.0.1","DstAddr":"10.0.0.2"}', "NetObserv"),
    "normalised": (b'{"schema":"cpp.flows.v1","flows":[]}', "another tool"),
    "another archive": (b"BZh91AY&SY", "archive"),
    "UTF-16": ("\ufeff".encode("utf-16-le") + LINES.decode().encode("utf-16-le"), "UTF-16"),
    "ECS": (b'{"source":{"ip":"10.0.0.1"},"destination":{"ip":"10.0.0.2"}}', "not a flow log"),
    "prose": (b"hello\x1b[31m world\n", "starts with: hello"),
    "empty array": (b"[]", "holds no records"),
    "numbers": (b"[1, 2, 3]", "not a flow log"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_file_of_another_kind_is_one_clear_line(tmp_path: Path, kind: str) -> None:
    data, expected = OTHERS[kind]
    with pytest.raises(InputError, match=expected) as caught:
        written(tmp_path, data)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "flows.log"))
    assert caught.value.hint
    assert clean(message, limit=10_000) == message


@pytest.mark.parametrize(
    "name",
    ["missing.log", "no/such/folder/*.log", "a" * 5000, "nul\0byte", "empty-folder"],
)
def test_path_that_leads_nowhere_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    with pytest.raises(InputError) as caught:
        connect([f"{tmp_path}/{name}"])
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_folder_of_other_files_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "pod.json").write_text('{"apiVersion": "v1", "kind": "Pod"}')
    with pytest.raises(InputError, match="none of the files is a flow log"):
        connect([tmp_path])


def test_nothing_named_is_one_clear_line() -> None:
    with pytest.raises(InputError, match="no input"):
        connect([])
