"""Groups of records become legs: client and server named, in numbers, by the record's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import NOTHING, PLACE
from recommender.connections.outside import NODE_OR_POD
from recommender.connections.resolve import RANK_CLASS
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

    from recommender.connections.identify import Ends
    from recommender.connections.traits import Traits

_POD: Final = int(EndClass.POD)
_HOW: Final = f"""CASE WHEN signs & {int(Sign.ORIENTED | Sign.WORD)} = {int(Sign.ORIENTED)}
    THEN 'listener'::how ELSE 'record'::how END"""
# Hubble may write anything where it does not know the direction.
_WAY: Final = """CASE direction WHEN '' THEN ''::way WHEN 'INGRESS' THEN 'INGRESS'::way
    WHEN 'EGRESS' THEN 'EGRESS'::way ELSE 'other'::way END"""


def _class(end: str, other: str) -> str:
    """The class of an end; the reporting node is the pod's own only where the pod is local."""
    return f"""CASE
        WHEN {other}.class <> {_POD} OR {other}.local OR NOT {{any_local}} THEN {end}.class
        WHEN {end}.class = {int(EndClass.OWN_NODE)} THEN {int(EndClass.NODE)}
        WHEN {end}.class = {int(EndClass.OWN_APISERVER)} THEN {int(EndClass.APISERVER)}
        ELSE {end}.class END AS {end}_class"""


# One row a group. Where its own word does not tell who opened the connection, the client is the
# source. An end without address keeps none.
_LEGS: Final = f"""
    CREATE TEMP TABLE leg AS
    SELECT place, protocol, verdict, verdict AS outcome, way, observer, hour, signs, records, flows,
        bytes, first, last, turn, how,
        c_end, c_ip, c_port, {_class("c", "v")}, c.entity AS c_entity, c.pod AS c_pod,
        c.rank AS c_rank, c.reason AS c_reason, {NOTHING} AS crowd,
        v_end, v_ip, v_port, {_class("v", "c")}, v.entity AS v_entity, v.pod AS v_pod,
        v.rank AS v_rank, v.reason AS v_reason
    FROM (
        SELECT *, CASE WHEN turn < 0 THEN dst ELSE src END AS c_end,
            CASE WHEN turn < 0 THEN src ELSE dst END AS v_end,
            CASE WHEN turn < 0 THEN d_ip ELSE s_ip END AS c_ip,
            CASE WHEN turn < 0 THEN s_ip ELSE d_ip END AS v_ip,
            CASE WHEN turn < 0 THEN dst_port ELSE src_port END AS c_port,
            CASE WHEN turn < 0 THEN src_port ELSE dst_port END AS v_port
        FROM (
            SELECT flow_group.* EXCLUDE (block, line, observer, direction), {PLACE} AS place,
                coalesce(s.id, {NOTHING}) AS s_ip, coalesce(d.id, {NOTHING}) AS d_ip,
                coalesce(observer.id, {NOTHING}) AS observer, {_WAY} AS way, {_HOW} AS how,
                {{word}} AS turn
            FROM flow_group
            LEFT JOIN address s ON s.ip = src_ip LEFT JOIN address d ON d.ip = dst_ip
            LEFT JOIN observer ON observer.name = flow_group.observer
        ) AS numbered
    ) AS turned
    JOIN identity c ON c.endpoint = c_end JOIN identity v ON v.endpoint = v_end
"""
# Ends of clouds that are addresses alone.
_PLACED: Final = f"""
    UPDATE leg SET {{0}}_class = outside.class, {{0}}_entity = outside.entity,
        {{0}}_rank = {RANK_CLASS}, {{0}}_reason = outside.reason
    FROM outside JOIN address USING (ip) WHERE leg.{{0}}_end = 0 AND leg.{{0}}_ip = address.id
"""
# A cloud's log without the packets' own addresses shows a node where one of its pods was meant.
_VEILED: Final = f"""
    UPDATE leg SET {{0}}_class = {_POD}, {{0}}_entity = ?, {{0}}_rank = {RANK_CLASS},
        {{0}}_reason = '{NODE_OR_POD}'
    WHERE {{0}}_class = {int(EndClass.NODE)}
      AND signs & {int(Sign.PLATFORM | Sign.FORWARDED)} = {int(Sign.PLATFORM | Sign.FORWARDED)}
"""


def make_legs(
    connection: duckdb.DuckDBPyConnection, log: Traits, ends: Ends, *, trust: bool
) -> None:
    """Make the table ``leg`` of ``flow_group``, and name its ends.

    ``turn`` tells who opened the connection, by a record's own word: 1 the source, which is the
    client then, -1 the destination, 0 where it does not tell.

    Args:
        connection: The store, with ends and addresses numbered.
        log: What the log shows as a whole.
        ends: Its ends.
        trust: Whether to believe the log's reply flag.
    """
    word = _word_sql(trust=trust, legacy=log.legacy)
    any_local = any(end.local for end in ends.described)
    connection.execute(_LEGS.format(word=word, any_local=any_local))
    if log.clouded:
        for side in ("c", "v"):
            connection.execute(_PLACED.format(side))
            connection.execute(_VEILED.format(side), [ends.veiled])


def _word_sql(*, trust: bool, legacy: bool) -> str:
    """SQL for 1 (the source opened), -1 (the destination did) or 0 by a record's own word."""
    flag = "reply IS NOT NULL" if trust else f"reply AND signs & {int(Sign.LAYER7)} <> 0"
    # A denied answer is rare: its connection was forgotten before it ended.
    answer = f"signs & {int(Sign.SYN_ACK | Sign.RESPONSE)} <> 0"
    judged = f"verdict IN ('denied', 'audit') AND signs & {int(Sign.PLATFORM)} = 0"
    absent = f"reply IS NULL AND signs & {int(Sign.NO_LEGACY_REPLY)} <> 0" if legacy else "false"
    return f"""CASE
        WHEN signs & {int(Sign.ORIENTED)} <> 0 THEN 1
        WHEN signs & {int(Sign.CONTRADICTION)} <> 0 THEN -1
        WHEN {judged} THEN CASE WHEN reply OR {answer} THEN -1 ELSE 1 END
        WHEN {flag} THEN CASE WHEN reply THEN -1 ELSE 1 END
        WHEN signs & {int(Sign.SYN)} <> 0 AND signs & {int(Sign.SYN_ACK)} = 0 THEN 1
        WHEN signs & {int(Sign.SYN_ACK)} <> 0 AND signs & {int(Sign.SYN)} = 0 THEN -1
        WHEN signs & {int(Sign.REQUEST)} <> 0 THEN 1
        WHEN signs & {int(Sign.RESPONSE)} <> 0 THEN -1
        WHEN {absent} THEN 1
        ELSE 0 END"""
