"""When the logs reported at all: hours with records and the gaps between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import NOTHING
from recommender.sources.canonical import Sign

if TYPE_CHECKING:
    import duckdb

_DAY: Final = 24  # hours


@dataclass(frozen=True, slots=True)
class Presence:
    """When one node, or the log as a whole, reported records that make edges.

    Hours count from the epoch, UTC.

    Attributes:
        observer: Name of the node; empty for the log as a whole.
        records: Records in all.
        hours: Distinct clock hours with a record.
        days: Distinct calendar days with a record.
        first: The first hour with a record.
        last: The last one.
        gaps: Runs of hours without a record between them, as (first hour, hour after the last).
    """

    observer: str
    records: int
    hours: int
    days: int
    first: int
    last: int
    gaps: tuple[tuple[int, int], ...] = ()


# What reports to a cloud that knows addresses alone is an interface, of which there are thousands.
_INTERFACES: Final = f"(signs & {int(Sign.PLATFORM)} <> 0 AND c_end <= 0 AND v_end <= 0)"
# Records without a time stand at the epoch and tell nothing.
_PRESENCE: Final = f"""
    WITH seen AS MATERIALIZED (
        SELECT CASE WHEN {_INTERFACES} THEN {NOTHING} ELSE observer END AS reporter, hour,
            sum(records) AS records
        FROM leg WHERE hour > 0 GROUP BY ALL
    ), stepped AS (
        SELECT *, lead(hour) OVER (PARTITION BY reporter ORDER BY hour) AS next FROM (
            SELECT {NOTHING} AS reporter, hour, sum(records) AS records FROM seen GROUP BY hour
            UNION ALL SELECT * FROM seen WHERE reporter <> {NOTHING}
        ) AS each
    )
    SELECT any_value(name), sum(records), count(*), count(DISTINCT hour // {_DAY}),
        min(hour), max(hour), list([hour + 1, next] ORDER BY hour) FILTER (next > hour + 1)
    FROM stepped JOIN observer ON id = reporter GROUP BY reporter ORDER BY reporter
"""


def presence(connection: duckdb.DuckDBPyConnection) -> tuple[Presence, ...]:
    """The log as a whole first, then each node that reported, by name; none without times.

    Args:
        connection: The store, after :func:`recommender.connections.orient.orient`.
    """
    found = []
    for name, records, hours, days, first, last, gaps in connection.execute(_PRESENCE).fetchall():
        spans = tuple((int(start), int(end)) for start, end in gaps or ())
        found.append(Presence(name, int(records), hours, days, first, last, spans))
    return tuple(found)
