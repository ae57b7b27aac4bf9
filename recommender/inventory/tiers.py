"""Cluster-wide policies out of their manifests: v1alpha1 Admin and Baseline, v1alpha2 Cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.inventory.fields import Fields, exactly_one
from recommender.inventory.objects import name_of
from recommender.model.addresses import parse_network
from recommender.model.errors import ModelError
from recommender.model.findings import Finding, Severity
from recommender.model.labels import LabelSelector
from recommender.model.policies import ALL_PORTS, Every
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS
from recommender.model.tiers import (
    MAX_PRIORITY,
    MIN_PRIORITY,
    Action,
    DomainNames,
    Networks,
    Nodes,
    Tier,
    TierPeer,
    TierPods,
    TierPolicy,
    TierPort,
    TierRule,
    UnknownPeer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The API group of all three kinds.
API_GROUP: Final = "policy.networking.k8s.io"

ADMIN: Final = "AdminNetworkPolicy"
BASELINE: Final = "BaselineAdminNetworkPolicy"
CLUSTER: Final = "ClusterNetworkPolicy"

#: The kinds that are read here.
KINDS: Final = (ADMIN, BASELINE, CLUSTER)

_INGRESS_PEERS: Final = ("namespaces", "pods")
_EGRESS_PEERS: Final = (*_INGRESS_PEERS, "networks", "nodes", "domainNames")


def tier_policy(kind: str, item: Fields, origin: str = "") -> TierPolicy:
    """One cluster-wide policy.

    Raises:
        ManifestError: The API server would refuse it.
    """
    name, spec = name_of(item), item.child("spec")
    spec.only(
        "subject",
        "ingress",
        "egress",
        *(() if kind == BASELINE else ("priority",)),
        *(("tier",) if kind == CLUSTER else ()),
    )
    if kind == BASELINE and name != "default":
        item.child("metadata").fail("name", f"must be 'default', not {name!r}")
    return TierPolicy(
        kind,
        name,
        _tier(kind, spec),
        0 if kind == BASELINE else _priority(spec),
        _subject(spec.child("subject")),
        tuple(_rule(kind, entry, "from") for entry in spec.children("ingress")),
        tuple(_rule(kind, entry, "to") for entry in spec.children("egress")),
        origin,
    )


def same_priority(policies: Iterable[TierPolicy]) -> list[Finding]:
    """A finding for each policy that shares its tier and priority with another.

    Between such policies an implementation may pick any; the evaluator goes by name.
    """
    seen: dict[tuple[Tier, int], TierPolicy] = {}
    findings = []
    for policy in policies:
        first = seen.setdefault((policy.tier, policy.priority), policy)
        if first is not policy:
            findings.append(
                Finding(
                    "same-priority",
                    Severity.WARNING,
                    f"{policy.kind} {policy.name}",
                    f"has the priority {policy.priority} of {first.kind} {first.name}: which of "
                    "the two goes first is not defined; evaluated in the order of their names",
                    hint="give each policy of a tier its own priority",
                    where=policy.origin,
                ),
            )
    return findings


def _tier(kind: str, spec: Fields) -> Tier:
    if kind != CLUSTER:
        return Tier.BASELINE if kind == BASELINE else Tier.ADMIN
    name = spec.text("tier")
    try:
        return Tier(name)
    except ValueError:
        spec.fail("tier", f"no such tier: {name!r}", hint="Admin, Baseline")


def _priority(spec: Fields) -> int:
    priority = spec.number("priority")
    if priority is None or not MIN_PRIORITY <= priority <= MAX_PRIORITY:
        spec.fail("priority", f"must be a number from {MIN_PRIORITY} to {MAX_PRIORITY}")
    return priority


def _subject(subject: Fields) -> TierPods:
    subject.only(*_INGRESS_PEERS)
    return _pods(subject, exactly_one(subject, _INGRESS_PEERS))


def _rule(kind: str, entry: Fields, peers_key: str) -> TierRule:
    ports_key = "protocols" if kind == CLUSTER else "ports"
    entry.only("name", "action", peers_key, ports_key)
    known = _INGRESS_PEERS if peers_key == "from" else _EGRESS_PEERS
    peers = tuple(_peer(peer, known) for peer in entry.children(peers_key))
    if not peers:
        entry.fail(peers_key, "must name at least one peer")
    parse = _protocol if kind == CLUSTER else _admin_port
    ports: tuple[TierPort, ...] | Every = ALL_PORTS
    if entry.has(ports_key):
        ports = tuple(parse(port) for port in entry.children(ports_key))
        if not ports:
            entry.fail(ports_key, "must not be empty", hint="leave it out for all ports")
    listed = () if isinstance(ports, Every) else ports
    named = any(isinstance(port.port, str) for port in listed)
    if named and not all(isinstance(peer, (TierPods, UnknownPeer)) for peer in peers):
        entry.fail(ports_key, "a named port may not stand beside networks, nodes or domainNames")
    action = _action(kind, entry)
    if action is not Action.ACCEPT and any(isinstance(peer, DomainNames) for peer in peers):
        entry.fail(peers_key, f"domainNames go with {_accept(kind)} alone")
    return TierRule(action, peers, ports, entry.text("name"))


def _accept(kind: str) -> str:
    return "Accept" if kind == CLUSTER else "Allow"


def _action(kind: str, entry: Fields) -> Action:
    actions = {_accept(kind): Action.ACCEPT, "Deny": Action.DENY}
    if kind != BASELINE:
        actions["Pass"] = Action.PASS
    name = entry.text("action")
    if name not in actions:
        entry.fail("action", f"no such action: {name!r}", hint=", ".join(actions))
    return actions[name]


def _peer(peer: Fields, known: tuple[str, ...]) -> TierPeer:
    present = [key for key in peer.body if peer.has(key)]
    unknown = [key for key in present if key not in known]
    if len(present) > 1:
        peer.fail("", f"exactly one of {', '.join(known)} may be set")
    if not present or unknown:
        return UnknownPeer(unknown[0] if unknown else "")
    match present[0]:
        case "networks":
            return Networks(_cidrs(peer))
        case "nodes":
            return Nodes(peer.selector("nodes"))
        case "domainNames":
            names = peer.texts("domainNames")
            if not names:
                peer.fail("domainNames", "must name at least one host")
            return DomainNames(tuple(name.rstrip(".").lower() for name in names))
        case key:
            return _pods(peer, key)


def _pods(fields: Fields, key: str) -> TierPods:
    if key == "namespaces":
        return TierPods(fields.selector(key), LabelSelector.everything())
    inner = fields.child(key)
    inner.only("namespaceSelector", "podSelector")
    return TierPods(inner.selector("namespaceSelector"), inner.selector("podSelector"))


def _cidrs(peer: Fields) -> tuple[str, ...]:
    cidrs = peer.texts("networks")
    if not cidrs:
        peer.fail("networks", "must name at least one CIDR")
    for index, cidr in enumerate(cidrs):
        if "/" not in cidr:
            peer.fail(f"networks[{index}]", f"not a CIDR: {cidr!r}")
        try:
            parse_network(cidr)
        except ModelError as error:
            peer.fail(f"networks[{index}]", error.message)
    return cidrs


def _admin_port(entry: Fields) -> TierPort:
    known = ("portNumber", "portRange", "namedPort")
    entry.only(*known)
    match exactly_one(entry, known):
        case "portNumber":
            inner = entry.child("portNumber")
            inner.only("protocol", "port")
            return TierPort(_protocol_name(inner), _number(inner, "port"))
        case "portRange":
            inner = entry.child("portRange")
            inner.only("protocol", "start", "end")
            start, end = _number(inner, "start"), _number(inner, "end")
            if end < start:
                inner.fail("end", f"must not be less than the start {start}")
            return TierPort(_protocol_name(inner), start, end)
        case _:
            return TierPort(None, _port_name(entry, "namedPort"))


def _protocol(entry: Fields) -> TierPort:
    known = ("tcp", "udp", "sctp", "destinationNamedPort")
    entry.only(*known)
    key = exactly_one(entry, known)
    if key == "destinationNamedPort":
        return TierPort(None, _port_name(entry, key))
    inner = entry.child(key)
    inner.only("destinationPort")
    if not inner.has("destinationPort"):
        inner.fail("destinationPort", "must be set")
    port = inner.child("destinationPort")
    port.only("number", "range")
    if exactly_one(port, ("number", "range")) == "number":
        return TierPort(key.upper(), _number(port, "number"))
    bounds = port.child("range")
    bounds.only("start", "end")
    start, end = _number(bounds, "start"), _number(bounds, "end")
    if start >= end:
        bounds.fail("end", f"must be greater than the start {start}")
    return TierPort(key.upper(), start, end)


def _protocol_name(fields: Fields) -> str:
    name = fields.text("protocol", "TCP")
    if name not in PROTOCOLS:
        fields.fail("protocol", f"no such protocol: {name!r}", hint=", ".join(PROTOCOLS))
    return name


def _number(fields: Fields, key: str) -> int:
    number = fields.number(key)
    if number is None or not MIN_PORT <= number <= MAX_PORT:
        fields.fail(key, f"a port is a number from {MIN_PORT} to {MAX_PORT}")
    return number


def _port_name(fields: Fields, key: str) -> str:
    return fields.text(key) or fields.fail(key, "a port name must not be empty")
