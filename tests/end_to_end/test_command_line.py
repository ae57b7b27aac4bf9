"""The surface of the process: exit codes, one-line errors, what goes where."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from end_to_end.commands import drafts, error_line, run, succeed, tree

from recommender.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., subprocess.CompletedProcess[bytes]]

DATA = Path(__file__).resolve().parents[2] / "data" / "flows.jsonl.gz"

LINE = b'{"flow":{"verdict":"FORWARDED","IP":{"source":"10.0.0.1","destination":"10.0.0.2"}}}\n'


@pytest.fixture
def command(capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    """The program within this process, which is much faster than one of its own."""

    def invoke(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        code = main([str(argument) for argument in arguments])
        out, err = capsysbinary.readouterr()
        return subprocess.CompletedProcess(arguments, code, out, err)

    return invoke


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drafts of the sample."""
    out = tmp_path_factory.mktemp("sample") / "out"
    succeed("recommend", DATA, "-d", out)
    return out


# --- inputs that cannot be used ------------------------------------------------------------------


def _missing(folder: Path) -> Path:
    return folder / "missing.jsonl"


def _written(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def _folder_of(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        inner = folder / "logs"
        inner.mkdir()
        (inner / name).write_bytes(content)
        return inner

    return make


def _empty_folder(folder: Path) -> Path:
    inner = folder / "logs"
    inner.mkdir()
    return inner


def _glob(folder: Path) -> Path:
    return folder / "*.log"


def _cut(folder: Path) -> Path:
    return _written("cut.jsonl.gz", DATA.read_bytes()[:150_000])(folder)


def _damaged(folder: Path) -> Path:
    content = bytearray(DATA.read_bytes())
    content[100_000:100_200] = bytes(200)
    return _written("damaged.jsonl.gz", bytes(content))(folder)


def _bomb(folder: Path) -> Path:
    return _written("bomb.jsonl.gz", gzip.compress(LINE + b" " * 150_000_000, 9))(folder)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, "no such file"),
        (_written("empty.jsonl", b""), "no records"),
        (_written("blank.jsonl", b"\n\n  \n"), "no records"),
        (_written("empty.jsonl.gz", gzip.compress(b"")), "no records"),
        (_written("notes.txt", b"hello\n"), "not a flow log"),
        (_written("other.jsonl", b'{"a": 1}\n'), "not a flow log"),
        (_written("pods.yaml", b"kind: List\nitems: []\n"), "Kubernetes manifest"),
        (_written("noise.jsonl", bytes(range(256)) * 50), "not a flow log"),
        (_empty_folder, "no flow logs"),
        (_folder_of("README.md", b"hello\n"), "no flow logs"),
        (_folder_of("notes.txt", b"hello\n"), "none of the files is a flow log"),
        (_glob, "no file matches"),
        (_cut, "ends early"),
        (_damaged, "corrupt"),
        (_bomb, "decompression bomb"),
    ],
)
def test_an_input_that_cannot_be_used_is_one_line_and_exit_code_3(
    make: Callable[[Path], Path],
    words: str,
    command: Command,
    tmp_path: Path,
) -> None:
    given = make(tmp_path)
    out = tmp_path / "out"
    line = error_line(command("recommend", given, "-d", out), 3)
    assert words in line
    assert str(given.name) in line
    assert line.endswith(")")  # what to do about it
    assert not out.exists()


