"""Parquet files, turned into lines of JSON: row 1 is line 1."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from recommender.model.errors import InputError, PartialInputError
from recommender.sources.engine import open_engine
from recommender.sources.remote import is_remote, opened_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from recommender.sources.discovery import InputFile

#: What a Parquet file begins and ends with.
MAGIC: Final = b"PAR1"
_ROWS: Final = 16_384


def table_lines(file: InputFile) -> Iterator[bytes]:
    """The rows of a Parquet file as lines of JSON, some rows at a time.

    Raises:
        InputError: It is standard input, which cannot be read from its end.
        PartialInputError: The file is cut off or corrupt; raised after what could be read.
    """
    import pyarrow as pa  # only who has tables pays for it
    import pyarrow.parquet as pq

    with _opened(file) as stream, open_engine() as engine:
        try:
            for batch in pq.ParquetFile(stream).iter_batches(batch_size=_ROWS):
                yield _lines(engine, pa.Table.from_batches([batch]))
        except (pa.ArrowException, OSError) as error:
            message = "the Parquet file is cut off or corrupt"
            hint = "fetch it again, or pass --allow-partial to use what could be read"
            raise PartialInputError(message, where=file.name, hint=hint) from error


@contextmanager
def _opened(file: InputFile) -> Iterator[IO[bytes]]:
    if not file.path:
        message = "Parquet cannot be read from standard input: its index stands at its end"
        raise InputError(message, where=file.name, hint="name the file")
    if is_remote(file.path):
        with opened_object(file) as stream:
            yield stream
    else:
        with Path(file.path).open("rb") as stream:
            yield stream


def _lines(engine: duckdb.DuckDBPyConnection, rows: Any) -> bytes:  # noqa: ANN401 - an Arrow table
    engine.register("rows", rows)
    query = "SELECT string_agg(to_json(r)::VARCHAR, chr(10)) FROM rows AS r"
    ((text,),) = engine.execute(query).fetchall()
    engine.unregister("rows")
    return f"{text or ''}\n".encode()
