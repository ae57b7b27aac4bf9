"""Records of clouds, grouped in one pass: named by address and time, and turned to their client.

A cloud's log shows addresses, so that each end is looked up in the timeline of the cluster. Where
a record tells who opened its connection, it is turned so that its source is the client, and the
client's port is left out: millions of records become as many rows as there are pairs of ends.
"""

from __future__ import annotations

from typing import Final

from recommender.inventory.holdings import OPEN_FROM, OPEN_UNTIL
from recommender.sources.canonical import Sign

#: First port that systems hand out to clients (RFC 6056 leaves the range open; Linux: 32768).
EPHEMERAL: Final = 32768

_OPENS: Final = f"signs & {int(Sign.SYN | Sign.SYN_ACK)} = {int(Sign.SYN)}"
_ANSWERS: Final = f"signs & {int(Sign.SYN | Sign.SYN_ACK)} = {int(Sign.SYN_ACK)}"

# Who opened the connection, by the record's own word; else by a port that is known to listen
# against one that systems hand out to clients. All other records keep both ports.
_TURN: Final = f"""CASE
    WHEN NOT kept OR dst_port = 0 AND src_port = 0 THEN 0
    WHEN reply THEN -1 WHEN NOT reply THEN 1
    WHEN protocol = 'TCP' AND {_OPENS} THEN 1
    WHEN protocol = 'TCP' AND {_ANSWERS} THEN -1
    WHEN d_listens AND NOT s_listens AND src_port >= {EPHEMERAL} THEN 1
    WHEN s_listens AND NOT d_listens AND dst_port >= {EPHEMERAL} THEN -1
    ELSE 0 END"""
_BY_WORD: Final = f"reply IS NOT NULL OR protocol = 'TCP' AND ({_OPENS} OR {_ANSWERS})"

# A log with TCP flags shows each connection's beginning once for each observer; any other shows
# a connection once for each of its windows.
_FLOWS: Final = f"""CASE
    WHEN turn = 0 OR reply IS NOT NULL THEN count
    WHEN turn < 0 OR protocol = 'TCP' AND signs & {int(Sign.TRACE)} <> 0
        AND signs & {int(Sign.SYN)} = 0 THEN 0
    ELSE count END"""

# The way of a connection at the interface that reported it: what is turned was on its way back.
_WAY: Final = """CASE WHEN NOT kept THEN NULL WHEN turn >= 0 THEN direction
    WHEN direction = 'EGRESS' THEN 'INGRESS' WHEN direction = 'INGRESS' THEN 'EGRESS'
    ELSE direction END"""

_ALIVE: Final = int(Sign.SYN_ACK | Sign.DATA | Sign.SEVERAL)
_SIGNS: Final = f"""signs | {int(Sign.PLATFORM)}
    | CASE WHEN turn <> 0 THEN {int(Sign.ORIENTED)} ELSE 0 END
    | CASE WHEN turn <> 0 AND NOT ({_BY_WORD}) THEN {int(Sign.LISTENER)} ELSE 0 END
    | CASE WHEN turn < 0 AND verdict = 'accepted' AND signs & {_ALIVE} <> 0
        THEN {int(Sign.ANSWERED)} ELSE 0 END"""
# Signs that rows with unlike ones never share: else the place of a cut could change the answer.
_TELLING: Final = int(Sign.ORIENTED | Sign.LISTENER | Sign.FORWARDED)


def located_sql(flows: str) -> str:
    """SQL that makes the table ``grouped`` of a cloud's canonical flows."""
    return f"""
        CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT * EXCLUDE (telling), NULL::BOOLEAN AS reply, NULL::VARCHAR AS names_of_src,
            NULL::VARCHAR AS names_of_dst, NULL::VARCHAR AS dns_query,
            NULL::VARCHAR[] AS dns_answers
        FROM (
            SELECT malformed, aside, kept, observer, lost_source, src_id, dst_id, new_src, new_dst,
                src_ip, dst_ip, src_port, dst_port, protocol, verdict, direction, hour,
                signs & {_TELLING} AS telling,
                bit_or(signs) AS signs, count(*) AS records, sum(flows) AS flows,
                sum(bytes) AS bytes, min(start) AS first, max(stop) AS last, min(line) AS line,
                sum(lost) AS lost
            FROM ({_turned_sql(flows)}) GROUP BY ALL
        )
    """


