"""The fewest policies for workloads in segments: an integer program, and its answer.

Each segment may be written as one policy. What its policy names, all of its members may do; what it
does not name stands in the policies of the members that do it. So a workload needs a policy of its
own where something that it does is not named by its segment's, or where that is not written. Some
ends must not be named by both sides, since that would allow what was never seen.

HiGHS solves it. Its search is bounded by a count of nodes and not by a clock, so that a slow
machine drafts what a fast one does; the bound it proves says how far the answer may be from the
least.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from recommender.model.entities import Entity

#: Nodes of the search tree that the solver may open.
MOST_NODES: Final = 5_000

_ROUNDING: Final = 1e-6

#: Something that a segment's policy may name: any value that tells it from all others.
Mention = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be written.

    Attributes:
        members: The members of each segment.
        must: Segments that are written in any case.
        apart: Workloads that need a policy of their own in any case.
        users: Per mention the workloads that need a policy of their own where it is not made.
        clashes: Mentions of which one at most may be made, in pairs.
    """

    members: Mapping[str, Sequence[Entity]]
    must: AbstractSet[str] = frozenset()
    apart: AbstractSet[Entity] = frozenset()
    users: Mapping[Mention, AbstractSet[Entity]] = field(default_factory=dict)
    clashes: Sequence[tuple[Mention, Mention]] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What to write.

    Attributes:
        written: Segments with a policy.
        own: Workloads with a policy of their own.
        left: Mentions that no segment's policy makes.
        at_least: No choice takes fewer policies.
    """

    written: frozenset[str]
    own: frozenset[Entity]
    left: frozenset[Mention]
    at_least: int

    @property
    def policies(self) -> int:
        """How many policies it takes."""
        return len(self.written) + len(self.own)


@dataclass(slots=True)
class _Program:
    """Columns of zero or one, and rows ``sum of columns - column below >= least``."""

    columns: dict[object, int] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)
    rows: list[tuple[tuple[int, ...], int | None]] = field(default_factory=list)

    def column(self, name: object) -> int:
        return self.columns.setdefault(name, len(self.columns))

    def one_of(self, *columns: int) -> None:
        """One at least of these is taken."""
        self.rows.append((columns, None))

    def follows(self, column: int, cause: int) -> None:
        """The first is taken wherever the second is."""
        self.rows.append(((column,), cause))


def fewest(question: Question) -> Answer:
    """The fewest policies in which nothing that clashes is named twice."""
    everybody = [member for members in question.members.values() for member in members]
    program = _program(question)
    taken, bound = _solve(program, len(question.members) + len(everybody))
    if taken is None:
        return Answer(
            frozenset(question.must),
            frozenset(everybody),
            frozenset(question.users),
            len(question.must),
        )
    columns = program.columns
    written = frozenset(name for name in question.members if taken[columns[name]])
    own = frozenset(member for member in everybody if taken[columns[member]])
    left = frozenset(mention for mention in question.users if taken[columns[mention]])
    least = min(len(written) + len(own), math.ceil(bound - _ROUNDING))
    return Answer(written, own, left, least)


def _program(question: Question) -> _Program:
    """Columns of segments and members come first: they alone cost a policy."""
    program = _Program()
    for name, members in question.members.items():
        for column in (name, *members):
            program.column(column)
    for name, members in question.members.items():
        for member in members:
            program.one_of(program.column(name), program.column(member))
    program.fixed = {program.column(name) for name in (*question.must, *question.apart)}
    for mention, users in question.users.items():
        left = program.column(mention)
        for user in sorted(users):
            program.follows(program.column(user), left)
    for one, other in question.clashes:
        program.one_of(program.column(one), program.column(other))
    return program


def _solve(program: _Program, costly: int) -> tuple[list[bool] | None, float]:
    """Whether each column is taken, and a lower bound; None where no choice was found."""
    if not program.rows:
        return [False] * len(program.columns), 0.0
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    size = len(program.columns)
    cells = [(at, column, 1.0) for at, (some, _) in enumerate(program.rows) for column in some]
    cells += [(at, cause, -1.0) for at, (_, cause) in enumerate(program.rows) if cause is not None]
    rows, columns, values = (np.array(part) for part in zip(*cells, strict=True))
    matrix = coo_array((values, (rows, columns)), shape=(len(program.rows), size)).tocsr()
    cost, lower = np.zeros(size), np.zeros(size)
    cost[:costly] = 1
    lower[sorted(program.fixed)] = 1
    found = milp(
        cost,
        constraints=LinearConstraint(matrix, lb=[float(c is None) for _, c in program.rows]),
        integrality=np.ones(size),
        bounds=Bounds(lower, 1),
        options={"node_limit": MOST_NODES},
    )
    if found.x is None:
        return None, 0.0
    return [bool(value > 1 / 2) for value in found.x], float(found.mip_dual_bound)
