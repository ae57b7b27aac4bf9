"""Records of a block column by column: what few words say of many records, as numbers.

What a record means depends on few things beside its addresses and times: protocol, flags, action
and the like. Alike in all of them, records have one *shape*; the SQL of the format says what a
shape means once, and need not say it for each record.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from recommender.sources.texts import TextFile

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Integers = NDArray[np.integer[Any]]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Some consecutive records.

    Attributes:
        first_line: Line of the first row of the fields; each of the others is a line further.
        fields: What the log wrote, as its format names it.
        row: Which row of the fields each record is.
        plain: Which records mean what their shape says, with the columns below.
        shape: What the canonical flow of a plain record depends on, except for the columns below.
        src_ip: Packet source addresses, as a dictionary.
        dst_ip: Packet destination addresses, as a dictionary.
        src_port: Packet source ports; above 0 where plain.
        dst_port: Packet destination ports; above 0 where plain.
        protocol: IP protocol numbers.
        start: Begin, in microseconds since 1970 UTC.
        until: End.
        bytes: Bytes.
        observer: Who reported the record, as a dictionary.
    """

    first_line: int
    fields: pa.RecordBatch
    row: Integers
    plain: Flags
    shape: Integers
    src_ip: pa.DictionaryArray
    dst_ip: pa.DictionaryArray
    src_port: Integers
    dst_port: Integers
    protocol: Integers
    start: Integers
    until: Integers
    bytes: Integers
    observer: pa.DictionaryArray

    @property
    def line(self) -> Integers:
        """The line of each record."""
        return self.row + self.first_line

    def only(self, chosen: Integers) -> Columns:
        """Some of the records."""
        import pyarrow as pa

        taken = {name: getattr(self, name)[chosen] for name in _NUMBERS}
        at = pa.array(chosen)
        texts = {name: getattr(self, name).take(at) for name in _TEXTS}
        return replace(self, **taken, **texts)

    def written(self, chosen: Flags | Integers) -> pa.Table:
        """The fields of some records, with their lines."""
        import pyarrow as pa

        row = self.row[chosen]
        table = pa.Table.from_batches([self.fields]).take(pa.array(row))
        return table.append_column("line", pa.array(row + self.first_line))


_TEXTS: Final = ("src_ip", "dst_ip", "observer")
_NUMBERS: Final = tuple(
    one.name for one in fields(Columns) if one.name not in {"first_line", "fields", *_TEXTS}
)


class LargeReads(TextFile):
    """A text as a file object that is read in pieces of many megabytes.

    A buffer of that size from the system's own allocator is new, page by page, each time. One of
    numpy's is of few large pages.
    """

    def read(self, size: int = -1) -> memoryview:  # type: ignore[override]  # bytes in a buffer
        """The next bytes."""
        import numpy as np

        left = max(0, self._text.size - self._position)
        buffer = np.empty(left if size < 0 else min(size, left), np.uint8).data
        filled = self._text.read_into(self._position, buffer)
        self._position += filled
        return buffer[:filled]


def numbers(column: pa.Array, missing: int) -> Integers:
    """A column of numbers; ``missing`` stands for what is not there."""
    filled = column.fill_null(missing) if column.null_count else column
    found: Integers = filled.to_numpy()
    return found


def places(column: pa.DictionaryArray, words: pa.Array) -> Integers:
    """Which of some words each value of a column is; -1 for another, or for none."""
    import numpy as np
    from pyarrow import compute

    of_word = compute.index_in(column.dictionary, value_set=words).fill_null(-1).to_numpy()
    found: Integers = np.append(of_word, -1)[numbers(column.indices, len(of_word))]
    return found


def within(values: Integers, low: int, high: int) -> Flags | bool:
    """Which of some numbers are within bounds; True where all are."""
    if not len(values) or (values.min() >= low and values.max() <= high):
        return True
    found: Flags = (values >= low) & (values <= high)
    return found
