"""Verdicts on edges: allowed, denied by which side and why, or undefined and why.

A judgement holds for every pod and address behind the two ends and in every world that the
open questions leave possible. Where they differ between pods, the edge is denied, because some
of its traffic would be; where they differ between worlds, it is undefined.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.evaluation.compiling import DIRECTIONS, policy_name
from recommender.evaluation.deciding import decide
from recommender.evaluation.ends import ANY_FAMILY, End, Face
from recommender.model.errors import InternalError
from recommender.model.policies import Direction, NetworkPolicy

if TYPE_CHECKING:
    from recommender.evaluation.engine import Engine
    from recommender.evaluation.modes import Choice


class Outcome(StrEnum):
    """What policies do to traffic."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What policies do to an edge, and why.

    Attributes:
        outcome: The verdict.
        sides: The directions that deny, egress first; empty unless denied.
        policies: Policies behind it: those that isolate on the denying sides, or the one of a
            tier that denies; sorted names, ``kind name`` for those of the tiers.
        reason: Stable code: ``no-rule``, ``tier-denies``, ``some-replicas`` for a denial; for
            *undefined* what is not known, for example ``ip-block-on-pods``.
    """

    outcome: Outcome
    sides: tuple[Direction, ...] = ()
    policies: tuple[str, ...] = ()
    reason: str = ""


ALLOWED: Final = Judgement(Outcome.ALLOWED)

#: What each reason means, as a sentence.
REASONS: Final = {
    "no-rule": "the pods are isolated and no rule allows it",
    "tier-denies": "a cluster-wide policy denies it",
    "some-replicas": "some of the pods or addresses behind it are denied",
    "ip-block-on-pods": "it depends on whether ipBlock matches pods, which is not specified",
    "host-network": "policies on pods of the host network are not specified",
    "address-family": "it depends on the address family, IPv4 or IPv6",
    "unknown-workload": "the workload is not in the inventory",
    "no-running-pod": "the workload has no running pod in the inventory",
    "no-address": "no address is known of this end",
    "service-without-pods": "rules on addresses of Services are not specified",
    "unresolved-end": "it is not known what this end is",
    "protocol": "NetworkPolicy says nothing of this protocol",
    "no-port": "there is no such port",
    "own-node-egress": "traffic of a pod to its own node is not specified",
    "hairpin": "traffic of a pod to itself through a Service is not specified",
}


def undefined(reason: str) -> Judgement:
    """The verdict that nothing settles, and the code of the reason."""
    return Judgement(Outcome.UNDEFINED, reason=reason)


def no_rule(engine: Engine, egress: int, ingress: int) -> Judgement | None:
    """The denial by isolation of the groups of a source and a destination.

    Args:
        engine: Where it is denied.
        egress: Group of the source where egress denies, else -1.
        ingress: Group of the destination where ingress denies, else -1.

    Returns:
        The judgement; None where a policy of a tier may be behind it.
    """
    sides: list[Direction] = []
    names: tuple[str, ...] = ()
    for direction, group in zip(DIRECTIONS, (egress, ingress), strict=True):
        if group < 0:
            continue
        isolating = engine.isolating(direction, group)
        if isolating is None:
            return None
        sides.append(direction)
        names = tuple(sorted({*names, *isolating}))
    return Judgement(Outcome.DENIED, tuple(sides), names, "no-rule")


def judge(engine: Engine, client: End, server: End, bit: int) -> Judgement:
    """The verdict of one world on two ends and a port atom (0: a protocol without ports)."""
    if not client.instances or not server.instances:
        return _judge_unknown(engine, client, server, bit)
    found = {
        _pair(engine, source, destination, bit)
        for source in client.instances
        for destination in server.instances
    }
    return merge_instances(sorted(found, key=_order))


def merge_instances(found: list[Judgement]) -> Judgement:
    """One verdict over pods: all must be allowed; one that is denied breaks traffic."""
    denied = [each for each in found if each.outcome is Outcome.DENIED]
    if denied:
        sides = tuple(d for d in DIRECTIONS if any(d in each.sides for each in denied))
        names = sorted({name for each in denied for name in each.policies})
        reason = denied[0].reason if len(denied) == len(found) else "some-replicas"
        return Judgement(Outcome.DENIED, sides, tuple(names), reason)
    open_ = [each for each in found if each.outcome is Outcome.UNDEFINED]
    return open_[0] if open_ else ALLOWED


def merge_worlds(engines: tuple[Engine, ...], found: list[Judgement]) -> Judgement:
    """One verdict over worlds: where they differ, it is undefined, and by which question."""
    if len({each.outcome for each in found}) == 1:
        return found[0]
    for each in found:
        if each.outcome is Outcome.UNDEFINED:
            return each
    hosts: dict[Choice, set[Outcome]] = {}
    for engine, each in zip(engines, found, strict=True):
        hosts.setdefault(engine.modes.host_network_pods, set()).add(each.outcome)
    settled_by_host = all(len(outcomes) == 1 for outcomes in hosts.values())
    return undefined("host-network" if settled_by_host else "ip-block-on-pods")


def _order(judgement: Judgement) -> tuple[str, str, tuple[str, ...]]:
    return (judgement.outcome, judgement.reason, judgement.policies)


def _pair(
    engine: Engine,
    source: tuple[Face, ...],
    destination: tuple[Face, ...],
    bit: int,
) -> Judgement:
    """Two instances, over every address family that both have."""
    pairs = [(left, right) for left in source for right in destination]
    # Ends without a family in common are known by halves; then every pair of faces is possible.
    common = [(left, right) for left, right in pairs if _meet(left[0], right[0])]
    found = [_faces(engine, left[1], right[1], bit) for left, right in common or pairs]
    outcomes = {each.outcome for each in found}
    if len(outcomes) != 1:
        return undefined("address-family")
    return found[0]


def _meet(left: int, right: int) -> bool:
    return ANY_FAMILY in {left, right} or left == right


def _faces(engine: Engine, source: int, destination: int, bit: int) -> Judgement:
    if bit == 0:
        untouched = not engine.policies_of(Direction.EGRESS, source) and not engine.policies_of(
            Direction.INGRESS, destination
        )
        return ALLOWED if untouched else undefined("protocol")
    if engine.allows(source, destination, bit):
        return ALLOWED
    decisions = [
        decide(engine, Direction.EGRESS, source, destination, bit),
        decide(engine, Direction.INGRESS, destination, source, bit),
    ]
    denying = [decision for decision in decisions if not decision.allowed]
    if not denying:
        raise InternalError("the engine denies what no policy denies")
    names: set[str] = set()
    for decision in denying:
        by = [decision.by] if decision.by is not None else decision.isolating
        names.update(policy_name(policy) for policy in by)
    tier = all(decision.by is not None for decision in denying)
    return Judgement(
        Outcome.DENIED,
        tuple(decision.direction for decision in denying),
        tuple(sorted(names)),
        "tier-denies" if tier else "no-rule",
    )


def _judge_unknown(engine: Engine, client: End, server: End, bit: int) -> Judgement:
    """Ends of which nothing is known: a verdict only where it holds whatever they are."""
    reason = client.unknown or server.unknown
    sides = [
        _unknown_side(engine, Direction.EGRESS, client, server, bit),
        _unknown_side(engine, Direction.INGRESS, server, client, bit),
    ]
    denied = [side for side in sides if side.outcome is Outcome.DENIED]
    if denied:
        names = sorted({name for side in denied for name in side.policies})
        directions = tuple(d for side in denied for d in side.sides)
        return Judgement(Outcome.DENIED, directions, tuple(names), denied[0].reason)
    if all(side.outcome is Outcome.ALLOWED for side in sides):
        return ALLOWED
    return undefined(reason)


def _unknown_side(
    engine: Engine,
    direction: Direction,
    subject: End,
    peer: End,
    bit: int,
) -> Judgement:
    if not subject.instances:
        return ALLOWED if _never_selected(engine, direction, subject) else undefined("")
    subjects = sorted({face for instance in subject.instances for _, face in instance})
    peers = sorted({face for instance in peer.instances for _, face in instance})
    certain = bool(peers)
    if not certain:
        points = engine.points
        peers = [int(engine.classes[points.nobody]), int(engine.classes[points.anybody])]
    found = []
    for one in subjects:
        numbers = engine.policies_of(direction, one)
        if not numbers:
            found.append(ALLOWED)
        elif bit == 0:
            found.append(undefined(""))
        elif not certain and not all(_is_network(engine, number) for number in numbers):
            # Rules of tiers can deny as well as accept: two samples of a peer prove nothing.
            found.append(undefined(""))
        else:
            verdicts = [decide(engine, direction, one, other, bit) for other in peers]
            if all(verdict.allowed for verdict in verdicts):
                found.append(ALLOWED)
            elif any(verdict.allowed for verdict in verdicts):
                found.append(undefined(""))
            else:
                names = sorted({policy_name(p) for v in verdicts for p in v.isolating})
                found.append(Judgement(Outcome.DENIED, (direction,), tuple(names), "no-rule"))
    return merge_instances(sorted(set(found), key=_order))


def _is_network(engine: Engine, number: int) -> bool:
    return isinstance(engine.compiled.policies[number], NetworkPolicy)


def _never_selected(engine: Engine, direction: Direction, end: End) -> bool:
    """Whether no policy can speak of an unknown end: it is outside, or of a free namespace."""
    if not end.namespace and end.unknown != "unresolved-end":
        return True
    compiled = engine.compiled
    for number, policy in enumerate(compiled.policies):
        if not compiled.concerns(number, direction):
            continue
        if not isinstance(policy, NetworkPolicy) or policy.namespace == end.namespace:
            return False
        if not end.namespace:
            return False
    return True
