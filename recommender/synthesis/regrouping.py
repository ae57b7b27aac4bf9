"""As few policies as the selectors allow, without opening anything: which rules segments share.

Edges between two units on one port are a group. Where the policy of the calling segment names a
server, all of its members may call it, as far as that server lets them; and the other way round. So
a group opens nothing as long as each pair that was not seen has an end that the other side's policy
does not name. What a segment's policy does not name stands in the policies of the workloads that
take part. Whom to name, and which segments are worth a policy at all, is an integer program
(``fewest.py``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from recommender.model.policies import Direction
from recommender.synthesis.fewest import Mention, Question, fewest
from recommender.synthesis.sharing import ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.synthesis.segment_subjects import Shared
    from recommender.synthesis.sharing import Half, Sharing, Sides
    from recommender.synthesis.subjects import Subject

#: Pairs of one group that are weighed one by one at most; past that one side is named as a whole.
MOST_PAIRS: Final = 2_500

#: The directions in which each workload is isolated.
Isolated = frozenset[tuple["Entity", Direction]]

_OTHER: Final = {Direction.EGRESS: Direction.INGRESS, Direction.INGRESS: Direction.EGRESS}


@dataclass(slots=True)
class Group:
    """Edges between two units on one port; a unit is a segment, or an end that is in none.

    Attributes:
        number: Its place among the groups.
        edges: The edges.
        carriers: Per side the segment whose policy could name the other side's ends.
    """

    number: int
    edges: list[Edge] = field(default_factory=list)
    carriers: dict[Direction, Shared] = field(default_factory=dict)

    def mention(self, direction: Direction, other: Entity) -> Mention:
        """That the segment on one side names one end of the other."""
        whole = len(self.carriers) > 1 and self._is_large
        return (self.number, direction, None if whole else other)

    def users(self) -> dict[Mention, set[Entity]]:
        """Who does what could be named."""
        found: defaultdict[Mention, set[Entity]] = defaultdict(set)
        for edge in self.edges:
            for direction in self.carriers:
                own, other = ends(edge, direction)
                found[self.mention(direction, other)].add(own)
        return found

    def unseen(self) -> list[tuple[Mention, Mention]]:
        """Per pair that was not seen the two mentions that would allow it together."""
        if self._is_large:
            (pair,) = {
                tuple(self.mention(direction, self.edges[0].client) for direction in Direction)
            }
            return [(pair[0], pair[1])]
        seen = {(edge.client, edge.server) for edge in self.edges}
        callers = sorted({caller for caller, _ in seen})
        called = sorted({server for _, server in seen})
        return [
            (self.mention(Direction.EGRESS, server), self.mention(Direction.INGRESS, caller))
            for caller in callers
            for server in called
            if (caller, server) not in seen
        ]

    @property
    def _is_large(self) -> bool:
        callers = {edge.client for edge in self.edges}
        called = {edge.server for edge in self.edges}
        return len(callers) * len(called) > MOST_PAIRS


@dataclass(frozen=True, slots=True)
class Regrouped:
    """How few policies it takes.

    Attributes:
        workloads: Workloads in segments that a selector names: each would have a policy.
        policies: Policies of these segments and of the workloads in them.
        at_least: A lower bound of that number, for these segments and rules.
    """

    workloads: int
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
    apart = {
        member
        for shared in segments
        for member in shared.segment.members
        if any((member, d) in isolated and d not in shared.covers for d in Direction)
    }
    users: dict[Mention, set[Entity]] = {}
    clashes: list[tuple[Mention, Mention]] = []
    barred: set[Mention] = set()
    for group in groups:
        users |= group.users()
        if len(group.carriers) > 1:
            clashes += group.unseen()
        else:
            barred |= _opening(group, isolated)
    answer = fewest(
        Question(
            members={shared.segment.name: shared.segment.members for shared in segments},
            must={shared.segment.name for shared in sharing.shared},
            apart=apart.union(*(users[mention] for mention in barred)),
            users=users,
            clashes=clashes,
        )
    )
    left = answer.left | barred
    for group in groups:
        for edge in group.edges:
            for direction, shared in group.carriers.items():
                named = group.mention(direction, ends(edge, direction)[1]) not in left
                if named and shared.segment.name in answer.written:
                    sharing.carrier[edge.key, direction] = shared.subject
    sharing.shared = tuple(s for s in segments if s.segment.name in answer.written)
    _name_whole_segments(sides, edges, sharing)
    workloads = sum(len(shared.segment.members) for shared in segments)
    return Regrouped(workloads, answer.policies, answer.at_least)


def _groups(sides: Sides, edges: Sequence[Edge], sharing: Sharing) -> list[Group]:
    """The edges that no block speaks for, in groups; none where no segment could carry a side."""
    found: dict[tuple[str, str, str, int], list[Edge]] = {}
    carriers: dict[tuple[str, str, str, int], dict[Direction, Shared]] = {}
    for edge in edges:
        halves = [(edge.key, direction) for direction in Direction]
        if any(half in sharing.carrier or half in sharing.peer for half in halves):
            continue
        able = {d: s for d in Direction if (s := sides.carries(ends(edge, d)[0], d)) is not None}
        if not able:
            continue
        caller, called = (
            able[d].segment.name if d in able else ends(edge, d)[0].id
            for d in (Direction.EGRESS, Direction.INGRESS)
        )
        key = (caller, called, edge.protocol, edge.port)
        found.setdefault(key, []).append(edge)
        carriers[key] = able
    return [Group(number, found[key], carriers[key]) for number, key in enumerate(sorted(found))]


def _opening(group: Group, isolated: Isolated) -> set[Mention]:
    """What a segment must not name, since nothing at the other end holds the members that do not.

    An end outside the cluster, or one that no draft isolates, lets everybody in: it may be named
    only where every member was seen to use it.
    """
    ((direction, shared),) = group.carriers.items()
    users: defaultdict[Entity, set[Entity]] = defaultdict(set)
    for edge in group.edges:
        own, other = ends(edge, direction)
        users[other].add(own)
    everybody = set(shared.segment.members)
    return {
        group.mention(direction, other)
        for other, active in users.items()
        if (other, _OTHER[direction]) not in isolated and active != everybody
    }


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
