"""When one selector, peer or port list can match nothing that another does not match.

Exact for label selectors (per key: which values, and whether the key may be missing) and for
addresses; so what follows from it holds for every pod that will ever exist, not only for those
that do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.model.addresses import IPSet
from recommender.model.labels import LabelSelector, Operator, Requirement
from recommender.model.policies import IPBlock, PolicyPort
from recommender.model.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.policies import Every, NetworkPolicy, Peer


@dataclass(frozen=True, slots=True)
class _Values:
    """What a selector allows one key to be.

    Attributes:
        absent: Whether the key may be missing.
        listed: The values allowed, or, where ``negated``, the values refused.
        negated: Whether ``listed`` are the values refused.
    """

    absent: bool = True
    listed: frozenset[str] = frozenset()
    negated: bool = True

    def also(self, other: _Values) -> _Values:
        """Both at once."""
        absent = self.absent and other.absent
        if self.negated and other.negated:
            return _Values(absent, self.listed | other.listed, negated=True)
        if self.negated:
            return _Values(absent, other.listed - self.listed, negated=False)
        if other.negated:
            return _Values(absent, self.listed - other.listed, negated=False)
        return _Values(absent, self.listed & other.listed, negated=False)

    def within(self, other: _Values) -> bool:
        """Whether everything allowed here is allowed there."""
        if self.absent and not other.absent:
            return False
        if self.negated:
            # All but finitely many values never fit into finitely many.
            return other.negated and other.listed <= self.listed
        if other.negated:
            return not self.listed & other.listed
        return self.listed <= other.listed

    @property
    def impossible(self) -> bool:
        """Whether nothing at all is allowed."""
        return not self.absent and not self.negated and not self.listed


def selector_within(inner: LabelSelector, outer: LabelSelector) -> bool:
    """Whether every label map that ``inner`` selects is selected by ``outer``."""
    small, large = _by_key(inner), _by_key(outer)
    if any(values.impossible for values in small.values()):
        return True
    free = _Values()
    return all(small.get(key, free).within(values) for key, values in large.items())


def is_impossible(selector: LabelSelector) -> bool:
    """Whether no label map can ever fulfil a selector: it contradicts itself."""
    return any(values.impossible for values in _by_key(selector).values())


def subject_within(inner: NetworkPolicy, outer: NetworkPolicy) -> bool:
    """Whether every pod that one policy selects is selected by the other."""
    same_namespace = inner.namespace == outer.namespace
    return same_namespace and selector_within(inner.subject, outer.subject)


def peer_within(inner: Peer, outer: Peer) -> bool:
    """Whether one peer of a policy covers another of the same namespace.

    A block of addresses never covers pods, nor pods a block: whether blocks match pods is the
    network plugin's choice.
    """
    if isinstance(inner, IPBlock):
        return isinstance(outer, IPBlock) and addresses_of(inner) <= addresses_of(outer)
    if isinstance(outer, IPBlock):
        return False
    if not selector_within(inner.pods, outer.pods):
        return False
    if outer.namespaces is None:
        return inner.namespaces is None
    if outer.namespaces.matches_all:
        return True
    return inner.namespaces is not None and selector_within(inner.namespaces, outer.namespaces)


def addresses_of(block: IPBlock) -> IPSet:
    """The addresses of an ``ipBlock``, without its exceptions."""
    return IPSet.of(block.cidr) - IPSet.of(*block.excluded)


@dataclass(frozen=True, slots=True)
class Ports:
    """What a list of ports allows: numbers, and names that each server resolves.

    Attributes:
        numbers: The numbered ports.
        names: Pairs of protocol and port name.
    """

    numbers: PortSet = PortSet()  # noqa: RUF009 - a PortSet is immutable
    names: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, ports: Iterable[PolicyPort] | Every) -> Ports:
        """What a ``ports`` list of a rule allows."""
        if not isinstance(ports, tuple | list):
            return cls(PortSet.every())
        numbers, names = PortSet(), set()
        for item in ports:
            if isinstance(item.port, str):
                names.add((item.protocol, item.port))
            elif item.port is None:
                numbers |= PortSet.every([item.protocol])
            else:
                numbers |= PortSet.of(item.protocol, item.port, item.end_port)
        return cls(numbers, frozenset(names))

    def __or__(self, other: Ports) -> Ports:
        """Both together."""
        return Ports(self.numbers | other.numbers, self.names | other.names)

    def __le__(self, other: Ports) -> bool:
        """Whether everything allowed here is allowed there, whatever the names resolve to."""
        named = all(
            name in other.names or PortSet.every([name[0]]) <= other.numbers for name in self.names
        )
        return named and self.numbers <= other.numbers


def _by_key(selector: LabelSelector) -> dict[str, _Values]:
    found: dict[str, _Values] = {}
    for key, value in selector.match_labels:
        _narrow(found, key, _Values(absent=False, listed=frozenset({value}), negated=False))
    for requirement in selector.match_expressions:
        _narrow(found, requirement.key, _values_of(requirement))
    return found


def _values_of(requirement: Requirement) -> _Values:
    listed = frozenset(requirement.values)
    match requirement.operator:
        case Operator.IN:
            return _Values(absent=False, listed=listed, negated=False)
        case Operator.NOT_IN:
            return _Values(listed=listed)
        case Operator.EXISTS:
            return _Values(absent=False)
        case Operator.DOES_NOT_EXIST:
            return _Values(negated=False)


def _narrow(found: dict[str, _Values], key: str, values: _Values) -> None:
    found[key] = found[key].also(values) if key in found else values
