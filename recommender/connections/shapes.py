"""What the shapes of records mean: who opened the connection, and what the record shows of it.

The SQL that names and turns all records of clouds says it; here it is asked once for each shape,
with one record that has it and what is known of that record's ends.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.connections.located import EPHEMERAL, turned_sql

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import pyarrow as pa

    from recommender.connections.history import Flags, Integers
    from recommender.connections.lookup import Held
    from recommender.sources.columns import Columns

# The shape of a record with an end that is not known: such a record is not drawn.
_UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a record is of a shape.

    Attributes:
        drawn: Whether it is drawn together with others, as far as its ends' workloads are alike.
        turned: Whether its destination is the client.
        protocol: The protocol of the connection.
        verdict: What became of it.
        direction: The way of the connection at the interface.
        signs: What the record shows of it.
        flows: How many connections it counts for.
    """

    drawn: bool
    turned: bool = False
    protocol: str = ""
    verdict: str = ""
    direction: str = ""
    signs: int = 0
    flows: int = 0


class Shapes:
    """The meanings of the shapes of one format, learned as they are met; for several threads.

    Attributes:
        meanings: Every meaning so far, by its number; the first is that of what is not drawn.
    """

    def __init__(self, flows_sql: Callable[[str, list[str]], str]) -> None:
        """Know nothing yet.

        Args:
            flows_sql: SQL for the canonical flows of a relation of some fields.
        """
        self.meanings = [Meaning(drawn=False)]
        self._number = {self.meanings[0]: 0}
        self._of_shape = {_UNKNOWN: 0}
        self._flows_sql = flows_sql
        self._lock = threading.Lock()

    def of(
        self,
        cursor: duckdb.DuckDBPyConnection,
        columns: Columns,
        ends: tuple[Held, Held],
        listens: tuple[Flags, Flags],
    ) -> Integers:
        """The number of the meaning of each record.

        Args:
            cursor: A connection.
            columns: The records; all of them plain.
            ends: Who held their source and their destination.
            listens: Whether these are known to listen on their ports.
        """
        import numpy as np
        import pyarrow as pa

        source, target = ends
        shape = columns.shape << 6
        shape |= listens[0] << 5 | listens[1] << 4
        shape |= (columns.src_port >= EPHEMERAL) << 3 | (columns.dst_port >= EPHEMERAL) << 2
        shape |= (source.who < 0) << 1 | (target.who < 0)
        shape[~(source.known & target.known)] = _UNKNOWN
        codes = pa.array(shape).dictionary_encode()
        distinct, code = codes.dictionary.to_pylist(), codes.indices.to_numpy()
        with self._lock:
            fresh = [i for i, one in enumerate(distinct) if one not in self._of_shape]
            if fresh:
                rows = np.array([np.argmax(code == i) for i in fresh])
                shown = _shown(columns, rows, ends, listens)
                found = self._learn(cursor, shown)
                self._of_shape |= dict(zip([distinct[i] for i in fresh], found, strict=True))
            number = np.array([self._of_shape[one] for one in distinct], np.int32)
        found_numbers: Integers = number[code]
        return found_numbers

    def _learn(self, cursor: duckdb.DuckDBPyConnection, shown: pa.Table) -> list[int]:
        names = [name for name in shown.schema.names if name != "line"]
        cursor.register("shown", shown)
        try:
            rows = cursor.execute(_meanings_sql(self._flows_sql("shown", names))).fetchall()
        finally:
            cursor.unregister("shown")
        meanings = [Meaning(*row[1:]) if row[1] else self.meanings[0] for row in sorted(rows)]
        for meaning in meanings:
            if meaning not in self._number:
                self._number[meaning] = len(self.meanings)
                self.meanings.append(meaning)
        return [self._number[meaning] for meaning in meanings]


def _shown(
    columns: Columns, rows: Integers, ends: tuple[Held, Held], listens: tuple[Flags, Flags]
) -> pa.Table:
    """Some records, numbered as lines, with what is known of their ends."""
    import numpy as np
    import pyarrow as pa

    table = columns.written(rows).drop_columns("line")
    table = table.append_column("line", pa.array(np.arange(len(rows))))
    for side, held, heard in zip("sd", ends, listens, strict=True):
        for name, values in (
            # Whatever the end is: the meaning does not depend on it.
            ("id", held.who),
            ("who", held.who),
            ("bit", held.bit),
            ("pod", held.known),
            ("listens", heard),
        ):
            table = table.append_column(f"{side}_{name}", pa.array(values[rows]))
    return table


def _meanings_sql(flows: str) -> str:
    """SQL for what records mean whose ends are known."""
    ends = ", ".join(
        f"{side}_id, NULL::VARCHAR AS {side}_new, {side}_who, {side}_bit, {side}_pod, "
        f"{side}_listens"
        for side in "sd"
    )
    named = f"""
        SELECT flow.*, {ends}
        FROM (SELECT *, malformed IS NULL AND aside IS NULL AS kept FROM ({flows})) AS flow
        JOIN shown USING (line)
    """
    return f"""
        SELECT line, kept AND turn <> 0 AND direction <> '' AND src_ip IS NULL AND dst_ip IS NULL,
            turn < 0, protocol, verdict, direction, signs, flows
        FROM ({turned_sql(named)})
    """
