"""How many connections an edge stands for, and how many pods took part in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.conversations import CLOUD
from recommender.connections.history import PAGE
from recommender.connections.resolve import RANK_LABELS
from recommender.sources.canonical import Sign

if TYPE_CHECKING:
    from recommender.connections.traits import Traits

#: What an edge is told by, with the place of ends that are addresses.
KEY: Final = "c_class, c_entity, c_out, v_class, v_entity, v_out, protocol, v_port, outcome"
#: SQL that says whether a row was drawn together over pods and interfaces.
SIDED: Final = f"(signs & {int(Sign.DRAWN)} <> 0)"
_WAYS: Final = ("INGRESS", "EGRESS")


def _larger(column: str) -> str:
    """What the interfaces of clients counted, or those of servers: the larger of the two."""
    ways = (f"coalesce(sum({column}) FILTER (way = '{way}'), 0)" for way in _WAYS)
    return f"greatest({', '.join(ways)})"


_WEIGHED: Final = f"""
    SELECT {KEY}, c_ip, c_port, v_ip, max(c_rank) AS c_rank, {{flows}} AS flows, sum(bytes) AS bytes
    FROM placed WHERE NOT ({CLOUD}) GROUP BY ALL
"""
# A connection that aggregated records stand for weighs by the larger of its two observers.
_AGGREGATED: Final = f"""CASE WHEN bool_or(signs & {int(Sign.AGGREGATED)} <> 0) THEN greatest(
        coalesce(sum(flows) FILTER (way = 'INGRESS'), 0),
        coalesce(sum(flows) FILTER (way = 'EGRESS'), 0),
        coalesce(sum(flows) FILTER (way = ''), 0), 1)
    ELSE 1 END"""
# So do all connections of an edge in a cloud's log, which leaves out clients' ports; where it does
# not tell the sides of interfaces, those of one pair of addresses.
_WEIGHED_OF_CLOUDS: Final = f"""
    UNION ALL
    SELECT {KEY}, c_ip, 0, v_ip, max(c_rank), {_larger("flows")}, {_larger("bytes")}
    FROM placed WHERE {CLOUD} AND way <> '' GROUP BY {KEY}, c_ip, v_ip
    UNION ALL
    SELECT {KEY}, c_ip, 0, v_ip, max(c_rank), max(flows), max(bytes) FROM (
        SELECT {KEY}, c_ip, c_pod, v_ip, v_pod, max(c_rank) AS c_rank, sum(flows) AS flows,
            sum(bytes) AS bytes
        FROM placed WHERE {CLOUD} AND way = ''
        GROUP BY {KEY}, c_ip, c_pod, v_ip, v_pod, observer
    ) AS observed GROUP BY {KEY}, c_ip, c_pod, v_ip, v_pod
"""


def counted_sql(log: Traits) -> str:
    """SQL for the connections and bytes of each edge, out of the view ``placed``."""
    weighed = _WEIGHED.format(flows=_AGGREGATED if log.aggregated else "1")
    if log.clouded:
        weighed += _WEIGHED_OF_CLOUDS
    # A proxy's second leg shows its client by labels alone: the first leg is counted.
    return f"""
        SELECT {KEY}, sum(bytes) AS bytes,
            greatest(coalesce(sum(flows) FILTER (c_rank <> {RANK_LABELS}), sum(flows)), 1) AS flows
        FROM ({weighed}) AS weighed GROUP BY {KEY}
    """


#: What the pods of an edge are counted by.
SAME: Final = "c_entity, v_entity, protocol, v_port, outcome"
_SAME: Final = "c_entity, v_entity, protocol, v_port"
# How many pods of either workload took part, where one stands for all in some rows: those that
# were drawn together, as bits, and those of all other rows. A workload of very many pods has
# several numbers, each with pods of its own.
#: SQL that makes the table ``pods``.
PODS: Final = f"""
    CREATE TEMP TABLE pods AS
    WITH named AS (
        SELECT DISTINCT held.who, held.bit, identity.pod FROM identity
        JOIN held ON held.endpoint = identity.endpoint WHERE held.who > 0
    ), of_who AS (
        SELECT holder.who, identity.entity FROM holder
        JOIN identity ON holder.endpoint = identity.endpoint
    ), fate AS (
        SELECT DISTINCT {_SAME}, verdict, outcome FROM leg WHERE {SIDED}
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
        FROM leg JOIN named ON named.pod = c_pod WHERE c_pod > 0 AND NOT {SIDED} GROUP BY ALL
    ), server AS (
        SELECT {_SAME}, outcome, dst_who AS who, dsts AS pods FROM drawn
        UNION ALL
        SELECT {_SAME}, outcome, who, bitstring_agg(bit, 0, {PAGE - 1})
        FROM leg JOIN named ON named.pod = v_pod WHERE v_pod > 0 AND NOT {SIDED} GROUP BY ALL
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
