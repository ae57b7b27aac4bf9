"""The parts of the document: one function for each kind of value in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recommender.model.policies import Every, IPBlock
from recommender.reporting.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.accounting import Accounting, FileAccount
    from recommender.model.edges import Edge, Record
    from recommender.model.findings import Finding
    from recommender.model.labels import LabelSelector
    from recommender.model.policies import Peer, PolicyPort, Rule
    from recommender.reporting.run import Replay

Part = dict[str, Any]


def account_part(accounting: Accounting) -> Part:
    """What became of every record, in all and by file.

    The text of malformed records is left out: nobody knows what secrets it holds, and file and
    line lead to it.
    """
    return {
        "records": accounting.records,
        "accepted": accounting.accepted,
        "set_aside": accounting.set_aside,
        "malformed": accounting.malformed,
        "complete": accounting.complete,
        "files": [_file(file) for file in sorted(accounting.files, key=lambda file: file.file)],
        "quarantined": [
            {"file": item.record.file, "line": item.record.line, "reason": item.reason}
            for item in accounting.quarantined
        ],
    }


def replay_part(replay: Replay | None) -> Part | None:
    """How the accepted edges fare under the drafts."""
    if replay is None:
        return None
    return {
        "allowed": replay.allowed,
        "denied": replay.denied,
        "undefined": replay.undefined,
    }


def edge_part(edge: Edge) -> Part:
    """An edge with all that is known of it; its ends refer to entities."""
    return {
        "id": edge.id,
        "client": edge.client.id,
        "server": edge.server.id,
        "protocol": edge.protocol,
        "port": edge.port,
        "verdict": edge.verdict.value,
        "flows": edge.flows,
        "records": edge.records,
        "bytes": edge.bytes,
        **_times_and_counts(edge),
        "observers": list(edge.observers),
        "addresses": list(edge.addresses),
        "names": list(edge.names),
        "samples": _samples(edge.samples),
        "marks": list(edge.marks),
    }


def rule_part(rule: Rule) -> Part:
    """A rule with the edges that justify it; null for peers or ports stands for all."""
    evidence = sorted(rule.evidence, key=lambda edge: edge.key)
    peers = None if isinstance(rule.peers, Every) else [_peer(peer) for peer in rule.peers]
    ports = None if isinstance(rule.ports, Every) else [_port(port) for port in rule.ports]
    return {
        "peers": peers,
        "ports": ports,
        "reason": rule.reason,
        "marks": list(rule.marks),
        "evidence": [_evidence(edge) for edge in evidence],
    }


def finding_part(finding: Finding) -> Part:
    """A finding."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "hint": finding.hint,
        "where": finding.where,
    }


def selector_part(selector: LabelSelector) -> Part:
    """A selector in full and as ``kubectl -l`` writes it."""
    return {
        "text": str(selector),
        "everything": selector.matches_all,
        "match_labels": dict(selector.match_labels),
        "match_expressions": [
            {"key": item.key, "operator": item.operator.value, "values": list(item.values)}
            for item in selector.match_expressions
        ],
    }


def _file(file: FileAccount) -> Part:
    return {
        "file": file.file,
        "format": file.format,
        "records": file.records,
        "accepted": file.accepted,
        "set_aside": dict(sorted(file.set_aside.items())),
        "malformed": dict(sorted(file.malformed.items())),
        "bytes": file.bytes,
        "complete": file.complete,
        "problem": file.problem,
    }


def _times_and_counts(edge: Edge) -> Part:
    return {
        "first_seen": rfc3339(edge.first_seen),
        "last_seen": rfc3339(edge.last_seen),
        "client_pods": edge.client_pods,
        "server_pods": edge.server_pods,
        "days": edge.days,
        "hours": edge.hours,
    }


def _evidence(edge: Edge) -> Part:
    return {
        "edge": edge.id,
        "flows": edge.flows,
        **_times_and_counts(edge),
        "samples": _samples(edge.samples),
        "marks": list(edge.marks),
    }


def _samples(samples: Iterable[Record]) -> list[Part]:
    return [{"file": record.file, "line": record.line} for record in samples]


def _peer(peer: Peer) -> Part:
    if isinstance(peer, IPBlock):
        return {"kind": "ip_block", "cidr": peer.cidr, "except": list(peer.excluded)}
    return {
        "kind": "pods",
        "namespaces": None if peer.namespaces is None else selector_part(peer.namespaces),
        "pods": selector_part(peer.pods),
    }


def _port(port: PolicyPort) -> Part:
    return {"protocol": port.protocol, "port": port.port, "end_port": port.end_port}
