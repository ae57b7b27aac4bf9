"""Which policy carries the rule of an edge on each side, and whom the rule names there.

A connection needs the egress of its client *and* the ingress of its server. So a rule may stand in
the policy of a whole segment on one side, and open nothing as long as the other side stays exact.
Only a block that the evidence supports is written for whole segments on both sides; the pairs that
it adds are counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from recommender.model.policies import Direction
from recommender.segments.types import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.segments.types import Block, Segmentation
    from recommender.synthesis.segment_subjects import Shared
    from recommender.synthesis.subjects import Roster, Subject

#: Why an admitted block is written exactly: no selector names a side, a side's members are not
#: all isolated, it would add more pairs than the user's bound has room for, or it would open
#: what has to stay closed.
NEEDS_LABEL: Final = "segment-needs-label"
NOT_ISOLATED: Final = "not-isolated"
OVER_BOUND: Final = "over-bound"
#: It would allow what was denied, waits for a person, or breaks a goal.
CLOSED: Final = "closed-pair"

#: One end's half of the rule for an edge: the edge's key, and the direction of the policy.
Half: TypeAlias = "tuple[tuple[Entity, Entity, str, int, str], Direction]"


#: Whether an edge that was not seen must not be allowed by the way.
Closed: TypeAlias = "Callable[[Edge], bool]"


def nothing_closed(_: Edge) -> bool:
    """Every pair may be added."""
    return False


@dataclass(frozen=True, slots=True)
class SharedBlock:
    """A block that is written for whole segments.

    Attributes:
        source: Name of the segment that calls, or id of an end that is no workload.
        destination: Name of the segment that is called, or id of an end that is no workload.
        protocol: ``TCP``, ``UDP`` or ``SCTP``.
        port: Port of the destination's pods.
        edges: Pairs seen.
        added: Pairs allowed though never seen, sorted.
    """

    source: str
    destination: str
    protocol: str
    port: int
    edges: int
    added: tuple[tuple[Entity, Entity], ...] = ()


@dataclass(slots=True)
class Sharing:
    """Who carries what; everything that is not in it is written exactly, workload by workload.

    Attributes:
        shared: The segments that get a policy.
        carrier: Per half the subject whose policy has the rule, where that is a segment.
        peer: Per half the subject that the rule names, where that is not just the workload.
        blocks: The blocks written for whole segments, those that add most first.
        left: Admitted blocks that are written exactly, with the reason.
    """

    shared: tuple[Shared, ...] = ()
    carrier: dict[Half, Subject] = field(default_factory=dict)
    peer: dict[Half, Subject] = field(default_factory=dict)
    blocks: tuple[SharedBlock, ...] = ()
    left: tuple[tuple[Block, str], ...] = ()

    @property
    def concerned(self) -> frozenset[Entity]:
        """Ends whose own policy says something else than it would alone."""
        halves = (*self.carrier, *self.peer)
        return frozenset(
            client if direction is Direction.EGRESS else server
            for (client, server, *_), direction in halves
        )

    def carried(self, subject: Subject, direction: Direction, edges: list[Edge]) -> list[Edge]:
        """Those of a subject's edges whose rule its own policy has."""
        if not self.shared:
            return edges
        halves = ((edge, self.carrier.get((edge.key, direction))) for edge in edges)
        if any(shared.subject == subject for shared in self.shared):
            return [edge for edge, carrier in halves if carrier == subject]
        return [edge for edge, carrier in halves if carrier is None]


@dataclass(frozen=True, slots=True)
class Sides:
    """Looks up the subjects of segments and workloads.

    Attributes:
        roster: Who can be selected.
        shared: The segments that can have a policy, by name.
        segments: The segment of each workload.
    """

    roster: Roster
    shared: Mapping[str, Shared]
    segments: Mapping[Entity, Segment]

    def whole(self, side: Segment | Entity) -> Subject | None:
        """The subject of a whole side of a block; None where no selector names it."""
        if not isinstance(side, Segment):
            return None
        if side.name in self.shared:
            return self.shared[side.name].subject
        if len(side.members) > 1:
            return None
        subject = self.roster.subject_of.get(side.members[0])
        return subject if subject is not None and len(subject.members) == 1 else None

    def carries(self, entity: Entity, direction: Direction) -> Shared | None:
        """The segment whose policy could say what a workload may do in one direction."""
        segment = self.segments.get(entity)
        shared = self.shared.get(segment.name) if segment is not None else None
        return shared if shared is not None and direction in shared.covers else None


def ends(edge: Edge, direction: Direction) -> tuple[Entity, Entity]:
    """The end whose policy speaks in this direction, and the one that it speaks of."""
    return (
        (edge.client, edge.server) if direction is Direction.EGRESS else (edge.server, edge.client)
    )


