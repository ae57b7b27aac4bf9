"""The embedded engine, set up so that it reads what it is given and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

#: Memory that the engine may use before it spills to disk.
MEMORY_LIMIT: Final = "400MB"


def open_engine(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to a new, empty database in memory.

    It loads no extension, reaches no network, and sees no variable of the program.

    Args:
        spill: Folder for what does not fit the memory limit; None to refuse such work.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(spill or ""),
            "threads": os.cpu_count() or 1,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection
