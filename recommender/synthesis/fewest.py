"""The fewest policies for workloads in segments: an integer program, and its answer.

Each segment may be written as one policy. Each rule that it could carry is carried, or it is
exact; a workload that takes part in an exact rule, or whose segment is not written, needs a policy
of its own. Some rules must not be carried together, since that would allow what was never seen.

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

    import numpy as np
    from scipy.sparse import csr_array

    from recommender.model.entities import Entity
    from recommender.model.policies import Direction

#: Nodes of the search tree that the solver may open.
MOST_NODES: Final = 5_000

_ROUNDING: Final = 1e-6

#: One side of one group of edges.
Key = tuple[int, "Direction"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A rule that a segment could carry.

    Attributes:
        segment: Name of the segment.
        active: Its members that take part.
        key: What to call the rule in the answer.
    """

    segment: str
    active: frozenset[Entity]
    key: Key


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules of which at least one has to be exact."""

    keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be written.

    Attributes:
        members: The members of each segment.
        must: Segments that are written in any case.
        apart: Workloads that need a policy of their own in any case.
        choices: What the segments could carry.
        clashes: What must not be carried together.
    """

    members: Mapping[str, Sequence[Entity]]
    must: AbstractSet[str] = frozenset()
    apart: AbstractSet[Entity] = frozenset()
    choices: Sequence[Choice] = ()
    clashes: Sequence[Clash] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What to write.

    Attributes:
        written: Segments with a policy.
        exact: Rules that their segment does not carry.
        policies: Policies of segments and of their members.
        at_least: No choice takes fewer.
    """

    written: frozenset[str]
    exact: frozenset[Key]
    policies: int
    at_least: int


@dataclass(slots=True)
class _Program:
    """Columns and rows of the integer program: minimise the sum of what costs a policy."""

    names: dict[object, int] = field(default_factory=dict)
    cost: list[float] = field(default_factory=list)
    fixed: dict[int, float] = field(default_factory=dict)
    rows: list[tuple[dict[int, float], float]] = field(default_factory=list)

    def column(self, name: object, cost: float = 0.0) -> int:
        at = self.names.setdefault(name, len(self.cost))
        if at == len(self.cost):
            self.cost.append(cost)
        return at

    def need(self, terms: Mapping[int, float], at_least: float) -> None:
        self.rows.append((dict(terms), at_least))

    def matrix(self) -> tuple[csr_array, np.ndarray]:
        import numpy as np
        from scipy.sparse import coo_array

        cells = [(i, j, v) for i, (terms, _) in enumerate(self.rows) for j, v in terms.items()]
        rows, columns, values = (np.array(part) for part in zip(*cells, strict=True))
        shape = (len(self.rows), len(self.cost))
        bounds = np.array([least for _, least in self.rows])
        return coo_array((values, (rows, columns)), shape=shape).tocsr(), bounds


def fewest(question: Question) -> Answer:
    """The fewest policies that write everything and carry nothing together that clashes."""
    if not question.members:
        return Answer(frozenset(), frozenset(), 0, 0)
    program = _program(question)
    found, bound = _solve(program)
    if found is None:
        return _nothing_more(question)
    names = program.names
    written = frozenset(name for name in question.members if found[names["written", name]])
    exact = frozenset(
        choice.key for choice in question.choices if found[names["exact", choice.key]]
    )
    policies = round(sum(cost for cost, taken in zip(program.cost, found, strict=True) if taken))
    return Answer(written, exact, policies, min(policies, math.ceil(bound - _ROUNDING)))


def _program(question: Question) -> _Program:
    program = _Program()
    for name, members in question.members.items():
        written = program.column(("written", name), 1.0)
        if name in question.must:
            program.fixed[written] = 1.0
        for member in members:
            own = program.column(("own", member), 1.0)
            if member in question.apart:
                program.fixed[own] = 1.0
            program.need({own: 1, written: 1}, 1)
    for choice in question.choices:
        exact = program.column(("exact", choice.key))
        for member in sorted(choice.active):
            program.need({program.column(("own", member)): 1, exact: -1}, 0)
    segment_of = {choice.key: choice.segment for choice in question.choices}
    for clash in question.clashes:
        # A segment that is not written carries nothing.
        terms: dict[int, float] = {program.column(("exact", key)): 1 for key in clash.keys}
        written_by = {program.column(("written", segment_of[key])) for key in clash.keys}
        program.need({**terms, **dict.fromkeys(written_by, -1)}, 1 - len(written_by))
    return program


def _solve(program: _Program) -> tuple[list[bool] | None, float]:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    lower = np.zeros(len(program.cost))
    for column, value in program.fixed.items():
        lower[column] = value
    matrix, least = program.matrix()
    found = milp(
        np.array(program.cost),
        constraints=LinearConstraint(matrix, lb=least),
        integrality=np.ones(len(program.cost)),
        bounds=Bounds(lower, 1),
        options={"node_limit": MOST_NODES},
    )
    if found.x is None:
        return None, 0.0
    return [bool(value > 1 / 2) for value in found.x], float(found.mip_dual_bound)


def _nothing_more(question: Question) -> Answer:
    """Only what is written in any case: always possible, and the most policies."""
    own = {member for members in question.members.values() for member in members}
    exact = frozenset(choice.key for choice in question.choices)
    policies = len(question.must) + len(own)
    return Answer(frozenset(question.must), exact, policies, len(question.must))
