"""The part of the cluster's history that a block of records is joined with, cut into slots of time.

To look for one of many intervals of an address by the time alone would go through all of them.
A slot of time has one or two, so that a join of equal keys finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

# Slots for each interval that an address has on average.
_FINE: Final = 2
_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class Slots:
    """Slots of equal length, from 0.

    Attributes:
        low: Begin of the first, in microseconds since 1970 UTC.
        length: The length of each.
    """

    low: int
    length: int


def cut_history(cursor: duckdb.DuckDBPyConnection, low: int, high: int) -> Slots:
    """Make the table ``near``: what of the history touches a span of time, by slot.

    Args:
        cursor: A connection with the table ``held``.
        low: Begin of the span, in microseconds since 1970 UTC.
        high: Its end.
    """
    touching = f"held WHERE from_us <= {high} AND until_us > {low}"
    query = f"SELECT count(*), count(DISTINCT ip) FROM {touching}"
    ((intervals, addresses),) = cursor.execute(query).fetchall()
    count = min(_MOST, max(_FINE, _FINE * intervals // max(1, addresses)))
    slots = Slots(low, (high - low) // count + 1)
    cursor.execute(f"""
        CREATE OR REPLACE TEMP TABLE near AS
        SELECT *, unnest(range((greatest(from_us, {low}) - ({low})) // {slots.length},
            (least(until_us - 1, {high}) - ({low})) // {slots.length} + 1)) AS slot
        FROM {touching}
    """)
    return slots
