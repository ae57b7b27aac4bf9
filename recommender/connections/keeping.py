"""The groups of one block are added to the store: the SQL, and what runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.located import COMPACTED, PAIRS
from recommender.sources.formats import format_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import duckdb

    from recommender.sources.layout import Layout

_NEWS: Final = """
    SELECT count(new_src) + count(new_dst),
        count(names_of_src) + count(names_of_dst) + count(dns_query) FROM grouped
"""
_ENDPOINTS: Final = """
    INSERT INTO endpoint SELECT nextval('endpoint_id'), text FROM (
        SELECT new_src AS text FROM grouped WHERE new_src IS NOT NULL
        UNION SELECT new_dst FROM grouped WHERE new_dst IS NOT NULL
    ) AS seen WHERE text NOT IN (SELECT text FROM endpoint)
"""
_NUMBERED: Final = """
    SELECT grouped.* REPLACE (
        coalesce(src_id, s.id) AS src_id, coalesce(dst_id, d.id) AS dst_id)
    FROM grouped
    LEFT JOIN endpoint s ON s.text = new_src LEFT JOIN endpoint d ON d.text = new_dst
    WHERE kept
"""


def _groups_sql(relation: str) -> str:
    return f"""
        INSERT INTO flow_group
        SELECT ? AS block, src_id, dst_id, src_ip, dst_ip, src_port, dst_port, protocol, verdict,
            reply, observer, direction, hour, signs, records, flows, bytes, first, last, line
        FROM {relation} WHERE kept
    """


_GROUPS_ALL_KNOWN: Final = _groups_sql("grouped")
_GROUPS_SOME_NEW: Final = _groups_sql(f"({_NUMBERED})")
# Names are kept with the end whose DNS answers told them: the client of the connection.
_NAMES: Final = f"""
    INSERT INTO dns_name SELECT DISTINCT client, ip, lower(rtrim(name, '.')) FROM (
        WITH named AS ({_NUMBERED})
        SELECT src_id AS client, dst_ip AS ip,
            unnest(from_json(names_of_dst, '["VARCHAR"]')) AS name
        FROM named WHERE names_of_dst IS NOT NULL
        UNION ALL
        SELECT dst_id, src_ip, unnest(from_json(names_of_src, '["VARCHAR"]'))
        FROM named WHERE names_of_src IS NOT NULL
        UNION ALL
        SELECT dst_id, unnest(dns_answers), dns_query
        FROM named WHERE dns_query IS NOT NULL AND dns_answers IS NOT NULL
    ) AS seen
    WHERE ip IS NOT NULL AND name IS NOT NULL AND name <> ''
"""


def keep(
    cursor: duckdb.DuckDBPyConnection,
    layout: Layout,
    number: int,
    one_at_a_time: AbstractContextManager[object],
) -> None:
    """Add the table ``grouped`` to the store.

    Args:
        cursor: The connection that made it.
        layout: How its file writes records.
        number: Number of the block.
        one_at_a_time: Held while new ends are numbered, so that none gets two numbers.
    """
    if format_of(layout).platform and format_of(layout).bare:
        cursor.execute(COMPACTED, [number])
        cursor.execute(PAIRS)
        return
    ((new, named),) = cursor.execute(_NEWS).fetchall()
    if new:
        with one_at_a_time:
            cursor.execute(_ENDPOINTS)
    cursor.execute(_GROUPS_SOME_NEW if new else _GROUPS_ALL_KNOWN, [number])
    if named:
        cursor.execute(_NAMES)