def _turned_sql(flows: str) -> str:
    """SQL for records whose source is the client, where it can be told."""
    return f"""
        SELECT malformed, aside, kept, lost_source, lost, line, bytes, start,
            CASE WHEN kept OR lost > 0 THEN observer END AS observer,
            {_end("src", "s", "d")}, {_end("dst", "d", "s")},
            CASE WHEN kept AND turn = 0 THEN src_port ELSE 0 END AS src_port,
            CASE WHEN NOT kept THEN 0 WHEN turn < 0 THEN src_port ELSE dst_port END AS dst_port,
            CASE WHEN kept THEN protocol END AS protocol,
            CASE WHEN kept THEN verdict END AS verdict,
            {_WAY} AS direction,
            CASE WHEN kept THEN coalesce(epoch_us(start), 0) // 3600000000 END AS hour,
            {_SIGNS} AS signs, {_FLOWS} AS flows, coalesce(until, start) AS stop
        FROM (SELECT *, {_TURN} AS turn FROM ({_named_sql(flows)}))
    """


def _end(side: str, same: str, other: str) -> str:
    """SQL for one end of a turned record: its number, or its text, and its address."""
    address = {"s": "src_ip", "d": "dst_ip"}
    return f"""
        CASE WHEN turn < 0 THEN {other}_id ELSE {same}_id END AS {side}_id,
        CASE WHEN turn < 0 THEN {other}_new ELSE {same}_new END AS new_{side},
        -- The address of a pod that is known tells nothing more.
        CASE WHEN turn = 0 THEN {address[same]}
             WHEN turn > 0 AND NOT {same}_pod THEN {address[same]}
             WHEN turn < 0 AND NOT {other}_pod THEN {address[other]} END AS {side}_ip"""


def _named_sql(flows: str) -> str:
    """SQL for records with both ends looked up: by their text, or by address and time."""
    return f"""
        SELECT flow.*, coalesce(hs.endpoint, es.id, CASE WHEN src_text IS NULL THEN 0 END) AS s_id,
            CASE WHEN es.id IS NULL THEN src_text END AS s_new,
            coalesce(hs.is_pod, false) AS s_pod, ls.who IS NOT NULL AS s_listens,
            coalesce(hd.endpoint, ed.id, CASE WHEN dst_text IS NULL THEN 0 END) AS d_id,
            CASE WHEN ed.id IS NULL THEN dst_text END AS d_new,
            coalesce(hd.is_pod, false) AS d_pod, ld.who IS NOT NULL AS d_listens
        FROM (
            SELECT *, CASE WHEN kept AND src <> '' THEN src END AS src_text,
                CASE WHEN kept AND dst <> '' THEN dst END AS dst_text,
                CASE WHEN kept AND coalesce(src, '') = '' THEN src_ip END AS src_place,
                CASE WHEN kept AND coalesce(dst, '') = '' THEN dst_ip END AS dst_place,
                coalesce(epoch_us(start), {OPEN_FROM}) AS low,
                coalesce(epoch_us(until), epoch_us(start), {OPEN_UNTIL - 1}) AS high
            FROM (SELECT *, malformed IS NULL AND aside IS NULL AS kept FROM ({flows}))
        ) AS flow
        LEFT JOIN endpoint es ON es.text = src_text
        LEFT JOIN endpoint ed ON ed.text = dst_text
        LEFT JOIN held hs ON hs.ip = src_place AND hs.from_us <= low AND hs.until_us > high
        LEFT JOIN held hd ON hd.ip = dst_place AND hd.from_us <= low AND hd.until_us > high
        LEFT JOIN listening ls
            ON ls.who = hs.who AND ls.protocol = flow.protocol AND ls.port = src_port
        LEFT JOIN listening ld
            ON ld.who = hd.who AND ld.protocol = flow.protocol AND ld.port = dst_port
    """
