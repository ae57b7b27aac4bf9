"""Legs of conversations become edges, with the counts that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.connections.conversations import OUTSIDE, judge
from recommender.connections.folding import fold
from recommender.connections.numbering import EVERYWHERE_V4, EVERYWHERE_V6, NOTHING
from recommender.connections.weighing import KEY, PODS, SAME, SIDED, counted_sql
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

    from recommender.connections.traits import Traits

_POD: Final = int(EndClass.POD)
_WORLD: Final = int(EndClass.WORLD)
# Clients of the world beyond the threshold are drawn together to everywhere.
_CROWDS: Final = f"""
    CREATE TEMP TABLE crowd AS
    SELECT v_entity, protocol, v_port, outcome, v6
    FROM leg JOIN address ON address.id = c_ip
    WHERE c_class = {_WORLD} AND v_class = {_POD} AND NOT private
    GROUP BY ALL HAVING count(DISTINCT c_ip) > ?
"""
_CROWDED: Final = f"""
    UPDATE leg SET crowd = CASE WHEN address.v6 THEN {EVERYWHERE_V6} ELSE {EVERYWHERE_V4} END
    FROM address JOIN crowd USING (v6)
    WHERE c_class = {_WORLD} AND v_class = {_POD} AND c_ip = address.id AND NOT private
      AND leg.v_entity = crowd.v_entity AND leg.protocol = crowd.protocol
      AND leg.v_port = crowd.v_port AND leg.outcome = crowd.outcome
"""
# Where ends are that are told by their place: an address outside, or everywhere.
_PLACED: Final = f"""
    CREATE TEMP VIEW placed AS
    SELECT *, CASE WHEN c_class NOT IN {OUTSIDE} THEN {NOTHING}
            WHEN crowd <> {NOTHING} THEN crowd ELSE c_ip END AS c_out,
        CASE WHEN v_class NOT IN {OUTSIDE} THEN {NOTHING} ELSE v_ip END AS v_out
    FROM leg
"""


def _pods(side: str) -> str:
    """How many pods, or addresses where none is known by name."""
    return f"""coalesce(
        nullif(count(DISTINCT {side}_pod) FILTER ({side}_pod <> 0 AND {{alone}}), 0),
        count(DISTINCT {side}_ip) FILTER ({side}_pod = 0 OR NOT ({{alone}})))"""


# What an edge counts distinct of is drawn together first: connections differ in their ports.
_EDGES: Final = f"""
    CREATE TEMP TABLE edge AS
    WITH counted AS ({{counted}}), compact AS (
        SELECT {KEY}, c_pod, c_ip, v_pod, v_ip, hour, observer, how, {{sides}}
            sum(records) AS records, min(first) AS first, max(last) AS last,
            min(place) AS sample, bit_or(signs) AS signs
        FROM placed GROUP BY ALL
    ), merged AS (
        SELECT {KEY}, sum(records) AS records, min(first) AS first, max(last) AS last,
            {_pods("c")} AS c_pods, {_pods("v")} AS v_pods,
            count(DISTINCT hour // 24) AS days, count(DISTINCT hour) AS hours,
            {{observers}} AS observers,
            list(DISTINCT c_ip) FILTER (c_class <> {_POD} AND c_out >= {NOTHING}) AS c_ips,
            list(DISTINCT v_ip) FILTER (v_class <> {_POD}) AS v_ips,
            min(sample, 3) AS samples, bit_or(signs) AS signs,
            bool_or(how IN ('listener', 'fan-in', 'port')) AS inferred,
            bool_or(how = 'address') AS by_address
        FROM compact GROUP BY {KEY}
    )
    SELECT merged.* {{all_pods}}, flows, bytes
    FROM merged JOIN counted USING ({KEY}) {{pods}}
"""
# What there is only where rows were drawn together over pods and interfaces. Of the interfaces of a
# cloud one on each side is named: there may be thousands.
_OF_CLOUDS: Final = {
    "sides": f"""{SIDED} AS sided, CASE WHEN {SIDED} THEN way ELSE ''::way END AS way,""",
    "alone": "NOT sided",
    "observers": """list_distinct(list_concat(list(DISTINCT observer) FILTER (NOT sided), [
        min(observer) FILTER (sided AND way = 'INGRESS'),
        min(observer) FILTER (sided AND way = 'EGRESS')]))""",
    "all_pods": """REPLACE (greatest(c_pods, coalesce(clients, 0)) AS c_pods,
        greatest(v_pods, coalesce(servers, 0)) AS v_pods)""",
    "pods": f"LEFT JOIN pods USING ({SAME})",
}
_OTHERWISE: Final = {
    "sides": "",
    "alone": "true",
    "observers": "list(DISTINCT observer)",
    "all_pods": "",
    "pods": "",
}
_ADDRESSES: Final = "SELECT id, ip FROM address WHERE id IN (SELECT unnest(?))"
_OBSERVERS: Final = "SELECT id, name FROM observer WHERE id IN (SELECT unnest(?))"


def aggregate(
    connection: duckdb.DuckDBPyConnection, log: Traits, *, world_threshold: int
) -> tuple[list[dict[str, Any]], list[tuple[int, str, int]]]:
    """Turn the table ``leg`` into edges.

    Args:
        connection: The store, after :func:`recommender.connections.orient.orient`.
        log: What the log shows as a whole. What no record of it needs is left out: to plan it takes
            time as well.
        world_threshold: Distinct public addresses that may reach one port of a workload before
            they are drawn together to ``0.0.0.0/0`` or ``::/0``.

    Returns:
        One mapping an edge, and what became of the records of each block as
        (its number, reason or verdict, records).
    """
    fates = judge(connection, log)
    ((crowds,),) = connection.execute(_CROWDS, [world_threshold]).fetchall()
    if crowds:
        connection.execute(_CROWDED)
    connection.execute(_PLACED)
    if log.clouded:
        connection.execute(PODS)
    parts = _OF_CLOUDS if log.clouded else _OTHERWISE
    connection.execute(_EDGES.format(counted=counted_sql(log), **parts))
    result = fold(connection)
    columns = [column[0] for column in result.description or ()]
    rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    _name(connection, rows)
    return rows, fates


def _name(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    """Put texts in the place of the numbers of addresses and observers."""
    for query, single, several in (
        (_ADDRESSES, ("c_out", "v_out"), ("c_ips", "v_ips")),
        (_OBSERVERS, (), ("observers",)),
    ):
        numbers = {row[name] for row in rows for name in single}
        numbers |= {number for row in rows for name in several for number in row[name] or ()}
        text = dict(connection.execute(query, [sorted(numbers)]).fetchall())
        for row in rows:
            row |= {name: text[row[name]] for name in single}
            row |= {name: [text[number] for number in row[name] or ()] for name in several}
