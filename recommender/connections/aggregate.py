"""Oriented records become conversations, and conversations edges: one statement each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.connections.folding import fold
from recommender.connections.history import PAGE
from recommender.connections.resolve import RANK_CLASS, RANK_LABELS, RANK_NONE
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

_POD: Final = int(EndClass.POD)
_OWN_NODE: Final = int(EndClass.OWN_NODE)
_OWN_APISERVER: Final = int(EndClass.OWN_APISERVER)
_APISERVER: Final = int(EndClass.APISERVER)

_TRACE, _ORIENTED = int(Sign.TRACE), int(Sign.ORIENTED)
_FLAGS: Final = int(Sign.TRACE | Sign.SYN)
# Rows of logs that know addresses alone, drawn together over pods and interfaces.
_SIDED: Final = f"(signs & {int(Sign.DRAWN)} <> 0)"
_WAYS: Final = ("INGRESS", "EGRESS")
_CLOUD: Final = f"signs & {int(Sign.PLATFORM)} <> 0"


def _ip(forth: str, back: str) -> str:
    """The address of an end; that of a pod which the history names says nothing more."""
    return f"""CASE
        WHEN {_CLOUD} AND CASE WHEN turn < 0 THEN {back}_class ELSE {forth}_class END = {_POD}
            THEN '' WHEN turn < 0 THEN {back}_ip ELSE {forth}_ip END"""


# Every record group as client and server. An end without IP keeps the empty address.
_LEGS: Final = f"""
    CREATE TEMP TABLE leg AS
    SELECT file, line, protocol, verdict, observer, direction, hour, signs, records, bytes,
        first, last, turn, how,
        -- A connection that a cloud's log saw opening is counted where it did, and once.
        CASE WHEN {_CLOUD} AND signs & {_ORIENTED} = 0
            AND (turn < 0 OR protocol = 'TCP' AND signs & {_FLAGS} = {_TRACE})
            THEN 0 ELSE flows END AS flows,
        {_ip("s", "d")} AS c_ip, {_ip("d", "s")} AS v_ip,
        CASE WHEN {_CLOUD} THEN 0 WHEN turn < 0 THEN dst_port ELSE src_port END AS c_port,
        CASE WHEN turn < 0 THEN d_class ELSE s_class END AS client_class,
        -- A node that runs the API server: what it opens is taken for its probes.
        CASE client_class WHEN {_OWN_APISERVER} THEN {_OWN_NODE} ELSE client_class END AS c_class,
        CASE WHEN turn < 0 THEN d_entity ELSE s_entity END AS c_entity,
        CASE WHEN turn < 0 THEN d_pod ELSE s_pod END AS c_pod,
        CASE WHEN turn < 0 THEN d_rank ELSE s_rank END AS c_rank,
        CASE WHEN turn < 0 THEN d_reason ELSE s_reason END AS c_reason,
        CASE WHEN turn < 0 THEN s_reason ELSE d_reason END AS v_reason,
        CASE WHEN turn < 0 THEN src_port ELSE dst_port END AS v_port,
        CASE WHEN turn < 0 THEN s_class ELSE d_class END AS server_class,
        CASE server_class WHEN {_OWN_APISERVER} THEN {_APISERVER} ELSE server_class END AS v_class,
        CASE WHEN turn < 0 THEN s_entity ELSE d_entity END AS v_entity,
        CASE WHEN turn < 0 THEN s_pod ELSE d_pod END AS v_pod,
        CASE WHEN turn < 0 THEN s_rank ELSE d_rank END AS v_rank
    FROM decided
"""

_TUPLE: Final = "protocol, c_ip, c_port, v_ip, v_port"


def _strong(side: str) -> str:
    """The one workload that other records of the same connection name on one side."""
    sure = f"FILTER ({side}_rank >= {RANK_LABELS})"
    return f"""
        CREATE TEMP TABLE strong_{side} AS
        SELECT {_TUPLE}, any_value({side}_entity) {sure} AS entity, max({side}_pod) AS pod
        FROM leg WHERE {side}_ip <> ''
        GROUP BY {_TUPLE}
        HAVING min({side}_rank) < {RANK_LABELS}
           AND min({side}_entity) {sure} = max({side}_entity) {sure}
    """


def _adopt(side: str) -> str:
    """Give a weakly known end the identity that its connection has elsewhere."""
    return f"""
        UPDATE leg SET {side}_entity = strong.entity, {side}_pod = coalesce(strong.pod, 0),
            {side}_class = {int(EndClass.POD)}, {side}_rank = {RANK_LABELS}
        FROM strong_{side} strong
        WHERE leg.{side}_rank < {RANK_LABELS} AND leg.{side}_ip <> ''
          AND leg.protocol = strong.protocol
          AND leg.c_ip = strong.c_ip AND leg.c_port = strong.c_port
          AND leg.v_ip = strong.v_ip AND leg.v_port = strong.v_port
    """


# An address that one workload alone ever held in this log. Used only for ends without identity.
_OWNERS: Final = f"""
    CREATE TEMP TABLE owner AS
    SELECT ip, any_value(entity) AS entity, max(pod) AS pod FROM (
        SELECT c_ip AS ip, c_entity AS entity, c_pod AS pod FROM leg WHERE c_rank >= {RANK_LABELS}
        UNION ALL
        SELECT v_ip, v_entity, v_pod FROM leg WHERE v_rank >= {RANK_LABELS}
    ) AS held WHERE ip <> '' AND pod > 0 GROUP BY ip HAVING min(entity) = max(entity)
