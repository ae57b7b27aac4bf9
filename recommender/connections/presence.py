"""When the logs reported at all: hours with records and the gaps between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.sources.canonical import Sign

if TYPE_CHECKING:
    import duckdb

_HOURS_A_DAY: Final = 24


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
_INTERFACES: Final = f"(signs & {int(Sign.PLATFORM)} <> 0 AND src <= 0 AND dst <= 0)"
# Records without a time stand at the epoch and tell nothing.
_SEEN: Final = """
    SELECT {observer} AS observer, hour, sum(records) AS records
    FROM flow_group WHERE hour > 0 AND ({observer} = '' OR NOT {interfaces}) GROUP BY ALL
"""
_PRESENCE: Final = """
    SELECT observer, sum(records), count(*), count(DISTINCT hour // {day}), min(hour), max(hour),
        list([hour + 1, next] ORDER BY hour) FILTER (next > hour + 1)
    FROM (
        SELECT *, lead(hour) OVER (PARTITION BY observer ORDER BY hour) AS next
        FROM ({seen}) AS seen
    ) AS stepped GROUP BY observer ORDER BY observer
"""


def presence(connection: duckdb.DuckDBPyConnection) -> tuple[Presence, ...]:
    """The log as a whole first, then each node that reported, by name; none without times."""
    found = []
    for observer in ("''", "observer"):
        query = _PRESENCE.format(
            seen=_SEEN.format(observer=observer, interfaces=_INTERFACES), day=_HOURS_A_DAY
        )
        for name, records, hours, days, first, last, gaps in connection.execute(query).fetchall():
            if name or observer == "''":
                spans = tuple((int(start), int(end)) for start, end in gaps or ())
                found.append(Presence(name, int(records), hours, days, first, last, spans))
    return tuple(found)
