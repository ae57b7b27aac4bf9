"""What is packed holds the same objects as what is not."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

import recommender as nr
from recommender.inventory.documents import read_documents
from recommender.inventory.files import packed_for
from recommender.inventory.looks import Look
from recommender.inventory.snapshot import Snapshot, is_snapshot
from recommender.model.errors import BombError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

DUMP = Path(__file__).parents[2] / "data/inventory.json"
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
YAML = b"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"

PACKS = pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])


def tar(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return out.getvalue()


def snapshot(hour: int) -> bytes:
    look = Look(datetime(2026, 3, 2, hour, tzinfo=UTC), "uid", (), ())
    return Snapshot(look, (DEPLOYMENT,)).to_json()


def kinds(*paths: Path) -> list[tuple[str, str]]:
    """Kind and file of each object that was read."""
    return [(found.kind, found.file) for found in read_documents(paths).documents]


@PACKS
def test_a_packed_inventory_says_the_same_whatever_it_is_called(
    tmp_path: Path, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "anything"
    packed.write_bytes(pack(DUMP.read_bytes()))
    expected = nr.read_inventory(DUMP).workloads
    assert nr.read_inventory(packed).workloads == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed.read_bytes())))
    assert nr.read_inventory("-").workloads == expected


def test_packed_files_of_a_folder_are_read_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(json.dumps(DEPLOYMENT).encode()))
    (tmp_path / "b.yaml.zst").write_bytes(zstandard.compress(YAML))
    (tmp_path / "c.yaml").write_bytes(YAML)
    (tmp_path / "report.json.gz").write_bytes(gzip.compress(b"{}"))
    (tmp_path / "flows.log.gz").write_bytes(gzip.compress(b"{}"))
    assert kinds(tmp_path) == [
        ("Deployment", str(tmp_path / "a.json.gz")),
        ("Pod", str(tmp_path / "b.yaml.zst")),
        ("Pod", str(tmp_path / "c.yaml")),
    ]


@pytest.mark.parametrize("name", ["dump.tar", "dump.tar.gz", "dump.tgz", "dump.tar.zst"])
def test_an_archive_is_read_as_the_folder_that_it_was(tmp_path: Path, name: str) -> None:
    files = {
        "dump/shop/pods.yaml": YAML,
        "dump/apps.json": json.dumps(DEPLOYMENT).encode(),
        "dump/shop/web/logs.txt": b"nothing",
        "dump/.git/x.yaml": YAML,
    }
    path = tmp_path / name
    packs: dict[str, Callable[[bytes], bytes]]
    packs = {"gz": gzip.compress, "tgz": gzip.compress, "zst": zstandard.compress, "tar": bytes}
    path.write_bytes(packs[name.rpartition(".")[2]](tar(**files)))
    for place in (path, tmp_path):
        assert kinds(place) == [
            ("Deployment", f"{path}/dump/apps.json"),
            ("Pod", f"{path}/dump/shop/pods.yaml"),
        ]


def test_a_history_may_be_packed(tmp_path: Path) -> None:
    for hour in (10, 11):
        (tmp_path / f"{hour}.json.gz").write_bytes(gzip.compress(snapshot(hour)))
    found = nr.read_inventory(tmp_path)
    assert found.taken is not None
    assert found.taken.hour == 11


@PACKS
def test_a_packed_inventory_that_is_cut_off_is_refused_with_its_name(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(pack(DUMP.read_bytes())[:-20])
    with pytest.raises(InputError, match="ends early") as caught:
        nr.read_inventory(path)
    assert caught.value.where == str(path)
    assert "allow-partial" not in caught.value.hint


@PACKS
def test_an_inventory_that_unpacks_to_far_more_than_its_size_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(pack(b" " * (65 << 20)))
    with pytest.raises(BombError):
        nr.read_inventory(path)


def test_an_archive_that_is_corrupt_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "dump.tar"
    path.write_bytes(tar(**{"a.yaml": YAML * 100})[:1000])
    with pytest.raises(InputError) as caught:
        nr.read_inventory(path)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("name", ["x.json", "x.json.gz", "x.json.zst"])
def test_a_snapshot_is_packed_as_its_name_says_and_known_again(name: str) -> None:
    content = snapshot(10)
    packed = packed_for(name, content)
    assert packed == packed_for(name, content)
    assert (packed == content) == name.endswith(".json")
    assert is_snapshot(packed)
    assert not is_snapshot(packed_for(name, b'{"kind": "Pod"}'))
    assert not is_snapshot(b"\x1f\x8bnothing")


def test_a_file_without_any_object_is_no_inventory(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("just a text")
    with pytest.raises(InputError, match="no Kubernetes object found"):
        nr.read_inventory(path)