"""


def _own(side: str) -> str:
    return f"""
        UPDATE leg SET {side}_entity = owner.entity, {side}_pod = owner.pod,
            {side}_class = {int(EndClass.POD)}, {side}_rank = {RANK_LABELS}, how = 'address'
        FROM owner WHERE leg.{side}_rank = {RANK_NONE} AND leg.{side}_ip = owner.ip
    """


# Ports of workloads that have a counterpart which can be named. Beside it, a record with an end
# that the cluster's history cannot name is set aside; where there is none, it stays an edge, so
# that no draft closes a port of which nobody could be named.
_CALLS: Final = f"""
    CREATE TEMP TABLE {{table}} AS SELECT DISTINCT {{side}}_entity, protocol, v_port FROM leg
    WHERE turn <> 0 AND verdict = 'accepted' AND c_reason = '' AND v_reason = ''
      AND {{side}}_class = {_POD} AND EXISTS (
        SELECT 1 FROM leg WHERE c_reason <> '' OR v_reason <> '')
"""
# Ends in the node's network, and whether either end is a pod.
_NODES: Final = f"({int(EndClass.OWN_NODE)}, {int(EndClass.NODE)})"
_HIDDEN: Final = f"signs & {int(Sign.FORWARDED)} <> 0"

# Why a leg makes no edge, null where it does.
_ASIDE: Final = f"""CASE
    WHEN c_reason <> '' AND (v_reason <> '' OR v_class <> {_POD} OR EXISTS (
        SELECT 1 FROM served WHERE served.v_entity = leg.v_entity
        AND served.protocol = leg.protocol AND served.v_port = leg.v_port)) THEN c_reason
    WHEN v_reason <> '' AND (c_class <> {_POD} OR EXISTS (
        SELECT 1 FROM called WHERE called.c_entity = leg.c_entity
        AND called.protocol = leg.protocol AND called.v_port = leg.v_port)) THEN v_reason
    WHEN c_class = {int(EndClass.HEALTH)} OR v_class = {int(EndClass.HEALTH)} THEN 'cilium-health'
    WHEN c_class <> {_POD} AND v_class <> {_POD} THEN 'no-workload'
    WHEN turn = 0 THEN 'direction-undecided'
    WHEN v_port = 0 AND protocol NOT LIKE 'ICMP%' THEN 'no-port'
    WHEN {_HIDDEN} AND (c_class IN {_NODES} OR v_class IN {_NODES}) THEN 'proxied-by-node'
    END"""

# A packet of an open connection. A log that shows none at all (one of opening packets alone, or
# an aggregated one) cannot show which connections stayed unanswered.
_LIVELY: Final = int(Sign.SYN_ACK | Sign.DATA | Sign.LAYER7 | Sign.AGGREGATED | Sign.ANSWERED)
_ALIVE: Final = f"(signs & {_LIVELY} <> 0 OR turn < 0 AND signs & {int(Sign.SEVERAL)} <> 0)"

# One row a connection between two entities. Addresses matter only outside the cluster.
_CONVERSATIONS: Final = f"""
    CREATE TEMP TABLE conversation AS
    SELECT *,
        coalesce(denied > 0, false) AS was_denied, coalesce(audited > 0, false) AS was_audited,
        protocol = 'TCP' AND (traced AND opened OR clouded AND NOT quiet)
            AND NOT alive AND (
            SELECT coalesce(bool_or(protocol = 'TCP' AND {_ALIVE}), false) FROM leg
        ) AS half_open,
        quiet AND NOT alive AND NOT answered AS in_doubt
    FROM (
        SELECT {_TUPLE}, c_class, c_entity, v_class, v_entity,
            sum(records) FILTER (verdict = 'denied') AS denied,
            sum(records) FILTER (verdict = 'audit') AS audited,
            bool_or((turn < 0 OR signs & {int(Sign.ANSWERED)} <> 0) AND verdict = 'accepted')
                AS answered,
            bool_or(signs & {int(Sign.TRACE)} <> 0 AND verdict = 'accepted') AS traced,
            bool_or(signs & {int(Sign.SYN)} <> 0) AS opened,
            bool_or(signs & {int(Sign.QUIET)} <> 0) AS quiet, bool_and({_CLOUD}) AS clouded,
            bool_or(verdict = 'accepted' AND {_ALIVE}) AS alive,
            bool_or(verdict = 'accepted' AND signs & {int(Sign.VERDICT)} <> 0) AS allowed
        FROM sorted WHERE aside IS NULL GROUP BY ALL
    ) AS merged
