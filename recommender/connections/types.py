"""What logs tell, and how it is gathered from the store that they were read into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.sources.options import ReplyFlag, Snat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from recommender.connections.holders import Holders
    from recommender.connections.presence import Presence
    from recommender.inventory.types import Inventory
    from recommender.model.accounting import Accounting
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.findings import Finding
    from recommender.model.policies import Direction

#: Distinct public addresses that may reach one port of a workload before the rule says "world".
WORLD_THRESHOLD: Final = 16


@dataclass(frozen=True, slots=True)
class Connections:
    """Everything that logs told.

    Attributes:
        edges: All edges of whatever verdict, sorted by key.
        inventory: The cluster as the flows show it.
        observed: The directions in which each workload's traffic would have been logged.
        accounting: What became of every record.
        findings: Coverage: losses, gaps, nodes without logs, files passed over.
        clusters: Clusters whose nodes reported, sorted; empty where the log names none.
        first_seen: Time of the first record that makes an edge; None where there is none.
        last_seen: Time of the last one.
        reply_flag_trusted: Whether the log's reply flag was believed.
        presence: When the log as a whole reported, then each node.
    """

    edges: tuple[Edge, ...]
    inventory: Inventory
    observed: Mapping[Entity, frozenset[Direction]]
    accounting: Accounting
    findings: tuple[Finding, ...] = ()
    clusters: tuple[str, ...] = ()
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    reply_flag_trusted: bool = True
    presence: tuple[Presence, ...] = ()

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """Time of the first and the last record that made an edge, None where none has one."""
        if self.first_seen is None or self.last_seen is None:
            return None
        return self.first_seen, self.last_seen


@dataclass(frozen=True, slots=True)
class Gathering:
    """How edges are made of what is in the store.

    Attributes:
        inventory: The cluster as known.
        holders: Who held which address when, as the store has it.
        reply_flag: Whether to believe the log's reply flag.
        world_threshold: As for :func:`recommender.connections.edges.connect`.
        snat: Whether nodes stand for their pods towards the internet.
    """

    inventory: Inventory | None
    holders: Holders
    reply_flag: ReplyFlag = ReplyFlag.AUTO
    world_threshold: int = WORLD_THRESHOLD
    snat: Snat = Snat.AUTO
