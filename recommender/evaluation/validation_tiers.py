"""The API server's validation of the cluster-wide policies, over the raw manifest.

Source: the validation markers of ``sigs.k8s.io/network-policy-api`` v1alpha1
(AdminNetworkPolicy, BaselineAdminNetworkPolicy) and v1alpha2 (ClusterNetworkPolicy), which
become the schema and the rules of their CRDs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.evaluation.validation import check_type, object_name
from recommender.evaluation.validation_addresses import check_cidr
from recommender.evaluation.validation_fields import (
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    TOO_LONG,
    Checker,
    shown,
)
from recommender.evaluation.validation_names import check_metadata
from recommender.evaluation.validation_selectors import check_selector
from recommender.evaluation.validation_tier_ports import check_admin_port, check_protocol
from recommender.model.tiers import MAX_PRIORITY, MIN_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recommender.model.findings import Finding

#: Code of a peer of a kind that this version of the API does not have.
UNKNOWN_PEER: Final = "unknown-peer"

_OBJECT_FIELDS: Final = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_IN_CLUSTER: Final = frozenset({"namespaces", "pods"})
_EGRESS_ONLY: Final = frozenset({"networks", "nodes", "domainNames"})
_PODS_FIELDS: Final = frozenset({"namespaceSelector", "podSelector"})
_PEERS_OF: Final = {"ingress": "from", "egress": "to"}
_MAX_NAME: Final = 100
_MAX_LISTED: Final = 25
_MAX_CIDR: Final = 43
_DOMAIN: Final = re.compile(
    r"(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?"
)


@dataclass(frozen=True, slots=True)
class _Api:
    """What differs between the three kinds.

    Attributes:
        version: Their ``apiVersion``.
        spec: Fields of the spec.
        actions: Actions of a rule.
        ports: Name of the list of ports.
        most: Most rules, peers and ports of one list.
        check_port: Checks one entry of the list of ports; whether it is a name.
    """

    version: str
    spec: frozenset[str]
    actions: tuple[str, ...]
    ports: str
    most: int
    check_port: Callable[[Checker, object, str], bool]


_GROUP: Final = "policy.networking.k8s.io"
_RULES: Final = frozenset({"subject", "ingress", "egress"})
_APIS: Final = {
    "AdminNetworkPolicy": _Api(
        f"{_GROUP}/v1alpha1",
        _RULES | {"priority"},
        ("Allow", "Deny", "Pass"),
        "ports",
        100,
        check_admin_port,
    ),
    "BaselineAdminNetworkPolicy": _Api(
        f"{_GROUP}/v1alpha1", _RULES, ("Allow", "Deny"), "ports", 100, check_admin_port
    ),
    "ClusterNetworkPolicy": _Api(
        f"{_GROUP}/v1alpha2",
        _RULES | {"priority", "tier"},
        ("Accept", "Deny", "Pass"),
        "protocols",
        25,
        check_protocol,
    ),
}

#: The kinds that are validated here.
KINDS: Final = tuple(_APIS)


def validate_tier_policy(document: Mapping[str, object], *, where: str) -> tuple[Finding, ...]:
    """What the API server would say to one cluster-wide policy.

    Args:
        document: The manifest as parsed from YAML or JSON, of one of ``KINDS``.
        where: File and document it stands in; field paths are put after it.

    Returns:
        Findings in the order of the document, of severity *error* where the server would refuse
        it, *warning* where a person should look.

    Raises:
        KeyError: The kind is none of ``KINDS``.
    """
    kind = str(document["kind"])
    api = _APIS[kind]
    checker = Checker(object_name(document, kind), where)
    fields = checker.mapping(document, "", _OBJECT_FIELDS)
    check_type(checker, fields, api.version, kind)
    check_metadata(checker, fields.get("metadata"), namespaced=False)
    spec = checker.mapping(fields.get("spec"), "spec", api.spec)
    _check_place(checker, kind, spec, fields)
    _check_one_of(checker, spec.get("subject"), "spec.subject", _IN_CLUSTER)
    _check_pods(checker, spec.get("subject"), "spec.subject")
    for direction in _PEERS_OF:
        rules = _limited(checker, spec.get(direction), f"spec.{direction}", api.most)
        for path, rule in rules:
            _check_rule(checker, api, rule, path, direction)
    return tuple(checker.findings)


def _check_place(
    checker: Checker, kind: str, spec: Mapping[str, object], fields: Mapping[str, object]
) -> None:
    """Tier, priority and name: what says when the policy is asked."""
    if kind == "BaselineAdminNetworkPolicy":
        metadata = fields.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if name != "default":
            message = f"there is one of this kind and its name is default, not {shown(name)}"
            checker.refuse(INVALID, "metadata.name", message)
        return
    if kind == "ClusterNetworkPolicy":
        tier = checker.string(spec.get("tier"), "spec.tier")
        if tier is not None and tier not in {"Admin", "Baseline"}:
            message = f"{shown(tier)} is no tier"
            checker.refuse(NOT_SUPPORTED, "spec.tier", message, "Admin or Baseline")
    if spec.get("priority") is None:
        checker.refuse(REQUIRED, "spec.priority", "a priority is required")
        return
    priority = checker.int32(spec["priority"], "spec.priority")
    if priority is not None and not MIN_PRIORITY <= priority <= MAX_PRIORITY:
        message = f"{priority} is not from {MIN_PRIORITY} to {MAX_PRIORITY}"
        checker.refuse(INVALID, "spec.priority", message)


def _check_rule(checker: Checker, api: _Api, value: object, path: str, direction: str) -> None:
    side = _PEERS_OF[direction]
    fields = checker.mapping(value, path, frozenset({"name", "action", side, api.ports}))
    name = checker.string(fields.get("name"), f"{path}.name")
    if name and len(name) > _MAX_NAME:
        checker.refuse(TOO_LONG, f"{path}.name", f"a name has at most {_MAX_NAME} characters")
    action = checker.string(fields.get("action"), f"{path}.action")
    if action is not None and action not in api.actions:
        message = f"{shown(action)} is no action here"
        checker.refuse(NOT_SUPPORTED, f"{path}.action", message, ", ".join(api.actions))
    peers = _limited(checker, fields.get(side), f"{path}.{side}", api.most)
    if not peers:
        message = "a rule names at least one peer"
        checker.refuse(REQUIRED, f"{path}.{side}", message, "namespaces: {} for every pod")
    known = _IN_CLUSTER | (_EGRESS_ONLY if direction == "egress" else frozenset())
    outside = [_check_peer(checker, peer, place, known, action) for place, peer in peers]
    ports = _limited(checker, fields.get(api.ports), f"{path}.{api.ports}", api.most)
    if fields.get(api.ports) == []:
        message = "an empty list is refused"
        checker.refuse(REQUIRED, f"{path}.{api.ports}", message, "leave it out for all ports")
    named = [api.check_port(checker, port, place) for place, port in ports]
    if any(named) and any(outside):
        message = "a named port does not go with networks, nodes or domainNames"
        checker.refuse(FORBIDDEN, path, message, "they have no containers that name ports")


def _check_peer(
    checker: Checker, value: object, path: str, known: frozenset[str], action: str | None
) -> bool:
    """One peer; whether it is one that has no containers."""
    fields = checker.mapping(value, path)
    given = sorted(name for name, item in fields.items() if item is not None)
    unknown = [name for name in given if name not in known]
    if unknown or not given:
        what = f"{shown(unknown[0])} is no peer here" if unknown else "a peer of no kind"
        effect = "the rule matches nothing" if action in {"Accept", "Allow"} else "it denies all"
        message = f"{what}: {effect}, so that nothing is opened by mistake"
        checker.warn(UNKNOWN_PEER, path, message, f"known here: {', '.join(sorted(known))}")
        return False
    if len(given) > 1:
        message = f"a peer is of one kind, not {' and '.join(given)}"
        checker.refuse(INVALID, path, message, "make each an item of its own")
        return False
    _check_pods(checker, fields, path)
    if fields.get("nodes") is not None:
        check_selector(checker, fields["nodes"], f"{path}.nodes")
    _check_listed(checker, fields.get("networks"), f"{path}.networks", _check_network)
    _check_listed(checker, fields.get("domainNames"), f"{path}.domainNames", _check_domain)
    if "domainNames" in given and action in {"Deny", "Pass"}:
        message = f"domain names go with a rule that accepts, not with {action}"
        checker.refuse(FORBIDDEN, f"{path}.domainNames", message)
    return given[0] in _EGRESS_ONLY


def _check_pods(checker: Checker, value: object, path: str) -> None:
    """The two ways of choosing pods: by their namespaces alone, or by both."""
    fields = value if isinstance(value, dict) else {}
    if fields.get("namespaces") is not None:
        check_selector(checker, fields["namespaces"], f"{path}.namespaces")
    if fields.get("pods") is not None:
        pods = checker.mapping(fields["pods"], f"{path}.pods", _PODS_FIELDS)
        for name in sorted(_PODS_FIELDS):
            check_selector(checker, pods.get(name), f"{path}.pods.{name}")


def _check_one_of(checker: Checker, value: object, path: str, known: frozenset[str]) -> None:
    fields = checker.mapping(value, path, known)
    given = [name for name in sorted(fields) if fields[name] is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        message = f"exactly one of {', '.join(sorted(known))} belongs here, not {found}"
        checker.refuse(REQUIRED if not given else INVALID, path, message)


def _check_listed(
    checker: Checker, value: object, path: str, check: Callable[[Checker, str, str], object]
) -> None:
    """A list of texts that may not be empty, nor hold anything twice."""
    if value is None:
        return
    items = _limited(checker, value, path, _MAX_LISTED)
    if value == []:
        checker.refuse(REQUIRED, path, "an empty list is refused")
    seen: set[str] = set()
    for place, item in items:
        text = checker.string(item, place)
        if text is None:
            continue
        if text in seen:
            checker.refuse(INVALID, place, f"{shown(text)} stands in the list twice")
        seen.add(text)
        check(checker, text, place)


def _check_network(checker: Checker, text: str, path: str) -> None:
    if len(text) > _MAX_CIDR:
        checker.refuse(TOO_LONG, path, f"a CIDR has at most {_MAX_CIDR} characters")
    check_cidr(checker, text, path)


def _check_domain(checker: Checker, text: str, path: str) -> None:
    if _DOMAIN.fullmatch(text) is None:
        hint = "a name of two parts or more; *. may stand before it"
        checker.refuse(INVALID, path, f"{shown(text)} is no domain name", hint)


def _limited(checker: Checker, value: object, path: str, most: int) -> list[tuple[str, object]]:
    items = checker.items(value, path)
    if len(items) > most:
        checker.refuse(TOO_LONG, path, f"a list has at most {most} entries here, not {len(items)}")
    return items