"""
# Audit says a connection's verdict once, when it opens. One that was open before the log began
# shares the verdict of its edge, unless a policy allowed this very one.
_EDGE_OF: Final = """c_class, c_entity, v_class, v_entity, protocol, v_port,
    CASE WHEN c_class IN (0, 5) THEN c_ip ELSE '' END AS c_place,
    CASE WHEN v_class IN (0, 5) THEN v_ip ELSE '' END AS v_place"""
_AUDITED: Final = f"""
    CREATE TEMP TABLE audited AS SELECT DISTINCT {_EDGE_OF} FROM conversation WHERE was_audited
"""
# A sample of a connection may hold nothing but bare headers: what others of its edge carried
# tells whether anybody answers there.
_ALIVES: Final = f"""
    CREATE TEMP TABLE alive AS SELECT DISTINCT {_EDGE_OF} FROM conversation
    WHERE (alive OR answered) AND EXISTS (SELECT 1 FROM conversation WHERE in_doubt)
"""
_SAME_EDGE: Final = """a.protocol = c.protocol AND a.v_port = c.v_port
    AND a.c_class = c.c_class AND a.c_entity = c.c_entity
    AND a.v_class = c.v_class AND a.v_entity = c.v_entity
    AND a.c_place IN ('', c.c_ip) AND a.v_place IN ('', c.v_ip)"""
_PARTNERS: Final = f"{_TUPLE}, c_class, c_entity, v_class, v_entity"
# What became of a connection whose records were let through, where that is not all: few are so,
# and the records of all others need not look for theirs.
_FATES: Final = f"""
    CREATE TEMP TABLE fate AS SELECT * FROM (
        SELECT {_PARTNERS}, CASE
            WHEN was_denied AND NOT answered THEN 'denied'
            WHEN was_audited THEN 'audit'
            WHEN NOT allowed AND EXISTS (SELECT 1 FROM audited a WHERE {_SAME_EDGE}) THEN 'audit'
            WHEN half_open THEN 'unanswered'
            WHEN in_doubt AND NOT EXISTS (SELECT 1 FROM alive a WHERE {_SAME_EDGE})
                THEN 'unanswered' END AS outcome
        FROM conversation c
        WHERE was_denied OR was_audited OR half_open OR in_doubt
           OR NOT allowed AND EXISTS (SELECT 1 FROM audited)
    ) AS found WHERE outcome IS NOT NULL
"""
_JUDGED: Final = f"""
    CREATE TEMP TABLE judged AS
    SELECT sorted.* EXCLUDE
            (turn, client_class, server_class, aside, c_reason, v_reason, v_rank),
        CASE WHEN verdict = 'accepted' THEN coalesce(outcome, 'accepted') ELSE verdict END
            AS outcome
    FROM sorted LEFT JOIN fate USING ({_PARTNERS})
    WHERE sorted.aside IS NULL
"""

_OUTSIDE: Final = "({0}_class <> " + str(_POD) + ")"
_KEY: Final = "c_class, c_entity, c_out, v_class, v_entity, v_out, protocol, v_port, outcome"
#: A pattern of SQL for private and local addresses.
PRIVATE: Final = (
    "'^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|"
    "100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.|[fF][cCdDeE]|::1$)'"
)
# Clients of the world beyond the threshold are drawn together to everywhere.
_CROWDS: Final = f"""
    CREATE TEMP TABLE crowd AS
    SELECT v_entity, protocol, v_port, outcome, contains(c_ip, ':') AS v6
    FROM judged
    WHERE c_class = {int(EndClass.WORLD)} AND v_class = {_POD}
      AND NOT regexp_matches(c_ip, {PRIVATE})
    GROUP BY ALL HAVING count(DISTINCT c_ip) > ?
