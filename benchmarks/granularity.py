"""How many policies segments spare, and what they open: clusters of roles with known truth.

    python benchmarks/granularity.py [--workloads N] [--seeds N]

Each cluster is drafted three times from the same edges: a policy a workload, `segment` with no pair
to add, and `auto`. The evaluator, which shares no code with what drafts, says what each allows:
pairs of workloads on a port that were seen and are denied (missed), and pairs that are allowed
though never seen (added; name resolution, which every workload needs, apart).
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from recommender.evaluation.reach import reach
from recommender.inventory.types import Inventory, Namespace, Pod, Workload
from recommender.model.edges import Edge, Verdict
from recommender.model.entities import Entity
from recommender.model.labels import NAMESPACE_NAME, LabelSelector
from recommender.segments.segmenting import segment_edges
from recommender.simulation.roles import RoleSettings
from recommender.simulation.roles_traffic import role_traffic
from recommender.synthesis.settings import BOTH, Granularity, Settings
from recommender.synthesis.synthesize import Synthesis, synthesize

if TYPE_CHECKING:
    from recommender.segments.types import Segmentation
    from recommender.simulation.roles import RoleWorkload
    from recommender.simulation.roles_traffic import RoleEdge, RoleTraffic

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
WAYS: Final = {
    "workload": Settings(granularity=Granularity.WORKLOAD),
    "segment, added 0": Settings(granularity=Granularity.SEGMENT, max_added=0),
    "auto": Settings(granularity=Granularity.AUTO),
}
DNS: Final = 53
Pair = tuple[Entity, Entity, str, int]


def main() -> int:
    """Draft, judge, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workloads", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    print("| seed | granularity | policies | fewer | fewer with a selector | missed | added | s |")
    print("|---|---|---|---|---|---|---|---|")
    for seed in range(1, chosen.seeds + 1):
        settings = RoleSettings(workloads=chosen.workloads, labelled=1.0, mislabelled=0.0)
        made = role_traffic(seed, settings)
        edges, inventory = edges_of(made), inventory_of(made)
        segments = segment_edges(edges, inventory)
        alone = 0
        for name, way in WAYS.items():
            begun = time.perf_counter()
            result = draft(edges, inventory, segments, way)
            spent = time.perf_counter() - begun
            policies = sum(not policy.subject.matches_all for policy in result.policies)
            alone = alone or policies
            found = result.regrouped
            fewer = f"{1 - found.policies / found.workloads:.0%}" if found else ""
            missed, added = judge(result, edges, inventory)
            print(
                f"| {seed} | {name} | {policies} | {1 - policies / alone:.0%} | {fewer} | "
                f"{missed} | {added} | {spent:.1f} |",
                flush=True,
            )
    return 0


def draft(
    edges: list[Edge],
    inventory: Inventory,
    segments: Segmentation,
    way: Settings,
) -> Synthesis:
    """Drafts of a cluster in which everything was observable."""
    observed = dict.fromkeys(inventory.workloads, BOTH)
    return synthesize(edges, inventory, observed=observed, settings=way, segmentation=segments)


def judge(result: Synthesis, edges: list[Edge], inventory: Inventory) -> tuple[int, int]:
    """Pairs on a port that were seen and are denied, and that are allowed though never seen.

    A workload without any traffic has no policy in either way of drafting and is left out.
    """
    seen = {edge.key[:4] for edge in edges if edge.client != edge.server}
    drafted = {end for edge in edges for end in (edge.client, edge.server)}
    allowed: set[Pair] = set()
    for row in reach(result.policies, inventory).rows():
        source, destination = row.source, row.destination
        if not isinstance(source, Entity) or not isinstance(destination, Entity):
            continue
        if source in drafted and destination in drafted:
            for protocol, low, high in row.ports:
                allowed |= {(source, destination, protocol, port) for port in range(low, high + 1)}
    lookups = {pair for pair in allowed if pair[3] == DNS}
    return len(seen - allowed), len(allowed - lookups - seen)


def edges_of(made: RoleTraffic) -> list[Edge]:
    """What was seen, as edges between workloads."""
    ends = [entity_of(workload) for workload in made.cluster.workloads]
    return [edge_of(edge, ends) for edge in made.seen]


def edge_of(edge: RoleEdge, ends: list[Entity]) -> Edge:
    """One edge; days count from 1."""
    protocol, port = edge.service
    return Edge(
        client=ends[edge.source],
        server=ends[edge.destination],
        protocol=protocol,
        port=port,
        verdict=Verdict.ACCEPTED,
        flows=edge.flows,
        records=edge.flows,
        bytes=0,
        first_seen=START + timedelta(days=edge.first - 1),
        last_seen=START + timedelta(days=edge.last - 1, hours=1),
        client_pods=1,
        server_pods=1,
        days=edge.days,
        hours=edge.days,
    )


def entity_of(workload: RoleWorkload) -> Entity:
    """A workload of the made-up cluster."""
    return Entity.workload(workload.namespace, workload.kind, workload.name)


def inventory_of(made: RoleTraffic) -> Inventory:
    """The cluster: one pod a workload, with a label of its own beside those of its role."""
    known = {}
    for number, one in enumerate(made.cluster.workloads):
        if number in made.born:
            continue
        entity = entity_of(one)
        labels = tuple(sorted({**one.labels, "app": one.name}.items()))
        pod = Pod(one.namespace, f"{one.name}-0", labels, node="n1", phase="Running")
        own = LabelSelector.of({"app": one.name})
        known[entity] = Workload(entity, labels, own, (pod,), replicas=1)
    names = {entity.namespace for entity in known}
    spaces = {name: Namespace(name, ((NAMESPACE_NAME, name),)) for name in names}
    return Inventory(namespaces=spaces, workloads=known, complete=True)


if __name__ == "__main__":
    sys.exit(main())
