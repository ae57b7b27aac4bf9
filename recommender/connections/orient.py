"""Which end of a record opened the connection.

The evidence, strongest first: a policy's denial (it falls on the opener), the log's own reply
flag, TCP handshake flags and ICMP types, the other records of the same 5-tuple, ends that are
known to listen, the number of counterparts of each end, the class of the ports. What none of
these tells is set aside as undecided, never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.legs import make_legs
from recommender.connections.located import EPHEMERAL
from recommender.connections.numbering import NOTHING
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass
from recommender.sources.options import ReplyFlag

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from recommender.connections.identify import Ends
    from recommender.connections.traits import Traits


_WELL_KNOWN: Final = 1024
_OWN: Final = int(EndClass.OWN_APISERVER)
# Where no record is a reply, none may be seen that answers another.
_BOTH_WAYS: Final = f"""
    SELECT 1 FROM flow_group a JOIN flow_group b
        ON a.protocol = b.protocol AND a.src_ip = b.dst_ip AND a.src_port = b.dst_port
        AND a.dst_ip = b.src_ip AND a.dst_port = b.src_port
    WHERE a.reply = false AND b.reply = false AND a.src_port <> a.dst_port
        AND (a.signs | b.signs) & {int(Sign.PLATFORM)} = 0
        AND a.src_port > 0 AND a.dst_port > 0
        AND a.verdict = 'accepted' AND b.verdict = 'accepted' LIMIT 1
"""


def _key(side: str) -> str:
    """SQL for an end of a cloud's record: whose pod held the address (below 0), or the address.

    It is not the pod itself, since of rows that are drawn together over pods one stands for all.
    """
    return f"""CASE WHEN {side}_end < 0 AND {side}_entity > 0
        THEN -{side}_entity ELSE {side}_ip END"""


# Legs that do not tell who opened them are looked at apart from the others.
_UNDECIDED: Final = "CREATE TEMP TABLE undecided AS SELECT * FROM leg WHERE turn = 0"
_APART: Final = "DELETE FROM leg WHERE turn = 0"
# Evidence is looked for only of their ends.
_ASKED: Final = """
    CREATE TEMP TABLE asked AS
    SELECT protocol, c_ip AS ip, c_port AS port FROM undecided
    UNION SELECT protocol, v_ip, v_port FROM undecided
"""


def _is_asked(side: str) -> str:
    return f"""SEMI JOIN asked {side} ON {side}.protocol = leg.protocol
        AND {side}.ip = {side}_ip AND {side}.port = {side}_port"""


_OPENED: Final = f"c_port > 0 AND v_port > 0 AND c_ip <> {NOTHING} AND v_ip <> {NOTHING}"
# Both ways of every opened connection, so that the join is one of equal keys.
_BY_TUPLE: Final = f"""
    UPDATE undecided u SET turn = found.turn, how = 'tuple' FROM (
        SELECT protocol, c_ip, c_port, v_ip, v_port, max(turn) AS turn FROM (
            WITH opened AS MATERIALIZED (
                SELECT DISTINCT leg.protocol, c_ip, c_port, v_ip, v_port
                FROM leg {_is_asked("c")} {_is_asked("v")} WHERE {_OPENED}
            )
            SELECT *, 1 AS turn FROM opened
            UNION ALL SELECT protocol, v_ip, v_port, c_ip, c_port, -1 FROM opened
        ) AS way GROUP BY ALL HAVING min(turn) = max(turn)
    ) AS found
    WHERE u.protocol = found.protocol AND u.c_ip = found.c_ip AND u.c_port = found.c_port
      AND u.v_ip = found.v_ip AND u.v_port = found.v_port
"""
_LISTENERS: Final = f"""
    CREATE TEMP TABLE listener AS
    SELECT DISTINCT leg.protocol, v_ip, v_port FROM leg {_is_asked("v")} WHERE {_OPENED}
