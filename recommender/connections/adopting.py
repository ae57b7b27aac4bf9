"""Ends that a record knows weakly get the identity that other records give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.numbering import NOTHING
from recommender.connections.resolve import RANK_CLASS, RANK_LABELS, RANK_NONE
from recommender.sources.endpoint import EndClass

if TYPE_CHECKING:
    import duckdb

#: What tells a connection.
TUPLE: Final = "protocol, c_ip, c_port, v_ip, v_port"

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
        SELECT {TUPLE}, any_value({side}_entity) {sure} AS entity, max({side}_pod) AS pod
        FROM leg SEMI JOIN doubtful_{side} USING ({side}_ip)
        GROUP BY {TUPLE}
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


_WITHOUT_IDENTITY: Final = f"SELECT 1 FROM leg WHERE least(c_rank, v_rank) < {RANK_CLASS} LIMIT 1"


def adopt(connection: duckdb.DuckDBPyConnection) -> None:
    """Name ends in the table ``leg`` by what its connection, or its address, is elsewhere."""
    for side in ("c", "v"):
        ((doubtful,),) = connection.execute(_DOUBTFUL.format(side)).fetchall()
        if doubtful:
            connection.execute(_strong(side))
            connection.execute(_adopt(side))
    if connection.execute(_WITHOUT_IDENTITY).fetchone() is not None:
        connection.execute(_OWNERS)
        for side in ("c", "v"):
            connection.execute(_own(side))
