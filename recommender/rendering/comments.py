"""What the comments of a drafted policy tell its reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.model.policies import STAGED, Direction, Every

if TYPE_CHECKING:
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy, Rule
    from recommender.rendering.yaml_text import Path

#: Evidence lines above one rule; what is left over is counted and stands in the report.
MAX_EVIDENCE_LINES: Final = 6

#: What a mark asks of the reviewer. A mark that is not listed is shown as it is.
MARKS: Final = {
    "all-pods": "every pod of the cluster",
    "dns-assumed": "no DNS was seen; the usual resolver pods and port are assumed",
    "fqdn": "a host known by its name; its addresses may change",
    "kube-apiserver": "the Kubernetes API server, by the addresses of its endpoints",
    "node": "addresses of nodes, which change when nodes come and go",
    "node-local-dns": "the DNS cache of the node",
    "world": "addresses outside the cluster",
}
#: Why a rule without an edge of its own is there.
REASONS: Final = {
    "dns": "name resolution, which every pod with egress rules needs",
    "goal": "the goals file wants it allowed, seen or not",
    "review": "doubtful traffic that no draft allows: apply this file only if it is meant",
}

_WIDENED: Final = "widened:+"
_GOAL: Final = "goal:"
_LISTED_NAMES: Final = 3
_DIRECTION_WORDS: Final = {
    Direction.INGRESS: ("ingress", "connections in"),
    Direction.EGRESS: ("egress", "connections out"),
}


def policy_comments(policy: NetworkPolicy) -> dict[Path, list[str]]:
    """The comment lines of a policy by the place in its manifest that they stand above."""
    notes: dict[Path, list[str]] = {(): _head(policy)}
    for direction in Direction:
        word, connections = _DIRECTION_WORDS[direction]
        rules = policy.rules(direction)
        if policy.isolates(direction) and not rules:
            position = [item for item in Direction if policy.isolates(item)].index(direction)
            line = f"no {word} rules: all {connections} are denied"
            notes["spec", "policyTypes", position] = [line]
        for position, rule in enumerate(rules):
            notes["spec", word, position] = rule_comments(rule, direction)
    return notes


def rule_comments(rule: Rule, direction: Direction) -> list[str]:
    """One line for each edge behind a rule, and one for each mark."""
    edges = sorted(rule.evidence, key=lambda edge: (-edge.flows, edge.key))
    lines = [edge_comment(edge, direction) for edge in edges[:MAX_EVIDENCE_LINES]]
    if len(edges) > MAX_EVIDENCE_LINES:
        rest = edges[MAX_EVIDENCE_LINES:]
        flows = sum(edge.flows for edge in rest)
        lines.append(f"and {_count(len(rest), 'more edge')} with {_count(flows, 'flow')}")
    if rule.reason:
        lines.append(f"reason: {REASONS.get(rule.reason, rule.reason)}")
    lines += [_mark(mark) for mark in rule.marks]
    return lines


def edge_comment(edge: Edge, direction: Direction) -> str:
    """The evidence of one edge: the peer, the port, how much was seen, and when."""
    port = f"{edge.protocol} {edge.port}" if edge.port else edge.protocol
    if direction is Direction.INGRESS:
        talk, pods = f"{edge.client.id} -> {port}", edge.client_pods
    else:
        talk, pods = f"-> {edge.server.id} {port}", edge.server_pods
    peer = edge.client if direction is Direction.INGRESS else edge.server
    unit = "pod" if peer.is_workload else "address"
    names = [name for name in edge.names if name != peer.name]
    if names:
        more = ", ..." if len(names) > _LISTED_NAMES else ""
        talk += f" ({', '.join(names[:_LISTED_NAMES])}{more})"
    return f"{talk}: {_count(edge.flows, 'flow')}, {_count(pods, unit)}, {_when(edge)}"


def _when(edge: Edge) -> str:
    if edge.first_seen.timestamp() == 0:
        return "at unknown times"
    first, last = edge.first_seen.date().isoformat(), edge.last_seen.date().isoformat()
    days = first if first == last else f"{first} to {last}"
    return f"{_count(edge.days, 'day')} ({days})"


def _count(number: int, unit: str) -> str:
    plural = {"address": "addresses"}.get(unit, f"{unit}s")
    return f"{number:,} {unit if number == 1 else plural}"


def _mark(mark: str) -> str:
    kind, added, number = mark.partition(_WIDENED)
    if added and not kind:
        return f"review [widened]: holds {number} addresses that were never seen"
    if mark.startswith(_GOAL):
        return f"review [goal]: {mark.removeprefix(_GOAL)}"
    return f"review [{mark}]: {MARKS[mark]}" if mark in MARKS else f"review [{mark}]"


def _head(policy: NetworkPolicy) -> list[str]:
    if policy.subject.matches_all:
        what = f"every pod of the namespace {policy.namespace}; what other policies allow stays"
    else:
        what = f"pods with {policy.subject} in the namespace {policy.namespace}"
    isolated = [_DIRECTION_WORDS[item][0] for item in Direction if policy.isolates(item)]
    lines = [f"DRAFT NetworkPolicy for {policy.origin or policy.name}: review it before use."]
    lines.append(f"Selects {what}.")
    lines += [_allows(policy, item) for item in Direction if policy.isolates(item)]
    lines += [_stays_open(direction) for direction in _staged(policy)]
    if not isolated:
        lines.append("Isolates nothing.")
    marks = sorted(
        {mark for item in Direction for rule in policy.rules(item) for mark in rule.marks}
    )
    if marks:
        lines.append(f"Look twice at what is marked: {', '.join(marks)}.")
    return lines


def _staged(policy: NetworkPolicy) -> list[str]:
    value = dict(policy.annotations).get(STAGED, "")
    return [direction for direction in value.split(",") if direction]


def _stays_open(direction: str) -> str:
    return f"PARTIAL: {direction.lower()} stays open, the window shows too little of it."


def _allows(policy: NetworkPolicy, direction: Direction) -> str:
    word, connections = _DIRECTION_WORDS[direction]
    rules = policy.rules(direction)
    if not rules:
        return f"{word.capitalize()}: denies all {connections}."
    if any(isinstance(rule.peers, Every) and isinstance(rule.ports, Every) for rule in rules):
        return f"{word.capitalize()}: allows all {connections}."
    flows = sum(edge.flows for rule in rules for edge in rule.evidence)
    return f"{word.capitalize()}: {_count(len(rules), 'rule')} from {_count(flows, 'flow')}."