"""
_BY_LISTENER: Final = """
    UPDATE undecided SET turn = found.turn, how = 'listener' FROM (
        SELECT u.rowid AS id, CASE WHEN d.v_ip IS NOT NULL THEN 1 ELSE -1 END AS turn
        FROM undecided u
        LEFT JOIN listener d
            ON d.protocol = u.protocol AND d.v_ip = u.v_ip AND d.v_port = u.v_port
        LEFT JOIN listener s
            ON s.protocol = u.protocol AND s.v_ip = u.c_ip AND s.v_port = u.c_port
        WHERE u.turn = 0 AND (d.v_ip IS NULL) <> (s.v_ip IS NULL)
    ) AS found WHERE undecided.rowid = found.id
"""
# Records of clouds were turned when they were read, without the client's port: the same client,
# or another pod of it, called this port of this server, which never called that of the client.
_TURNED: Final = f"""
    CREATE TEMP TABLE turned AS
    SELECT DISTINCT protocol, {_key("c")} AS c_key,
        {_key("v")} AS v_key, v_port
    FROM leg WHERE signs & {int(Sign.ORIENTED)} <> 0
"""
_BY_PAIR: Final = f"""
    UPDATE undecided SET turn = found.turn, how = 'tuple' FROM (
        WITH u AS (
            SELECT rowid AS id, protocol, {_key("c")} AS c_key,
                {_key("v")} AS v_key, c_port, v_port FROM undecided WHERE turn = 0
        )
        SELECT u.id, CASE WHEN d.v_key IS NOT NULL THEN 1 ELSE -1 END AS turn FROM u
        LEFT JOIN turned d ON d.protocol = u.protocol AND d.c_key = u.c_key
            AND d.v_key = u.v_key AND d.v_port = u.v_port
        LEFT JOIN turned s ON s.protocol = u.protocol AND s.c_key = u.v_key
            AND s.v_key = u.c_key AND s.v_port = u.c_port
        WHERE (d.v_key IS NULL) <> (s.v_key IS NULL)
    ) AS found WHERE undecided.rowid = found.id
"""
_TAKEN: Final = """
    CREATE TEMP TABLE taken AS SELECT DISTINCT protocol, v_key, v_port FROM turned
"""
_BY_TAKEN: Final = f"""
    UPDATE undecided SET turn = found.turn, how = 'listener' FROM (
        WITH u AS (
            SELECT rowid AS id, protocol, {_key("c")} AS c_key,
                {_key("v")} AS v_key, c_port, v_port FROM undecided WHERE turn = 0
        )
        SELECT u.id, CASE WHEN d.v_key IS NOT NULL THEN 1 ELSE -1 END AS turn FROM u
        LEFT JOIN taken d
            ON d.protocol = u.protocol AND d.v_key = u.v_key AND d.v_port = u.v_port
        LEFT JOIN taken s
            ON s.protocol = u.protocol AND s.v_key = u.c_key AND s.v_port = u.c_port
        WHERE (d.v_key IS NULL) <> (s.v_key IS NULL)
    ) AS found WHERE undecided.rowid = found.id
"""
# A port with several counterparts listens; a client's port has one.
_BY_FAN_IN: Final = f"""
    UPDATE undecided SET turn = found.turn, how = 'fan-in' FROM (
        WITH every AS (FROM leg UNION ALL FROM undecided), pair AS (
            SELECT leg.protocol, c_ip AS ip, c_port AS port, v_ip AS o_ip, v_port AS o_port
            FROM every leg {_is_asked("c")} WHERE c_port > 0 AND v_port > 0
            UNION
            SELECT leg.protocol, v_ip, v_port, c_ip, c_port
            FROM every leg {_is_asked("v")} WHERE c_port > 0 AND v_port > 0
        ), fan AS (
            SELECT protocol, ip, port, count(*) AS peers FROM pair GROUP BY ALL HAVING count(*) > 1
        )
        SELECT u.rowid AS id, CASE WHEN d.ip IS NOT NULL THEN 1 ELSE -1 END AS turn
        FROM undecided u
        LEFT JOIN fan d ON d.protocol = u.protocol AND d.ip = u.v_ip AND d.port = u.v_port
        LEFT JOIN fan s ON s.protocol = u.protocol AND s.ip = u.c_ip AND s.port = u.c_port
        WHERE u.turn = 0 AND u.c_port > 0 AND u.v_port > 0
          AND (d.ip IS NULL) <> (s.ip IS NULL)
    ) AS found WHERE undecided.rowid = found.id