def test_nothing_is_written_when_one_of_several_files_cannot_be_used(
    command: Command,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    error_line(command("recommend", DATA, _cut(tmp_path), "-d", out), 3)
    assert not out.exists()


def test_a_truncated_archive_is_used_when_that_is_asked_for(
    command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shown = command("recommend", _cut(tmp_path), "-d", out, "--allow-partial").stdout.decode()
    assert "ends early" in shown
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["accounting"]["complete"] is False
    (finding,) = [one for one in report["coverage"] if one["code"] == "input-partial"]
    assert finding["severity"] == "warning"


def test_bad_lines_are_quarantined_with_file_and_line(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "flows.jsonl"
    good = gzip.decompress(DATA.read_bytes()).splitlines(keepends=True)
    bad = {
        3: b"not json\n",
        5: b'{"flow": \n',
        8: b'{"unrelated": true}\n',
        9: b"\xff\xfe\xfa\n",
        11: b'{"flow":{"Summary":"' + b"x" * (4 << 20) + b'"}}\n',
    }
    lines = good[:]
    for number, text in sorted(bad.items()):
        lines.insert(number - 1, text)
    log.write_bytes(b"".join(lines))
    assert command("recommend", log, "-d", tmp_path / "out").returncode == 0
    account = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))["accounting"]
    assert account["records"] == len(good) + len(bad)
    assert [(item["file"], item["line"]) for item in account["quarantined"]] == [
        (str(log), number) for number in sorted(bad)
    ]
    assert sum(account["malformed"].values()) == len(bad)


def test_the_policies_do_not_depend_on_bad_lines(
    command: Command, sample: Path, tmp_path: Path
) -> None:
    log = tmp_path / "flows.jsonl"
    log.write_bytes(b"junk\n" + gzip.decompress(DATA.read_bytes()) + b'{"flow": {"verd')
    assert command("recommend", log, "-d", tmp_path / "out").returncode == 0
    assert drafts(tmp_path / "out") == drafts(sample)


# --- usage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["recommend"], "flows"),
        (["recommend", str(DATA), "-o", "html"], "none of yaml, json, table"),
        (["recommend", str(DATA), "-d", "x", "-o", "json"], "leave one of them out"),
        (["recommend", str(DATA), "--reply-flag", "maybe"], "none of auto, trust, ignore"),
        (["recommend", str(DATA), "--world-threshold", "0"], "--world-threshold"),
        (["recommend", str(DATA), "--widen-v4", "33"], "--widen-v4"),
        (["recommend", str(DATA), "--cluster", "nowhere"], "demo"),
        (["recommend", str(DATA), "--no-such-option"], "--no-such-option"),
        (["frobnicate"], "frobnicate"),
        (["simulate", "nothing-of-this-name", "-d", "x"], "nothing-of-this-name"),
    ],
)
def test_a_wrong_command_is_one_line_and_exit_code_2(
    arguments: list[str],
    words: str,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    line = error_line(command(*arguments), 2)
    assert words in line
    assert tree(tmp_path) == {}


def test_the_only_cluster_may_be_named(command: Command, sample: Path, tmp_path: Path) -> None:
    assert command("recommend", DATA, "-d", tmp_path / "out", "--cluster", "demo").returncode == 0
    assert drafts(tmp_path / "out") == drafts(sample)


# --- the output folder ---------------------------------------------------------------------------


def test_a_foreign_file_is_refused_and_kept(command: Command, tmp_path: Path) -> None:
    mine = tmp_path / "out/policies/shop/frontend.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n", encoding="utf-8")
    line = error_line(command("recommend", DATA, "-d", tmp_path / "out"), 2)
    assert "policies/shop/frontend.yaml" in line
    assert "--force" in line
    assert tree(tmp_path / "out") == {"policies/shop/frontend.yaml": b"mine\n"}


def test_a_foreign_file_is_replaced_with_force(
    command: Command, sample: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "out/policies/shop/frontend.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n", encoding="utf-8")
    assert command("recommend", DATA, "-d", tmp_path / "out", "--force").returncode == 0
    assert tree(tmp_path / "out") == tree(sample)


