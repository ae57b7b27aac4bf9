"""Legs of conversations become edges, with the counts that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.connections.conversations import CLOUD, judge
from recommender.connections.folding import fold
from recommender.connections.history import PAGE
from recommender.connections.numbering import EVERYWHERE_V4, EVERYWHERE_V6, NOTHING
from recommender.connections.resolve import RANK_LABELS
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

_POD: Final = int(EndClass.POD)
# Rows of logs that know addresses alone, drawn together over pods and interfaces.
_SIDED: Final = f"(signs & {int(Sign.DRAWN)} <> 0)"
_WAYS: Final = ("INGRESS", "EGRESS")
_KEY: Final = "c_class, c_entity, c_out, v_class, v_entity, v_out, protocol, v_port, outcome"
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
_PLACED: Final = f"""
    CREATE TEMP VIEW placed AS
    SELECT *, CASE WHEN c_class NOT IN ({_WORLD}, 0) THEN {NOTHING}
            WHEN crowd <> {NOTHING} THEN crowd ELSE c_ip END AS c_out,
        CASE WHEN v_class NOT IN ({_WORLD}, 0) THEN {NOTHING} ELSE v_ip END AS v_out
    FROM leg
"""


def _larger(column: str) -> str:
    """What the interfaces of clients counted, or those of servers: the larger of the two."""
    ways = (f"coalesce(sum({column}) FILTER (way = '{way}'), 0)" for way in _WAYS)
    return f"greatest({', '.join(ways)})"


# A connection that aggregated records stand for weighs by the larger of its two observers.
_WEIGHED: Final = f"""
    SELECT {_KEY}, c_ip, c_port, v_ip, max(c_rank) AS c_rank,
        CASE WHEN bool_or(signs & {int(Sign.AGGREGATED)} <> 0) THEN greatest(
            coalesce(sum(flows) FILTER (way = 'INGRESS'), 0),
            coalesce(sum(flows) FILTER (way = 'EGRESS'), 0),
            coalesce(sum(flows) FILTER (way = ''), 0), 1)
        ELSE 1 END AS flows, sum(bytes) AS bytes
    FROM placed WHERE NOT ({CLOUD}) GROUP BY ALL
"""
# So do all connections of an edge in a cloud's log, which leaves out clients' ports; where it does
# not tell the sides of interfaces, those of one pair of addresses.
_WEIGHED_OF_CLOUDS: Final = f"""
    UNION ALL
    SELECT {_KEY}, c_ip, 0, v_ip, max(c_rank), {_larger("flows")}, {_larger("bytes")}
    FROM placed WHERE {CLOUD} AND way <> '' GROUP BY {_KEY}, c_ip, v_ip
    UNION ALL
    SELECT {_KEY}, c_ip, 0, v_ip, max(c_rank), max(flows), max(bytes) FROM (
        SELECT {_KEY}, c_ip, c_pod, v_ip, v_pod, max(c_rank) AS c_rank, sum(flows) AS flows,
            sum(bytes) AS bytes
        FROM placed WHERE {CLOUD} AND way = ''
        GROUP BY {_KEY}, c_ip, c_pod, v_ip, v_pod, observer
    ) AS observed GROUP BY {_KEY}, c_ip, c_pod, v_ip, v_pod
