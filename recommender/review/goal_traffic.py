"""Traffic held against goals: what breaks one is a violation, and never becomes a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.connections.marks import OWN_NODE
from recommender.review.goals import INTERNET, Kind
from recommender.review.items import Reason
from recommender.review.members import client_end, server_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from recommender.model.edges import Edge
    from recommender.review.goals import Goal, Goals
    from recommender.review.members import End, Members

#: Code of the reason why such an edge is not drafted.
BREAKS_GOAL: Final = "breaks-goal"


class GoalJudge:
    """Says which goals an edge breaks on a day.

    Args:
        goals: The goals.
        members: Who belongs to their groups.
        day: The day that exceptions are held against; None where no time is known.
    """

    def __init__(self, goals: Goals, members: Members, day: date | None) -> None:
        self.goals = goals
        self.members = members
        self.day = day

    def breaks(self, edge: Edge) -> tuple[Reason, ...]:
        """The goals that an accepted edge breaks, as reasons for its review."""
        return tuple(
            Reason(BREAKS_GOAL, f"it breaks the goal {sentence(goal)}", 1.0)
            for goal in self.broken(edge)
        )

    def broken(self, edge: Edge) -> Iterator[Goal]:
        """The goals that an edge breaks, in the order of the file."""
        client, server = client_end(edge), server_end(edge)
        for goal in self.goals.goals:
            if self._breaks(goal, edge, client, server) and not any(
                self.members.lets(waiver.way, client, server, edge.protocol, edge.port)
                for waiver in self.goals.valid(goal.id, self.day)
            ):
                yield goal

    def violations(self, edges: Iterable[Edge]) -> dict[str, tuple[Edge, ...]]:
        """The edges that break each goal, by its id, sorted."""
        found: dict[str, list[Edge]] = {}
        for edge in sorted(edges, key=lambda edge: edge.key):
            for goal in self.broken(edge):
                found.setdefault(goal.id, []).append(edge)
        return {name: tuple(broken) for name, broken in found.items()}

    def _breaks(self, goal: Goal, edge: Edge, client: End, server: End) -> bool:
        members = self.members
        if OWN_NODE in edge.marks:
            return False  # Kubernetes lets a node reach its own pods whatever a policy says
        if goal.kind is Kind.SENSITIVE:
            if goal.ports is not None and (edge.protocol, edge.port) not in goal.ports:
                return False
            group = (goal.guarded,)
            inside = members.touches(group, server) and not members.holds(group, client)
            return inside and not self._let(goal, edge, client, server)
        if goal.kind is Kind.INTERNET:
            leaves = client.entity.is_workload and members.touches((INTERNET,), server)
            return leaves and not self._let(goal, edge, client, server)
        if goal.kind is Kind.FORBIDDEN:
            return any(
                (way.ports is None or (edge.protocol, edge.port) in way.ports)
                and members.touches(way.sources, client)
                and members.touches(way.targets, server)
                for way in goal.ways
            )
        return False

    def _let(self, goal: Goal, edge: Edge, client: End, server: End) -> bool:
        return any(
            self.members.lets(way, client, server, edge.protocol, edge.port) for way in goal.ways
        )


def sentence(goal: Goal) -> str:
    """A goal by its id and what it says."""
    return f"{goal.id} ({goal.text or summary(goal)})"


def summary(goal: Goal) -> str:
    """What a goal says, in few words."""
    if goal.kind is Kind.SENSITIVE:
        allowed = ", ".join(name for way in goal.ways for name in way.sources) or "nobody else"
        return f"{goal.guarded} may be reached by {allowed}"
    if goal.kind is Kind.INTERNET:
        names = dict.fromkeys(name for way in goal.ways for name in way.sources)
        return f"only {', '.join(names) or 'nobody'} may leave for the internet"
    way = goal.ways[0]
    verb = "must not reach" if goal.kind is Kind.FORBIDDEN else "must be able to reach"
    both = len(goal.ways) > 1
    ends = f"{', '.join(way.sources)} {verb} {', '.join(way.targets)}"
    return f"{ends}, nor the other way round" if both else ends
