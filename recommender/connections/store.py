"""The working store of a run: a DuckDB database in memory that spills to disk when it must."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import duckdb

from recommender.connections.words import TYPES
from recommender.model.errors import InputError
from recommender.sources.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# An end is a number: that of its text in `endpoint`, 0 where only its address is known, or a
# negative one that the cluster's history gives (see `holders`).
#
# Groups of records: alike in everything that matters, told apart by hour and observer so that
# any split of the input merges to the same groups. A record is known by its block and its line in
# it, which are in the order of the input; what line of its file that is, is known once all is read.
_TABLES: Final = """
    CREATE SEQUENCE endpoint_id;
    CREATE TABLE endpoint (id INTEGER, text VARCHAR);
    CREATE TABLE flow_group (
        block INTEGER, src INTEGER, dst INTEGER, src_ip VARCHAR, dst_ip VARCHAR,
        src_port INTEGER, dst_port INTEGER, protocol protocol, verdict verdict, reply BOOLEAN,
        observer VARCHAR, direction VARCHAR, hour BIGINT, signs INTEGER,
        records BIGINT, flows BIGINT, bytes BIGINT, first TIMESTAMP, last TIMESTAMP, line BIGINT
    );
    CREATE TABLE dns_name (endpoint INTEGER, ip VARCHAR, name VARCHAR);
    CREATE TABLE held (
        ip VARCHAR, from_us BIGINT, until_us BIGINT, endpoint INTEGER, who INTEGER, bit INTEGER,
        is_pod BOOLEAN, beyond INTEGER
    );
    CREATE TABLE holder (who INTEGER, endpoint INTEGER);
    CREATE TABLE pair (
        src_who INTEGER, dst_who INTEGER, protocol protocol, port INTEGER, verdict verdict,
        srcs BIT, dsts BIT
    );
    CREATE TABLE listening (who INTEGER, protocol VARCHAR, port INTEGER);
    CREATE TABLE service_target (
        endpoint INTEGER, protocol VARCHAR, port INTEGER, target INTEGER, target_port INTEGER,
        any_client BOOLEAN
    );
"""


class Store:
    """A DuckDB connection with its folder; a context manager that removes both.

    Attributes:
        connection: The connection.
    """

    def __init__(self) -> None:
        """Open a new, empty store in the system's folder for temporary files."""
        self._folder = tempfile.TemporaryDirectory(prefix="recommender-")
        self.connection = open_engine(Path(self._folder.name) / "spill")
        self.connection.execute(TYPES + _TABLES)

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection and remove the folder."""
        self.close()

    def close(self) -> None:
        """Close the connection and remove the folder."""
        self.connection.close()
        self._folder.cleanup()


@contextmanager
def engine_errors() -> Iterator[None]:
    """Say in a user's words that the engine's memory or the disk it spills to ran out."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        message = f"the log does not fit: {str(error).splitlines()[0]}"
        hint = "make room in the folder for temporary files (TMPDIR), or read fewer files at a time"
        raise InputError(message, hint=hint) from error