"""
_OUT: Final = f"""
    CREATE TEMP VIEW placed AS
    SELECT judged.*,
        CASE WHEN c_class <> {int(EndClass.WORLD)} AND c_class <> 0 THEN ''
             WHEN crowd.v6 IS NULL OR regexp_matches(c_ip, {PRIVATE}) THEN c_ip
             WHEN crowd.v6 THEN '::/0' ELSE '0.0.0.0/0' END AS c_out,
        CASE WHEN v_class NOT IN ({int(EndClass.WORLD)}, 0) THEN '' ELSE v_ip END AS v_out
    FROM judged LEFT JOIN crowd
        ON judged.c_class = {int(EndClass.WORLD)} AND judged.v_class = {_POD}
        AND crowd.v_entity = judged.v_entity AND crowd.protocol = judged.protocol
        AND crowd.v_port = judged.v_port AND crowd.outcome = judged.outcome
        AND crowd.v6 = contains(judged.c_ip, ':')
"""


def _larger(column: str) -> str:
    """What the interfaces of clients counted, or those of servers: the larger of the two."""
    ways = (f"coalesce(sum({column}) FILTER (direction = '{way}'), 0)" for way in _WAYS)
    return f"greatest({', '.join(ways)})"


# A connection that aggregated records stand for weighs by the larger of its two observers.
_WEIGHED: Final = f"""
    SELECT {_KEY}, c_ip, c_port, v_ip, max(c_rank) AS c_rank,
        CASE WHEN bool_or(signs & {int(Sign.AGGREGATED)} <> 0) THEN greatest(
            coalesce(sum(flows) FILTER (direction = 'INGRESS'), 0),
            coalesce(sum(flows) FILTER (direction = 'EGRESS'), 0),
            coalesce(sum(flows) FILTER (direction = ''), 0), 1)
        ELSE 1 END AS flows, sum(bytes) AS bytes
    FROM placed WHERE NOT ({_CLOUD}) GROUP BY ALL
"""
# So do all connections of an edge in a cloud's log, which leaves out clients' ports; where it does
# not tell the sides of interfaces, those of one pair of addresses.
_WEIGHED_OF_CLOUDS: Final = f"""
    UNION ALL
    SELECT {_KEY}, c_ip, 0, v_ip, max(c_rank), {_larger("flows")}, {_larger("bytes")}
    FROM placed WHERE {_CLOUD} AND direction <> '' GROUP BY {_KEY}, c_ip, v_ip
    UNION ALL
    SELECT {_KEY}, c_ip, 0, v_ip, max(c_rank), max(flows), max(bytes) FROM (
        SELECT {_KEY}, c_ip, c_pod, v_ip, v_pod, max(c_rank) AS c_rank, sum(flows) AS flows,
            sum(bytes) AS bytes
        FROM placed WHERE {_CLOUD} AND direction = ''
        GROUP BY {_KEY}, c_ip, c_pod, v_ip, v_pod, observer
    ) AS observed GROUP BY {_KEY}, c_ip, c_pod, v_ip, v_pod
