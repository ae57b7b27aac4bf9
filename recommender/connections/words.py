"""Words of closed sets, which the store holds as enumerations: a number is compared faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.outside import NODE_OR_POD, UNKNOWN
from recommender.inventory.holdings import REASONS
from recommender.model.edges import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How it was told who opened a connection, or who an end is.
HOW: Final = ("record", "tuple", "listener", "fan-in", "port", "address")
#: Why a record makes no edge: first why nobody can be named for an end of it; '' for somebody.
ASIDE: Final = (
    *(*REASONS, UNKNOWN, NODE_OR_POD),
    *("cilium-health", "no-workload", "direction-undecided", "no-port", "proxied-by-node"),
)


def _type(name: str, words: Iterable[str]) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"CREATE TYPE {name} AS ENUM ({listed});"


#: SQL that makes the types of these words.
TYPES: Final = "".join(
    (
        _type("protocol", ("TCP", "UDP", "SCTP", "ICMP", "ICMPv6")),
        _type("verdict", Verdict),
        _type("how", HOW),
        _type("aside", ASIDE),
        _type("way", ("", "INGRESS", "EGRESS", "other")),
    )
)
