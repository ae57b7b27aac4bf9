"""The API server's own validation of a NetworkPolicy, over the raw manifest.

Source: upstream ``pkg/apis/networking/validation/validation.go`` (``ValidateNetworkPolicy``) and
what it calls. Schema checkers miss most of these rules, and a typed reader would already have
lost the field that is wrong: so this reads the mapping as it was parsed from YAML or JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from recommender.evaluation.validation_addresses import check_ip_block
from recommender.evaluation.validation_fields import (
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    NULL_MEANS_ALL,
    REQUIRED,
    Checker,
    shown,
)
from recommender.evaluation.validation_names import check_metadata, port_name_problem
from recommender.evaluation.validation_selectors import check_selector
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS
from recommender.model.text import clean

if TYPE_CHECKING:
    from recommender.model.findings import Finding

API_VERSION: Final = "networking.k8s.io/v1"
KIND: Final = "NetworkPolicy"

#: Code of a policy in an API version that clusters since Kubernetes 1.16 do not serve.
REMOVED_VERSION: Final = "api-removed-version"
#: Code of a field that old dumps hold and newer API servers do not know.
REMOVED_FIELD: Final = "api-removed-field"

_REMOVED_VERSIONS: Final = frozenset({"extensions/v1beta1"})
_OBJECT_FIELDS: Final = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_SPEC_FIELDS: Final = frozenset({"podSelector", "ingress", "egress", "policyTypes"})
_PEER_FIELDS: Final = frozenset({"podSelector", "namespaceSelector", "ipBlock"})
_PORT_FIELDS: Final = frozenset({"protocol", "port", "endPort"})
_POLICY_TYPES: Final = ("Ingress", "Egress")
_PEERS_OF: Final = {"ingress": "from", "egress": "to"}


def validate_network_policy(document: Mapping[str, object], *, where: str) -> tuple[Finding, ...]:
    """What the API server would say to one NetworkPolicy.

    Args:
        document: The manifest as parsed from YAML or JSON.
        where: File and document it stands in; field paths are put after it, as in
            ``web.yaml: spec.ingress[0].from[1].ipBlock.cidr``.

    Returns:
        Findings in the order of the document. Those of severity *error* make the server (or
        ``kubectl apply`` with its strict decoding) refuse the object; those of severity
        *warning* are accepted and worth a look. Empty where there is nothing to say.
    """
    checker = Checker(object_name(document, KIND), where)
    fields = checker.mapping(document, "", _OBJECT_FIELDS)
    check_type(checker, fields, API_VERSION, KIND, removed=_REMOVED_VERSIONS)
    check_metadata(checker, fields.get("metadata"))
    if fields.get("status") is not None:
        message = "newer API servers know no status of a NetworkPolicy"
        checker.warn(REMOVED_FIELD, "status", message, "leave it out")
    _check_spec(checker, fields.get("spec"))
    return tuple(checker.findings)


def object_name(document: object, kind: str) -> str:
    """An object as a stable text: kind, namespace and name, as far as they can be read."""
    metadata = document.get("metadata") if isinstance(document, Mapping) else None
    fields = metadata if isinstance(metadata, Mapping) else {}
    parts = [fields.get("namespace"), fields.get("name") or fields.get("generateName") or "?"]
    name = "/".join(clean(part) for part in parts if isinstance(part, str) and part)
    return f"{kind} {name or '?'}"


def check_type(
    checker: Checker,
    fields: Mapping[str, object],
    version: str,
    kind: str,
    *,
    removed: frozenset[str] = frozenset(),
) -> None:
    """``apiVersion`` and ``kind``; a version in ``removed`` is only warned of."""
    found_kind = checker.string(fields.get("kind"), "kind")
    if found_kind is not None and found_kind != kind:
        checker.refuse(NOT_SUPPORTED, "kind", f"{shown(found_kind)} is not {kind}")
    found = checker.string(fields.get("apiVersion"), "apiVersion")
    if found in removed:
        message = f"clusters since Kubernetes 1.16 do not serve {shown(found)}"
        checker.warn(REMOVED_VERSION, "apiVersion", message, f"write {version}")
    elif found is not None and found != version:
        message = f"{shown(found)} serves no {kind}" if found else "an apiVersion is required"
        code = NOT_SUPPORTED if found else REQUIRED
        checker.refuse(code, "apiVersion", message, f"write {version}")


def _check_spec(checker: Checker, value: object) -> None:
    fields = checker.mapping(value, "spec", _SPEC_FIELDS)
    check_selector(checker, fields.get("podSelector"), "spec.podSelector")
    for direction, peers in _PEERS_OF.items():
        for place, rule in checker.items(fields.get(direction), f"spec.{direction}"):
            _check_rule(checker, rule, place, peers)
    types = checker.items(fields.get("policyTypes"), "spec.policyTypes")
    if len(types) > len(_POLICY_TYPES):
        checker.refuse(INVALID, "spec.policyTypes", "there are no more than two policyTypes")
        return
    for place, item in types:
        name = checker.string(item, place)
        if name is not None and name not in _POLICY_TYPES:
            message = f"{shown(name)} is no policyType"
            checker.refuse(NOT_SUPPORTED, place, message, "Ingress or Egress")


def _check_rule(checker: Checker, value: object, path: str, peers: str) -> None:
    if value is None:
        message = "a null rule is an empty rule: it allows every peer on every port"
        checker.warn(NULL_MEANS_ALL, path, message, "write {} if that is meant")
        return
    fields = checker.mapping(value, path, frozenset({peers, "ports"}))
    for place, port in checker.items(fields.get("ports"), f"{path}.ports"):
        _check_port(checker, port, place)
    for place, peer in checker.items(fields.get(peers), f"{path}.{peers}"):
        _check_peer(checker, peer, place)


def _check_peer(checker: Checker, value: object, path: str) -> None:
    fields = checker.mapping(value, path, _PEER_FIELDS)
    given = {name: item for name, item in fields.items() if item is not None}
    for name in ("podSelector", "namespaceSelector"):
        if name in given:
            check_selector(checker, given[name], f"{path}.{name}")
    if "ipBlock" in given:
        check_ip_block(checker, given["ipBlock"], f"{path}.ipBlock")
    if not given:
        message = "a peer needs a podSelector, a namespaceSelector or an ipBlock"
        nulls = ", ".join(sorted(fields))
        hint = f"{nulls} is null: write {nulls}: {{}} for all" if len(fields) == 1 else ""
        checker.refuse(REQUIRED, path, message, hint)
    elif len(given) > 1 and "ipBlock" in given:
        message = "an ipBlock stands alone: no selector beside it in the same item"
        checker.refuse(FORBIDDEN, path, message, "make it an item of its own")


def _check_port(checker: Checker, value: object, path: str) -> None:
    if value is None:
        message = "a null port is an empty entry: it allows every TCP port"
        checker.warn(NULL_MEANS_ALL, path, message)
        return
    fields = checker.mapping(value, path, _PORT_FIELDS)
    if fields.get("protocol") is not None:
        protocol = checker.string(fields["protocol"], f"{path}.protocol")
        if protocol is not None and protocol not in PROTOCOLS:
            message = f"{shown(protocol)} is no protocol of a NetworkPolicy"
            checker.refuse(NOT_SUPPORTED, f"{path}.protocol", message, ", ".join(PROTOCOLS))
    port = fields.get("port")
    if isinstance(port, str):
        if problem := port_name_problem(port):
            hint = f"write the number without quotes: {port}" if port.isdecimal() else ""
            message = f"{shown(port)} is no port: {problem}"
            checker.refuse(INVALID, f"{path}.port", clean(message), clean(hint))
    elif port is not None:
        port = checker.int32(port, f"{path}.port")
        if port is None:
            return
        _check_number(checker, port, f"{path}.port")
    if fields.get("endPort") is not None:
        _check_end_port(checker, fields["endPort"], port, f"{path}.endPort")


def _check_end_port(checker: Checker, value: object, port: str | int | None, path: str) -> None:
    end = checker.int32(value, path)
    if port is None:
        checker.refuse(INVALID, path, "an endPort needs a port to start from")
    elif isinstance(port, str):
        checker.refuse(INVALID, path, "an endPort needs a port that is a number, not a name")
    elif end is not None:
        if end < port:
            checker.refuse(INVALID, path, f"{end} must not be smaller than the port {port}")
        _check_number(checker, end, path)


def _check_number(checker: Checker, number: int, path: str) -> None:
    if not MIN_PORT <= number <= MAX_PORT:
        message = f"{number} is no port: ports go from {MIN_PORT} to {MAX_PORT}"
        checker.refuse(INVALID, path, message)
