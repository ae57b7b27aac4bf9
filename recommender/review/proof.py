"""The proof of drafts: the traffic they came from, replayed by an evaluator of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.evaluation.compiling import policy_name
from recommender.evaluation.replay import replay_over
from recommender.evaluation.worlds import Prepared
from recommender.model.edges import Verdict
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.evaluation.judging import Outcome
    from recommender.evaluation.replay import Replay, Replayed
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy


@dataclass(frozen=True, slots=True)
class Proof:
    """Drafts that deny no accepted edge, and what it took to get there.

    Attributes:
        policies: The drafts that may be written.
        prepared: The same, ready to be asked of other edges.
        replay: What they would do to the accepted edges.
        findings: The drafts that were withheld.
    """

    policies: tuple[NetworkPolicy, ...]
    prepared: Prepared
    replay: Replay
    findings: tuple[Finding, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Accepted edges with this outcome."""
        return sum(row.outcome is outcome for row in self.replay.rows)


def prove(
    policies: Iterable[NetworkPolicy],
    edges: Iterable[Edge],
    inventory: Inventory,
    home: str = "",
) -> Proof:
    """Replay accepted traffic over drafts, and withhold every draft that would deny any.

    A draft that isolates its pods can only deny; without it more is allowed. So withholding ends
    with drafts that deny nothing that was accepted.

    Args:
        policies: The drafts.
        edges: The edges they came from; only accepted ones are replayed.
        inventory: The cluster as known.
        home: Name of the cluster that the drafts are for. What happens in another one they do
            not touch, and whom of another one they select is for the network plugin to say: edges
            with an end there are not replayed.
    """
    accepted = [
        edge
        for edge in edges
        if edge.verdict is Verdict.ACCEPTED
        and all(not end.is_workload or end.cluster == home for end in (edge.client, edge.server))
    ]
    kept = tuple(policies)
    findings: list[Finding] = []
    while True:
        prepared = Prepared(kept, inventory)
        replayed = replay_over(prepared, accepted)
        guilty: dict[str, list[Replayed]] = {}
        for row in replayed.breaking:
            for name in row.judgement.policies:
                guilty.setdefault(name, []).append(row)
        withheld = {policy_name(policy) for policy in kept} & guilty.keys()
        if not withheld:
            return Proof(kept, prepared, replayed, tuple(findings))
        findings += [_withheld(name, guilty[name]) for name in sorted(withheld)]
        kept = tuple(policy for policy in kept if policy_name(policy) not in withheld)


def _withheld(name: str, rows: list[Replayed]) -> Finding:
    first = rows[0]
    message = (
        f"the draft was withheld: it would deny {len(rows)} accepted edges, first "
        f"{first.edge.id} ({first.why})"
    )
    hint = "this is a fault of the generator: please report it with this line"
    return Finding("draft-withheld", Severity.ERROR, name, message, hint)
