"""Doubt from the company an edge keeps: other clients, other replicas, other namespaces."""

from __future__ import annotations

from datetime import timedelta
from math import comb
from typing import TYPE_CHECKING, Final

from recommender.connections.marks import FOLDED
from recommender.model.labels import ENVIRONMENT_LABELS
from recommender.review.doubt_time import SCHEDULED
from recommender.review.weights import ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.review.items import Reason
    from recommender.review.scene import Scene

_BY_CHANCE: Final = 0.001
#: Ends that did not answer one client, from which on it is taken for a scan.
SCAN: Final = 5
_WEAK: Final = timedelta(hours=1)
_HUB: Final = 2
_FEWEST_SIBLINGS: Final = 2
_ENVIRONMENTS: Final = {
    **dict.fromkeys(("prod", "production", "prd", "live"), "production"),
    **dict.fromkeys(("dev", "development", "devel"), "development"),
    **dict.fromkeys(("test", "testing", "qa", "uat"), "test"),
    **dict.fromkeys(("staging", "stage", "stg", "preprod"), "staging"),
    **dict.fromkeys(("sandbox", "playground"), "sandbox"),
}


def company_grounds(edge: Edge, scene: Scene) -> Iterator[Reason]:
    """Grounds for doubt in how an edge compares with the others."""
    yield from _replicas(edge, scene)
    yield from _scan(edge, scene)
    if edge.key[:4] in scene.barred:
        yield ground("also-denied", "part of the same traffic was denied or only audited")
    for end, word in ((edge.client, "client"), (edge.server, "server")):
        if end.workload_kind == "Pod":
            yield ground("no-controller", f"the {word} is a pod without a controller")
            break
    if edge.client.is_workload and edge.server.is_workload:
        yield from _namespaces(edge, scene)
        yield from _siblings(edge, scene)


def _replicas(edge: Edge, scene: Scene) -> Iterator[Reason]:
    workload = scene.inventory.workloads.get(edge.client)
    wanted = (workload.replicas or 0) if workload else 0
    pods = max(scene.pods.get(edge.client, 0), wanted)
    span = scene.span(edge)
    by_run = edge.client.workload_kind in SCHEDULED
    if by_run or not edge.client.is_workload or not 0 < span.pods < pods:
        return
    # At most so likely is it that connections of pods that do alike come from so few of them.
    by_chance = comb(pods, span.pods) * (span.pods / pods) ** span.flows
    if by_chance < _BY_CHANCE:
        text = f"all {span.flows:,} connections came from {span.pods} of {pods} pods"
        yield ground("few-replicas", text)


def _scan(edge: Edge, scene: Scene) -> Iterator[Reason]:
    if FOLDED in edge.marks:
        text = "so many ports or addresses that they were drawn together into one edge"
        yield ground("folded", text)
        return
    tried = scene.tried.get(edge.client)
    if not tried or not edge.client.is_workload:
        return
    span = scene.span(edge)
    # What was tried at the same time; a scan of one port a day is told by its single connections.
    beside = sum(
        one.ports
        for one in tried
        if one.first - _WEAK <= span.last and span.first <= one.last + _WEAK
    )
    here = sum(one.ports for one in tried if one.server == edge.server)
    if beside >= SCAN and span.last - span.first <= _WEAK:
        text = f"the client also tried {beside:,} servers and ports that did not let it in"
        yield ground("fan-out", f"{text}, within an hour")
    elif here:
        text = f"the client also tried {here:,} ports of this server that did not let it in"
        yield ground("probing", text)


def _namespaces(edge: Edge, scene: Scene) -> Iterator[Reason]:
    client, server = edge.client.namespace, edge.server.namespace
    if client == server:
        return
    here, there = _environment(client, scene), _environment(server, scene)
    if here and there and here != there:
        yield ground("other-environment", f"from {here} ({client}) to {there} ({server})")
    others = scene.clients.get((edge.server, edge.protocol, edge.port), frozenset())
    callers = {end.namespace for end in others} - {client, server, ""}
    if scene.pairs.get((client, server), 0) <= 1 and len(callers) < _HUB:
        text = f"nothing else of {client} talks to {server}"
        yield ground("strange-namespaces", text)


def _environment(namespace: str, scene: Scene) -> str:
    """The environment that a namespace's labels or name tell, empty where they tell none."""
    known = scene.inventory.namespaces.get(namespace)
    labels = dict(known.labels) if known else {}
    said = next((labels[key] for key in ENVIRONMENT_LABELS if labels.get(key)), "")
    words = [said.lower()] if said else namespace.lower().replace("_", "-").split("-")
    return next((_ENVIRONMENTS[word] for word in words if word in _ENVIRONMENTS), "")


def _siblings(edge: Edge, scene: Scene) -> Iterator[Reason]:
    alike = [one for one in scene.siblings.get(edge.client, ()) if one in scene.peers]
    if len(alike) < _FEWEST_SIBLINGS or edge.server in {edge.client, *alike}:
        return
    wanted = (scene.place(edge.server), edge.protocol, edge.port)
    if not any(wanted in scene.peers[one] for one in alike):
        text = f"none of {_some(alike)}, which are like the client, does so"
        yield ground("unlike-siblings", text)


def _some(entities: list[Entity]) -> str:
    names = sorted(entity.id for entity in entities)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 - as listed
    return ", ".join(names[:3]) + more
