"""Replay: what policies would do to the edges that were observed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from recommender.evaluation.compiling import NamesOf
from recommender.evaluation.court import Court
from recommender.evaluation.judging import REASONS, Judgement, Outcome
from recommender.evaluation.modes import Modes
from recommender.evaluation.worlds import Prepared
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from recommender.evaluation.compiling import Policy
    from recommender.inventory.types import Inventory


class Replayed(NamedTuple):
    """One edge and what becomes of it; a tuple, because there may be millions.

    Attributes:
        edge: The edge as observed.
        judgement: What the policies would do to it, and why.
    """

    edge: Edge
    judgement: Judgement

    @property
    def outcome(self) -> Outcome:
        """Allowed, denied or undefined."""
        return self.judgement.outcome

    @property
    def breaks(self) -> bool:
        """Whether traffic that was accepted would be denied."""
        return self.outcome is Outcome.DENIED and self.edge.verdict is Verdict.ACCEPTED

    @property
    def why(self) -> str:
        """The reason as a sentence; empty where the edge is allowed."""
        judgement = self.judgement
        text = REASONS.get(judgement.reason, judgement.reason)
        if judgement.outcome is not Outcome.DENIED:
            return text
        sides = " and ".join(side.value.lower() for side in judgement.sides)
        return f"{sides}: {text} ({', '.join(judgement.policies)})"


@dataclass(frozen=True, eq=False)
class Replay:
    """Every observed edge under some policies.

    Attributes:
        edges: The edges, in the order given.
        judgements: What the policies would do to each, and why.
        modes: How the open questions were answered.
    """

    edges: tuple[Edge, ...]
    judgements: tuple[Judgement, ...]
    modes: Modes = field(default_factory=Modes)

    @cached_property
    def rows(self) -> tuple[Replayed, ...]:
        """One an edge, in the order of the edges given."""
        return tuple(map(Replayed, self.edges, self.judgements))

    @property
    def breaking(self) -> tuple[Replayed, ...]:
        """Accepted edges that would be denied."""
        return tuple(row for row in self.rows if row.breaks)

    @property
    def undefined(self) -> tuple[Replayed, ...]:
        """Accepted edges of which the specification, or the input, does not tell."""
        return tuple(
            row
            for row in self.rows
            if row.outcome is Outcome.UNDEFINED and row.edge.verdict is Verdict.ACCEPTED
        )

    def counts(self) -> dict[str, int]:
        """Edges by outcome."""
        found = Counter(judgement.outcome for judgement in self.judgements)
        return {outcome.value: found[outcome] for outcome in Outcome}

    def frame(self) -> pd.DataFrame:
        """One row an edge: ends, protocol, port, flows, outcome, sides, policies, reason."""
        import pandas as pd

        return pd.DataFrame(
            {
                "client": [row.edge.client.id for row in self.rows],
                "server": [row.edge.server.id for row in self.rows],
                "protocol": [row.edge.protocol for row in self.rows],
                "port": [row.edge.port for row in self.rows],
                "verdict": [row.edge.verdict.value for row in self.rows],
                "flows": [row.edge.flows for row in self.rows],
                "outcome": [row.outcome.value for row in self.rows],
                "sides": [
                    ",".join(side.value for side in row.judgement.sides) for row in self.rows
                ],
                "policies": [", ".join(row.judgement.policies) for row in self.rows],
                "reason": [row.judgement.reason for row in self.rows],
            },
        )


def replay(
    edges: Iterable[Edge],
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes | None = None,
) -> Replay:
    """What policies would do to every observed edge.

    Args:
        edges: The edges, each oriented from the opener of its connections: replies follow them.
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster whose pods the policies select.
        modes: Answers to what the specification leaves open; without, such edges are undefined.

    Returns:
        A row an edge, in the order given.
    """
    return replay_over(Prepared(tuple(policies), inventory, modes or Modes()), edges)


def replay_over(prepared: Prepared, edges: Iterable[Edge]) -> Replay:
    """The same over policies that are ready already."""
    listed, engines = tuple(edges), prepared.engines
    if any(isinstance(p, NamesOf) for e in prepared.compiled.all_entries() for p in e.peers):
        named = {pair for edge in listed for pair in _names(edge)}
        engines = prepared.engines_with(tuple(sorted(named)))
    judged = Court(engines, prepared.modes).judge(listed)
    return Replay(listed, tuple(judged), prepared.modes)


def _names(edge: Edge) -> Iterable[tuple[str, str]]:
    for end in (edge.client, edge.server):
        if end.kind is EntityKind.NAME:
            yield from ((end.name, address) for address in edge.addresses or ("",))
