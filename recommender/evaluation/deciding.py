"""One verdict, rule by rule: which policy decides for a subject, a peer and a port.

This walks the policies in their order for a single case; the engine computes all cases at once.
The tests hold the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.evaluation.compiling import stage
from recommender.evaluation.folding import BASELINE
from recommender.model.policies import Direction, NetworkPolicy
from recommender.model.tiers import Action

if TYPE_CHECKING:
    from recommender.evaluation.compiling import Entry, Policy
    from recommender.evaluation.engine import Engine


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was asked.

    Attributes:
        policy: Its policy.
        rule: Its index in the policy's list of the direction.
        peer: Index of the first of its peers that matches; None where none does.
        port: Whether its ports match.
        action: What it would do.
        decides: Whether it settled the matter, or (Pass) sent it to the next stage.
    """

    policy: Policy
    rule: int
    peer: int | None
    port: bool
    action: Action
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """How one direction was decided.

    Attributes:
        direction: The direction.
        allowed: The verdict.
        isolating: NetworkPolicies that isolate the subject in this direction.
        by: The policy whose rule decided; None where no rule did.
        rule: Index of that rule.
        steps: Every rule that was asked, in order.
    """

    direction: Direction
    allowed: bool
    isolating: tuple[NetworkPolicy, ...]
    by: Policy | None
    rule: int | None
    steps: tuple[Step, ...]


def decide(engine: Engine, direction: Direction, subject: int, peer: int, bit: int) -> Decision:
    """Walk the policies for one subject class, peer class and port atom."""
    numbers = engine.policies_of(direction, subject)
    policies = engine.compiled.policies
    isolating = tuple(policy for n in numbers if isinstance(policy := policies[n], NetworkPolicy))
    steps: list[Step] = []
    skipped: int | None = None
    for number in numbers:
        when = stage(policies[number])
        if when == skipped or (when == BASELINE and isolating):
            continue
        for entry in engine.compiled.entries[direction][number]:
            step = _ask(engine, direction, entry, (subject, peer, bit))
            steps.append(step)
            if not step.decides:
                continue
            if step.action is Action.PASS:
                skipped = when
                break
            allowed = step.action is Action.ACCEPT
            by = policies[number]
            return Decision(direction, allowed, isolating, by, entry.rule, tuple(steps))
    return Decision(direction, not isolating, isolating, None, None, tuple(steps))


def _ask(
    engine: Engine,
    direction: Direction,
    entry: Entry,
    case: tuple[int, int, int],
) -> Step:
    subject, peer, bit = case
    index = next(
        (k for k, match in enumerate(entry.peers) if engine.matches(match, peer)),
        None,
    )
    port = bool(engine.mask(entry, direction, subject, peer) & bit)
    policy = engine.compiled.policies[entry.policy]
    return Step(policy, entry.rule, index, port, entry.action, index is not None and port)