"""
_BY_PORT: Final = f"""
    UPDATE undecided SET how = 'port', turn = CASE
        WHEN v_port > 0 AND (c_port = 0
            OR v_port < {_WELL_KNOWN} AND c_port >= {_WELL_KNOWN}
            OR v_port < {EPHEMERAL} AND c_port >= {EPHEMERAL}) THEN 1
        WHEN c_port > 0 AND (v_port = 0
            OR c_port < {_WELL_KNOWN} AND v_port >= {_WELL_KNOWN}
            OR c_port < {EPHEMERAL} AND v_port >= {EPHEMERAL}) THEN -1
        ELSE 0 END
    WHERE turn = 0
"""

# Evidence, the strongest first: what it is made of, and what it decides.
_STEPS: Final = (
    (_ASKED, _BY_TUPLE),
    (_LISTENERS, _BY_LISTENER),
    (_BY_FAN_IN,),
    (_BY_PORT,),
)
_STEPS_OF_CLOUDS: Final = (
    (_ASKED, _BY_TUPLE),
    (_TURNED, _BY_PAIR),
    (_LISTENERS, _BY_LISTENER),
    (_TAKEN, _BY_TAKEN),
    (_BY_FAN_IN,),
    (_BY_PORT,),
)

_NAMED: Final = ("end", "ip", "port", "class", "entity", "pod", "rank", "reason")
_SWAPPED: Final = ", ".join(f"v_{what} AS c_{what}, c_{what} AS v_{what}" for what in _NAMED)
# Until it was decided who opened them, the source stood for the client.
_TOGETHER: Final = f"""
    INSERT INTO leg BY NAME SELECT * FROM undecided WHERE turn >= 0
    UNION ALL BY NAME SELECT * REPLACE ({_SWAPPED}) FROM undecided WHERE turn < 0
"""
# A node that runs the API server: what it opens is taken for its probes.
_OWN_APISERVERS: Final = f"""
    UPDATE leg SET
        c_class = CASE c_class WHEN {_OWN} THEN {int(EndClass.OWN_NODE)} ELSE c_class END,
        v_class = CASE v_class WHEN {_OWN} THEN {int(EndClass.APISERVER)} ELSE v_class END
    WHERE c_class = {_OWN} OR v_class = {_OWN}
"""


def orient(connection: duckdb.DuckDBPyConnection, flag: ReplyFlag, log: Traits, ends: Ends) -> bool:
    """Give every group of records its opener.

    Needs the tables ``flow_group``, ``address``, ``observer``, ``identity`` and ``outside``; makes
    the table ``leg``: the groups with client and server named, ``turn`` (1: the source of the
    packet is the client, -1: the destination, 0: undecided) and ``how`` (``record``, ``tuple``,
    ``listener``, ``fan-in``, ``port``).

    Args:
        connection: The store.
        flag: Whether to believe the log's reply flag.
        log: What the log shows as a whole.
        ends: Its ends.

    Returns:
        Whether the reply flag was believed.
    """
    trust = flag is ReplyFlag.TRUST or (
        flag is ReplyFlag.AUTO and not _contradicts(connection, log)
    )
    make_legs(connection, log, ends, trust=trust)
    ((undecided,),) = connection.execute(_UNDECIDED).fetchall()
    if undecided:
        connection.execute(_APART)
        _decide(connection, undecided, _STEPS_OF_CLOUDS if log.clouded else _STEPS)
        connection.execute(_TOGETHER)
    if any(end.kind is EndClass.OWN_APISERVER for end in ends.described):
        connection.execute(_OWN_APISERVERS)
    return trust


def _decide(
    connection: duckdb.DuckDBPyConnection, left: int, steps: Iterable[tuple[str, ...]]
) -> None:
    """Decide who opened the legs in the table ``undecided``, as far as the others tell."""
    for *evidence, decision in steps:
        if not left:
            break
        for statement in evidence:
            connection.execute(statement)
        ((done,),) = connection.execute(decision).fetchall()
        left -= done


def _contradicts(connection: duckdb.DuckDBPyConnection, log: Traits) -> bool:
    if log.contradicted:
        return True
    return log.never_a_reply and connection.execute(_BOTH_WAYS).fetchone() is not None
