"""Too many ports or addresses become one edge: what a scan leaves costs as much as one call.

Somebody who tries ten thousand ports would otherwise make ten thousand edges. What is drawn
together is only what was hardly used; a port or address that is used often keeps its own edge. The
folded edge says so by its mark, names no port (0) or no address (everywhere), and never becomes a
rule without a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import EVERYWHERE_V4, EVERYWHERE_V6, NOTHING

if TYPE_CHECKING:
    import duckdb

#: Connections up to which a port or an address counts as hardly used.
WEAK_FLOWS: Final = 8
#: Hardly used ports of one server that one client may have edges for.
MOST_PORTS: Final = 100
#: Hardly used pairs of server and port, or addresses outside, that one client may have edges for.
MOST_PEERS: Final = 1000

_CLIENT: Final = "c_class, c_entity, c_out"
_SERVER: Final = "v_class, v_entity, v_out"
_HOW: Final = "protocol, outcome"
_WEAK: Final = f"count(*) FILTER (flows <= {WEAK_FLOWS}) OVER"
_EVERYWHERE: Final = f"CASE WHEN {{0}}.v6 THEN {EVERYWHERE_V6} ELSE {EVERYWHERE_V4} END"

_COUNTED: Final = f"""
    SELECT *, flows <= {WEAK_FLOWS} AND protocol NOT IN ('ICMP', 'ICMPv6') AS weak,
        {_WEAK} (PARTITION BY {_CLIENT}, {_SERVER}, {_HOW}) AS ports,
        {_WEAK} (PARTITION BY {_CLIENT}, {_HOW}, v_out = {NOTHING}) AS pairs,
        {_WEAK} (PARTITION BY {_CLIENT}, {_HOW}, v_out = {NOTHING}, v_port) AS beyond,
        {_WEAK} (PARTITION BY {_SERVER}, {_HOW}, v_port, c_out = {NOTHING}) AS callers
    FROM edge
"""
# Without so many hardly used edges of one client and server, or in all, nothing is beyond a cap.
_ANY_MANY: Final = f"""
    SELECT coalesce(max(ports) > {MOST_PORTS} OR sum(ports) > {MOST_PEERS}, false) FROM (
        SELECT count(*) AS ports FROM edge WHERE flows <= {WEAK_FLOWS}
        GROUP BY {_CLIENT}, {_SERVER}, {_HOW}
    ) AS weak
"""
# Many pairs inside are a scan only where they are many for each server: who watches a large
# cluster talks to every workload once.
_MARKED: Final = f"""
    SELECT * EXCLUDE (ports, pairs, beyond, callers),
        weak AND v_out <> {NOTHING} AND pairs > {MOST_PEERS} AS to_many,
        weak AND c_out > {NOTHING} AND callers > {MOST_PEERS} AS from_many,
        weak AND (ports > {MOST_PORTS}
            OR (v_out = {NOTHING} AND pairs > greatest({MOST_PEERS}, 8 * (
                SELECT count(DISTINCT v_entity) FROM edge)))
            OR (v_out <> {NOTHING} AND pairs > {MOST_PEERS} AND beyond <= {MOST_PEERS})) AS on_many
    FROM ({_COUNTED}) AS counted
"""
_FOLDED: Final = f"""
    WITH renamed AS (
        SELECT marked.* REPLACE (
            CASE WHEN on_many THEN 0 ELSE v_port END AS v_port,
            CASE WHEN to_many THEN {_EVERYWHERE.format("v")} ELSE v_out END AS v_out,
            CASE WHEN from_many THEN {_EVERYWHERE.format("c")} ELSE c_out END AS c_out,
            CASE WHEN to_many THEN [] ELSE v_ips END AS v_ips,
            CASE WHEN from_many THEN [] ELSE c_ips END AS c_ips
        ), on_many OR to_many OR from_many AS folded
        FROM ({_MARKED}) AS marked
        JOIN address c ON c.id = c_out JOIN address v ON v.id = v_out
    )
    SELECT {_CLIENT}, {_SERVER}, protocol, v_port, outcome, folded,
        sum(records) AS records, min(first) AS first, max(last) AS last,
        max(c_pods) AS c_pods, max(v_pods) AS v_pods, max(days) AS days, max(hours) AS hours,
        list_distinct(flatten(list(observers))) AS observers,
        list_distinct(flatten(list(coalesce(c_ips, [])))) AS c_ips,
        list_distinct(flatten(list(coalesce(v_ips, [])))) AS v_ips,
        list_sort(flatten(list(samples)))[1:3] AS samples, bit_or(signs) AS signs,
        bool_or(inferred) AS inferred, bool_or(by_address) AS by_address,
        sum(flows) AS flows, sum(bytes) AS bytes
    FROM renamed GROUP BY ALL
"""


def fold(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The rows of the table ``edge``, those of ports and addresses beyond the caps folded.

    Distinct days, hours and pods of a folded edge are those of the part that has most of them: at
    least so many.

    Returns:
        A result with the columns of ``edge`` and ``folded``.
    """
    ((any_many,),) = connection.execute(_ANY_MANY).fetchall()
    return connection.execute(_FOLDED if any_many else "SELECT *, false AS folded FROM edge")
