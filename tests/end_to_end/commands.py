"""The program as a user starts it, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run(
    *arguments: str | Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run `recommender` in a process of its own; whatever its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "recommender", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        timeout=120,
        check=False,
    )


def succeed(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> bytes:
    """Run `recommender`, which has to go well; its standard output."""
    done = run(*arguments, stdin=stdin, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def error_line(done: subprocess.CompletedProcess[bytes], code: int) -> str:
    """The one line of a failed run: nothing on stdout, one message on stderr."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def drafts(folder: Path) -> dict[str, bytes]:
    """The drafts and kustomizations of an output folder, without report and review."""
    files = tree(folder)
    return {
        name: content
        for name, content in files.items()
        if name.endswith(".yaml") and not name.startswith("review/")
    }
