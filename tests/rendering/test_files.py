"""Files are written whole, inside the folder, and never over what a person wrote."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering.hostile import hostile_strings

from recommender.model.errors import OutputError
from recommender.rendering import files as files_module
from recommender.rendering.files import Written, write_tree
from recommender.rendering.folders import staged_name
from recommender.rendering.ledger import Ledger, digest, is_inside

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, str | bytes] = {
    "kustomization.yaml": "a\n",
    "policies/shop/web.yaml": "b\n",
    "report.json": b"{}\n",
}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def test_files_are_written_and_the_same_again_change_nothing(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    first = write_tree(out, FILES)
    assert first == Written(str(out), written=tuple(sorted(FILES)))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    second = write_tree(out, FILES)
    assert second == Written(str(out), unchanged=tuple(sorted(FILES)))
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert sorted(tree(out)) == sorted([*FILES, ".recommender.json"])


def test_files_are_not_for_everyone_to_read(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write_tree(tmp_path / "out", FILES)
    finally:
        os.umask(old)
    for path in (tmp_path / "out").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o750 if path.is_dir() else 0o640)


def test_what_is_no_longer_made_is_removed_with_its_folder(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES)
    (tmp_path / "notes.txt").write_text("mine")
    written = write_tree(tmp_path, {"report.json": "[]\n"})
    assert written.written == ("report.json",)
    assert written.removed == ("kustomization.yaml", "policies/shop/web.yaml")
    assert sorted(tree(tmp_path)) == [".recommender.json", "notes.txt", "report.json"]
    assert not (tmp_path / "policies").exists()


def test_a_file_that_a_person_changed_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES)
    web = tmp_path / "policies/shop/web.yaml"
    web.write_text("edited\n")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"web\.yaml \(1 in all\).*--force"):
        write_tree(tmp_path, {**FILES, "report.json": "new", "policies/shop/web.yaml": "c\n"})
    assert tree(tmp_path) == before
    kept = write_tree(tmp_path, {"report.json": "new"})
    assert kept.kept == ("policies/shop/web.yaml",)
    assert web.read_text() == "edited\n"


def test_a_file_of_a_person_is_replaced_only_by_force(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("mine")
    with pytest.raises(OutputError, match=r"not written by this tool.*report\.json") as caught:
        write_tree(tmp_path, FILES)
    assert caught.value.exit_code == 2
    assert sorted(tree(tmp_path)) == ["report.json"]
    write_tree(tmp_path, FILES, force=True)
    assert (tmp_path / "report.json").read_text() == "{}\n"
    write_tree(tmp_path, {**FILES, "report.json": "later, without force"})


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("link", ["policies", "policies/shop", "policies/shop/web.yaml"])
def test_no_link_is_followed(tmp_path: Path, link: str, *, force: bool) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    (outside / "web.yaml").write_text("precious")
    place = out / link
    place.parent.mkdir(parents=True)
    place.symlink_to(outside if place.suffix == "" else outside / "web.yaml")
    with pytest.raises(OutputError, match=r"symbolic link|not a regular file"):
        write_tree(out, FILES, force=force)
    assert tree(outside) == {"web.yaml": b"precious"}
    assert place.is_symlink()
    assert not (out / ".recommender.json").exists()


def test_the_output_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    write_tree(tmp_path / "out", FILES)
    assert (tmp_path / "real" / "report.json").exists()


def test_a_link_in_place_of_a_staged_file_is_not_written_through(tmp_path: Path) -> None:
    write_tree(tmp_path / "probe", {"a": "x"})
    victim = tmp_path / "victim"
    victim.write_text("precious")
    out = tmp_path / "out"
    out.mkdir()
    for name in FILES:
        parent = (out / name).parent
        parent.mkdir(parents=True, exist_ok=True)
        stem = staged_name(name.rpartition("/")[2])
        (parent / stem).symlink_to(victim)
    write_tree(out, FILES)
    assert victim.read_text() == "precious"
    assert (out / "report.json").read_bytes() == b"{}\n"


@pytest.mark.parametrize(
    "path",
    [
        *("../x", "/etc/x", "a/../../x", "a//b", "", ".", "..", "a/.", "a\x00b", "a\\b"),
        *("a\nb", "é" * 200, ".recommender.json", "\ud800"),
    ],
)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(OutputError, match="not a path inside"):
        write_tree(tmp_path / "out", {path: "x"})
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_any_text_is_a_path_inside_or_refused(text: str) -> None:
    parts = text.split("/")
    inside = is_inside(text)
    assert not (inside and ({"", ".", ".."} & set(parts) or "\x00" in text))


@pytest.mark.parametrize(
    "files", [{"a/Web": "", "a/web": ""}, {"a": "", "a/b": ""}, {"\u00e9": "", "e\u0301": ""}]
)
def test_files_in_each_others_way_are_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(OutputError):
        write_tree(tmp_path, files)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("failing", [1, 2, 3, 4])  # three files and the record
def test_a_failing_disk_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    write_tree(tmp_path, FILES)
    before = tree(tmp_path)
    turns = iter(range(1, 100))
    sync = os.fsync

    def full(descriptor: int) -> None:
        if next(turns) == failing:
            raise OSError(errno.ENOSPC, "full")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on device"):
        write_tree(tmp_path, {path: f"new {path}" for path in FILES})
    assert tree(tmp_path) == before


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("call", ["rename", "unlink", "fsync"])
@pytest.mark.parametrize("step", range(1, 9))
def test_a_run_cut_short_at_any_step_is_mended_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, step: int
) -> None:
    write_tree(tmp_path, FILES)
    new: dict[str, str | bytes] = {path: f"new {path}" for path in [*FILES][1:]}
    turns = iter(range(1, 100))
    real = getattr(os, call)

    def die(*arguments: object, **options: object) -> None:
        if next(turns) >= step:
            raise KilledError
        real(*arguments, **options)

    with monkeypatch.context() as patch, suppress(KilledError):
        patch.setattr(os, call, die)
        # A process that is killed takes nothing back.
        patch.setattr(files_module, "unstage", lambda *_: None)
        write_tree(tmp_path, new)
    for content in tree(tmp_path).values():
        assert content  # whole files only: none of those written here is empty
    last = {**new, "report.json": "another"}
    write_tree(tmp_path, last)
    assert sorted(tree(tmp_path)) == sorted([".recommender.json", *last])
    assert (tmp_path / "report.json").read_text() == "another"
    assert (tmp_path / "policies/shop/web.yaml").read_text() == "new policies/shop/web.yaml"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"tool": "x", "version": 1, "files": {}}', "[" * 100_000, "\ud800"]
)
def test_a_record_that_is_not_ours_is_refused_and_forced(tmp_path: Path, content: str) -> None:
    (tmp_path / ".recommender.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(OutputError, match="not a record of this tool"):
        write_tree(tmp_path, FILES)
    write_tree(tmp_path, FILES, force=True)
    assert json.loads((tmp_path / ".recommender.json").read_text())["tool"] == "recommender"


def test_a_record_that_was_tampered_with_removes_nothing_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    out = tmp_path / "out"
    write_tree(out, FILES)
    known = json.loads((out / ".recommender.json").read_text())
    sign = digest(b"precious")
    known["files"] |= {"../victim": [sign], str(victim): [sign]}
    (out / ".recommender.json").write_text(json.dumps(known))
    write_tree(out, {"report.json": "x"})
    assert victim.read_text() == "precious"


def test_a_file_in_place_of_the_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="cannot write: file exists"):
        write_tree(tmp_path / "out", FILES)


def test_the_record_reads_back() -> None:
    ledger = Ledger({f"a/{number}": (str(number), "x") for number in range(5)})
    assert Ledger.from_bytes(ledger.to_bytes()) == ledger


@pytest.mark.parametrize("text", hostile_strings())
def test_hostile_paths_never_leave_the_folder(tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    with suppress(OutputError):
        write_tree(out, {f"policies/{text}.yaml": "x"})
    outside = [path for path in tmp_path.rglob("*") if out not in {path, *path.parents}]
    assert outside == []
