"""Clusters in segments, and what drafts allow there: pairs of workloads on ports."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from synthesis.checker import allowed
from synthesis.worlds import edge

from recommender.model.entities import Entity
from recommender.segments.types import Admission, Block, Segment, Segmentation
from recommender.synthesis.settings import BOTH, Settings
from recommender.synthesis.sharing import nothing_closed
from recommender.synthesis.synthesize import Synthesis, synthesize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.policies import NetworkPolicy
    from recommender.synthesis.sharing import Closed

Pair = tuple[Entity, Entity, str, int]


def segmentation(
    members: Mapping[str, Sequence[Entity]],
    admitted: Iterable[tuple[str, str, int]],
    edges: Sequence[Edge],
) -> Segmentation:
    """Segments by name, and the blocks between them that are taken as admitted."""
    segments = {
        name: Segment(name, tuple(sorted(whose)), stability=1.0) for name, whose in members.items()
    }
    of = {member: name for name, whose in members.items() for member in whose}
    blocks = []
    for source, destination, port in admitted:
        seen = {
            (one.client, one.server)
            for one in edges
            if (of.get(one.client), of.get(one.server), one.port) == (source, destination, port)
        }
        size = len(segments[source].members) * len(segments[destination].members)
        ends = (segments[source], segments[destination])
        blocks.append(Block(*ends, "TCP", port, len(seen), 1.0, 1.0, 0.0, size - len(seen)))
    return Segmentation(
        segments=tuple(sorted(segments.values(), key=lambda one: one.name)),
        admission=Admission(blocks=tuple(blocks)),
        window_days=7,
    )


def drafted(
    edges: Sequence[Edge],
    inventory: Inventory,
    segments: Segmentation | None,
    settings: Settings,
    closed: Closed = nothing_closed,
) -> Synthesis:
    """Drafts where everything was observable."""
    return synthesize(
        edges,
        inventory,
        observed=dict.fromkeys(inventory.workloads, BOTH),
        settings=settings,
        segmentation=segments,
        closed=closed,
    )


def pairs_allowed(
    policies: Sequence[NetworkPolicy],
    inventory: Inventory,
    ports: Iterable[int],
    others: Iterable[Entity] = (),
) -> set[Pair]:
    """Which workloads may call which, and which ends outside, on these TCP ports."""
    ends = [*inventory.workloads, *others]
    return {
        (client, server, "TCP", port)
        for client in ends
        for server in ends
        for port in ports
        if (client.is_workload or server.is_workload)
        and allowed(edge(client, server, port), policies, inventory)
    }


def seen(edges: Iterable[Edge]) -> set[Pair]:
    return {(one.client, one.server, one.protocol, one.port) for one in edges}


def policies_of(result: Synthesis) -> dict[str, list[str]]:
    """Names of the policies of each namespace, without the default-denies."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for policy in result.policies:
        if not policy.subject.matches_all:
            found[policy.namespace].append(policy.name)
    return dict(found)