"""
_SAME: Final = "c_entity, v_entity, protocol, v_port"
# What an edge counts distinct of is drawn together first: connections differ in their ports.
_EDGES: Final = f"""
    CREATE TEMP TABLE edge AS
    WITH weighed AS ({{weighed}}), counted AS (
        -- A proxy's second leg shows its client by labels alone: the first leg is counted.
        SELECT {_KEY}, coalesce(sum(flows) FILTER (c_rank <> {RANK_LABELS}), sum(flows)) AS flows,
            sum(bytes) AS bytes
        FROM weighed GROUP BY ALL
    ), compact AS MATERIALIZED (
        SELECT {_KEY}, c_pod, c_ip, v_pod, v_ip, hour, observer, how,
            {_SIDED} AS sided, CASE WHEN {_SIDED} THEN way ELSE ''::way END AS way,
            sum(records) AS records, min(first) AS first, max(last) AS last,
            min(place) AS sample, bit_or(signs) AS signs
        FROM placed GROUP BY ALL
    ), merged AS (
        SELECT {_KEY}, sum(records) AS records, min(first) AS first, max(last) AS last,
            min(sample, 3) AS samples, bit_or(signs) AS signs
        FROM compact GROUP BY {_KEY}
    ), met AS (
        SELECT {_KEY},
            coalesce(nullif(count(DISTINCT nullif(c_pod, 0)) FILTER (NOT sided), 0),
                count(DISTINCT c_ip)) AS c_pods,
            coalesce(nullif(count(DISTINCT nullif(v_pod, 0)) FILTER (NOT sided), 0),
                count(DISTINCT v_ip)) AS v_pods,
            list(DISTINCT c.ip) FILTER (c_class <> {_POD} AND c_out >= {NOTHING}) AS c_ips,
            list(DISTINCT v.ip) FILTER (v_class <> {_POD}) AS v_ips, list(DISTINCT how) AS how
        FROM (SELECT DISTINCT {_KEY}, c_pod, c_ip, v_pod, v_ip, how, sided FROM compact) AS ends
        JOIN address c ON c.id = c_ip JOIN address v ON v.id = v_ip GROUP BY {_KEY}
    ), seen AS (
        SELECT {_KEY}, count(DISTINCT hour // 24) AS days, count(DISTINCT hour) AS hours,
            -- Of the interfaces of a cloud one on each side is named: there may be thousands.
            list_distinct(list_concat(list(DISTINCT name) FILTER (NOT sided), [
                min(name) FILTER (sided AND way = 'INGRESS'),
                min(name) FILTER (sided AND way = 'EGRESS')])) AS observers
        FROM (SELECT DISTINCT {_KEY}, hour, observer, sided, way FROM compact) AS times
        JOIN observer ON id = observer GROUP BY {_KEY}
    )
    SELECT merged.* REPLACE (c.ip AS c_out, v.ip AS v_out),
        met.* EXCLUDE ({_KEY}) REPLACE ({{c_pods}} AS c_pods, {{v_pods}} AS v_pods),
        seen.* EXCLUDE ({_KEY}),
        greatest(counted.flows, 1) AS flows, counted.bytes
    FROM merged JOIN counted USING ({_KEY}) JOIN met USING ({_KEY}) JOIN seen USING ({_KEY})
    JOIN address c ON c.id = c_out JOIN address v ON v.id = v_out {{pods}}
"""
_OF_PODS: Final = {
    "c_pods": "greatest(c_pods, coalesce(clients, 0))",
    "v_pods": "greatest(v_pods, coalesce(servers, 0))",
    "pods": f"LEFT JOIN pods USING ({_SAME}, outcome)",
}
_NO_PODS: Final = {"c_pods": "c_pods", "v_pods": "v_pods", "pods": ""}
# How many pods of either workload took part, where one stands for all in some rows: those that
# were drawn together, as bits, and those of all other rows. A workload of very many pods has
# several numbers, each with pods of its own.
_PODS: Final = f"""
    CREATE TEMP TABLE pods AS
    WITH named AS (
        SELECT DISTINCT held.who, held.bit, identity.pod FROM identity
        JOIN held ON held.endpoint = identity.endpoint WHERE held.who > 0
    ), of_who AS (
        SELECT holder.who, identity.entity FROM holder
        JOIN identity ON holder.endpoint = identity.endpoint
    ), fate AS (
        SELECT DISTINCT {_SAME}, verdict, outcome FROM leg WHERE {_SIDED}
    ), drawn AS (
        SELECT src_who, dst_who, {_SAME}, outcome, srcs, dsts FROM (
            SELECT src_who, dst_who, c.entity AS c_entity, v.entity AS v_entity, protocol,
                port AS v_port, verdict, srcs, dsts
            FROM pair JOIN of_who c ON c.who = src_who JOIN of_who v ON v.who = dst_who
        ) AS seen JOIN fate USING ({_SAME}, verdict)
    ), client AS (
        SELECT {_SAME}, outcome, src_who AS who, srcs AS pods FROM drawn
        UNION ALL
        SELECT {_SAME}, outcome, who, bitstring_agg(bit, 0, {PAGE - 1})
        FROM leg JOIN named ON named.pod = c_pod WHERE c_pod > 0 AND NOT {_SIDED} GROUP BY ALL
    ), server AS (
        SELECT {_SAME}, outcome, dst_who AS who, dsts AS pods FROM drawn
        UNION ALL
        SELECT {_SAME}, outcome, who, bitstring_agg(bit, 0, {PAGE - 1})
        FROM leg JOIN named ON named.pod = v_pod WHERE v_pod > 0 AND NOT {_SIDED} GROUP BY ALL
    ), part AS (
        SELECT {_SAME}, outcome, bit_count(bit_or(pods)) AS clients, 0 AS servers
        FROM client GROUP BY {_SAME}, outcome, who
        UNION ALL
        SELECT {_SAME}, outcome, 0, bit_count(bit_or(pods)) FROM server
        GROUP BY {_SAME}, outcome, who
    )
    SELECT {_SAME}, outcome, sum(clients) AS clients, sum(servers) AS servers
    FROM part WHERE EXISTS (SELECT 1 FROM pair) GROUP BY ALL
"""


def aggregate(
    connection: duckdb.DuckDBPyConnection,
    *,
    world_threshold: int,
    clouded: bool,
) -> tuple[list[dict[str, Any]], list[tuple[int, str, int]]]:
    """Turn the table ``leg`` into edges.

    Args:
        connection: The store, after :func:`recommender.connections.orient.orient`.
        world_threshold: Distinct public addresses that may reach one port of a workload before
            they are drawn together to ``0.0.0.0/0`` or ``::/0``.
        clouded: Whether any record is of a cloud's log. What no record needs is left out: to plan
            it takes time as well.

    Returns:
        One mapping an edge, and what became of the records of each block as
        (its number, reason or verdict, records).
    """
    fates = judge(connection, clouded=clouded)
    ((crowds,),) = connection.execute(_CROWDS, [world_threshold]).fetchall()
    if crowds:
        connection.execute(_CROWDED)
    connection.execute(_PLACED)
    if clouded:
        connection.execute(_PODS)
        connection.execute(_EDGES.format(weighed=_WEIGHED + _WEIGHED_OF_CLOUDS, **_OF_PODS))
    else:
        connection.execute(_EDGES.format(weighed=_WEIGHED, **_NO_PODS))
    result = fold(connection)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()], fates