"""
_ANY_CLOUD: Final = f"SELECT coalesce(bool_or({_CLOUD}), false) FROM flow_group"
_SAME: Final = "c_entity, v_entity, protocol, v_port"
# What an edge counts distinct of is drawn together first: connections differ in their ports.
_EDGES: Final = f"""
    WITH weighed AS ({{weighed}}), counted AS (
        -- A proxy's second leg shows its client by labels alone: the first leg is counted.
        SELECT {_KEY}, coalesce(sum(flows) FILTER (c_rank <> {RANK_LABELS}), sum(flows)) AS flows,
            sum(bytes) AS bytes
        FROM weighed GROUP BY ALL
    ), compact AS (
        SELECT {_KEY}, c_pod, c_ip, v_pod, v_ip, hour, observer, how,
            {_SIDED} AS sided, CASE WHEN {_SIDED} THEN direction ELSE '' END AS direction,
            sum(records) AS records, min(first) AS first, max(last) AS last,
            min({{{{'file': file, 'line': line}}}}) AS sample, bit_or(signs) AS signs
        FROM placed GROUP BY ALL
    ), merged AS (
        SELECT {_KEY}, sum(records) AS records,
            min(first) AS first, max(last) AS last,
            coalesce(nullif(count(DISTINCT nullif(c_pod, 0)) FILTER (NOT sided), 0),
                count(DISTINCT c_ip)) AS c_pods,
            coalesce(nullif(count(DISTINCT nullif(v_pod, 0)) FILTER (NOT sided), 0),
                count(DISTINCT v_ip)) AS v_pods,
            count(DISTINCT hour // 24) AS days, count(DISTINCT hour) AS hours,
            -- Of the interfaces of a cloud one on each side is named: there may be thousands.
            list_distinct(list_concat(list(DISTINCT observer) FILTER (NOT sided), [
                min(observer) FILTER (sided AND direction = 'INGRESS'),
                min(observer) FILTER (sided AND direction = 'EGRESS')])) AS observers,
            list(DISTINCT c_ip) FILTER (c_class <> {_POD} AND c_out NOT LIKE '%/0') AS c_ips,
            list(DISTINCT v_ip) FILTER (v_class <> {_POD}) AS v_ips,
            min(sample, 3) AS samples, bit_or(signs) AS signs, list(DISTINCT how) AS how
        FROM compact GROUP BY {_KEY}
    )
    SELECT merged.* REPLACE (greatest(c_pods, coalesce(clients, 0)) AS c_pods,
            greatest(v_pods, coalesce(servers, 0)) AS v_pods),
        greatest(counted.flows, 1) AS flows, counted.bytes
    FROM merged JOIN counted USING ({_KEY})
    LEFT JOIN pods USING ({_SAME}, outcome)
"""
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
        SELECT DISTINCT {_SAME}, verdict, outcome FROM judged WHERE {_SIDED}
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
        FROM judged JOIN named ON named.pod = c_pod WHERE c_pod > 0 AND NOT {_SIDED} GROUP BY ALL
    ), server AS (
        SELECT {_SAME}, outcome, dst_who AS who, dsts AS pods FROM drawn
        UNION ALL
        SELECT {_SAME}, outcome, who, bitstring_agg(bit, 0, {PAGE - 1})
        FROM judged JOIN named ON named.pod = v_pod WHERE v_pod > 0 AND NOT {_SIDED} GROUP BY ALL
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
_FILES: Final = """
    SELECT file, coalesce(aside, outcome), sum(records) FROM (
        SELECT file, aside, NULL AS outcome, records FROM sorted WHERE aside IS NOT NULL
        UNION ALL SELECT file, NULL, outcome, records FROM judged
    ) AS fate GROUP BY ALL
"""


def aggregate(
    connection: duckdb.DuckDBPyConnection,
    *,
    world_threshold: int,
) -> tuple[list[dict[str, Any]], list[tuple[int, str, int]]]:
    """Turn the table ``decided`` into edges.

    Args:
        connection: The store, after :func:`recommender.connections.orient.orient`.
        world_threshold: Distinct public addresses that may reach one port of a workload before
            they are drawn together to ``0.0.0.0/0`` or ``::/0``.

    Returns:
        One mapping an edge, and what became of the records of each file as
        (file number, reason or verdict, records).
    """
    connection.execute(_LEGS)
    connection.execute("DROP TABLE decided")
    for side in ("c", "v"):
        connection.execute(_strong(side))
        connection.execute(_adopt(side))
    if _any_without_identity(connection):
        connection.execute(_OWNERS)
        for side in ("c", "v"):
            connection.execute(_own(side))
    for table, side in (("served", "v"), ("called", "c")):
        connection.execute(_CALLS.format(table=table, side=side))
    connection.execute(f"CREATE TEMP VIEW sorted AS SELECT *, {_ASIDE} AS aside FROM leg")
    connection.execute(_CONVERSATIONS)
    connection.execute(_AUDITED)
    connection.execute(_ALIVES)
    connection.execute(_FATES)
    connection.execute("DROP TABLE conversation")
    connection.execute(_JUDGED)
    fates = connection.execute(_FILES).fetchall()
    connection.execute(_CROWDS, [world_threshold])
    connection.execute(_OUT)
    connection.execute("DROP VIEW sorted; DROP TABLE leg")
    connection.execute(_PODS)
    # What no record needs is left out: to plan it takes as long as to compute the rest.
    (clouded,) = connection.execute(_ANY_CLOUD).fetchone() or (False,)
    weighed = _WEIGHED + _WEIGHED_OF_CLOUDS if clouded else _WEIGHED
    connection.execute(f"CREATE TEMP TABLE edge AS {_EDGES.format(weighed=weighed)}")
    result = fold(connection)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()], fates


def _any_without_identity(connection: duckdb.DuckDBPyConnection) -> bool:
    query = f"SELECT 1 FROM leg WHERE least(c_rank, v_rank) < {RANK_CLASS} LIMIT 1"
    return connection.execute(query).fetchone() is not None
