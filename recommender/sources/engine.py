"""The embedded engine, set up so that it reads what it is given and nothing else."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

#: Blocks that are worked on at a time; more would cost memory and gain little.
WORKERS: Final = max(1, min(os.cpu_count() or 1, 4))
#: Memory that the engine may use while it reads before it spills to disk, in MB: the JSON reader
#: takes a buffer of 32 MiB for each block that is worked on, and parses it into as much again.
MEMORY_LIMIT: Final = 100 + 80 * WORKERS
#: The same once everything is read: no buffers any more, and tables that stream from disk as well.
MEMORY_AFTER_READING: Final = 100 + 50 * WORKERS


#: What a long history of a cluster may take on top, which every block is joined with, in MB ...
_MOST_FOR_HISTORY: Final = 600
#: ... and how many of its intervals a megabyte is for.
_INTERVALS_A_MEGABYTE: Final = 1500


def memory_for(intervals: int) -> int:
    """Memory that a history of so many intervals takes on top, in MB."""
    return min(_MOST_FOR_HISTORY, intervals // _INTERVALS_A_MEGABYTE)


def open_engine(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to a new, empty database in memory.

    It loads no extension, reaches no network, and sees no variable of the program.

    Args:
        spill: Folder for what does not fit the memory limit; None to refuse such work.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{MEMORY_LIMIT}MB",
            "temp_directory": str(spill or ""),
            "threads": WORKERS,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    # In a notebook without the package that draws the bar there is none to switch off.
    with suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    return connection
