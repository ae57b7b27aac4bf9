"""Flat tables of AWS as the text that the engine reads fastest."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from recommender.sources.aws_fields import READ, normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    import pyarrow.parquet as pq

    from recommender.sources.cutting import Lines

_ROWS: Final = 65_536
# What would end a field or a line of text without quotes. No value that is read has any of it.
_STRUCTURE: Final = '[,"\r\n]'


def csv_text(table: pq.ParquetFile) -> Iterator[Lines]:
    """The rows as CSV, some at a time, with every column at its place.

    Columns that nobody reads stay empty, and are not even unpacked.
    """
    names = table.schema_arrow.names
    read = [name for name in names if normal(name) in READ]
    for batch in table.iter_batches(batch_size=_ROWS, columns=read):
        columns = {name: _plain(batch.column(name), READ[normal(name)]) for name in read}
        yield _written([columns.get(name) for name in names], batch.num_rows), batch.num_rows


def _written(columns: list[pa.Array | None], rows: int) -> bytes:
    import pyarrow as pa

    nothing = pa.nulls(rows, pa.string())
    full = [nothing if column is None else column for column in columns]
    try:
        return _csv(full)
    except pa.ArrowInvalid:
        # A value has a comma, a quote or an end of a line in it.
        return _csv([_tamed(column) for column in full])


def _csv(columns: list[pa.Array]) -> bytes:
    import pyarrow as pa
    from pyarrow import csv

    out = io.BytesIO()
    rows = pa.RecordBatch.from_arrays(columns, names=[str(i) for i in range(len(columns))])
    csv.write_csv(rows, out, csv.WriteOptions(include_header=False, quoting_style="none"))
    return out.getvalue()


def _tamed(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return column
    return pc.replace_substring_regex(column, _STRUCTURE, "?")


def _plain(column: pa.Array, kind: str) -> pa.Array:
    """A column in a type of text or numbers; what is neither has no value that can be read."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kind == "VARCHAR":
        return _cast(column, pa.string())
    if types.is_timestamp(column.type):
        column = _cast(column, pa.timestamp("s", column.type.tz))
    if types.is_timestamp(column.type) or types.is_floating(column.type):
        return _cast(column, pa.int64())
    return column if types.is_integer(column.type) else _cast(column, pa.string())


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column in another type, or as it is where a value would be lost by it."""
    import pyarrow as pa

    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return column
    except pa.ArrowNotImplementedError:
        return pa.nulls(len(column), pa.string())
