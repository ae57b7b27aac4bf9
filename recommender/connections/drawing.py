"""Records of clouds drawn together over pods and interfaces, column by column.

It does for most records of a large log what :mod:`recommender.connections.located` does in SQL
for every record of any log: where both ends are pods of the cluster's history and the record
tells who opened its connection. All others are handed back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.connections.drawn import draw_together
from recommender.connections.located import TELLING
from recommender.connections.locating import locate, span_of
from recommender.connections.lookup import span_of_history
from recommender.connections.shapes import Shapes
from recommender.sources.canonical import Sign
from recommender.sources.formats import FORMATS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from recommender.connections.history import History
    from recommender.connections.lookup import Listening
    from recommender.sources.blocks import Block
    from recommender.sources.columns import Columns
    from recommender.sources.layout import Layout

# Records of a block that may be handed back; where there are more, the block is read by SQL.
_MOST_REST: Final = 200_000


@dataclass(slots=True)
class Drawn:
    """What the records of a block were drawn to.

    Attributes:
        records: Records in all, with those that were not drawn.
        groups: Rows of like records.
        pairs: Which pods took part, by workloads and port.
        rest: The fields of the records that were not drawn.
    """

    records: int = 0
    groups: list[pa.Table] = field(default_factory=list)
    pairs: list[pa.Table] = field(default_factory=list)
    rest: list[pa.Table] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many records were not drawn."""
        return sum(len(table) for table in self.rest)


class Drawer:
    """Draws records together by the history of a cluster; for several threads."""

    def __init__(self, known: History, listening: Listening) -> None:
        """Know the cluster.

        Args:
            known: Who held which address when.
            listening: Who is known to listen on which port.
        """
        self._known, self._listening = known, listening
        self._shapes = {
            name: Shapes(one.columns.flows_sql) for name, one in FORMATS.items() if one.columns
        }

    def draw(self, cursor: duckdb.DuckDBPyConnection, layout: Layout, block: Block) -> Drawn | None:
        """The records of a block, drawn together; those that cannot be, in ``grouped``.

        Args:
            cursor: A connection.
            layout: How the file writes its records.
            block: The block.

        Returns:
            None where the block has to be read in another way.
        """
        known = FORMATS.get(layout.format)
        reader = known.columns if known else None
        if reader is None or block.sound is False or not reader.can_read(layout):
            return None
        found = Drawn()
        shapes = self._shapes[layout.format]
        try:
            for columns in reader.read(layout, block.text, block.first_line):
                found.records += len(columns.plain)
                self._take(cursor, shapes, columns, found)
                if found.left > _MOST_REST:
                    return None
        except ValueError:
            return None
        header = int(layout.header and block.first_line == 1)
        sound: bool = found.records + header == block.sound_lines
        return found if sound and self._group_rest(cursor, layout, found) else None

    def _group_rest(self, cursor: duckdb.DuckDBPyConnection, layout: Layout, found: Drawn) -> bool:
        """Make the table ``grouped`` of what was not drawn; whether none of it is malformed."""
        import pyarrow as pa

        known = FORMATS[layout.format]
        if not found.left or known.columns is None:
            return True
        rest = pa.concat_tables(found.rest, promote_options="permissive")
        names = [name for name in rest.schema.names if name != "line"]
        flows = known.columns.flows_sql("rest", names)
        cursor.register("rest", rest)
        try:
            locate(cursor, flows, bare=known.bare, span=span_of(cursor, f"({flows})"))
        finally:
            cursor.unregister("rest")
        ((malformed,),) = cursor.execute("SELECT count(malformed) FROM grouped").fetchall()
        return int(malformed) == 0

    def _take(
        self,
        cursor: duckdb.DuckDBPyConnection,
        shapes: Shapes,
        columns: Columns,
        found: Drawn,
    ) -> None:
        import numpy as np

        if not columns.plain.all():
            found.rest.append(columns.written(~columns.plain))
            columns = columns.only(np.flatnonzero(columns.plain))
        if not len(columns.row):
            return
        span = span_of_history(self._known, int(columns.start.min()), int(columns.start.max()))
        ends = (
            span.find(columns.src_ip, columns.start, columns.until),
            span.find(columns.dst_ip, columns.start, columns.until),
        )
        listens = (
            self._listening.find(ends[0], columns.protocol, columns.src_port),
            self._listening.find(ends[1], columns.protocol, columns.dst_port),
        )
        meaning = shapes.of(cursor, columns, ends, listens)
        drawn = np.array([one.drawn for one in shapes.meanings])[meaning]
        if not drawn.all():
            found.rest.append(columns.written(~drawn))
            rows = np.flatnonzero(drawn)
            columns, meaning = columns.only(rows), meaning[rows]
            ends = ends[0].only(rows), ends[1].only(rows)
        if len(columns.row):
            groups, pairs = draw_together(self._known, columns, ends, meaning, shapes.meanings)
            found.groups.append(groups)
            found.pairs.append(pairs)


# Rows of pieces are of one block; rows that differ in what telling signs they lack stay apart.
_GROUPS: Final = f"""
    INSERT INTO flow_group
    SELECT ? AS block, min(src), min(dst), NULL, NULL, 0, dst_port, protocol, verdict, NULL,
        min(observer), direction, hour, bit_or(signs) | {int(Sign.DRAWN)}, sum(records),
        sum(flows), sum(bytes), make_timestamp(min(first)), make_timestamp(max(last)), min(line)
    FROM drawn
    GROUP BY src_who, dst_who, dst_port, protocol, verdict, direction, hour, signs & {TELLING}
"""
_PAIRS: Final = """
    INSERT INTO pair
    SELECT src_who, dst_who, protocol, dst_port, verdict, bit_or(srcs::BIT), bit_or(dsts::BIT)
    FROM drawn GROUP BY ALL
"""


def keep_drawn(cursor: duckdb.DuckDBPyConnection, drawn: Drawn, number: int) -> None:
    """Add what was drawn together to the store.

    Args:
        cursor: A connection with the tables of the store.
        drawn: What the records of a block were drawn to.
        number: Number of the block.
    """
    import pyarrow as pa

    for statement, tables, given in ((_GROUPS, drawn.groups, [number]), (_PAIRS, drawn.pairs, [])):
        if tables:
            cursor.register("drawn", pa.concat_tables(tables))
            cursor.execute(statement, given)
            cursor.unregister("drawn")
