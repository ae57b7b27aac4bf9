"""AWS flow logs with fields in lines, read column by column by Arrow's reader of CSV.

For logs that hold all that their records' meaning depends on: the packet's own addresses and the
way at the interface. Whatever Arrow does not read, or the columns do not say, is left to SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.sources.aws_fields import NOTHING, READ
from recommender.sources.aws_forms import columns_of, split_by
from recommender.sources.aws_rows import LAST_SECOND, canonical_sql
from recommender.sources.columns import Columns, LargeReads, numbers, places, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from recommender.sources.columns import Integers
    from recommender.sources.layout import Layout
    from recommender.sources.texts import Text

# Text that is parsed at a time. Addresses come again and again, and are looked up once in each.
_PIECE_BYTES: Final = 24 << 20

_NEEDED: Final = frozenset(
    {
        *("interface_id", "pkt_srcaddr", "pkt_dstaddr", "srcport", "dstport", "protocol"),
        *("bytes", "start", "end", "action", "flow_direction"),
    }
)
# The addresses that the interface itself has tell nothing where the packet's own are known.
_SPARED: Final = ("srcaddr", "dstaddr")
_WORDS: Final = {
    "action": ("ACCEPT", "REJECT"),
    "flow_direction": ("ingress", "egress"),
    "log_status": ("OK", "NODATA", "SKIPDATA"),
}
_MICROSECONDS: Final = 1_000_000
_DAY: Final = 86_400
# No record is of more; sums of so many are numbers still.
_MOST: Final = 2**40


def read_columns(layout: Layout, text: Text, first_line: int) -> Iterator[Columns]:
    """The records of a block in pieces; none where the layout is not one for it.

    Args:
        layout: How the file writes its records.
        text: The text of the block.
        first_line: Number of its first line.

    Raises:
        ValueError: The columns do not say all that the records mean, or cannot be read.
    """
    from pyarrow import csv

    read, quote = split_by(layout)
    fields = [name for name in READ if name in layout.fields and name not in _SPARED]
    skipped = int(layout.header and first_line == 1)
    reader = csv.open_csv(
        LargeReads(text),
        read_options=csv.ReadOptions(
            use_threads=False,
            block_size=_PIECE_BYTES,
            column_names=columns_of(layout),
            skip_rows=skipped,
        ),
        parse_options=csv.ParseOptions(
            delimiter=read, quote_char=quote or False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types={name: _type(READ[name]) for name in fields},
            include_columns=fields,
            null_values=[NOTHING, ""],
            strings_can_be_null=True,
            # A sound block is text.
            check_utf8=False,
        ),
    )
    line = first_line + skipped
    for batch in reader:
        yield _columns(batch, line)
        line += batch.num_rows


def can_read(layout: Layout) -> bool:
    """Whether a log has all that its records' meaning depends on, in lines with fields."""
    return split_by(layout) != ("", "") and set(layout.fields) >= _NEEDED


def fields_sql(relation: str, names: list[str]) -> str:
    """SQL for the canonical flows of a relation of fields.

    Args:
        relation: Its name; it has ``line`` and the fields.
        names: Which fields it has.
    """
    columns = ", ".join(
        f'"{name}"::{kind} AS "{name}"' if name in names else f'NULL::{kind} AS "{name}"'
        for name, kind in READ.items()
    )
    return canonical_sql(
        f"SELECT line, NULL::VARCHAR AS malformed, false AS is_header, {columns} FROM {relation}"
    )


def _type(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind == "VARCHAR":
        return pa.dictionary(pa.int32(), pa.string())
    return pa.int32() if kind == "INTEGER" else pa.int64()


def _places(column: dict[str, pa.DictionaryArray], name: str) -> Integers:
    import pyarrow as pa

    return places(column[name], pa.array(_WORDS[name]))


def _columns(batch: pa.RecordBatch, line: int) -> Columns:
    """Records with what is told of them by number."""
    import numpy as np

    column = dict(zip(batch.schema.names, batch.columns, strict=True))
    source, target = column["pkt_srcaddr"], column["pkt_dstaddr"]
    words = {name: _places(column, name) for name in _WORDS if name in column}
    status = words.get("log_status", np.zeros(len(batch), np.int32))
    # What cannot be told from these columns alone.
    told = (words["flow_direction"] >= 0) & source.is_valid().to_numpy(zero_copy_only=False)
    told &= target.is_valid().to_numpy(zero_copy_only=False)
    if not (told | (status > 0)).all():
        message = "a record lacks the packet's addresses, or its way"
        raise ValueError(message)
    number = {
        name: numbers(column[name], -1)
        for name in ("srcport", "dstport", "protocol", "start", "end")
    }
    size = numbers(column["bytes"], 0)
    flags = numbers(column["tcp_flags"], -1) if "tcp_flags" in column else None
    packets = numbers(column["packets"], 2) if "packets" in column else None
    observer = column["interface_id"]
    plain = told & (status == 0) & (words["action"] >= 0)
    if observer.null_count:
        plain &= observer.is_valid().to_numpy(zero_copy_only=False)
    plain &= within(number["srcport"], 1, 65535) & within(number["dstport"], 1, 65535)
    plain &= within(number["protocol"], 0, 255) & within(size, 0, _MOST)
    for name in ("start", "end"):
        plain &= within(number[name], _DAY, LAST_SECOND)
    shape = number["protocol"].astype("int64") << 12
    shape |= words["action"] << 11 | words["flow_direction"] << 10
    if packets is not None:
        plain &= within(packets, 0, _MOST)
    if flags is not None:
        plain &= within(flags, -1, 255)
        shape |= (flags + 1) << 1
    # Without flags it matters whether there were several packets, as where nothing is said of them.
    if flags is None or flags.min(initial=0) < 0:
        shape |= 1 if packets is None else packets > 1
    return Columns(
        first_line=line,
        fields=batch,
        row=np.arange(len(batch)),
        plain=plain,
        shape=shape,
        src_ip=source,
        dst_ip=target,
        src_port=number["srcport"],
        dst_port=number["dstport"],
        protocol=number["protocol"],
        start=number["start"] * _MICROSECONDS,
        until=number["end"] * _MICROSECONDS,
        bytes=size,
        observer=observer,
    )
