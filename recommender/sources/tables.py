"""Parquet files, turned into lines: row 1 is line 1.

A flat table of AWS becomes the text that AWS itself writes, which the engine reads fastest; any
other table, as BigQuery exports it with records in records, becomes JSON.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from recommender.model.errors import BombError, PartialInputError
from recommender.sources.aws_fields import is_header
from recommender.sources.engine import open_engine
from recommender.sources.remote import is_remote, opened_object
from recommender.sources.streams import spooled
from recommender.sources.table_text import csv_text
from recommender.sources.unpacking import Guard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    from recommender.sources.cutting import Lines
    from recommender.sources.discovery import InputFile

#: What a Parquet file begins and ends with.
MAGIC: Final = b"PAR1"
_ROWS: Final = 16_384


def table_rows(file: InputFile, chunks: Iterable[bytes], *, at_hand: bool) -> Iterator[Lines]:
    """The rows of a Parquet file as lines, some rows at a time.

    Args:
        file: The file.
        chunks: Its unpacked content; not asked for where the file can be read where it lies.
        at_hand: Whether the content is in memory, so that it is never read where it lies.

    Yields:
        First the names of the columns as a line of CSV, or nothing where rows are JSON; then
        rows.

    Raises:
        InputError: There is no room to unpack it.
        BombError: Its rows are far more than its size allows.
        PartialInputError: The file is cut off or corrupt; raised after what could be read.
    """
    import pyarrow as pa  # only who has tables pays for it
    import pyarrow.parquet as pq

    with _opened(file, chunks, at_hand=at_hand) as stream:
        guard = Guard(file.name, stream.seek(0, io.SEEK_END))
        stream.seek(0)
        try:
            table = pq.ParquetFile(stream)
            names = table.schema_arrow.names
            flat = is_header(names)
            yield (",".join(names).encode(), 1) if flat else (b"", 0)
            for text, rows in csv_text(table) if flat else _json(table):
                guard.unpacked += len(text)
                guard.check()
                yield text, rows
        except BombError:
            raise
        except (pa.ArrowException, OSError) as error:
            message = "the Parquet file is cut off or corrupt"
            hint = "fetch it again, or pass --allow-partial to use what could be read"
            raise PartialInputError(message, where=file.name, hint=hint) from error


@contextmanager
def _opened(file: InputFile, chunks: Iterable[bytes], *, at_hand: bool) -> Iterator[IO[bytes]]:
    """The file where it lies if it is no archive, else what is in it, from a file without name."""
    if file.path and not at_hand:
        remote = is_remote(file.path)
        with opened_object(file) if remote else Path(file.path).open("rb") as stream:
            if stream.read(len(MAGIC)) == MAGIC:
                yield stream
                return
    with spooled(file, chunks) as stream:
        yield stream


def _json(table: pq.ParquetFile) -> Iterator[Lines]:
    import pyarrow as pa

    with open_engine() as engine:
        for batch in table.iter_batches(batch_size=_ROWS):
            yield _json_of(engine, pa.Table.from_batches([batch])), batch.num_rows


def _json_of(engine: duckdb.DuckDBPyConnection, rows: pa.Table) -> bytes:
    engine.register("rows", rows)
    query = "SELECT string_agg(to_json(r)::VARCHAR, chr(10)) FROM rows AS r"
    ((text,),) = engine.execute(query).fetchall()
    engine.unregister("rows")
    return f"{text or ''}\n".encode()
