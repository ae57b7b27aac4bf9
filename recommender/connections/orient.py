"""Which end of a record opened the connection.

The evidence, strongest first: a policy's denial (it falls on the opener), the log's own reply
flag, TCP handshake flags and ICMP types, the other records of the same 5-tuple, ends that are
known to listen, the number of counterparts of each end, the class of the ports. What none of
these tells is set aside as undecided, never guessed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.connections.located import EPHEMERAL
from recommender.connections.outside import NODE_OR_POD
from recommender.connections.resolve import RANK_CLASS
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb


class ReplyFlag(StrEnum):
    """Whether to believe the log's reply flag.

    ``auto`` believes it unless the log contradicts itself: some producers write ``false`` into
    every record, also into those that answer a handshake.
    """

    AUTO = "auto"
    TRUST = "trust"
    IGNORE = "ignore"


_WELL_KNOWN: Final = 1024

_POD: Final = int(EndClass.POD)


def _class(end: str, other: str) -> str:
    """The class of an end; the reporting node is the pod's own only where the pod is local."""
    return f"""CASE
        WHEN {other}.class <> {_POD} OR {other}.local OR NOT (SELECT any_local FROM seen)
            THEN {end}.class
        WHEN {end}.class = {int(EndClass.OWN_NODE)} THEN {int(EndClass.NODE)}
        WHEN {end}.class = {int(EndClass.OWN_APISERVER)} THEN {int(EndClass.APISERVER)}
        ELSE {end}.class END AS {end}_class"""


# Groups of records with the ends named: one row a group, in the direction of the packet, with who
# opened the connection by the record's own word.
_DECIDED: Final = f"""
    CREATE TEMP TABLE decided AS
    WITH seen AS (SELECT bool_or(local) AS any_local FROM identity)
    SELECT g.*, row_number() OVER () AS id,
        coalesce(src_ip, '') AS s_ip, coalesce(dst_ip, '') AS d_ip,
        {_class("s", "d")}, s.entity AS s_entity, s.pod AS s_pod, s.rank AS s_rank,
        s.reason AS s_reason, {_class("d", "s")}, d.entity AS d_entity, d.pod AS d_pod,
        d.rank AS d_rank, d.reason AS d_reason, {{turn}} AS turn, {{how}} AS how
    FROM flow_group g JOIN identity s ON s.endpoint = g.src JOIN identity d ON d.endpoint = g.dst
"""
# Ends of clouds that are addresses alone.
_PLACED: Final = """
    UPDATE decided SET {0}_class = outside.class, {0}_entity = outside.entity,
        {0}_rank = {1}, {0}_reason = outside.reason
    FROM outside WHERE decided.{2} = 0 AND decided.{0}_ip = outside.ip
"""
# A cloud's log without the packets' own addresses shows a node where one of its pods was meant.
_VEILED: Final = f"""
    UPDATE decided SET {{0}}_class = {_POD}, {{0}}_entity = ?, {{0}}_rank = {RANK_CLASS},
        {{0}}_reason = '{NODE_OR_POD}'
    WHERE {{0}}_class = {int(EndClass.NODE)}
      AND signs & {int(Sign.PLATFORM | Sign.FORWARDED)} = {int(Sign.PLATFORM | Sign.FORWARDED)}
"""
_SELF_CONTRADICTION: Final = f"""
    SELECT coalesce(sum(records) FILTER (signs & {int(Sign.CONTRADICTION)} <> 0), 0),
        coalesce(sum(records) FILTER (signs & {int(Sign.SYN_ACK)} <> 0 AND reply), 0)
    FROM flow_group
"""
# Where no record is a reply, none may be seen that answers another.
_UNANSWERED_FLAG: Final = f"""
    SELECT coalesce(bool_or(reply = false), false) AND NOT coalesce(bool_or(reply), false)
    FROM flow_group WHERE signs & {int(Sign.LAYER7 | Sign.PLATFORM)} = 0
"""
_BOTH_WAYS: Final = f"""
    SELECT 1 FROM flow_group a JOIN flow_group b
        ON a.protocol = b.protocol AND a.src_ip = b.dst_ip AND a.src_port = b.dst_port
        AND a.dst_ip = b.src_ip AND a.dst_port = b.src_port
    WHERE a.reply = false AND b.reply = false AND a.src_port <> a.dst_port
        AND (a.signs | b.signs) & {int(Sign.PLATFORM)} = 0
        AND a.src_port > 0 AND a.dst_port > 0
        AND a.verdict = 'accepted' AND b.verdict = 'accepted' LIMIT 1
"""
# Old producers write no is_reply, and reply only where it is true.
_LEGACY: Final = f"""
    SELECT coalesce(bool_or(reply), false)
        AND NOT coalesce(bool_or(reply = false AND signs & {int(Sign.LAYER7)} = 0), false)
    FROM flow_group
"""


