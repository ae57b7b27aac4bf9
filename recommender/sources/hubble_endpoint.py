"""The ``source`` and ``destination`` objects of a Hubble flow: labels, identities, names.

Source: ``pkg/labels``, ``pkg/identity/numericidentity.go`` and ``pkg/hubble/parser/common`` of
Cilium. Reserved identities are told by the whole set of labels, never by one number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.model.addresses import parse_network
from recommender.model.errors import ModelError
from recommender.sources.endpoint import EndClass, Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMESPACE_LABELS: Final = "io.cilium.k8s.namespace.labels."
_POD_NAMESPACE: Final = "io.kubernetes.pod.namespace"
_CLUSTER: Final = "io.cilium.k8s.policy.cluster"
_SERVICE_ACCOUNT: Final = "io.cilium.k8s.policy.serviceaccount"
_NAMED_PORTS: Final = "io.cilium.k8s.named-ports"
_DERIVED: Final = ("io.cilium.", "io.kubernetes.pod.")
# One entry of the named-ports label: name.PROTOCOL.number
_NAMED_PORT: Final = re.compile(r"([a-z0-9-]{1,15})\.(TCP|UDP|SCTP)\.(\d{1,5})")

# By number, for logs whose labels were masked; only these numbers mean the same on every node.
_RESERVED_NUMBERS: Final = {
    1: "host",
    2: "world",
    3: "unmanaged",
    4: "health",
    5: "init",
    6: "remote-node",
    7: "kube-apiserver",
    8: "ingress",
    9: "world-ipv4",
    10: "world-ipv6",
}
# The top byte of a number says that it holds on one node only, and for what.
_SCOPE_SHIFT: Final = 24
_SCOPES: Final = {1: "world", 2: "remote-node"}


def decode(text: str | None) -> Endpoint:
    """The meaning of one ``source`` or ``destination`` object, given as JSON text.

    Anything that does not have the type it should have is passed over; an end of which nothing
    is left is of class ``NONE``.
    """
    try:
        raw = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        raw = None
    return _decode(raw) if isinstance(raw, dict) else Endpoint(EndClass.NONE)


def _decode(raw: dict[str, Any]) -> Endpoint:
    labels = _by_source(raw.get("labels"))
    kubernetes = labels.get("k8s", {})
    namespace = _text(raw.get("namespace")) or kubernetes.get(_POD_NAMESPACE, "")
    pod = _text(raw.get("pod_name"))
    reserved = set(labels.get("reserved", {}))
    number = raw.get("identity")
    if not labels and not pod and type(number) is int:
        reserved = _reserved_by(number)
    workload_kind, workload = _workload(raw.get("workloads"))
    return Endpoint(
        kind=_kind(reserved, is_pod=bool(namespace and (pod or kubernetes)), labels=labels),
        cluster=_cluster(raw, kubernetes),
        namespace=namespace,
        pod=pod,
        workload_kind=workload_kind,
        workload=workload,
        labels=_pod_labels(kubernetes),
        namespace_labels=_namespace_labels(kubernetes),
        service_account=kubernetes.get(_SERVICE_ACCOUNT, ""),
        named_ports=_named_ports(labels.get("gen", {}).get(_NAMED_PORTS, "")),
        cidrs=_cidrs(labels.get("cidr", {})),
        names=tuple(sorted({_name(name) for name in labels.get("fqdn", {})} - {""})),
        local="ID" in raw or bool(workload),
    )


def _reserved_by(number: int) -> set[str]:
    name = _RESERVED_NUMBERS.get(number) or _SCOPES.get(number >> _SCOPE_SHIFT)
    return {name} if name else set()


def _cidrs(labels: Iterable[str]) -> tuple[str, ...]:
    """CIDR labels in canonical form; those of IPv6 are written with ``-`` for ``:``."""
    found = set()
    for label in labels:
        try:
            found.add(str(parse_network(label.replace("-", ":"))))
        except ModelError:
            continue
    return tuple(sorted(found))


def _name(name: str) -> str:
    return name.rstrip(".").lower()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _by_source(labels: object) -> dict[str, dict[str, str]]:
    """Labels like ``k8s:app=web`` by their source, then key; one without source is ``k8s``."""
    found: dict[str, dict[str, str]] = {}
    for label in labels if isinstance(labels, list) else ():
        if not isinstance(label, str):
            continue
        source, colon, rest = label.partition(":")
        if not colon or "=" in source or "/" in source:
            source, rest = "k8s", label
        if source == "any":
            source = "k8s"
        key, _, value = rest.partition("=")
        found.setdefault(source, {})[key] = value
    return found


def _kind(reserved: set[str], *, is_pod: bool, labels: dict[str, dict[str, str]]) -> EndClass:
    # A pod seen from afar may carry reserved:world beside its name: the name is right.
    if is_pod:
        return EndClass.POD
    if "host" in reserved and "remote-node" not in reserved:
        return EndClass.OWN_APISERVER if "kube-apiserver" in reserved else EndClass.OWN_NODE
    for name, kind in (
        ("kube-apiserver", EndClass.APISERVER),
        ("remote-node", EndClass.NODE),
        ("health", EndClass.HEALTH),
        ("ingress", EndClass.INGRESS),
        ("unmanaged", EndClass.UNMANAGED),
        ("init", EndClass.UNMANAGED),
    ):
        if name in reserved:
            return kind
    external = {"world", "world-ipv4", "world-ipv6"} & reserved
    return EndClass.WORLD if external or labels.get("cidr") or labels.get("fqdn") else EndClass.NONE


def _cluster(raw: dict[str, Any], kubernetes: dict[str, str]) -> str:
    return _text(raw.get("cluster_name")) or kubernetes.get(_CLUSTER, "")


def _workload(workloads: object) -> tuple[str, str]:
    first = workloads[0] if isinstance(workloads, list) and workloads else None
    if not isinstance(first, dict):
        return "", ""
    name, kind = _text(first.get("name")), _text(first.get("kind"))
    return (kind or "Controller", name) if name else ("", "")


def _pod_labels(kubernetes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted((key, value) for key, value in kubernetes.items() if not key.startswith(_DERIVED)),
    )


def _namespace_labels(kubernetes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (key.removeprefix(_NAMESPACE_LABELS), value)
            for key, value in kubernetes.items()
            if key.startswith(_NAMESPACE_LABELS)
        ),
    )


def _named_ports(text: str) -> tuple[tuple[str, str, int], ...]:
    found = _NAMED_PORT.findall(text)
    return tuple(sorted({(name, protocol, int(port)) for name, protocol, port in found}))
