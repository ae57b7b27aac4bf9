"""Which part of the cluster's history a block of records needs, and the grouping with it.

A history may be long, and a block is of a short time: only what touches that time is joined. The
first and the last lines of a block tell its time; that this was right is seen afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.located import located_sql
from recommender.connections.slots import cut_history
from recommender.inventory.holdings import OPEN_FROM, OPEN_UNTIL
from recommender.sources.formats import format_of

if TYPE_CHECKING:
    import duckdb

    from recommender.sources.blocks import Block
    from recommender.sources.layout import Layout

#: A span of time in microseconds since 1970 UTC, both ends included.
Span = tuple[int, int]

# A history of fewer intervals is joined as a whole.
_FEW: Final = 20_000
_GLANCE: Final = 1 << 16
# Records are not quite in the order of their times.
_SLACK: Final = 900_000_000
_EVERY: Final = (OPEN_FROM, OPEN_UNTIL)


def locate(cursor: duckdb.DuckDBPyConnection, flows: str, *, bare: bool, span: Span | None) -> None:
    """Make the table ``grouped`` of a cloud's canonical flows.

    Args:
        cursor: A connection with the tables of the store.
        flows: SQL of the flows.
        bare: Whether the log knows addresses alone.
        span: The time that the flows are probably of; None where it is not known.
    """
    ((many,),) = cursor.execute(f"SELECT count(*) > {_FEW} FROM held").fetchall()
    low, high = span if span is not None and many else _EVERY
    cursor.execute(located_sql(flows, cut_history(cursor, low, high), bare=bare))
    if (low, high) == _EVERY:
        return
    found = span_of(cursor, "grouped", begin="first", end="last")
    if found is not None and (found[0] < low or found[1] > high):
        cursor.execute(located_sql(flows, cut_history(cursor, *found), bare=bare))


def span_of(
    cursor: duckdb.DuckDBPyConnection, relation: str, *, begin: str = "start", end: str = "until"
) -> Span | None:
    """The time that some flows are of; None where they have none."""
    query = f"""
        SELECT epoch_us(min({begin})), epoch_us(max(coalesce({end}, {begin}))) FROM {relation}
    """
    ((low, high),) = cursor.execute(query).fetchall()
    return None if low is None or high is None else (int(low), int(high))


def glance(cursor: duckdb.DuckDBPyConnection, layout: Layout, block: Block) -> Span | None:
    """The time that a block is probably of, by its first and its last lines."""
    if not format_of(layout).platform or block.text.size < _GLANCE:
        return None
    import pyarrow as pa  # only logs of clouds are glanced at

    size = block.text.size
    ends = (block.text.read(0, _GLANCE), block.text.read(max(0, size - _GLANCE), _GLANCE))
    lines = [line for text in ends for line in text.decode("utf-8", "replace").split("\n")[1:-1]]
    columns = {
        "line": pa.array(range(len(lines)), pa.int64()),
        "text": pa.array(lines, pa.string()),
    }
    cursor.register("glanced", pa.table(columns))
    flows = format_of(layout).lines_sql(layout, "glanced")
    found = span_of(cursor, f"({flows})")
    cursor.unregister("glanced")
    return None if found is None else (found[0] - _SLACK, found[1] + _SLACK)
