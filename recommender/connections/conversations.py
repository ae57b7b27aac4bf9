"""Oriented records become legs of conversations, each with what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.adopting import TUPLE, adopt
from recommender.connections.aside import set_aside
from recommender.connections.numbering import BLOCK, NOTHING
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

    from recommender.connections.traits import Traits

_POD: Final = int(EndClass.POD)

#: Classes of ends that are told by their addresses, as SQL.
OUTSIDE: Final = f"({int(EndClass.NONE)}, {int(EndClass.WORLD)})"
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

_PARTNERS: Final = f"{TUPLE}, c_class, c_entity, v_class, v_entity"
_SAME_PARTNERS: Final = " AND ".join(f"leg.{one} = fate.{one}" for one in _PARTNERS.split(", "))

# A packet of an open connection. A log that shows none at all (one of opening packets alone, or
# an aggregated one) cannot show which connections stayed unanswered.
_LIVELY: Final = Sign.SYN_ACK | Sign.DATA | Sign.LAYER7 | Sign.AGGREGATED | Sign.ANSWERED
_SEVERAL_BACK: Final = f"""
    SELECT coalesce(bool_or(protocol = 'TCP'), false) FROM leg
    WHERE turn < 0 AND signs & {int(Sign.SEVERAL)} <> 0
"""
# An answer that was let through; no sign has this bit.
_BACK: Final = 1 << 30


def _shows(signs: str, sign: Sign) -> str:
    return f"{signs} & {int(sign)} <> 0"


# One row a connection between two entities. Addresses matter only outside the cluster.
_CONVERSATIONS: Final = f"""
    CREATE TEMP TABLE conversation AS
    SELECT {_PARTNERS}, denied, audited, {_shows("passed", Sign.VERDICT)} AS allowed,
        back <> 0 OR {_shows("passed", Sign.ANSWERED)} AS answered,
        {_shows("passed", _LIVELY)} OR {_shows("back", Sign.SEVERAL)} AS alive,
        {_shows("signs", Sign.QUIET)} AS quiet,
        {{lively}} AND protocol = 'TCP' AND NOT alive AND (
            {_shows("passed", Sign.TRACE)} AND {_shows("signs", Sign.SYN)}
            OR {_shows("common", Sign.PLATFORM)} AND NOT quiet) AS half_open,
        quiet AND NOT alive AND NOT answered AS in_doubt
    FROM (
        SELECT {_PARTNERS}, bit_or(signs) AS signs, bit_and(signs) AS common,
            bit_or(CASE WHEN verdict = 'accepted' THEN signs ELSE 0 END) AS passed,
            bit_or(CASE WHEN verdict = 'accepted' AND turn < 0 THEN signs | {_BACK} ELSE 0 END)
                AS back,
            bool_or(verdict = 'denied') AS denied, bool_or(verdict = 'audit') AS audited
        FROM leg GROUP BY {_PARTNERS}
    ) AS merged
"""
_ANY: Final = """
    SELECT bool_or(denied OR half_open), bool_or(audited), bool_or(in_doubt) FROM conversation
"""
# Audit says a connection's verdict once, when it opens. One that was open before the log began
# shares the verdict of its edge, unless a policy allowed this very one.
_EDGE_OF: Final = f"""c_class, c_entity, v_class, v_entity, protocol, v_port,
    CASE WHEN c_class IN {OUTSIDE} THEN c_ip ELSE {NOTHING} END AS c_place,
    CASE WHEN v_class IN {OUTSIDE} THEN v_ip ELSE {NOTHING} END AS v_place"""
_AUDITED: Final = f"""
    CREATE TEMP TABLE audited AS SELECT DISTINCT {_EDGE_OF} FROM conversation WHERE audited
"""
# A sample of a connection may hold nothing but bare headers: what others of its edge carried
# tells whether anybody answers there.
_ALIVES: Final = f"""
    CREATE TEMP TABLE alive AS SELECT DISTINCT {_EDGE_OF} FROM conversation
    WHERE alive OR answered
"""
_SAME_EDGE: Final = f"""a.protocol = c.protocol AND a.v_port = c.v_port
    AND a.c_class = c.c_class AND a.c_entity = c.c_entity
    AND a.v_class = c.v_class AND a.v_entity = c.v_entity
    AND a.c_place IN ({NOTHING}, c.c_ip) AND a.v_place IN ({NOTHING}, c.v_ip)"""


def _fates_sql(*, audited: object, in_doubt: object) -> str:
    """SQL for the connections whose records were let through, where that is not all.

    Few are so, and the records of all others need not look for theirs. What no connection is, is
    left out: to plan it takes time as well.

    Args:
        audited: Whether any connection was audited.
        in_doubt: Whether it is open of any whether somebody answered.
    """
    shared = f"EXISTS (SELECT 1 FROM audited a WHERE {_SAME_EDGE})" if audited else "false"
    silent = f"NOT EXISTS (SELECT 1 FROM alive a WHERE {_SAME_EDGE})" if in_doubt else "false"
    return f"""
        CREATE TEMP TABLE fate AS SELECT * FROM (
            SELECT {_PARTNERS}, CASE
                WHEN denied AND NOT answered THEN 'denied'::verdict
                WHEN audited THEN 'audit'::verdict
                WHEN NOT allowed AND {shared} THEN 'audit'::verdict
                WHEN half_open THEN 'unanswered'::verdict
                WHEN in_doubt AND {silent} THEN 'unanswered'::verdict END AS outcome
            FROM conversation c
            WHERE denied OR audited OR half_open OR in_doubt
               OR NOT allowed AND {"true" if audited else "false"}
        ) AS found WHERE outcome IS NOT NULL
    """


_JUDGED: Final = f"""
    UPDATE leg SET outcome = fate.outcome FROM fate
    WHERE verdict = 'accepted' AND {_SAME_PARTNERS}
"""
_KEPT: Final = f"SELECT {BLOCK} AS block, outcome, sum(records) FROM leg GROUP BY ALL"


def judge(connection: duckdb.DuckDBPyConnection, log: Traits) -> list[tuple[int, str, int]]:
    """Leave in the table ``leg`` what makes an edge, and tell the ``outcome`` of each.

    Args:
        connection: The store, after :func:`recommender.connections.orient.orient`.
        log: What the log shows as a whole.

    Returns:
        What became of the records of each block as (its number, reason or verdict, records).
    """
    if log.clouded:
        connection.execute(_BLANKED)
    adopt(connection)
    lively = _is_lively(connection, log)
    aside = set_aside(connection, clouded=log.clouded)
    connection.execute(_CONVERSATIONS.format(lively=lively))
    ((denied, audited, in_doubt),) = connection.execute(_ANY).fetchall()
    if audited:
        connection.execute(_AUDITED)
    if in_doubt:
        connection.execute(_ALIVES)
    if denied or audited or in_doubt:
        connection.execute(_fates_sql(audited=audited, in_doubt=in_doubt))
        connection.execute(_JUDGED)
    connection.execute("DROP TABLE conversation")
    return aside + connection.execute(_KEPT).fetchall()


def _is_lively(connection: duckdb.DuckDBPyConnection, log: Traits) -> bool:
    if log.of_tcp & _LIVELY or Sign.SEVERAL not in log.of_tcp:
        return bool(log.of_tcp & _LIVELY)
    ((several,),) = connection.execute(_SEVERAL_BACK).fetchall()
    return bool(several)
