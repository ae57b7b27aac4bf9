"""Explain: the verdict on one connection, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.evaluation.compiling import DIRECTIONS, policy_name
from recommender.evaluation.deciding import Decision, Step, decide
from recommender.evaluation.judging import (
    REASONS,
    Judgement,
    Outcome,
    judge,
    merge_worlds,
    undefined,
)
from recommender.evaluation.modes import Modes
from recommender.evaluation.places import Place, Target, find_place, find_target
from recommender.evaluation.wording import ports_text
from recommender.evaluation.worlds import engines
from recommender.model.policies import Direction, NetworkPolicy
from recommender.model.ports import PortSet
from recommender.model.text import clean
from recommender.model.tiers import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.ends import End
    from recommender.evaluation.engine import Engine
    from recommender.inventory.types import Inventory

_DOES: Final = {
    Action.ACCEPT: "accepts it",
    Action.DENY: "denies it",
    Action.PASS: "passes it on",
}
_KEYS: Final = {Direction.INGRESS: "ingress", Direction.EGRESS: "egress"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on one connection and how it came about.

    Attributes:
        source: The source as a text.
        destination: The destination as a text.
        protocol: The protocol asked about.
        port: Port of the destination's pods, after Service translation; None for all.
        judgement: The verdict on that port; on "any port at all" where none was asked.
        ports: All that is allowed between the two.
        sides: How egress and ingress were decided, where a port was asked and both ends known.
    """

    source: str
    destination: str
    protocol: str
    port: int | None
    judgement: Judgement
    ports: PortSet
    sides: tuple[Decision, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Allowed, denied or undefined."""
        return self.judgement.outcome

    def lines(self) -> list[str]:
        """The explanation for a person, a line a step."""
        asked = f" {self.protocol}/{self.port}" if self.port is not None else ""
        found = [f"{self.source} -> {self.destination}{asked}: {self.outcome.value}"]
        if self.judgement.reason:
            found.append(f"  {REASONS.get(self.judgement.reason, self.judgement.reason)}")
        for side in self.sides:
            found += _side_lines(side, self.source, self.destination)
        found.append(f"allowed between them: {ports_text(self.ports)}")
        return found

    def __str__(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines())

    def frame(self) -> pd.DataFrame:
        """One row a rule that was asked: direction, policy, field, matches, whether it decides."""
        import pandas as pd

        return pd.DataFrame(
            [
                (
                    side.direction.value,
                    policy_name(step.policy),
                    _field(side.direction, step),
                    step.action.value,
                    step.peer is not None,
                    step.port,
                    step.decides,
                )
                for side in self.sides
                for step in side.steps
            ],
            columns=["direction", "policy", "rule", "action", "peer", "port", "decides"],
        )


def explain(  # noqa: PLR0913 - two ends, a port, and what they are asked of
    source: str,
    destination: str,
    port: int | str | None = None,
    *,
    policies: Iterable[Policy],
    inventory: Inventory,
    modes: Modes | None = None,
) -> Explanation:
    """The verdict on a connection, step by step.

    Args:
        source: A workload (``namespace/name`` or ``namespace/kind/name``), a pod
            (``namespace/Pod/name``), or an address outside.
        destination: The same, or a Service (``namespace/Service/name``), or a DNS name.
        port: ``80``, ``TCP/80``, ``UDP/53``, or a port name of the destination; a port of the
            Service where the destination is one. Without, all ports.
        policies: NetworkPolicies and cluster-wide policies.
        inventory: The cluster.
        modes: Answers to what the specification leaves open.

    Raises:
        UsageError: An end or a port does not exist.
    """
    chosen = modes or Modes()
    target = find_target(inventory, destination, port)
    place = find_place(inventory, source)
    listed = tuple(policies)
    built = engines(listed, inventory, chosen, target.place.names())
    ports = _allowed_ports(built, place, target)
    if target.port is None:
        outcome = Judgement(Outcome.ALLOWED) if ports else _none(built, place, target)
        return Explanation(place.text, target.text, target.protocol, None, outcome, ports)
    bit = built[0].axes.ports.bit(target.protocol, target.port)
    found = [judge(e, place.end(e), target.place.end(e), bit) for e in built]
    judgement = merge_worlds(built, found)
    sides = _decisions(built[0], place, target, bit)
    return Explanation(
        place.text, target.text, target.protocol, target.port, judgement, ports, sides
    )


def _none(built: tuple[Engine, ...], place: Place, target: Target) -> Judgement:
    unknown = [e.unknown for e in (place.end(built[0]), target.place.end(built[0])) if e.unknown]
    if unknown:
        return undefined(unknown[0])
    return Judgement(Outcome.DENIED, reason="no-rule")


def _allowed_ports(built: tuple[Engine, ...], place: Place, target: Target) -> PortSet:
    """Every port that is allowed between all instances of the two in every world."""
    masks = built[0].axes.table.masks
    allowed = built[0].axes.ports.full
    for engine in built:
        for source, destination in _pairs(place.end(engine), target.place.end(engine)):
            allowed &= masks[engine.number(source, destination)]
    first = built[0]
    known = place.end(first).instances and target.place.end(first).instances
    return first.axes.ports.ports(allowed) if known else PortSet()


def _pairs(source: End, destination: End) -> Iterator[tuple[int, int]]:
    for left in source.instances:
        for right in destination.instances:
            for family, place in left:
                for other, target in right:
                    if 0 in {family, other} or family == other:
                        yield place, target


def _decisions(
    engine: Engine,
    place: Place,
    target: Target,
    bit: int,
) -> tuple[Decision, ...]:
    """Both directions for the first pair of instances that the verdict turns on."""
    pairs = list(_pairs(place.end(engine), target.place.end(engine)))
    if not pairs:
        return ()
    denied = [pair for pair in pairs if not engine.allows(*pair, bit)]
    source, destination = (denied or pairs)[0]
    ends = {Direction.EGRESS: (source, destination), Direction.INGRESS: (destination, source)}
    return tuple(decide(engine, direction, *ends[direction], bit) for direction in DIRECTIONS)


def _side_lines(side: Decision, source: str, destination: str) -> Iterator[str]:
    subject = source if side.direction is Direction.EGRESS else destination
    verdict = "allowed" if side.allowed else "denied"
    yield f"{_KEYS[side.direction]} of {subject}: {verdict}"
    if not side.isolating:
        yield "  no NetworkPolicy isolates it in this direction"
    for policy in side.isolating:
        origin = f" ({clean(policy.origin)})" if policy.origin else ""
        yield f"  isolated by {clean(policy_name(policy))}{origin}"
    for step in side.steps:
        yield f"  {_step_text(side.direction, step)}"
    if side.by is None:
        yield "  no rule matches: " + (
            "what is isolated is denied" if side.isolating else "allowed"
        )


def _step_text(direction: Direction, step: Step) -> str:
    where = f"{clean(policy_name(step.policy))} {_field(direction, step)}"
    if step.decides:
        return f"{where}: {_DOES[step.action]}"
    missing = []
    if step.peer is None:
        missing.append("its peers do not match")
    if not step.port:
        missing.append("its ports do not match")
    return f"{where}: {' and '.join(missing)}"


def _field(direction: Direction, step: Step) -> str:
    field = f"spec.{_KEYS[direction]}[{step.rule}]"
    if step.peer is not None and step.decides:
        key = "from" if direction is Direction.INGRESS else "to"
        rules = step.policy.rules(direction)
        listed = isinstance(rules[step.rule].peers, tuple)
        if listed or not isinstance(step.policy, NetworkPolicy):
            return f"{field}.{key}[{step.peer}]"
    return field
