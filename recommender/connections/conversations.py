"""Oriented records become legs of conversations, each with what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import BLOCK, NOTHING
from recommender.connections.resolve import RANK_CLASS, RANK_LABELS, RANK_NONE
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

_POD: Final = int(EndClass.POD)

#: SQL that says whether a row is of a cloud's log.
CLOUD: Final = f"signs & {int(Sign.PLATFORM)} <> 0"
_TRACE, _ORIENTED = int(Sign.TRACE), int(Sign.ORIENTED)
_FLAGS: Final = int(Sign.TRACE | Sign.SYN)

# What tells nothing more in a cloud's log: clients' ports, and the addresses of pods that the
# history names. A connection that it saw opening is counted where it did, and once.
_BLANKED: Final = f"""
    UPDATE leg SET c_port = 0,
        c_ip = CASE c_class WHEN {_POD} THEN {NOTHING} ELSE c_ip END,
        v_ip = CASE v_class WHEN {_POD} THEN {NOTHING} ELSE v_ip END,
        flows = CASE WHEN signs & {_ORIENTED} = 0
            AND (turn < 0 OR protocol = 'TCP' AND signs & {_FLAGS} = {_TRACE})
            THEN 0 ELSE flows END
    WHERE {CLOUD}
"""

_TUPLE: Final = "protocol, c_ip, c_port, v_ip, v_port"
_PARTNERS: Final = f"{_TUPLE}, c_class, c_entity, v_class, v_entity"
_SAME_PARTNERS: Final = " AND ".join(f"leg.{one} = fate.{one}" for one in _PARTNERS.split(", "))


# Addresses that some records name a workload for and others do not.
_DOUBTFUL: Final = f"""
    CREATE TEMP TABLE doubtful_{{0}} AS SELECT {{0}}_ip FROM leg WHERE {{0}}_ip <> {NOTHING}
    GROUP BY {{0}}_ip HAVING min({{0}}_rank) < {RANK_LABELS} AND max({{0}}_rank) >= {RANK_LABELS}
"""


def _strong(side: str) -> str:
    """The one workload that other records of the same connection name on one side."""
    sure = f"FILTER ({side}_rank >= {RANK_LABELS})"
    return f"""
        CREATE TEMP TABLE strong_{side} AS
        SELECT {_TUPLE}, any_value({side}_entity) {sure} AS entity, max({side}_pod) AS pod
        FROM leg SEMI JOIN doubtful_{side} USING ({side}_ip)
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
        WHERE leg.{side}_rank < {RANK_LABELS} AND leg.{side}_ip <> {NOTHING}
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
    ) AS held WHERE ip <> {NOTHING} AND pod > 0 GROUP BY ip HAVING min(entity) = max(entity)
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
_NAMELESS: Final = f"""
    WHEN c_reason <> '' AND (v_reason <> '' OR v_class <> {_POD} OR EXISTS (
        SELECT 1 FROM served WHERE served.v_entity = leg.v_entity
        AND served.protocol = leg.protocol AND served.v_port = leg.v_port)) THEN c_reason
    WHEN v_reason <> '' AND (c_class <> {_POD} OR EXISTS (
        SELECT 1 FROM called WHERE called.c_entity = leg.c_entity
        AND called.protocol = leg.protocol AND called.v_port = leg.v_port)) THEN v_reason"""
# Ends in the node's network, and whether either end is a pod.
_NODES: Final = f"({int(EndClass.OWN_NODE)}, {int(EndClass.NODE)})"
_HIDDEN: Final = f"signs & {int(Sign.FORWARDED)} <> 0"

# Why a leg makes no edge, null where it does.
_SORTED: Final = f"""
    CREATE TEMP VIEW sorted AS SELECT *, rowid AS id, CASE {{nameless}}
        WHEN c_class = {int(EndClass.HEALTH)} OR v_class = {int(EndClass.HEALTH)}
            THEN 'cilium-health'::aside
        WHEN c_class <> {_POD} AND v_class <> {_POD} THEN 'no-workload'::aside
        WHEN turn = 0 THEN 'direction-undecided'::aside
        WHEN v_port = 0 AND protocol NOT IN ('ICMP', 'ICMPv6') THEN 'no-port'::aside
        WHEN {_HIDDEN} AND (c_class IN {_NODES} OR v_class IN {_NODES})
            THEN 'proxied-by-node'::aside
        END AS aside
    FROM leg
"""

# A packet of an open connection. A log that shows none at all (one of opening packets alone, or
# an aggregated one) cannot show which connections stayed unanswered.
_LIVELY: Final = int(Sign.SYN_ACK | Sign.DATA | Sign.LAYER7 | Sign.AGGREGATED | Sign.ANSWERED)
_ALIVE: Final = f"(signs & {_LIVELY} <> 0 OR turn < 0 AND signs & {int(Sign.SEVERAL)} <> 0)"