def share_blocks(
    segmentation: Segmentation,
    sides: Sides,
    edges: Sequence[Edge],
    max_added: int | None,
    closed: Closed = nothing_closed,
) -> Sharing:
    """Write admitted blocks for whole segments, within a bound of what they add.

    Args:
        segmentation: The segments and the blocks that passed the admission.
        sides: The subjects at hand.
        edges: The accepted edges.
        max_added: Pairs that all blocks may add together; None for no bound. The blocks that add
            least are taken first.
        closed: Whether an edge that was not seen must stay denied.
    """
    members = _members(segmentation, edges)
    sharing = Sharing()
    left: list[tuple[Block, str]] = []
    written: list[SharedBlock] = []
    room = max_added
    for block in sorted(segmentation.admission.blocks, key=_cheapest):
        seen = members[_key(block)]
        if not seen:
            continue
        if (reason := _unwritable(block, sides)) is not None:
            left.append((block, reason))
            continue
        added = _added(block, seen)
        if any(closed(replace(seen[0], client=a, server=b)) for a, b in added):
            left.append((block, CLOSED))
            continue
        if room is not None and len(added) > room:
            left.append((block, OVER_BOUND))
            continue
        room = None if room is None else room - len(added)
        _write(block, seen, sides, sharing)
        written.append(_shared_block(block, len(seen), added))
    sharing.blocks = tuple(sorted(written, key=_order))
    sharing.left = tuple(left)
    used = frozenset(sharing.carrier.values())
    sharing.shared = tuple(shared for shared in sides.shared.values() if shared.subject in used)
    return sharing


def _key(block: Block) -> tuple[object, object, str, int]:
    return (_name(block.source), _name(block.destination), block.protocol, block.port)


def _name(side: Segment | Entity) -> str:
    return side.name if isinstance(side, Segment) else side.id


def _members(
    segmentation: Segmentation,
    edges: Iterable[Edge],
) -> defaultdict[tuple[object, object, str, int], list[Edge]]:
    """The edges of every block."""
    names = {entity: segment.name for entity, segment in segmentation.of.items()}
    found: defaultdict[tuple[object, object, str, int], list[Edge]] = defaultdict(list)
    for edge in edges:
        source = names.get(edge.client, edge.client.id)
        destination = names.get(edge.server, edge.server.id)
        found[source, destination, edge.protocol, edge.port].append(edge)
    return found


def _cheapest(block: Block) -> tuple[int, str, str, str, int]:
    return (block.added, _name(block.source), _name(block.destination), block.protocol, block.port)


def _unwritable(block: Block, sides: Sides) -> str | None:
    """Why a block cannot be written for whole sides; None where it can."""
    for side, direction in (
        (block.source, Direction.EGRESS),
        (block.destination, Direction.INGRESS),
    ):
        if not isinstance(side, Segment):
            continue
        if sides.whole(side) is None:
            return NEEDS_LABEL
        if len(side.members) > 1 and sides.carries(side.members[0], direction) is None:
            return NOT_ISOLATED
    return None


def _added(block: Block, seen: Iterable[Edge]) -> tuple[tuple[Entity, Entity], ...]:
    """The pairs of a block that were not seen."""
    had = {(edge.client, edge.server) for edge in seen}
    sources = block.source.members if isinstance(block.source, Segment) else (block.source,)
    targets = (
        block.destination.members
        if isinstance(block.destination, Segment)
        else (block.destination,)
    )
    pairs = ((source, target) for source in sources for target in targets)
    return tuple(sorted(pair for pair in pairs if pair not in had))


def _write(block: Block, seen: Iterable[Edge], sides: Sides, sharing: Sharing) -> None:
    source, destination = sides.whole(block.source), sides.whole(block.destination)
    for edge in seen:
        for direction, own, other in (
            (Direction.EGRESS, source, destination),
            (Direction.INGRESS, destination, source),
        ):
            half = (edge.key, direction)
            mine, _ = ends(edge, direction)
            # A side whose members are not all isolated stays as it is: nothing there to open.
            if own is not None and sides.carries(mine, direction) is not None:
                sharing.carrier[half] = own
            if other is not None:
                sharing.peer[half] = other


def _shared_block(
    block: Block, edges: int, added: tuple[tuple[Entity, Entity], ...]
) -> SharedBlock:
    source, destination = _name(block.source), _name(block.destination)
    return SharedBlock(source, destination, block.protocol, block.port, edges, added)


def _order(block: SharedBlock) -> tuple[int, str, str, str, int]:
    return (-len(block.added), block.source, block.destination, block.protocol, block.port)
