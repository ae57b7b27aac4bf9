"""A typed NetworkPolicy as the object that the API server takes, and as YAML for a reviewer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError
from recommender.model.labels import Operator, is_label_key, is_label_value
from recommender.model.policies import Direction, Every, IPBlock
from recommender.rendering.comments import policy_comments
from recommender.rendering.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.labels import LabelSelector
    from recommender.model.policies import NetworkPolicy, Peer, PolicyPort, Rule
    from recommender.rendering.yaml_text import Value

API_VERSION: Final = "networking.k8s.io/v1"
KIND: Final = "NetworkPolicy"

_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_MAX_NAME: Final = 253
_PEER_LISTS: Final = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def to_manifest(policy: NetworkPolicy) -> dict[str, Value]:
    """The policy as the API server takes it, keys in the order people are used to.

    ``ALL_PEERS`` and ``ALL_PORTS`` become absent lists, and a direction without rules an absent
    one, as the API server itself writes them back.

    Raises:
        ModelError: A name, label key or label value is none that the API server accepts; such
            text comes from a log and must have become a finding before.
    """
    _check_names(policy)
    metadata: dict[str, Value] = {"name": policy.name, "namespace": policy.namespace}
    if policy.labels:
        metadata["labels"] = _labels(policy.labels)
    if policy.annotations:
        for key, _ in policy.annotations:
            _require(is_label_key(key.lower()), "annotation key", key)
        metadata["annotations"] = dict(policy.annotations)
    spec: dict[str, Value] = {
        "podSelector": _selector(policy.subject),
        "policyTypes": [item.value for item in Direction if policy.isolates(item)],
    }
    for direction in Direction:
        if rules := policy.rules(direction):
            spec[direction.value.lower()] = [_rule(rule, direction) for rule in rules]
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def to_yaml(policy: NetworkPolicy) -> str:
    """The policy as a YAML document whose comments carry the evidence of every rule.

    Raises:
        ModelError: As ``to_manifest``.
    """
    return dump(to_manifest(policy), policy_comments(policy))


def _check_names(policy: NetworkPolicy) -> None:
    name, namespace = policy.name, policy.namespace
    is_name = len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None
    _require(is_name, "policy name", name)
    _require(_NAMESPACE.fullmatch(namespace) is not None, "namespace", namespace)


def _require(holds: bool, what: str, value: str) -> None:  # noqa: FBT001 - the condition itself
    if not holds:
        message = f"not a {what} that the API server accepts: {value!r}"
        raise ModelError(message)


def _labels(pairs: Iterable[tuple[str, str]]) -> dict[str, Value]:
    labels: dict[str, Value] = {}
    for key, value in pairs:
        _require(is_label_key(key), "label key", key)
        _require(is_label_value(value), "label value", value)
        _require(key not in labels, "selector (a key stands twice)", key)
        labels[key] = value
    return labels


def _selector(selector: LabelSelector) -> dict[str, Value]:
    written: dict[str, Value] = {}
    if selector.match_labels:
        written["matchLabels"] = _labels(selector.match_labels)
    expressions: list[Value] = []
    for requirement in selector.match_expressions:
        _require(is_label_key(requirement.key), "label key", requirement.key)
        entry: dict[str, Value] = {"key": requirement.key, "operator": requirement.operator.value}
        if requirement.operator in {Operator.IN, Operator.NOT_IN}:
            for value in requirement.values:
                _require(is_label_value(value), "label value", value)
            entry["values"] = list(requirement.values)
        expressions.append(entry)
    if expressions:
        written["matchExpressions"] = expressions
    return written


def _rule(rule: Rule, direction: Direction) -> dict[str, Value]:
    written: dict[str, Value] = {}
    if not isinstance(rule.peers, Every):
        written[_PEER_LISTS[direction]] = [_peer(peer) for peer in rule.peers]
    if not isinstance(rule.ports, Every):
        written["ports"] = [_port(port) for port in rule.ports]
    return written


def _peer(peer: Peer) -> dict[str, Value]:
    if isinstance(peer, IPBlock):
        block: dict[str, Value] = {"cidr": peer.cidr}
        if peer.excluded:
            block["except"] = list(peer.excluded)
        return {"ipBlock": block}
    written: dict[str, Value] = {}
    if peer.namespaces is not None:
        written["namespaceSelector"] = _selector(peer.namespaces)
    if peer.namespaces is None or not peer.pods.matches_all:
        written["podSelector"] = _selector(peer.pods)
    return written


def _port(port: PolicyPort) -> dict[str, Value]:
    written: dict[str, Value] = {"protocol": port.protocol}
    if port.port is not None:
        written["port"] = port.port
    if port.end_port is not None:
        written["endPort"] = port.end_port
    return written
