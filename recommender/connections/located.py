"""Records of clouds, grouped in one pass: named by address and time, and turned to their client.

A cloud's log shows addresses, so that each end is looked up in the timeline of the cluster. Where
a record tells who opened its connection, it is turned so that its source is the client, and the
client's port is left out: millions of records become as many rows as there are pairs of ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.history import PAGE
from recommender.inventory.holdings import OPEN_FROM, OPEN_UNTIL
from recommender.sources.canonical import Sign

if TYPE_CHECKING:
    from recommender.connections.slots import Slots

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
    -- What has an end that nobody can be named for makes no rule: its ports are enough.
    WHEN (s_who < 0 OR d_who < 0) AND dst_port < {EPHEMERAL} AND src_port >= {EPHEMERAL} THEN 1
    WHEN (s_who < 0 OR d_who < 0) AND src_port < {EPHEMERAL} AND dst_port >= {EPHEMERAL} THEN -1
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
    | CASE WHEN {_BY_WORD} THEN {int(Sign.WORD)} ELSE 0 END
    | CASE WHEN turn < 0 AND verdict = 'accepted' AND signs & {_ALIVE} <> 0
        THEN {int(Sign.ANSWERED)} ELSE 0 END"""
# Signs that rows with unlike ones never share: else the place of a cut could change the answer.
TELLING: Final = int(Sign.ORIENTED | Sign.FORWARDED)


def located_sql(flows: str, slots: Slots, *, bare: bool) -> str:
    """SQL that makes the table ``grouped`` of a cloud's canonical flows.

    Args:
        flows: SQL of the flows.
        slots: How the table ``near`` cuts time.
        bare: Whether the log knows addresses alone. Otherwise ends that it names keep their names.
    """
    # Of those who reported an oriented record one is enough, where its direction is known.
    one = "kept AND turn <> 0 AND direction <> ''" if bare else "false"
    return f"""
        CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT * EXCLUDE (telling, reporter), NULL::BOOLEAN AS reply, NULL::VARCHAR AS names_of_src,
            NULL::VARCHAR AS names_of_dst, NULL::VARCHAR AS dns_query,
            NULL::VARCHAR[] AS dns_answers
        FROM (
            SELECT malformed, aside, kept, lost_source, src_id, dst_id, new_src, new_dst,
                CASE WHEN {one} THEN NULL ELSE observer END AS reporter,
                min(observer) AS observer,
                src_who, dst_who, any_value(src_bit) AS src_bit, any_value(dst_bit) AS dst_bit,
                src_ip, dst_ip, src_port, dst_port, protocol, verdict,
                direction, hour,
                signs & {TELLING} AS telling,
                bit_or(signs) AS signs, count(*) AS records, sum(flows) AS flows,
                sum(bytes) AS bytes, min(start) AS first, max(stop) AS last, min(line) AS line,
                sum(lost) AS lost
            FROM ({turned_sql(_named_sql(flows, slots, bare=bare))}) GROUP BY ALL
        )
    """


def turned_sql(named: str) -> str:
    """SQL for records whose source is the client, where it can be told.

    Args:
        named: SQL of records with both ends looked up.
    """
    return f"""
        SELECT malformed, aside, kept, lost_source, lost, line, bytes, start,
            CASE WHEN kept OR lost > 0 THEN observer END AS observer, turn,
            {_end("src", "s", "d")}, {_end("dst", "d", "s")},
            CASE WHEN kept AND turn = 0 THEN src_port ELSE 0 END AS src_port,
            CASE WHEN NOT kept THEN 0 WHEN turn < 0 THEN src_port ELSE dst_port END AS dst_port,
            CASE WHEN kept THEN protocol END AS protocol,
            CASE WHEN kept THEN verdict END AS verdict,
            {_WAY} AS direction,
            CASE WHEN kept THEN coalesce(epoch_us(start), 0) // 3600000000 END AS hour,
            {_SIGNS} AS signs, {_FLOWS} AS flows, coalesce(until, start) AS stop
        FROM (SELECT *, {_TURN} AS turn FROM ({named}))
    """


def _end(side: str, same: str, other: str) -> str:
    """SQL for one end of a turned record: its number, or its text, and its address."""
    address = {"s": "src_ip", "d": "dst_ip"}
    return f"""
        CASE WHEN turn < 0 THEN {other}_id ELSE {same}_id END AS {side}_id,
        CASE WHEN turn < 0 THEN {other}_new ELSE {same}_new END AS new_{side},
        CASE WHEN turn < 0 THEN {other}_who ELSE {same}_who END AS {side}_who,
        CASE WHEN turn < 0 THEN {other}_bit ELSE {same}_bit END AS {side}_bit,
        -- The address of a pod that is known tells nothing more.
        CASE WHEN turn = 0 THEN {address[same]}
             WHEN turn > 0 AND NOT {same}_pod THEN {address[same]}
             WHEN turn < 0 AND NOT {other}_pod THEN {address[other]} END AS {side}_ip"""


