"""Addresses and observers of a log become numbers: many rows share few of these texts.

What follows groups and joins every row by the addresses of both its ends, several times over. A
number costs a tenth of a text there. Numbers are in the order of the texts, so that the least of
them is that of the first text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

#: A pattern of SQL for private and local addresses.
PRIVATE: Final = (
    "'^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|"
    "100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.|[fF][cCdDeE]|::1$)'"
)
#: The number of no address, and of no observer.
NOTHING: Final = 0
#: Numbers that stand for all addresses of a family; those of addresses are above 0.
EVERYWHERE_V4, EVERYWHERE_V6 = -4, -6
# Lines of a block that have a number of their own: more than any block holds.
_LINES: Final = 40
#: SQL of a number for the place of a row's first record, in the order of blocks and lines.
PLACE: Final = f"(block::BIGINT << {_LINES} | line)"
#: SQL of the number of the block of such a place.
BLOCK: Final = f"(place >> {_LINES})::INTEGER"

_ADDRESSES: Final = f"""
    CREATE TEMP TABLE address AS
    SELECT id, text AS ip, contains(text, ':') AS v6, regexp_matches(text, {PRIVATE}) AS private
    FROM (
        SELECT row_number() OVER (ORDER BY text)::INTEGER AS id, text FROM (
            SELECT src_ip AS text FROM flow_group UNION SELECT dst_ip FROM flow_group
        ) AS seen WHERE text <> ''
        UNION ALL VALUES ({NOTHING}, ''), ({EVERYWHERE_V4}, '0.0.0.0/0'), ({EVERYWHERE_V6}, '::/0')
    ) AS numbered
"""
_OBSERVERS: Final = f"""
    CREATE TEMP TABLE observer AS
    SELECT row_number() OVER (ORDER BY name)::INTEGER AS id, name
    FROM (SELECT DISTINCT observer AS name FROM flow_group) AS seen WHERE name <> ''
    UNION ALL VALUES ({NOTHING}, '')
"""


def number_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Number what ``flow_group`` holds: makes the tables ``address`` and ``observer``."""
    connection.execute(_ADDRESSES)
    connection.execute(_OBSERVERS)


def placed(place: int) -> tuple[int, int]:
    """The number of the block and the line of a place."""
    return place >> _LINES, place & ((1 << _LINES) - 1)