# One row a connection between two entities. Addresses matter only outside the cluster.
_CONVERSATIONS: Final = f"""
    CREATE TEMP TABLE conversation AS
    SELECT {_PARTNERS}, denied AS was_denied, audited AS was_audited, alive, answered, allowed,
        protocol = 'TCP' AND (traced AND opened OR clouded AND NOT quiet) AND NOT alive
            AND {{lively}} AS half_open,
        quiet AND NOT alive AND NOT answered AS in_doubt
    FROM (
        SELECT {_PARTNERS},
            bool_or(verdict = 'denied') AS denied, bool_or(verdict = 'audit') AS audited,
            bool_or((turn < 0 OR signs & {int(Sign.ANSWERED)} <> 0) AND verdict = 'accepted')
                AS answered,
            bool_or(signs & {int(Sign.TRACE)} <> 0 AND verdict = 'accepted') AS traced,
            bool_or(signs & {int(Sign.SYN)} <> 0) AS opened,
            bool_or(signs & {int(Sign.QUIET)} <> 0) AS quiet, bool_and({CLOUD}) AS clouded,
            bool_or(verdict = 'accepted' AND {_ALIVE}) AS alive,
            bool_or(verdict = 'accepted' AND signs & {int(Sign.VERDICT)} <> 0) AS allowed
        FROM leg GROUP BY {_PARTNERS}
    ) AS merged
"""
_ANY_ALIVE: Final = f"SELECT coalesce(bool_or(protocol = 'TCP' AND {_ALIVE}), false) FROM leg"
# Audit says a connection's verdict once, when it opens. One that was open before the log began
# shares the verdict of its edge, unless a policy allowed this very one.
_EDGE_OF: Final = """c_class, c_entity, v_class, v_entity, protocol, v_port,
    CASE WHEN c_class IN (0, 5) THEN c_ip ELSE 0 END AS c_place,
    CASE WHEN v_class IN (0, 5) THEN v_ip ELSE 0 END AS v_place"""
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
    AND a.c_place IN (0, c.c_ip) AND a.v_place IN (0, c.v_ip)"""
# What became of a connection whose records were let through, where that is not all: few are so,
# and the records of all others need not look for theirs.
_FATES: Final = f"""
    CREATE TEMP TABLE fate AS SELECT * FROM (
        SELECT {_PARTNERS}, CASE
            WHEN was_denied AND NOT answered THEN 'denied'::verdict
            WHEN was_audited THEN 'audit'::verdict
            WHEN NOT allowed AND EXISTS (SELECT 1 FROM audited a WHERE {_SAME_EDGE})
                THEN 'audit'::verdict
            WHEN half_open THEN 'unanswered'::verdict
            WHEN in_doubt AND NOT EXISTS (SELECT 1 FROM alive a WHERE {_SAME_EDGE})
                THEN 'unanswered'::verdict END AS outcome
        FROM conversation c
        WHERE was_denied OR was_audited OR half_open OR in_doubt
           OR NOT allowed AND EXISTS (SELECT 1 FROM audited)
    ) AS found WHERE outcome IS NOT NULL
"""
_JUDGED: Final = f"""
    UPDATE leg SET outcome = fate.outcome FROM fate
    WHERE verdict = 'accepted' AND {_SAME_PARTNERS}
"""
_SET_ASIDE: Final = f"""
    SELECT {BLOCK} AS block, aside, sum(records) FROM sorted WHERE aside IS NOT NULL GROUP BY ALL
"""
_OUT: Final = "DELETE FROM leg WHERE rowid IN (SELECT id FROM sorted WHERE aside IS NOT NULL)"
_KEPT: Final = f"SELECT {BLOCK} AS block, outcome, sum(records) FROM leg GROUP BY ALL"


def judge(connection: duckdb.DuckDBPyConnection, *, clouded: bool) -> list[tuple[int, str, int]]:
    """Leave in the table ``leg`` what makes an edge, and tell the ``outcome`` of each.

    Args:
        connection: The store, after :func:`recommender.connections.orient.orient`.
        clouded: Whether any record is of a cloud's log.

    Returns:
        What became of the records of each block as (its number, reason or verdict, records).
    """
    if clouded:
        connection.execute(_BLANKED)
    for side in ("c", "v"):
        connection.execute(_DOUBTFUL.format(side))
        connection.execute(_strong(side))
        connection.execute(_adopt(side))
    if _any_without_identity(connection):
        connection.execute(_OWNERS)
        for side in ("c", "v"):
            connection.execute(_own(side))
    if clouded:
        for table, side in (("served", "v"), ("called", "c")):
            connection.execute(_CALLS.format(table=table, side=side))
    ((lively,),) = connection.execute(_ANY_ALIVE).fetchall()
    connection.execute(_SORTED.format(nameless=_NAMELESS if clouded else ""))
    aside = connection.execute(_SET_ASIDE).fetchall()
    if aside:
        connection.execute(_OUT)
    connection.execute(_CONVERSATIONS.format(lively=lively))
    connection.execute(_AUDITED)
    connection.execute(_ALIVES)
    connection.execute(_FATES)
    connection.execute("DROP TABLE conversation")
    connection.execute(_JUDGED)
    return aside + connection.execute(_KEPT).fetchall()


def _any_without_identity(connection: duckdb.DuckDBPyConnection) -> bool:
    query = f"SELECT 1 FROM leg WHERE least(c_rank, v_rank) < {RANK_CLASS} LIMIT 1"
    return connection.execute(query).fetchone() is not None
