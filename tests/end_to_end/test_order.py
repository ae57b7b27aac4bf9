"""Output is a pure function of input: whatever the order, the split, the run or the machine."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from end_to_end.commands import drafts, run, tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import recommender as nr
from recommender.simulation import Settings, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.reporting.policy_set import PolicySet

DATA = Path(__file__).resolve().parents[2] / "data" / "flows.jsonl.gz"

#: Where a record stands differs between splits of the same records.
_PLACES = frozenset({"inputs", "files", "samples", "quarantined"})


def without_places(document: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """A report without the names of files and the numbers of lines."""
    if isinstance(document, dict):
        return {key: without_places(value) for key, value in document.items() if key not in _PLACES}
    if isinstance(document, list):
        return [without_places(item) for item in document]
    return document


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """A small log with everything that the shop does, and a few lines that are no records."""
    simulation = simulate("shop", Settings(seed=21, connections=150, days=2, lost_events=2))
    log = [line for _, line in simulation.lines()]
    assert len(log) > 800
    return [*log, b"no json\n", b'{"some": "thing"}\n']


@pytest.fixture(scope="module")
def whole(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """The recommendation from one file with the lines in the order of time."""
    file = tmp_path_factory.mktemp("whole") / "flows.jsonl"
    file.write_bytes(b"".join(lines))
    return nr.recommend(file)


def _pieces(lines: Sequence[bytes], cuts: Sequence[int]) -> list[list[bytes]]:
    """The lines cut at these places into files, none of them empty."""
    bounds = sorted({0, len(lines), *(cut % len(lines) for cut in cuts)})
    return [list(lines[first:last]) for first, last in pairwise(bounds)]


@settings(
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**32),
    cuts=st.lists(st.integers(0, 10_000), max_size=5),
)
def test_any_order_and_split_of_the_records_gives_the_same_bytes(
    seed: int,
    cuts: list[int],
    lines: list[bytes],
    whole: PolicySet,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("split")
    shuffled = lines[:]
    dice = random.Random(seed)  # noqa: S311 - no secret
    dice.shuffle(shuffled)
    files = []
    for number, piece in enumerate(_pieces(shuffled, cuts)):
        # A file has to be told a log by one of its first lines.
        piece.sort(key=lambda line: not line.startswith(b'{"flow"'))
        text = b"".join(piece)
        packed = dice.random() < 1 / 3
        files.append(folder / f"events-{number}.log{'.gz' if packed else ''}")
        files[-1].write_bytes(gzip.compress(text) if packed else text)
    dice.shuffle(files)
    result = nr.recommend(files)
    assert result.to_yaml() == whole.to_yaml()
    assert without_places(result.report()) == without_places(whole.report())
    assert result.run.accounting.malformed == whole.run.accounting.malformed


def test_the_same_files_in_another_order_give_the_same_report(
    lines: list[bytes],
    tmp_path: Path,
) -> None:
    files = []
    for number, piece in enumerate(_pieces(lines, [300, 600])):
        files.append(tmp_path / f"{number}.jsonl")
        files[-1].write_bytes(b"".join(piece))
    first, second = (nr.recommend(order).report() for order in (files, files[::-1]))
    assert first == second


def test_a_folder_a_glob_and_its_files_are_the_same(lines: list[bytes], tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number, piece in enumerate(_pieces(lines, [300, 600])):
        (folder / f"events-{number}.log").write_bytes(b"".join(piece))
    (folder / "README").write_text("not a log\n", encoding="utf-8")
    ways: list[list[str | Path]] = [[folder], [f"{folder}/*.log"], sorted(folder.glob("*.log"))]
    found = [nr.recommend(way) for way in ways]
    assert len({result.to_yaml() for result in found}) == 1
    assert found[0].run.accounting == found[1].run.accounting == found[2].run.accounting


def test_lines_told_twice_change_no_policy(
    lines: list[bytes],
    whole: PolicySet,
    tmp_path: Path,
) -> None:
    """Two exports that overlap are the usual case: the same events, once more."""
    file = tmp_path / "flows.jsonl"
    file.write_bytes(b"".join(lines))
    again = tmp_path / "again.jsonl"
    again.write_bytes(b"".join(lines))
    result = nr.recommend([file, again])
    assert result.to_yaml() == whole.to_yaml()
    assert result.run.accounting.records == 2 * whole.run.accounting.records


def test_two_runs_write_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    trees = []
    for seed in ("0", "4242"):
        out = tmp_path / seed
        environment = {"PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": f"UTC-{len(seed)}"}
        done = run("recommend", DATA, "-d", out, environment=environment)
        assert done.returncode == 0
        trees.append(tree(out))
    assert trees[0] == trees[1]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs processor affinity")
def test_one_processor_writes_the_same_bytes_as_all(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "os.cpu_count = lambda: 1\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from recommender.cli.app import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    one, many = tmp_path / "one", tmp_path / "many"
    command = [sys.executable, "-c", program, "recommend", str(DATA), "-d", str(one)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert run("recommend", DATA, "-d", many).returncode == 0
    assert tree(one) == tree(many)


def test_a_second_run_into_the_same_folder_changes_no_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("recommend", DATA, "-d", out).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    shown = run("recommend", DATA, "-d", out).stdout.decode()
    # All but the record of what was written.
    assert f"(0 written, {len(before) - 1} unchanged)" in " ".join(shown.split())
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert after == before


def test_nothing_written_tells_when_or_where_it_was_made(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("recommend", DATA.name, "-d", out, cwd=DATA.parent).returncode == 0
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["inputs"] == [DATA.name]
    written = b"".join(tree(out).values())
    assert str(tmp_path).encode() not in written
    assert str(DATA.parent).encode() not in written
    assert drafts(out)
