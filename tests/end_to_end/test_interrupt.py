"""Ctrl-C: exit code 130, nothing half-written, nothing left behind."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from end_to_end.commands import succeed, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parents[2] / "data" / "flows.jsonl.gz"


@contextmanager
def reading(source: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program while it reads a log that does not end, with a folder for temporary files."""
    (folder / "tmp").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "recommender", "recommend", source, "-d", str(folder / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        # A terminal interrupts the processes of one group; the test itself must not be among them.
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_it_reads(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until the store of the run is there: from then on there is something to clean up."""
    for _ in range(600):
        assert process.poll() is None
        if list((folder / "tmp").glob("recommender-*/run.duckdb")):
            return
        time.sleep(0.05)
    pytest.fail("it never began to read")


def interrupted(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Interrupt the program and hold it to what it promises."""
    process.send_signal(signal.SIGINT)
    # Whoever feeds it may keep its pipe open: the program ends all the same.
    assert process.wait(30) == 130
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read() == b""
    assert process.stderr.read() == b"error: interrupted\n"
    assert list((folder / "tmp").iterdir()) == []


def feed(process: subprocess.Popen[bytes], stop: threading.Event) -> threading.Thread:
    """Keep writing the sample to the program until told to stop."""
    text = gzip.decompress(DATA.read_bytes())

    def work() -> None:
        assert process.stdin is not None
        try:
            while not stop.is_set():
                process.stdin.write(text)
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_interrupting_a_long_read_leaves_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    with reading("-", tmp_path) as process:
        feeding = feed(process, stop)
        wait_until_it_reads(process, tmp_path)
        time.sleep(0.5)
        interrupted(process, tmp_path)
        stop.set()
        feeding.join(30)
    assert not (tmp_path / "out").exists()


def test_interrupting_a_read_that_waits_for_more_leaves_nothing(tmp_path: Path) -> None:
    with reading("-", tmp_path) as process:
        assert process.stdin is not None
        process.stdin.write(gzip.decompress(DATA.read_bytes()))
        process.stdin.flush()
        wait_until_it_reads(process, tmp_path)
        time.sleep(0.5)
        interrupted(process, tmp_path)


def test_an_interrupted_run_leaves_the_last_drafts_as_they_were(tmp_path: Path) -> None:
    out = tmp_path / "out"
    succeed("recommend", DATA, "-d", out)
    before = tree(out)
    os.mkfifo(tmp_path / "flows.jsonl")
    with (
        reading(str(tmp_path / "flows.jsonl"), tmp_path) as process,
        (tmp_path / "flows.jsonl").open("wb") as pipe,
    ):
        pipe.write(gzip.decompress(DATA.read_bytes())[:200_000])
        pipe.flush()
        wait_until_it_reads(process, tmp_path)
        interrupted(process, tmp_path)
    assert tree(out) == before
