"""What a person should know about one draft: what it leaves open, and what is wide."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from recommender.connections.marks import OWN_NODE
from recommender.model.findings import Finding, Severity
from recommender.model.policies import Direction
from recommender.synthesis.minimise import WIDENED
from recommender.synthesis.peers import other_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.model.policies import Rule
    from recommender.synthesis.drafting import DirectionDraft, Draft
    from recommender.synthesis.settings import Settings

#: Names that one message lists at most; the count says how many there are.
_SHOWN: Final = 5
_MANY_PORTS: Final = 40
_MANY_BLOCKS: Final = 100

_BLOCKED_WORDS: Final = {
    "needs-label": "no stable label tells the peer from its neighbours",
    "unknown-workload": "the inventory does not know the peer",
    "other-cluster": "the peer is in another cluster",
    "invalid-namespace": "the peer's namespace has no valid name",
    "unresolved-peer": "it is not known who the peer is",
    "service-without-pods": "the peer is a Service whose pods are not known",
    "node-without-address": "no address of the node is known",
    "apiserver-without-address": "no address of the API server is known",
    "name-without-address": "no address of the name is known",
    "world-without-address": "the peers are too many and their addresses are not listed",
}
_ASIDE_WORDS: Final = {
    "icmp": "NetworkPolicy cannot name ICMP, and whether an isolated pod may still use it "
    "depends on the network plugin",
    "protocol": "NetworkPolicy knows TCP, UDP and SCTP only",
    "port": "a policy can name the ports 1 to 65535 only",
}


def some(texts: Iterable[str]) -> str:
    """A few of these, in order, and how many more there are."""
    ordered = sorted(set(texts))
    rest = len(ordered) - _SHOWN
    return ", ".join(ordered[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 policy``, ``2 policies``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def words(directions: Iterable[Direction]) -> str:
    """Directions as a sentence names them: ``ingress and egress``."""
    return " and ".join(direction.value.lower() for direction in directions)


def draft_findings(draft: Draft, settings: Settings) -> Iterator[Finding]:
    """What became of one subject: open directions, traffic without a rule, wide rules."""
    if not draft.seen:
        yield Finding(
            "no-traffic",
            Severity.NOTE,
            draft.subject.id,
            "no accepted traffic of it was seen, so it got no policy: that would be a guess",
        )
        return
    unobserved = [side.direction for side in draft.directions if not side.observed]
    if unobserved:
        yield Finding(
            "direction-not-observed",
            Severity.WARNING,
            draft.subject.id,
            f"{words(unobserved)} could not be observed in these logs: left open",
            hint="collect the flows of the nodes that run its pods",
            where=",".join(direction.value for direction in unobserved),
        )
    for side in draft.directions:
        yield from _blocked(draft, side)
        yield from _set_aside(draft, side)
        yield from _wide(draft, side, settings)


def _blocked(draft: Draft, side: DirectionDraft) -> Iterator[Finding]:
    reasons: defaultdict[str, set[str]] = defaultdict(set)
    for blocked in side.blocked:
        reasons[blocked.reason].add(other_end(blocked.edge, side.direction).id)
    for reason, ends in sorted(reasons.items()):
        yield Finding(
            "direction-staged",
            Severity.WARNING,
            draft.subject.id,
            f"its {side.direction.value.lower()} stays open, since accepted traffic with "
            f"{some(ends)} cannot be written as an exact rule: {_BLOCKED_WORDS[reason]}",
            where=reason,
        )


def _set_aside(draft: Draft, side: DirectionDraft) -> Iterator[Finding]:
    reasons: defaultdict[str, set[str]] = defaultdict(set)
    for aside in side.set_aside:
        if aside.reason != OWN_NODE:
            reasons[aside.reason].add(other_end(aside.edge, side.direction).id)
    for reason, ends in sorted(reasons.items()):
        yield Finding(
            f"{reason}-not-writable",
            Severity.WARNING,
            draft.subject.id,
            f"accepted {side.direction.value.lower()} traffic with {some(ends)} has no rule: "
            f"{_ASIDE_WORDS[reason]}",
            where=side.direction.value,
        )


def _wide(draft: Draft, side: DirectionDraft, settings: Settings) -> Iterator[Finding]:
    def finding(code: str, severity: Severity, message: str, hint: str = "") -> Finding:
        where = side.direction.value
        return Finding(code, severity, draft.subject.id, message, hint=hint, where=where)

    for rule in side.rules:
        ports, peers = _lengths(rule)
        if "world" in rule.marks:
            yield finding(
                "world-ingress",
                Severity.WARNING,
                f"more than {settings.world_threshold} public addresses reached {_ports(rule)}, so "
                "it is open to every address of the family; where the network plugin applies "
                "ipBlock to pods, that includes all pods",
                "confirm that it is meant to be public",
            )
        elif outside := _outside_clients(rule, side.direction):
            yield finding(
                "clients-by-address",
                Severity.WARNING,
                f"{counted(len(outside), 'address', 'addresses')} outside the cluster reached "
                f"{_ports(rule)} and may go on; every other address is refused",
                "if anybody may call it, lower --world-threshold" if len(outside) > 1 else "",
            )
        added = [m.removeprefix(WIDENED) for m in rule.marks if m.startswith(WIDENED)]
        if added:
            yield finding(
                "widened",
                Severity.NOTE,
                f"CIDRs for {_ports(rule)} hold "
                f"{counted(int(added[0]), 'address', 'addresses')} that no flow showed",
            )
        if "fqdn" in rule.marks:
            yield finding(
                "fqdn-as-cidr",
                Severity.NOTE,
                f"{some(e.server.name for e in rule.evidence)} stands as the addresses seen, "
                "which its owner may change",
                "widen the addresses, or use a policy dialect that knows names",
            )
        if ports > _MANY_PORTS:
            yield finding(
                "many-ports",
                Severity.NOTE,
                f"one rule names {ports} ports",
                "write contiguous ports as ranges",
            )
        if peers > _MANY_BLOCKS:
            yield finding("many-peers", Severity.NOTE, f"one rule names {peers} peers")


def _outside_clients(rule: Rule, direction: Direction) -> set[str]:
    """The addresses outside the cluster that a rule lets in one by one."""
    return {
        address
        for edge in rule.evidence
        if direction is Direction.INGRESS and edge.client.is_external
        for address in edge.addresses or (edge.client.name,)
    }


def _lengths(rule: Rule) -> tuple[int, int]:
    ports = len(rule.ports) if isinstance(rule.ports, tuple) else 0
    return ports, len(rule.peers) if isinstance(rule.peers, tuple) else 0


def _ports(rule: Rule) -> str:
    if not isinstance(rule.ports, tuple):
        return "all ports"
    return some(f"{port.protocol}/{port.port}" for port in rule.ports)
