"""The evidence of one rule, read from the report of a run."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from recommender.model.errors import UsageError
from recommender.model.policies import Direction
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from recommender.reporting.document import Document

_NUMBERED: Final = re.compile(r"(.+\.yaml)#(\d+)")
_HINT: Final = "name the key of an edge, or FILE#N: the N-th rule of a draft, ingress first"
_MOST: Final = 20
_UNITS: Final = {
    "flows": "connection",
    "records": "record",
    "bytes": "byte",
    "client_pods": "client pod",
    "server_pods": "server pod",
    "days": "day",
    "hours": "hour",
}


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """A rule, or an edge, with everything that was seen of it.

    Attributes:
        rule: What was asked for.
        rules: The rules that rest on it, as ``FILE#N (ingress)``; the rule itself where one was
            asked for.
        peers: Whom the rule names; empty where an edge was asked for.
        ports: On which ports.
        edges: The edges behind it, as in the report: flows, records, client pods, days, hours,
            first and last seen, sample records and so on; the most frequent first.
        review: What doubt says of these edges, as in the report.
    """

    rule: str
    rules: tuple[str, ...]
    peers: tuple[str, ...]
    ports: tuple[str, ...]
    edges: tuple[dict[str, Any], ...]
    review: tuple[dict[str, Any], ...]

    def frame(self) -> pd.DataFrame:
        """One row an edge, with the columns of an edge of the report."""
        import pandas as pd

        return pd.DataFrame(list(self.edges))

    def to_json(self) -> str:
        """The evidence as JSON in ASCII."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=True) + "\n"

    def __str__(self) -> str:
        """The evidence for people, one fact a line."""
        return "\n".join(clean(line, limit=1000) for line in _lines(self))


def rule_evidence(document: Document, rule: str) -> RuleEvidence:
    """The evidence of a rule or an edge.

    Args:
        document: The report of a run.
        rule: The key of an edge (``shop/Deployment/web -> shop/Deployment/cart TCP/7070``), or
            ``policies/shop/cart.yaml#2``: the second rule of a draft, ingress before egress.

    Raises:
        UsageError: The report has no such edge or rule.
    """
    if match := _NUMBERED.fullmatch(rule):
        return _of_rule(document, rule, match.group(1), int(match.group(2)))
    edges = [edge for edge in document["edges"] if edge["id"] == rule]
    if not edges:
        near = get_close_matches(rule, [edge["id"] for edge in document["edges"]], n=1)
        hint = f"did you mean {near[0]!r}?" if near else _HINT
        raise UsageError(f"the report has no edge {clean(rule)!r}", hint=clean(hint, limit=400))
    resting = tuple(
        f"{name} ({direction})"
        for name, direction, part in _rules(document)
        if any(one["edge"] == rule for one in part["evidence"])
    )
    return RuleEvidence(rule, resting, (), (), tuple(edges), _review(document, {rule}))


def _of_rule(document: Document, rule: str, file: str, number: int) -> RuleEvidence:
    wanted = f"{file}#{number}"
    for name, direction, part in _rules(document):
        if name != wanted and not wanted.endswith(f"/{name}"):
            continue
        ids = {one["edge"] for one in part["evidence"]}
        edges = sorted(
            (edge for edge in document["edges"] if edge["id"] in ids),
            key=lambda edge: (-edge["flows"], edge["id"]),
        )
        found = (f"{name} ({direction})",)
        peers, ports = tuple(_peers(part)), tuple(_ports(part))
        return RuleEvidence(rule, found, peers, ports, tuple(edges), _review(document, ids))
    raise UsageError(f"the report has no rule {clean(rule)!r}", hint=_HINT)


def _rules(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for policy in document["policies"]:
        number = 0
        for direction in Direction:
            word = direction.value.lower()
            for part in policy[word]:
                number += 1
                yield f"{policy['file']}#{number}", word, part


def _review(document: Document, ids: set[str]) -> tuple[dict[str, Any], ...]:
    return tuple(item for item in document.get("review", ()) if item["edge"] in ids)


def _peers(part: dict[str, Any]) -> Iterator[str]:
    if part["peers"] is None:
        yield "everybody"
    for peer in part["peers"] or ():
        if peer["kind"] == "ip_block":
            yield peer["cidr"]
        else:
            spaces = f" in {peer['namespaces']['text']}" if peer["namespaces"] else ""
            yield f"pods {peer['pods']['text'] or 'of every label'}{spaces}"


def _ports(part: dict[str, Any]) -> Iterator[str]:
    if part["ports"] is None:
        yield "every port"
    for port in part["ports"] or ():
        last = f"-{port['end_port']}" if port["end_port"] else ""
        yield f"{port['protocol']}/{port['port'] or '*'}{last}"


def _lines(found: RuleEvidence) -> Iterator[str]:
    yield found.rule
    for name in found.rules:
        if name.partition(" ")[0] != found.rule:
            yield f"  allowed by {name}"
    if not found.rules:
        yield "  no rule of the drafts allows it"
    if found.peers:
        yield f"  peers {', '.join(found.peers)}"
        yield f"  ports {', '.join(found.ports)}"
    for edge in found.edges[:_MOST]:
        yield from _edge(edge)
    if len(found.edges) > _MOST:
        yield f"  and {len(found.edges) - _MOST} more edges in the report"
    if not found.edges:
        yield "  no edge: it is a guardrail or stands in a goals file"
    for item in found.review:
        yield from _doubt(item)


def _edge(edge: dict[str, Any]) -> Iterator[str]:
    yield f"  {edge['id']}"
    counts = {word: _count(edge[word], unit) for word, unit in _UNITS.items()}
    yield "    {flows} in {records}, {bytes}".format(**counts)
    yield "    from {client_pods} to {server_pods}".format(**counts)
    yield "    on {days} in {hours}".format(**counts)
    yield f"    first {edge['first_seen'] or 'unknown'}, last {edge['last_seen'] or 'unknown'}"
    for word in ("addresses", "names", "observers", "marks"):
        if edge[word]:
            yield f"    {word} {', '.join(edge[word][:_MOST])}"
    for sample in edge["samples"]:
        yield f"    record {sample['file']}:{sample['line']}"


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _doubt(item: dict[str, Any]) -> Iterator[str]:
    decided = item["decision"] or "nobody has decided"
    yield f"  doubt {item['score']:.2f}, {decided}: {item['key']}"
    for reason in item["reasons"]:
        yield f"    {reason['code']}: {reason['text']}"
