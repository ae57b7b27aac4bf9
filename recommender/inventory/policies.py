"""Policy manifests to the typed model, with the defaults of the API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from recommender.inventory import tiers
from recommender.inventory.documents import Document, read_documents
from recommender.inventory.fields import Fields
from recommender.inventory.objects import name_of, namespace_of
from recommender.model.addresses import IPSet, parse_network
from recommender.model.errors import ManifestError, ModelError
from recommender.model.findings import Finding, Severity
from recommender.model.policies import (
    ALL_PEERS,
    ALL_PORTS,
    Direction,
    Every,
    IPBlock,
    NetworkPolicy,
    Peer,
    PodPeer,
    PolicyPort,
    Rule,
)
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recommender.model.tiers import TierPolicy

_Policy = TypeVar("_Policy")

#: The kinds of policies that are read, with the API groups that they belong to.
POLICY_KINDS: Final = {
    "NetworkPolicy": ("networking.k8s.io", "extensions"),
    **dict.fromkeys(tiers.KINDS, (tiers.API_GROUP,)),
}


@dataclass(frozen=True, slots=True)
class Policies:
    """Policies as read.

    Attributes:
        network: NetworkPolicies, sorted by namespace and name.
        tiers: Cluster-wide policies, in the order of tier, priority and name.
        findings: An error for each policy that the API server would refuse.
    """

    network: tuple[NetworkPolicy, ...] = ()
    tiers: tuple[TierPolicy, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def all(self) -> tuple[NetworkPolicy | TierPolicy, ...]:
        """Both together, as the evaluator takes them."""
        return (*self.network, *self.tiers)

    def require(self) -> Policies:
        """The same, where nothing is wrong with any of them.

        Raises:
            ManifestError: A policy could not be read: an evaluation without it would mislead.
        """
        require_sound(self.findings)
        return self


def require_sound(findings: Iterable[Finding]) -> None:
    """Refuse to go on where an object could not be read.

    Raises:
        ManifestError: One of the findings is an error; the message names the first of them.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        message = f"{first.subject}: {first.message}{more}"
        raise ManifestError(message, where=first.where, hint=first.hint)


def read_policies(paths: Iterable[str | Path]) -> Policies:
    """Read every policy under some paths; other objects there are passed over.

    Args:
        paths: Files, folders, or ``-`` for standard input.

    Returns:
        The typed policies, and a finding for each that the API server would refuse.

    Raises:
        InputError: A path does not exist, or there is no object in all.
    """
    read = read_documents(paths)
    parsed = parse_policies(read.documents)
    return Policies(parsed.network, parsed.tiers, (*read.findings, *parsed.findings))


def parse_policies(documents: Iterable[Document]) -> Policies:
    """The same as ``read_policies`` for objects that were read before.

    Of several snapshots the latest says which policies there are: a policy that is gone from it
    allows and denies nothing any more. A file beside them stands for what it would become when
    it is applied: the policy of its name in the cluster gives way.
    """
    listed = list(documents)
    latest = max((document.taken for document in listed if document.taken), default=None)
    network: dict[tuple[str, str], NetworkPolicy] = {}
    cluster: dict[tuple[str, str], TierPolicy] = {}
    findings: list[Finding] = []
    for document in listed:
        if not _is_policy(document) or (document.taken or latest) != latest:
            continue
        item, gives_way = Fields.of(document), document.taken is not None
        try:
            if document.kind == "NetworkPolicy":
                policy = network_policy(item, document.where)
                key = (policy.namespace, policy.name)
                _once(network, key, policy, item, gives_way=gives_way)
            else:
                tier = tiers.tier_policy(document.kind, item, document.where)
                _once(cluster, (tier.kind, tier.name), tier, item, gives_way=gives_way)
        except ManifestError as error:
            findings.append(_refused(error, document))
    ordered = sorted(cluster.values(), key=lambda each: (each.tier, each.priority, each.name))
    return Policies(
        tuple(policy for _, policy in sorted(network.items(), key=lambda pair: pair[0])),
        tuple(ordered),
        (*findings, *tiers.same_priority(ordered)),
    )


def network_policy(item: Fields, origin: str = "") -> NetworkPolicy:
    """One NetworkPolicy, with the defaults of ``pkg/apis/networking/v1/defaults.go``.

    Raises:
        ManifestError: The API server would refuse it.
    """
    metadata, spec = item.child("metadata"), item.child("spec")
    spec.only("podSelector", "policyTypes", "ingress", "egress")
    ingress, egress = spec.children("ingress"), spec.children("egress")
    return NetworkPolicy(
        namespace_of(item),
        name_of(item),
        spec.selector("podSelector"),
        _policy_types(spec, has_egress=bool(egress)),
        tuple(_rule(entry, "from") for entry in ingress),
        tuple(_rule(entry, "to") for entry in egress),
        metadata.labels("labels"),
        metadata.labels("annotations"),
        origin,
    )


