"""What the records of a log show as a whole, told in one pass over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.sources.canonical import Sign

if TYPE_CHECKING:
    import duckdb

_CLOUD: Final = f"signs & {int(Sign.PLATFORM)} <> 0"
_LAYER7: Final = f"signs & {int(Sign.LAYER7)} <> 0"
_SEEN: Final = f"""
    SELECT bit_or(signs), bit_or(signs) FILTER (protocol = 'TCP'),
        sum(records) FILTER (signs & {int(Sign.CONTRADICTION)} <> 0),
        sum(records) FILTER (signs & {int(Sign.SYN_ACK)} <> 0 AND reply),
        bool_or(reply), bool_or(NOT reply AND NOT {_LAYER7}),
        bool_or(reply) FILTER (NOT {_CLOUD} AND NOT {_LAYER7}),
        bool_or(NOT reply) FILTER (NOT {_CLOUD} AND NOT {_LAYER7})
    FROM flow_group
"""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a log shows.

    Attributes:
        signs: What any record shows.
        of_tcp: What any record of TCP shows.
        contradicted: More answers to handshakes bear a reply flag of false than one of true.
        never_a_reply: It has reply flags, and none of them is true.
        legacy: Its producer writes the reply flag only where it is true, as old ones do.
    """

    signs: Sign
    of_tcp: Sign
    contradicted: bool
    never_a_reply: bool
    legacy: bool

    @property
    def clouded(self) -> bool:
        """Whether some of it is of a cloud's log."""
        return Sign.PLATFORM in self.signs

    @property
    def aggregated(self) -> bool:
        """Whether some records stand for several connections."""
        return Sign.AGGREGATED in self.signs


def traits(connection: duckdb.DuckDBPyConnection) -> Traits:
    """Look at all records in the store."""
    ((signs, of_tcp, against, in_favour, replies, opens, true, false),) = connection.execute(
        _SEEN
    ).fetchall()
    return Traits(
        signs=Sign(signs or 0),
        of_tcp=Sign(of_tcp or 0),
        contradicted=(against or 0) > (in_favour or 0),
        never_a_reply=bool(false) and not true,
        legacy=bool(replies) and not opens,
    )
