"""Why some legs of connections make no edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import BLOCK
from recommender.sources.canonical import Sign
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

_POD: Final = int(EndClass.POD)

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
_COUNTED: Final = f"""
    SELECT {BLOCK} AS block, aside, sum(records) FROM sorted WHERE aside IS NOT NULL GROUP BY ALL
"""
_OUT: Final = "DELETE FROM leg WHERE rowid IN (SELECT id FROM sorted WHERE aside IS NOT NULL)"


def set_aside(
    connection: duckdb.DuckDBPyConnection, *, clouded: bool
) -> list[tuple[int, str, int]]:
    """Take out of the table ``leg`` what makes no edge.

    Args:
        connection: The store, with ends named as well as they can be.
        clouded: Whether any record is of a cloud's log: only there history may name nobody.

    Returns:
        How many records of each block were set aside, as (its number, reason, records).
    """
    if clouded:
        for table, side in (("served", "v"), ("called", "c")):
            connection.execute(_CALLS.format(table=table, side=side))
    connection.execute(_SORTED.format(nameless=_NAMELESS if clouded else ""))
    found = connection.execute(_COUNTED).fetchall()
    if found:
        connection.execute(_OUT)
    return found