def test_a_draft_that_a_person_changed_is_not_overwritten(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert command("recommend", DATA, "-d", out).returncode == 0
    edited = out / "policies/shop/cart.yaml"
    edited.write_bytes(edited.read_bytes() + b"# reviewed\n")
    before = tree(out)
    assert "policies/shop/cart.yaml" in error_line(command("recommend", DATA, "-d", out), 2)
    assert tree(out) == before


def test_what_the_program_no_longer_drafts_it_removes(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert command("recommend", DATA, "-d", out).returncode == 0
    kept = out / "policies/shop/NOTES.md"
    kept.write_text("ours\n", encoding="utf-8")
    lines = gzip.decompress(DATA.read_bytes()).splitlines(keepends=True)
    fewer = b"".join(line for line in lines if b'"namespace":"monitoring"' not in line)
    (tmp_path / "fewer.jsonl").write_bytes(fewer)
    assert command("recommend", tmp_path / "fewer.jsonl", "-d", out).returncode == 0
    assert not (out / "policies/monitoring").exists()
    assert kept.read_text(encoding="utf-8") == "ours\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_one_line(command: Command, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    assert "permission" in error_line(command("recommend", DATA, "-d", locked / "out"), 2).lower()


def test_a_file_in_the_place_of_the_folder_is_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file\n", encoding="utf-8")
    assert "out" in error_line(command("recommend", DATA, "-d", tmp_path / "out"), 2)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file\n"


def test_no_temporary_file_is_left(sample: Path) -> None:
    assert not [name for name in tree(sample) if ".tmp" in name or name.endswith(".part")]


# --- streams and forms ---------------------------------------------------------------------------


def test_standard_input_gives_the_same_drafts(sample: Path, tmp_path: Path) -> None:
    packed = DATA.read_bytes()
    for number, content in enumerate((packed, gzip.decompress(packed))):
        succeed("recommend", "-", "-d", tmp_path / str(number), stdin=content)
        assert drafts(tmp_path / str(number)) == drafts(sample)


def test_yaml_on_standard_output_is_the_drafts_and_nothing_else(sample: Path) -> None:
    done = run("recommend", DATA)
    assert done.returncode == 0
    written = [
        yaml.safe_load(content)
        for name, content in drafts(sample).items()
        if not name.endswith("kustomization.yaml")
    ]
    shown = list(yaml.safe_load_all(done.stdout))
    assert sorted(map(_identity, shown)) == sorted(map(_identity, written))
    assert all(document in written for document in shown)
    assert b"Drafted" in done.stderr


def _identity(document: dict[str, dict[str, str]]) -> tuple[str, str]:
    return document["metadata"]["namespace"], document["metadata"]["name"]


def test_json_on_standard_output_is_the_report(sample: Path) -> None:
    done = run("recommend", DATA, "-o", "json")
    assert done.returncode == 0
    assert done.stdout == (sample / "report.json").read_bytes()


def test_the_table_is_for_reading() -> None:
    done = run("recommend", DATA, "-o", "table")
    assert done.returncode == 0
    assert done.stderr == b""
    text = done.stdout.decode()
    assert "records" in text
    assert "shop/Deployment/frontend" in text
    assert "\x1b" not in text


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"'{sys.executable}' -m recommender recommend '{DATA}' 2>/dev/null | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert done.stdout.startswith(b"# DRAFT NetworkPolicy")
    assert done.stderr == b""


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_only_and_can_be_declined(*, no_color: str, coloured: bool) -> None:
    shown = _on_a_terminal("recommend", str(DATA), "-o", "table", no_color=no_color)
    assert "shop/Deployment/frontend" in shown
    assert ("\x1b[1" in shown or "\x1b[3" in shown) is coloured


def _on_a_terminal(*arguments: str, no_color: str) -> str:
    """What the program writes to a terminal that is its standard output."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": no_color}
    with subprocess.Popen(
        [sys.executable, "-m", "recommender", *arguments],
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        os.close(writer)
        chunks = []
        while True:
            try:
                chunk = os.read(reader, 65536)
            except OSError:  # Linux reports the end of a terminal as an error
                break
            if not chunk:
                break
            chunks.append(chunk)
        os.close(reader)
        assert process.wait(60) == 0
    return b"".join(chunks).decode()