def _named_sql(flows: str, slots: Slots, *, bare: bool) -> str:
    """SQL for records with both ends looked up: by their text, or by address and time."""
    texts = (
        ""
        if bare
        else """
        LEFT JOIN endpoint es ON es.text = src_text LEFT JOIN endpoint ed ON ed.text = dst_text"""
    )
    return f"""
        SELECT flow.*, {_looked_up("s", "src", bare=bare)}, {_looked_up("d", "dst", bare=bare)}
        FROM (
            SELECT *, CASE WHEN kept AND src <> '' THEN src END AS src_text,
                CASE WHEN kept AND dst <> '' THEN dst END AS dst_text,
                CASE WHEN kept AND coalesce(src, '') = '' THEN src_ip END AS src_place,
                CASE WHEN kept AND coalesce(dst, '') = '' THEN dst_ip END AS dst_place,
                coalesce(epoch_us(start), {OPEN_FROM}) AS low,
                coalesce(epoch_us(until), epoch_us(start), {OPEN_UNTIL - 1}) AS high,
                (low - ({slots.low})) // {slots.length} AS slot
            FROM (SELECT *, malformed IS NULL AND aside IS NULL AS kept FROM ({flows}))
        ) AS flow {texts}
        LEFT JOIN near hs ON hs.ip = src_place AND hs.slot = flow.slot
            AND hs.from_us <= low AND hs.until_us > low
        LEFT JOIN near hd ON hd.ip = dst_place AND hd.slot = flow.slot
            AND hd.from_us <= low AND hd.until_us > low
        LEFT JOIN listening ls
            ON ls.who = hs.who AND ls.protocol = flow.protocol AND ls.port = src_port
        LEFT JOIN listening ld
            ON ld.who = hd.who AND ld.protocol = flow.protocol AND ld.port = dst_port
    """


def _looked_up(end: str, side: str, *, bare: bool) -> str:
    """SQL for what is known of one end: its number, or its text where it has none yet."""
    within = f"high < h{end}.until_us"
    held = f"CASE WHEN {within} THEN h{end}.endpoint ELSE h{end}.beyond END"
    if bare:
        told = f"coalesce({held}, 0) AS {end}_id, NULL::VARCHAR AS {end}_new"
    else:
        told = f"""
            coalesce({held}, e{end}.id, CASE WHEN {side}_text IS NULL THEN 0 END) AS {end}_id,
            CASE WHEN e{end}.id IS NULL THEN {side}_text END AS {end}_new"""
    return f"""{told}, CASE WHEN {within} THEN h{end}.who ELSE h{end}.beyond END AS {end}_who,
        h{end}.bit AS {end}_bit, coalesce(h{end}.is_pod OR NOT ({within}), false) AS {end}_pod,
        l{end}.who IS NOT NULL AND {within} AS {end}_listens"""


# Rows of a block that differ in nothing but the pods of their workloads, or in who reported them.
# Of the pods one stands for all, whatever the log shows; how many there are is told by ``pair``.
_ORIENTED: Final = f"(signs & {int(Sign.ORIENTED)} <> 0)"
_SINGLE: Final = f"""(NOT {_ORIENTED} OR direction = '' OR src_ip IS NOT NULL
    OR dst_ip IS NOT NULL)"""
COMPACTED: Final = f"""
    INSERT INTO flow_group
    SELECT ? AS block, coalesce(s.endpoint, src_id), coalesce(d.endpoint, dst_id), * EXCLUDE (
        src_id, dst_id, src_who, dst_who, drawn, s.who, s.endpoint, d.who, d.endpoint)
    FROM (
        SELECT min(src_id) AS src_id, min(dst_id) AS dst_id, src_ip, dst_ip, src_port, dst_port,
            protocol, verdict, NULL, min(observer), direction, hour,
            bit_or(signs | CASE WHEN {_SINGLE} THEN 0 ELSE {int(Sign.DRAWN)} END),
            sum(records), sum(flows), sum(bytes), min(first), max(last), min(line),
            src_who, dst_who, NOT {_SINGLE} AS drawn
        FROM grouped WHERE kept
        GROUP BY src_who, dst_who, src_ip, dst_ip, src_port, dst_port, protocol, verdict,
            direction, hour, signs & {TELLING}, CASE WHEN {_SINGLE} THEN observer END,
            CASE WHEN {_SINGLE} THEN src_id END, CASE WHEN {_SINGLE} THEN dst_id END, drawn
    )
    LEFT JOIN holder s ON s.who = src_who AND drawn
    LEFT JOIN holder d ON d.who = dst_who AND drawn
"""
# Which pods of either workload took part.
PAIRS: Final = f"""
    INSERT INTO pair
    SELECT src_who, dst_who, protocol, dst_port, verdict,
        bitstring_agg(src_bit, 0, {PAGE - 1}), bitstring_agg(dst_bit, 0, {PAGE - 1})
    FROM grouped
    WHERE kept AND NOT {_SINGLE} AND src_who > 0 AND dst_who > 0
    GROUP BY ALL
"""