def _turn_sql(*, trust: bool, legacy: bool) -> str:
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


_HOW: Final = f"""CASE WHEN signs & {int(Sign.ORIENTED | Sign.WORD)} = {int(Sign.ORIENTED)}
    THEN 'listener' ELSE 'record' END"""

# An end of a cloud's record: whose pod held the address then, or the address. It is not the pod
# itself, since of rows that are drawn together over pods one pod stands for all.
_KEY: Final = "CASE WHEN {0} < 0 AND {1}_entity > 0 THEN 'held by ' || {1}_entity ELSE {1}_ip END"

_OPENED: Final = """
    CREATE TEMP TABLE opened AS
    SELECT DISTINCT protocol,
        CASE turn WHEN 1 THEN s_ip ELSE d_ip END AS c_ip,
        CASE turn WHEN 1 THEN src_port ELSE dst_port END AS c_port,
        CASE turn WHEN 1 THEN d_ip ELSE s_ip END AS v_ip,
        CASE turn WHEN 1 THEN dst_port ELSE src_port END AS v_port
    FROM decided
    WHERE turn <> 0 AND src_port > 0 AND dst_port > 0 AND s_ip <> '' AND d_ip <> ''
      AND EXISTS (SELECT 1 FROM decided WHERE turn = 0)
"""
_LISTENERS: Final = (
    "CREATE TEMP TABLE listener AS SELECT DISTINCT protocol, v_ip, v_port FROM opened"
)

# Both ways of every opened connection, so that the join is one of equal keys.
_BY_TUPLE: Final = """
    UPDATE decided SET turn = found.turn, how = 'tuple' FROM (
        WITH way AS (
            SELECT protocol, c_ip AS a_ip, c_port AS a_port, v_ip AS b_ip, v_port AS b_port,
                1 AS turn FROM opened
            UNION ALL SELECT protocol, v_ip, v_port, c_ip, c_port, -1 FROM opened
        )
        SELECT u.id, max(way.turn) AS turn FROM decided u JOIN way
            ON u.protocol = way.protocol AND u.s_ip = way.a_ip AND u.src_port = way.a_port
            AND u.d_ip = way.b_ip AND u.dst_port = way.b_port
        WHERE u.turn = 0 GROUP BY u.id HAVING min(way.turn) = max(way.turn)
    ) AS found WHERE decided.id = found.id
"""
_BY_LISTENER: Final = """
    UPDATE decided SET turn = found.turn, how = 'listener' FROM (
        SELECT u.id, CASE WHEN d.v_ip IS NOT NULL THEN 1 ELSE -1 END AS turn
        FROM decided u
        LEFT JOIN listener d
            ON d.protocol = u.protocol AND d.v_ip = u.d_ip AND d.v_port = u.dst_port
        LEFT JOIN listener s
            ON s.protocol = u.protocol AND s.v_ip = u.s_ip AND s.v_port = u.src_port
        WHERE u.turn = 0 AND (d.v_ip IS NULL) <> (s.v_ip IS NULL)
    ) AS found WHERE decided.id = found.id
"""
# Records of clouds were turned when they were read, without the client's port: the same client,
# or another pod of it, called this port of this server, which never called that of the client.
_TURNED: Final = f"""
    CREATE TEMP TABLE turned AS
    SELECT DISTINCT protocol, {_KEY.format("src", "s")} AS c_key,
        {_KEY.format("dst", "d")} AS v_key, dst_port AS v_port
    FROM decided WHERE signs & {int(Sign.ORIENTED)} <> 0
      AND EXISTS (SELECT 1 FROM decided WHERE turn = 0)
"""
_BY_PAIR: Final = f"""
    UPDATE decided SET turn = found.turn, how = 'tuple' FROM (
        WITH u AS (
            SELECT id, protocol, {_KEY.format("src", "s")} AS s_key,
                {_KEY.format("dst", "d")} AS d_key, src_port, dst_port FROM decided WHERE turn = 0
        )
        SELECT u.id, CASE WHEN d.v_key IS NOT NULL THEN 1 ELSE -1 END AS turn FROM u
        LEFT JOIN turned d ON d.protocol = u.protocol AND d.c_key = u.s_key
            AND d.v_key = u.d_key AND d.v_port = u.dst_port
        LEFT JOIN turned s ON s.protocol = u.protocol AND s.c_key = u.d_key
            AND s.v_key = u.s_key AND s.v_port = u.src_port
        WHERE (d.v_key IS NULL) <> (s.v_key IS NULL)
    ) AS found WHERE decided.id = found.id
"""
_TAKEN: Final = """
    CREATE TEMP TABLE taken AS SELECT DISTINCT protocol, v_key, v_port FROM turned
"""
_BY_TAKEN: Final = f"""
    UPDATE decided SET turn = found.turn, how = 'listener' FROM (
        WITH u AS (
            SELECT id, protocol, {_KEY.format("src", "s")} AS s_key,
                {_KEY.format("dst", "d")} AS d_key, src_port, dst_port FROM decided WHERE turn = 0
        )
        SELECT u.id, CASE WHEN d.v_key IS NOT NULL THEN 1 ELSE -1 END AS turn FROM u
        LEFT JOIN taken d
            ON d.protocol = u.protocol AND d.v_key = u.d_key AND d.v_port = u.dst_port
        LEFT JOIN taken s
            ON s.protocol = u.protocol AND s.v_key = u.s_key AND s.v_port = u.src_port
        WHERE (d.v_key IS NULL) <> (s.v_key IS NULL)
    ) AS found WHERE decided.id = found.id
"""
# A port with several counterparts listens; a client's port has one.
_BY_FAN_IN: Final = """
    UPDATE decided SET turn = found.turn, how = 'fan-in' FROM (
        WITH pair AS (
            SELECT protocol, s_ip AS ip, src_port AS port, d_ip AS o_ip, dst_port AS o_port
            FROM decided WHERE src_port > 0 AND dst_port > 0
            UNION
            SELECT protocol, d_ip, dst_port, s_ip, src_port
            FROM decided WHERE src_port > 0 AND dst_port > 0
        ), fan AS (
            SELECT protocol, ip, port, count(*) AS peers FROM pair GROUP BY ALL HAVING count(*) > 1
        )
        SELECT u.id, CASE WHEN d.ip IS NOT NULL THEN 1 ELSE -1 END AS turn
        FROM decided u
        LEFT JOIN fan d ON d.protocol = u.protocol AND d.ip = u.d_ip AND d.port = u.dst_port
        LEFT JOIN fan s ON s.protocol = u.protocol AND s.ip = u.s_ip AND s.port = u.src_port
        WHERE u.turn = 0 AND u.src_port > 0 AND u.dst_port > 0
          AND (d.ip IS NULL) <> (s.ip IS NULL)
    ) AS found WHERE decided.id = found.id
"""
_BY_PORT: Final = f"""
    UPDATE decided SET how = 'port', turn = CASE
        WHEN dst_port > 0 AND (src_port = 0
            OR dst_port < {_WELL_KNOWN} AND src_port >= {_WELL_KNOWN}
            OR dst_port < {EPHEMERAL} AND src_port >= {EPHEMERAL}) THEN 1
        WHEN src_port > 0 AND (dst_port = 0
            OR src_port < {_WELL_KNOWN} AND dst_port >= {_WELL_KNOWN}
            OR src_port < {EPHEMERAL} AND dst_port >= {EPHEMERAL}) THEN -1
        ELSE 0 END
    WHERE turn = 0
"""


