"""A seeded cluster with policies of any size, for timing evaluators against each other.

The recipe: namespaces = max(2, pods / 20), each with a label team = i mod 5; pods with an app
(unique in the namespace), a tier (3 values), an env (2 values) and one named port; policies
round-robin over the namespaces, selecting a tier (70 %) or everything; direction ingress, egress
or both; 1-2 rules of 1-2 peers (35 % pods, 25 % namespace and pods, 15 % namespaces In, 10 %
NotIn, 15 % a /16 with a /24 except); ports none 20 %, numbers 60 %, ranges 20 %.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_TIERS = 3
_ENVS = 2
_TEAMS = 5
_PODS_PER_NAMESPACE = 20
_PORTS = (80, 443, 5432, 6379, 8080, 8443, 9090, 9200)


def cluster(pods: int, policies: int, seed: int = 7) -> list[dict[str, Any]]:
    """Every object of the cluster, the same for the same arguments."""
    dice = random.Random(seed)  # noqa: S311 - a benchmark, no secret
    count = max(2, pods // _PODS_PER_NAMESPACE)
    namespaces = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": f"ns-{i}",
                "labels": {"team": f"team-{i % _TEAMS}", "kubernetes.io/metadata.name": f"ns-{i}"},
            },
        }
        for i in range(count)
    ]
    return [
        *namespaces,
        *(_pod(i, count, dice) for i in range(pods)),
        *(_policy(i, count, dice) for i in range(policies)),
    ]


def write(folder: Path, objects: list[dict[str, Any]]) -> None:
    """Write them as the three lists that ``kubectl get -o json`` would give."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, name in (("Namespace", "ns"), ("Pod", "pods"), ("NetworkPolicy", "policies")):
        items = [item for item in objects if item["kind"] == kind]
        document = {"apiVersion": "v1", "kind": "List", "items": items}
        (folder / f"{name}.json").write_text(json.dumps(document))


def _pod(i: int, namespaces: int, dice: random.Random) -> dict[str, Any]:
    number = i // namespaces
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"pod-{i}",
            "namespace": f"ns-{i % namespaces}",
            "labels": {
                "app": f"app-{number}",
                "tier": f"tier-{dice.randrange(_TIERS)}",
                "env": f"env-{dice.randrange(_ENVS)}",
            },
        },
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "none",
                    "ports": [{"name": "web", "containerPort": dice.choice(_PORTS)}],
                },
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}",
            "hostIP": "192.168.0.1",
        },
    }


def _policy(i: int, namespaces: int, dice: random.Random) -> dict[str, Any]:
    tier = {"matchLabels": {"tier": f"tier-{dice.randrange(_TIERS)}"}}
    spec: dict[str, Any] = {"podSelector": tier if dice.random() < 0.7 else {}}  # noqa: PLR2004
    directions = dice.choice((("Ingress",), ("Egress",), ("Ingress", "Egress")))
    spec["policyTypes"] = list(directions)
    for direction in directions:
        key = "from" if direction == "Ingress" else "to"
        spec[direction.lower()] = [_rule(key, namespaces, dice) for _ in range(dice.choice((1, 2)))]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"policy-{i}", "namespace": f"ns-{i % namespaces}"},
        "spec": spec,
    }


def _rule(key: str, namespaces: int, dice: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {key: [_peer(namespaces, dice) for _ in range(dice.choice((1, 2)))]}
    (shape,) = dice.choices(("none", "numbers", "range"), (20, 60, 20))
    if shape == "numbers":
        wanted = dice.sample(_PORTS, dice.choice((1, 2)))
        rule["ports"] = [{"protocol": "TCP", "port": port} for port in wanted]
    elif shape == "range":
        start = dice.randrange(1024, 60000)
        end = start + dice.randrange(1, 1000)
        rule["ports"] = [{"protocol": "TCP", "port": start, "endPort": end}]
    return rule


def _peer(namespaces: int, dice: random.Random) -> dict[str, Any]:
    (shape,) = dice.choices(("pods", "both", "in", "not in", "block"), (35, 25, 15, 10, 15))
    name = f"ns-{dice.randrange(namespaces)}"
    team = f"team-{dice.randrange(_TEAMS)}"
    match shape:
        case "pods":
            app = f"app-{dice.randrange(_PODS_PER_NAMESPACE)}"
            return {"podSelector": {"matchLabels": {"app": app}}}
        case "both":
            return {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
                "podSelector": {"matchLabels": {"env": f"env-{dice.randrange(_ENVS)}"}},
            }
        case "in" | "not in":
            operator = "In" if shape == "in" else "NotIn"
            expression = {"key": "team", "operator": operator, "values": [team]}
            return {"namespaceSelector": {"matchExpressions": [expression]}}
        case _:
            first, second = dice.randrange(20, 200), dice.randrange(256)
            block = f"{first}.{second}"
            inner = f"{block}.{dice.randrange(256)}.0/24"
            return {"ipBlock": {"cidr": f"{block}.0.0/16", "except": [inner]}}
