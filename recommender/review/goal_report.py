"""Goals and how they fare: by the policies, and by the traffic that was seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.model.edges import Verdict
from recommender.model.findings import Finding, Severity
from recommender.review.goal_proof import Proven, Status, prove_goals
from recommender.review.goal_traffic import GoalJudge, sentence, summary
from recommender.review.goals import ANY, Goals, Kind
from recommender.review.members import Members
from recommender.synthesis.wanted import Side, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    import pandas as pd

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.modes import Modes
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.review.items import Reason


@dataclass(frozen=True, slots=True)
class GoalOutcome:
    """How one goal fares.

    Attributes:
        proven: What the policies make of it.
        edges: Accepted traffic that breaks it, sorted.
    """

    proven: Proven
    edges: tuple[Edge, ...] = ()

    @property
    def hint(self) -> str:
        """What is against it, empty where nothing is."""
        if not self.proven.breaches:
            return ""
        rest = self.proven.count - len(self.proven.breaches)
        more = f" and {rest:,} more" if rest else ""
        told = "; ".join(map(str, self.proven.breaches))
        denied = self.proven.goal.kind is Kind.MUST_ALLOW
        return f"{'not allowed' if denied else 'allowed'}: {told}{more}"


@dataclass(frozen=True, slots=True)
class GoalReport:
    """A goals file and how it fares.

    Attributes:
        goals: The file.
        day: The day that exceptions were held against; None where no time is known.
        outcomes: The goals, in the order of the file.
    """

    goals: Goals
    day: date | None
    outcomes: tuple[GoalOutcome, ...]

    @property
    def broken(self) -> bool:
        """Whether the policies break a goal, or nobody can say that they do not."""
        return any(one.proven.status is not Status.KEPT for one in self.outcomes)

    def frame(self) -> pd.DataFrame:
        """One row a goal: id, kind, text, status, pairs against it, edges that break it, hint."""
        import pandas as pd

        rows = [
            (
                one.proven.goal.id,
                one.proven.goal.kind.value,
                one.proven.goal.text or summary(one.proven.goal),
                one.proven.status.value,
                one.proven.count,
                len(one.edges),
                one.hint,
            )
            for one in self.outcomes
        ]
        columns = ["id", "kind", "text", "status", "pairs", "edges", "hint"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know, in order."""
        found = [*self._outcomes(), *self._expired()]
        return tuple(sorted(found, key=lambda finding: finding.order))

    def _outcomes(self) -> Iterator[Finding]:
        for one in self.outcomes:
            goal = one.proven.goal
            where = f"{self.goals.file}:{goal.line}"
            if one.proven.status is Status.BROKEN:
                message = f"the policies do not keep {sentence(goal)}: {one.hint}"
                yield Finding(
                    "goal-not-kept", Severity.ERROR, goal.id, message, hint=_help(one), where=where
                )
            elif one.proven.breaches:
                message = "it depends on the network plugin whether the policies keep "
                message += f"{sentence(goal)}: {one.hint}"
                yield Finding("goal-undecided", Severity.WARNING, goal.id, message, where=where)
            if one.proven.nobody:
                message = f"no workload and no address is in {', '.join(one.proven.nobody)}"
                hint = "labels need an inventory; look for a misspelt name"
                yield Finding(
                    "goal-without-members", Severity.WARNING, goal.id, message, hint, where
                )
            for edge in one.edges:
                yield _violation(one, edge, where)

    def _expired(self) -> Iterator[Finding]:
        for waiver in self.goals.expired(self.day):
            message = f"the exception of {waiver.owner} to {waiver.goal} expired on "
            message += f"{waiver.expires}: it lets nothing through any more"
            yield Finding(
                "exception-expired",
                Severity.WARNING,
                waiver.goal,
                message,
                hint="ask its owner: renew it, or delete it",
                where=f"{self.goals.file}:{waiver.line}",
            )


@dataclass(frozen=True, slots=True)
class GoalCourt:
    """Holds traffic and policies against goals.

    Attributes:
        judge: The goals with their groups and exceptions.
    """

    judge: GoalJudge

    def breaks(self, edge: Edge) -> tuple[Reason, ...]:
        """The goals that an accepted edge breaks, as reasons for its review."""
        return self.judge.breaks(edge)

    def wanted(self) -> tuple[Wanted, ...]:
        """What the goals want allowed, for the drafts."""
        return tuple(
            Wanted(goal.id, self._side(way.sources), self._side(way.targets), way.ports)
            for goal in self.judge.goals.goals
            if goal.kind is Kind.MUST_ALLOW
            for way in goal.ways
            if way.ports is not None
        )

    def hold(
        self,
        policies: Iterable[Policy] | None,
        inventory: Inventory,
        edges: Iterable[Edge] = (),
        modes: Modes | None = None,
    ) -> GoalReport:
        """Prove policies against the goals, and name the traffic that breaks them.

        Args:
            policies: The policies; None to look at traffic alone.
            inventory: The cluster.
            edges: What was seen.
            modes: Answers to what the specification leaves open.
        """
        goals = self.judge.goals
        accepted = (edge for edge in edges if edge.verdict is Verdict.ACCEPTED)
        violations = self.judge.violations(accepted)
        if policies is None:
            proven = tuple(Proven(goal, Status.UNKNOWN) for goal in goals.goals)
        else:
            proven = prove_goals(self.judge, policies, inventory, modes)
        outcomes = tuple(GoalOutcome(one, violations.get(one.goal.id, ())) for one in proven)
        return GoalReport(goals, self.judge.day, outcomes)

    def _side(self, names: tuple[str, ...]) -> Side:
        members = self.judge.members
        workloads = None if ANY in names else members.workloads(names)
        return Side(workloads, members.addresses(names))


def goals_text(report: GoalReport) -> str:
    """How many goals fare how, in one line: ``5 goals: 4 kept, 1 broken``."""
    numbers = Counter(one.proven.status for one in report.outcomes)
    told = ", ".join(f"{numbers[status]:,} {status.value}" for status in Status if numbers[status])
    total = len(report.outcomes)
    text = f"{total:,} goal{'' if total == 1 else 's'}: {told}"
    edges = len({edge for one in report.outcomes for edge in one.edges})
    verb = "edge breaks" if edges == 1 else "edges break"
    return f"{text}; {edges:,} accepted {verb} one" if edges else text


def goal_court(
    goals: Goals, inventory: Inventory, edges: Sequence[Edge], day: date | None, home: str = ""
) -> GoalCourt:
    """What holds traffic and policies against goals.

    Args:
        goals: The goals.
        inventory: The cluster as known.
        edges: What was seen.
        day: The day that exceptions are held against.
        home: Name of the cluster that the goals are for.
    """
    return GoalCourt(GoalJudge(goals, Members(goals, inventory, edges, home), day))


def _violation(one: GoalOutcome, edge: Edge, where: str) -> Finding:
    times = f"{edge.flows:,} time{'' if edge.flows == 1 else 's'}"
    days = f"{edge.days} day{'' if edge.days == 1 else 's'}"
    message = (
        f"it breaks {sentence(one.proven.goal)}; seen {times} on {days}, and no rule allows it"
    )
    hint = "stop the traffic, or add an exception with an owner and a date to the goals"
    return Finding("goal-violated", Severity.WARNING, edge.id, message, hint, where)


def _help(one: GoalOutcome) -> str:
    if one.proven.goal.kind is Kind.MUST_ALLOW:
        return "see whether both ends can be selected; the findings about them say what is missing"
    return "a direction that is not isolated allows everything: see which policies are missing"
