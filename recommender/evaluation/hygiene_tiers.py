"""Rules of the cluster-wide policies that an earlier rule never lets be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.evaluation.implication import selector_within
from recommender.model.addresses import IPSet
from recommender.model.findings import Finding, Severity
from recommender.model.policies import Direction
from recommender.model.ports import PortSet
from recommender.model.tiers import DomainNames, Networks, Nodes, TierPods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.model.tiers import TierPeer, TierPolicy, TierRule

SHADOWED_RULE: Final = "shadowed-rule"

_PEERS_KEY: Final = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def shadowed_rules(policies: Iterable[TierPolicy]) -> Iterator[Finding]:
    """Rules that match nothing which an earlier rule of their policy does not match first."""
    for policy in policies:
        for direction in Direction:
            rules = policy.rules(direction)
            for number, rule in enumerate(rules):
                for before, earlier in enumerate(rules[:number]):
                    if _covers(earlier, rule):
                        field = f"spec.{direction.value.lower()}"
                        message = (
                            f"never reached: {field}[{before}] ({earlier.action.value}) matches "
                            "all that it matches, and comes first"
                        )
                        where = f"{policy.origin}: {field}[{number}]"
                        yield Finding(
                            SHADOWED_RULE,
                            Severity.WARNING,
                            f"{policy.kind} {policy.name}",
                            message,
                            "move it up, or remove it",
                            where.removeprefix(": "),
                        )
                        break


def _covers(outer: TierRule, inner: TierRule) -> bool:
    peers = all(any(_peer_within(peer, other) for other in outer.peers) for peer in inner.peers)
    return peers and _ports_within(inner, outer)


def _peer_within(inner: TierPeer, outer: TierPeer) -> bool:
    match inner, outer:
        case TierPods(), TierPods():
            return selector_within(inner.namespaces, outer.namespaces) and selector_within(
                inner.pods, outer.pods
            )
        case Networks(), Networks():
            return IPSet.of(*inner.cidrs) <= IPSet.of(*outer.cidrs)
        case Nodes(), Nodes():
            return selector_within(inner.selector, outer.selector)
        case DomainNames(), DomainNames():
            return set(inner.names) <= set(outer.names)
        case _:
            return False


def _ports_within(inner: TierRule, outer: TierRule) -> bool:
    if not isinstance(outer.ports, tuple):
        return True
    if not isinstance(inner.ports, tuple):
        return False
    names = {port.port for port in outer.ports if isinstance(port.port, str)}
    known = _numbers(outer)
    named = all(port.port in names for port in inner.ports if isinstance(port.port, str))
    return named and _numbers(inner) <= known


def _numbers(rule: TierRule) -> PortSet:
    found = PortSet()
    for port in rule.ports if isinstance(rule.ports, tuple) else ():
        if port.protocol is None or isinstance(port.port, str):
            continue
        if port.port is None:
            found |= PortSet.every([port.protocol])
        else:
            found |= PortSet.of(port.protocol, port.port, port.end_port)
    return found
