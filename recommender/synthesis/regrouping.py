"""As few policies as the selectors allow, without opening anything: which rules segments share.

Edges between two units on one port are a group. Where a segment's own policy carries a group, each
member may do what any of them did; as long as the other side stays exact, nothing opens. A group
in which each does the same may be carried on both sides. Every other group has to be written
exactly on one side at least, and each workload that takes part there then needs a policy of its
own beside its segment's. Which side, and which segments are worth a policy at all, is an integer
program (``fewest.py``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.model.policies import Direction
from recommender.synthesis.fewest import Choice, Clash, Question, fewest
from recommender.synthesis.sharing import ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.synthesis.segment_subjects import Shared
    from recommender.synthesis.sharing import Half, Sharing, Sides
    from recommender.synthesis.subjects import Subject

#: The directions in which each workload is isolated.
Isolated = frozenset[tuple["Entity", Direction]]

_OTHER: Final = {Direction.EGRESS: Direction.INGRESS, Direction.INGRESS: Direction.EGRESS}


@dataclass(slots=True)
class Group:
    """Edges between two units on one port; a unit is a segment, or an end that is in none.

    Attributes:
        edges: The edges.
        carriers: Per side the segment whose policy could carry the group.
    """

    edges: list[Edge] = field(default_factory=list)
    carriers: dict[Direction, Shared] = field(default_factory=dict)

    def active(self, direction: Direction) -> frozenset[Entity]:
        """The ends of one side that take part."""
        return frozenset(ends(edge, direction)[0] for edge in self.edges)

    @property
    def full(self) -> bool:
        """Whether every active client calls every active server."""
        pairs = {(edge.client, edge.server) for edge in self.edges}
        callers, called = self.active(Direction.EGRESS), self.active(Direction.INGRESS)
        return len(pairs) == len(callers) * len(called)


@dataclass(frozen=True, slots=True)
class Regrouped:
    """How few policies it takes.

    Attributes:
        policies: Policies of the segments and of the workloads in them.
        at_least: A lower bound of that number, for these segments and rules.
    """

    policies: int
    at_least: int


def regroup(
    sides: Sides,
    edges: Sequence[Edge],
    isolated: Isolated,
    sharing: Sharing,
) -> Regrouped:
    """Let segments carry what opens nothing, so that the fewest policies are needed.

    Args:
        sides: The subjects at hand.
        edges: The accepted edges.
        isolated: The workloads with the directions in which their own drafts isolate them.
        sharing: The blocks that are written already; it is completed.
    """
    groups = _groups(sides, edges, sharing)
    segments = list(sides.shared.values())
    members = {s.segment.name: s.segment.members for s in segments}
    named = {
        (number, direction): shared.segment.name
        for number, group in enumerate(groups)
        for direction, shared in group.carriers.items()
    }
    apart = {
        member
        for shared in segments
        for member in shared.segment.members
        if any((member, d) in isolated and d not in shared.covers for d in Direction)
    }
    question = Question(
        members=members,
        must={shared.segment.name for shared in sharing.shared},
        apart=apart,
        choices=[Choice(named[key], groups[key[0]].active(key[1]), key) for key in sorted(named)],
        clashes=[
            clash
            for number, group in enumerate(groups)
            for clash in _clashes(number, group, isolated)
        ],
    )
    answer = fewest(question)
    for (number, direction), name in named.items():
        if name in answer.written and (number, direction) not in answer.exact:
            subject = sides.shared[name].subject
            for edge in groups[number].edges:
                sharing.carrier[edge.key, direction] = subject
    sharing.shared = tuple(s for s in segments if s.segment.name in answer.written)
    _name_whole_segments(sides, edges, sharing)
    return Regrouped(answer.policies, answer.at_least)


def _groups(sides: Sides, edges: Sequence[Edge], sharing: Sharing) -> list[Group]:
    found: dict[tuple[str, str, str, int], Group] = {}
    for edge in edges:
        if any((edge.key, direction) in sharing.carrier for direction in Direction):
            continue
        if any((edge.key, direction) in sharing.peer for direction in Direction):
            continue
        carriers: dict[Direction, Shared] = {}
        for direction in Direction:
            shared = sides.carries(ends(edge, direction)[0], direction)
            if shared is not None:
                carriers[direction] = shared
        if not carriers:
            continue
        units = [
            carriers[d].segment.name if d in carriers else ends(edge, d)[0].id
            for d in (Direction.EGRESS, Direction.INGRESS)
        ]
        group = found.setdefault((units[0], units[1], edge.protocol, edge.port), Group())
        group.carriers = carriers
        group.edges.append(edge)
    return [group for _, group in sorted(found.items())]


def _clashes(number: int, group: Group, isolated: Isolated) -> list[Clash]:
    """The sides of a group that must not all be carried, since together they open something."""
    if len(group.carriers) > 1:
        both = [(number, direction) for direction in group.carriers]
        return [] if group.full else [Clash(both)]
    ((direction, shared),) = group.carriers.items()
    others = group.active(_OTHER[direction])
    held = all((other, _OTHER[direction]) in isolated for other in others)
    if held or group.active(direction) == frozenset(shared.segment.members):
        return []
    return [Clash([(number, direction)])]


def _name_whole_segments(sides: Sides, edges: Sequence[Edge], sharing: Sharing) -> None:
    """Where a rule names every member of a segment, let it name the segment."""
    peers: defaultdict[tuple[Subject, Direction, str, int], dict[Entity, list[Half]]]
    peers = defaultdict(lambda: defaultdict(list))
    for edge in edges:
        for direction in Direction:
            half = (edge.key, direction)
            own, other = ends(edge, direction)
            subject = sharing.carrier.get(half) or sides.roster.subject_of.get(own)
            if subject is not None and half not in sharing.peer:
                peers[subject, direction, edge.protocol, edge.port][other].append(half)
    for named in peers.values():
        for name in {s.name for other in named if (s := sides.segments.get(other)) is not None}:
            shared = sides.shared.get(name)
            if shared is not None and named.keys() >= set(shared.segment.members):
                for member in shared.segment.members:
                    sharing.peer |= dict.fromkeys(named[member], shared.subject)
