"""Ctrl-C: exit code 130, nothing half-written, nothing left behind."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

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


#: Much more than a pipe holds: once it is written, the program has read most of it.
LOG = gzip.decompress(DATA.read_bytes())


def feed(process: subprocess.Popen[bytes], rounds: int) -> None:
    """Write the sample to the program so often; then it is in the middle of its work."""
    assert process.stdin is not None
    for _ in range(rounds):
        process.stdin.write(LOG)
    process.stdin.flush()


def test_interrupting_a_read_that_waits_for_more_leaves_nothing(tmp_path: Path) -> None:
    with reading("-", tmp_path) as process:
        feed(process, 1)
        time.sleep(0.5)
        interrupted(process, tmp_path)
    assert not (tmp_path / "out").exists()


def test_interrupting_a_long_read_leaves_nothing(tmp_path: Path) -> None:
    with reading("-", tmp_path) as process:
        feed(process, 2)
        feeding = threading.Thread(target=keep_feeding, args=(process,), daemon=True)
        feeding.start()
        time.sleep(0.5)
        interrupted(process, tmp_path)
        feeding.join(30)
    assert not (tmp_path / "out").exists()


def keep_feeding(process: subprocess.Popen[bytes]) -> None:
    """Write until the program is gone."""
    with suppress(BrokenPipeError):
        while True:
            feed(process, 1)


def test_an_interrupted_run_leaves_the_last_drafts_as_they_were(tmp_path: Path) -> None:
    out = tmp_path / "out"
    succeed("recommend", DATA, "-d", out)
    before = tree(out)
    log = tmp_path / "flows.jsonl"
    os.mkfifo(log)
    with reading(str(log), tmp_path) as process, log.open("wb") as pipe:
        pipe.write(LOG)
        pipe.flush()
        interrupted(process, tmp_path)
    assert tree(out) == before
