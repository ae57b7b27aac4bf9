"""The text of a block as the engine reads it: all of it, in pieces, without a second look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from connections.records import CART, WEB, reconciles, talk, text, wrapped
from hypothesis import given
from hypothesis import strategies as st

from recommender.connections import ingest
from recommender.connections.edges import connect
from recommender.sources import examining
from recommender.sources.memory import IN_PIECES, BlockFiles
from recommender.sources.scanning import FIRST_BYTES
from recommender.sources.texts import FileText, MemoryText, PlainFile, TextFile

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.sources.texts import Text

# More than the engine is given at a time, and less than a block is cut at.
LONG = 3 << 20


def all_of(file: TextFile, size: int) -> bytes:
    return b"".join(iter(lambda: file.read(size), b""))


@given(st.binary(max_size=300), st.integers(1, 40), st.integers(1, 40))
def test_pieces_make_the_whole(data: bytes, piece: int, size: int) -> None:
    file = TextFile(MemoryText(bytearray(data)), piece)
    assert len(file.read(size)) <= piece
    file.seek(0)
    assert all_of(file, size) == data


def test_without_a_piece_as_much_is_read_as_is_asked_for() -> None:
    assert TextFile(MemoryText(bytearray(b"abcdef"))).read(5) == b"abcde"


def test_the_end_of_its_name_says_how_a_block_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * LONG)
    texts: list[Text] = [
        MemoryText(bytearray(b"x" * LONG)),
        FileText(PlainFile(str(path)), 0, LONG),
    ]
    files = BlockFiles()
    for one in texts:
        with files.hold(one) as name:
            assert len(files.open(name).read(LONG)) == LONG
            whole = files.open(name + IN_PIECES)
            assert 0 < len(whole.read(LONG)) < LONG
            assert all_of(whole, LONG)[-1:] == b"x"
            assert files.info(name + IN_PIECES)["size"] == LONG


def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on no block may be cut again, or be looked at line by line."""
    monkeypatch.setattr(ingest, "cut_block", None)
    monkeypatch.setattr(examining, "examine", None)


def test_a_sound_log_of_many_pieces_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flows = [flow for at in range(30_000, 31_500) for flow in talk(WEB, CART, at=at)]
    path = tmp_path / "flows.jsonl"
    path.write_bytes(text(map(wrapped, flows)))
    assert path.stat().st_size > LONG
    read_once(monkeypatch)
    found = connect([path])
    assert reconciles(found, len(flows))
    assert [edge.flows for edge in found.edges] == [1500]


_AWS = "2 1 eni-1 10.0.0.1 10.0.0.2 41000 443 6 5 840 1700000000 1700000059 ACCEPT OK"
_GCP = json.dumps(
    {
        "logName": "projects/p/logs/compute.googleapis.com%2Fvpc_flows",
        "jsonPayload": {
            "connection": {
                "src_ip": "10.4.0.1",
                "src_port": 41000,
                "dest_ip": "10.4.0.2",
                "dest_port": 80,
                "protocol": 6,
            },
            "reporter": "SRC",
            "start_time": "2026-03-02T10:00:00Z",
            "end_time": "2026-03-02T10:00:01Z",
        },
    }
)


@pytest.mark.parametrize("line", [_AWS, _GCP], ids=["aws", "gcp"])
def test_a_sound_log_of_a_cloud_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    count = 2 * FIRST_BYTES // len(line)
    path = tmp_path / "flows.log"
    path.write_text(f"{line}\n" * count)
    read_once(monkeypatch)
    assert reconciles(connect([path]), count)
