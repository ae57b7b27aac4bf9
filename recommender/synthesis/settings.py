"""What a user can choose about the drafts, and what the log could show at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from recommender.model.entities import Entity
from recommender.model.errors import UsageError
from recommender.model.policies import Direction

#: Per workload the directions in which the log would have shown its traffic. A workload that is
#: missing was not observed at all.
Observed: TypeAlias = Mapping[Entity, frozenset[Direction]]

BOTH: Final = frozenset(Direction)

_V4_BITS: Final = 32
_V6_BITS: Final = 128


class Granularity(StrEnum):
    """How many workloads one policy speaks of.

    ``workload`` writes a policy a workload, exact to the observed pair. ``auto`` lets a segment
    share the rules that enough of its members support and writes the rest exactly. ``segment``
    also shares what is not supported, wherever the other side keeps it exact so that nothing
    opens: as few policies as the selectors allow.
    """

    AUTO = "auto"
    WORKLOAD = "workload"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of a user that change what the drafts say.

    Attributes:
        port_ranges: Write contiguous observed ports as one ``endPort`` range.
        widen_v4: Shortest prefix that external IPv4 addresses may be widened to; 32 keeps the
            exact cover.
        widen_v6: The same for IPv6; 128 keeps the exact cover.
        world_threshold: Distinct public addresses on one port of a workload above which the
            aggregation calls the client the world; said in the finding.
        shared_selectors: Let variants of one workload that no stable label tells apart share a
            policy (see ``docs/decisions``); otherwise each of them needs a label.
        cluster: Name of the cluster to draft for; None for the one with the most workloads.
        granularity: Whether segments share policies; see :class:`Granularity`.
        max_added: Pairs of workloads on a port, never seen, that block rules may allow in all;
            None for as many as the admitted blocks take.
    """

    port_ranges: bool = False
    widen_v4: int = _V4_BITS
    widen_v6: int = _V6_BITS
    world_threshold: int = 16
    shared_selectors: bool = True
    cluster: str | None = None
    granularity: Granularity = Granularity.AUTO
    max_added: int | None = None

    def __post_init__(self) -> None:
        """Refuse prefix lengths that are none.

        Raises:
            UsageError: A prefix length is outside of its family.
        """
        for name, value, most in (
            ("widen_v4", self.widen_v4, _V4_BITS),
            ("widen_v6", self.widen_v6, _V6_BITS),
        ):
            if not 1 <= value <= most:
                message = f"{name} must be a prefix length from 1 to {most}, not {value}"
                raise UsageError(message, hint=f"{most} keeps the exact addresses")
