"""Rules that change nothing: inert ones, and those that other rules already cover."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.evaluation.hygiene_scene import about, listed
from recommender.evaluation.implication import Ports, peer_within, subject_within
from recommender.model.findings import Severity
from recommender.model.policies import ALL_PEERS, Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.model.findings import Finding
    from recommender.model.labels import LabelSelector
    from recommender.model.policies import NetworkPolicy, Peer, Rule

INERT_RULES: Final = "inert-rules"
REDUNDANT_RULE: Final = "redundant-rule"
REDUNDANT_POLICY: Final = "redundant-policy"
DUPLICATE_POLICY: Final = "duplicate-policy"


@dataclass(frozen=True, slots=True)
class _Place:
    """A rule and where it stands."""

    policy: NetworkPolicy
    direction: Direction
    number: int
    rule: Rule
    ports: Ports

    @property
    def field(self) -> str:
        return f"spec.{self.direction.value.lower()}[{self.number}]"

    def seen_from(self, policy: NetworkPolicy) -> str:
        """The rule in words for a finding about a policy."""
        own = policy == self.policy
        return self.field if own else f"{self.policy.name} {self.field}"


class _Wider:
    """Whether one policy of a namespace selects all that another selects, each pair asked once."""

    def __init__(self, policies: Iterable[NetworkPolicy]) -> None:
        numbers: dict[LabelSelector, int] = {}
        self._subjects = {
            policy.name: numbers.setdefault(policy.subject, len(numbers)) for policy in policies
        }
        self._known: dict[tuple[int, int], bool] = {}

    def __call__(self, inner: NetworkPolicy, outer: NetworkPolicy) -> bool:
        """Whether ``outer`` is at least as wide as ``inner``."""
        key = (self._subjects[inner.name], self._subjects[outer.name])
        if key not in self._known:
            self._known[key] = subject_within(inner, outer)
        return self._known[key]


def inert_rules(policies: Iterable[NetworkPolicy]) -> Iterator[Finding]:
    """Rules for a direction that the policy does not name in ``policyTypes``."""
    for policy in policies:
        for direction in Direction:
            if policy.rules(direction) and not policy.isolates(direction):
                name = direction.value
                message = f"its {name.lower()} rules have no effect: policyTypes lacks {name}"
                hint = f"add {name} to policyTypes, or remove the rules"
                yield about(policy, INERT_RULES, message, field=f"spec.{name.lower()}", hint=hint)


def needless(policies: Iterable[NetworkPolicy]) -> Iterator[Finding]:
    """Policies and rules that could go without changing what any pod may do, now or later.

    Everything named can go at once: what covers a rule is never itself named.
    """
    spaces: defaultdict[str, list[NetworkPolicy]] = defaultdict(list)
    for policy in policies:
        spaces[policy.namespace].append(policy)
    for name in sorted(spaces):
        ordered = sorted(spaces[name], key=lambda policy: policy.name)
        yield from _needless_in(ordered)


def _needless_in(policies: list[NetworkPolicy]) -> Iterator[Finding]:
    wider = _Wider(policies)
    kept = list(_places(policies))
    covered: dict[tuple[str, str, int], list[_Place]] = {}
    for place in reversed(list(kept)):
        rest = [other for other in kept if other is not place]
        by = _covering(place, rest, wider)
        if by:
            covered[place.policy.name, place.direction.value, place.number] = by
            kept = rest
    standing = list(policies)
    for policy in reversed(policies):
        others = [other for other in standing if other is not policy]
        if _all_covered(policy, covered) and (by_policies := _isolated_by(policy, others, wider)):
            standing = others
            yield _needless_policy(policy, by_policies, covered)
    for policy in standing:
        for direction in Direction:
            for number in range(len(policy.rules(direction))):
                by = covered.get((policy.name, direction.value, number), [])
                if by:
                    yield _redundant(policy, direction, number, by)


def _places(policies: Iterable[NetworkPolicy]) -> Iterator[_Place]:
    for policy in policies:
        for direction in Direction:
            if policy.isolates(direction):
                for number, rule in enumerate(policy.rules(direction)):
                    yield _Place(policy, direction, number, rule, Ports.of(rule.ports))


def _covering(place: _Place, others: list[_Place], wider: _Wider) -> list[_Place]:
    """The rules that together allow all that one allows; none where they do not."""
    candidates = [
        other
        for other in others
        if other.direction is place.direction and wider(place.policy, other.policy)
    ]
    peers: tuple[Peer | None, ...] = (None,)
    if isinstance(place.rule.peers, tuple):
        peers = place.rule.peers
    used: dict[int, _Place] = {}
    for peer in peers:
        ports, whole = Ports(), False
        for number, other in enumerate(candidates):
            if _has(other.rule, peer):
                ports |= other.ports
                used[number] = other
                whole = place.ports <= ports
                if whole:
                    break
        if not whole:
            return []
    return list(used.values())


def _has(rule: Rule, peer: Peer | None) -> bool:
    """Whether a rule covers a peer; None stands for all peers."""
    if not isinstance(rule.peers, tuple):
        return rule.peers is ALL_PEERS
    return peer is not None and any(peer_within(peer, other) for other in rule.peers)


def _all_covered(policy: NetworkPolicy, covered: dict[tuple[str, str, int], list[_Place]]) -> bool:
    return all(
        (policy.name, direction.value, number) in covered
        for direction in policy.policy_types
        for number in range(len(policy.rules(direction)))
    )


def _isolated_by(
    policy: NetworkPolicy, others: list[NetworkPolicy], wider: _Wider
) -> list[NetworkPolicy]:
    """Policies that isolate the same pods in the same directions; none where one is missing."""
    found = []
    for direction in Direction:
        if not policy.isolates(direction):
            continue
        by = [o for o in others if o.isolates(direction) and wider(policy, o)]
        if not by:
            return []
        found.append(by[0])
    return found


def _needless_policy(
    policy: NetworkPolicy,
    isolating: list[NetworkPolicy],
    covered: dict[tuple[str, str, int], list[_Place]],
) -> Finding:
    same = [
        other
        for other in isolating
        if (other.subject, other.policy_types, set(other.ingress), set(other.egress))
        == (policy.subject, policy.policy_types, set(policy.ingress), set(policy.egress))
    ]
    if same:
        message = f"says the same as {same[0].name}"
        hint = "delete one of the two"
        return about(policy, DUPLICATE_POLICY, message, hint=hint, severity=Severity.NOTE)
    names = {other.name for other in isolating}
    for (name, _, _), places in covered.items():
        if name == policy.name:
            names |= {place.policy.name for place in places}
    message = f"changes nothing: {listed(names - {policy.name})} already say all of it"
    return about(policy, REDUNDANT_POLICY, message, hint="delete it", severity=Severity.NOTE)


def _redundant(
    policy: NetworkPolicy, direction: Direction, number: int, by: list[_Place]
) -> Finding:
    names = listed(place.seen_from(policy) for place in by)
    field = f"spec.{direction.value.lower()}[{number}]"
    message = f"allows nothing that {names} would not allow without it"
    return about(
        policy, REDUNDANT_RULE, message, field=field, hint="remove it", severity=Severity.NOTE
    )