def _policy_types(spec: Fields, *, has_egress: bool) -> frozenset[Direction]:
    names = spec.texts("policyTypes")
    if not names:
        # The default counts rules: `egress: []` alone does not isolate.
        defaults = {Direction.INGRESS, *([Direction.EGRESS] if has_egress else ())}
        return frozenset(defaults)
    known = {direction.value: direction for direction in Direction}
    for index, name in enumerate(names):
        if name not in known:
            spec.fail(
                f"policyTypes[{index}]", f"no such policy type: {name!r}", hint="Ingress, Egress"
            )
    if len(names) > len(known):
        spec.fail("policyTypes", "at most two policy types")
    return frozenset(known[name] for name in names)


def _rule(entry: Fields, peers_key: str) -> Rule:
    entry.only(peers_key, "ports")
    peers: tuple[Peer, ...] | Every = tuple(_peer(peer) for peer in entry.children(peers_key))
    ports: tuple[PolicyPort, ...] | Every = tuple(
        _policy_port(port) for port in entry.children("ports")
    )
    return Rule(peers or ALL_PEERS, ports or ALL_PORTS)


def _peer(entry: Fields) -> Peer:
    entry.only("podSelector", "namespaceSelector", "ipBlock")
    selectors = entry.has("podSelector") or entry.has("namespaceSelector")
    if entry.has("ipBlock"):
        if selectors:
            entry.fail("ipBlock", "may not stand beside podSelector or namespaceSelector")
        return _ip_block(entry.child("ipBlock"))
    if not selectors:
        entry.fail("", "must specify a peer: podSelector, namespaceSelector or ipBlock")
    namespaces = entry.selector("namespaceSelector") if entry.has("namespaceSelector") else None
    return PodPeer(entry.selector("podSelector"), namespaces)


def _ip_block(entry: Fields) -> IPBlock:
    entry.only("cidr", "except")
    cidr, excluded = entry.text("cidr"), entry.texts("except")
    whole = _network(entry, "cidr", cidr)
    for index, part in enumerate(excluded):
        key = f"except[{index}]"
        inner = _network(entry, key, part)
        if inner == whole or not inner <= whole:
            entry.fail(key, f"must lie within {cidr} and be smaller, not {part}")
    return IPBlock(cidr, excluded)


def _network(entry: Fields, key: str, text: str) -> IPSet:
    if "/" not in text:
        entry.fail(key, f"not a CIDR: {text!r}", hint="an address needs its prefix length: /32")
    try:
        return IPSet.of(parse_network(text))
    except ModelError as error:
        entry.fail(key, error.message)


def _policy_port(entry: Fields) -> PolicyPort:
    entry.only("protocol", "port", "endPort")
    protocol = entry.text("protocol", "TCP")
    if protocol not in PROTOCOLS:
        entry.fail("protocol", f"no such protocol: {protocol!r}", hint=", ".join(PROTOCOLS))
    port = port_or_name(entry, "port")
    end_port = entry.number("endPort")
    if end_port is not None:
        if port is None:
            entry.fail("endPort", "needs a port")
        if isinstance(port, str):
            entry.fail("endPort", "needs a port number, not a name")
        if not port <= end_port <= MAX_PORT:
            entry.fail("endPort", f"must lie between the port {port} and {MAX_PORT}")
    return PolicyPort(protocol, port, end_port)


def port_or_name(entry: Fields, key: str) -> int | str | None:
    """A port field that holds a number or the name of a container port.

    Raises:
        ManifestError: The number is out of range, or the name is not one of the API's.
    """
    value = entry.body.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        if not _is_port_name(value):
            entry.fail(
                key,
                f"not a port name: {value!r}",
                hint="a name has a letter and at most 15 of a-z, 0-9 and -; a number no quotes",
            )
        return value
    number = entry.number(key)
    if number is None or not MIN_PORT <= number <= MAX_PORT:
        entry.fail(key, f"a port is a number from {MIN_PORT} to {MAX_PORT}, not {value!r}")
    return number


def _is_port_name(name: str) -> bool:
    """``IsValidPortName`` of apimachinery: an IANA service name."""
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    return (
        0 < len(name) <= 15  # noqa: PLR2004 - RFC 6335
        and set(name) <= allowed
        and any(char.isalpha() for char in name)
        and "--" not in name
        and not name.startswith("-")
        and not name.endswith("-")
    )


def _is_policy(document: Document) -> bool:
    group = document.api_version.rpartition("/")[0]
    return group in POLICY_KINDS.get(document.kind, ())


def _once(
    known: dict[tuple[str, str], _Policy],
    key: tuple[str, str],
    value: _Policy,
    item: Fields,
    *,
    gives_way: bool,
) -> None:
    if key in known and gives_way:
        return
    if key in known:
        shown = "/".join(key)
        item.fail("metadata.name", f"there is another policy {shown}", hint="names are unique")
    known[key] = value


def _refused(error: ManifestError, document: Document) -> Finding:
    metadata = document.body.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    return Finding(
        error.code,
        Severity.ERROR,
        f"{document.kind} {name}".strip(),
        error.message,
        hint=error.hint,
        where=error.where or document.where,
    )