def orient(connection: duckdb.DuckDBPyConnection, flag: ReplyFlag, *, veiled: int = 0) -> bool:
    """Give every group of records its opener.

    Needs the tables ``flow_group`` and ``identity``; makes the table ``decided``: the groups with
    both ends named, ``turn`` (1: the source opened the connection, -1: the destination, 0:
    undecided) and ``how`` (``record``, ``tuple``, ``listener``, ``fan-in``, ``port``).

    Args:
        connection: The store.
        flag: Whether to believe the log's reply flag.
        veiled: Number of the entity that stands for a node or any of its pods.

    Returns:
        Whether the reply flag was believed.
    """
    trust = flag is ReplyFlag.TRUST or (flag is ReplyFlag.AUTO and not _contradicts(connection))
    (legacy,) = connection.execute(_LEGACY).fetchone() or (False,)
    turn = _turn_sql(trust=trust, legacy=bool(legacy))
    connection.execute(_DECIDED.format(turn=turn, how=_HOW))
    for side, end in (("s", "src"), ("d", "dst")):
        connection.execute(_PLACED.format(side, RANK_CLASS, end))
        connection.execute(_VEILED.format(side), [veiled])
    connection.execute(_OPENED)
    connection.execute(_LISTENERS)
    connection.execute(_TURNED)
    connection.execute(_TAKEN)
    for step in (_BY_TUPLE, _BY_PAIR, _BY_LISTENER, _BY_TAKEN, _BY_FAN_IN, _BY_PORT):
        (left,) = connection.execute(
            "SELECT count(*) FROM decided WHERE turn = 0",
        ).fetchone() or (0,)
        if not left:
            break
        connection.execute(step)
    return trust


def _contradicts(connection: duckdb.DuckDBPyConnection) -> bool:
    against, in_favour = connection.execute(_SELF_CONTRADICTION).fetchone() or (0, 0)
    if against > in_favour:
        return True
    (never_true,) = connection.execute(_UNANSWERED_FLAG).fetchone() or (False,)
    return bool(never_true) and connection.execute(_BOTH_WAYS).fetchone() is not None
