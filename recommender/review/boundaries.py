"""Advice on boundaries: what namespaces and nodes could separate better, with the numbers.

None of it changes a draft. A NetworkPolicy can hold any two workloads apart; a namespace, an
environment or a node pool of its own makes that easier to see, to review and to keep.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.edges import Verdict
from recommender.model.findings import Finding, Severity
from recommender.review.doubt_ports import DATABASES
from recommender.review.trust import trust_levels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.segments.types import Segment, Segmentation

#: Findings of one kind at most: advice is read from the top.
MOST: Final = 10

_SHOWN: Final = 3
#: What two segments do has to be this alike to be called one role.
_ALIKE: Final = 0.6
_FEWEST_TRAITS: Final = 2
#: A segment is told to move only if that spares so many crossing pairs, and so much of its own.
_FEWEST_SPARED: Final = 3
_WORTH: Final = 0.5
#: Namespaces that Kubernetes and OpenShift keep for themselves.
_PLATFORM: Final = ("kube-", "openshift-")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What advice is drawn from.

    Attributes:
        segments: All segments.
        of: The segment of each workload.
        edges: Accepted edges between workloads.
        sensitive: Workloads that hold data, or that a goal calls sensitive.
        exposed: Workloads that somebody outside the cluster calls.
    """

    segments: Sequence[Segment]
    of: Mapping[Entity, Segment]
    edges: Sequence[Edge]
    sensitive: frozenset[Entity]
    exposed: frozenset[Entity]


def boundary_findings(
    segmentation: Segmentation,
    edges: Iterable[Edge],
    inventory: Inventory,
    sensitive: Collection[Entity] = (),
) -> tuple[Finding, ...]:
    """What a reviewer may want to draw differently, the weightiest first of each kind.

    Args:
        segmentation: Who belongs together.
        edges: Edges of whatever verdict.
        inventory: The cluster as known.
        sensitive: Workloads that goals call sensitive, beside those that hold data.
    """
    accepted = [edge for edge in edges if edge.verdict is Verdict.ACCEPTED]
    scene = _Scene(
        segments=segmentation.segments,
        of=segmentation.of,
        edges=[e for e in accepted if e.client in segmentation.of and e.server in segmentation.of],
        sensitive=frozenset(sensitive) | _data_stores(accepted),
        exposed=frozenset(edge.server for edge in accepted if edge.client.is_external),
    )
    kinds = (
        _mixed(scene),
        _spread(scene),
        _moves(scene),
        _crossing_trust(scene, inventory),
        _shared_nodes(scene, inventory),
    )
    return tuple(finding for kind in kinds for finding in list(kind)[:MOST])


def _data_stores(edges: Iterable[Edge]) -> frozenset[Entity]:
    """Workloads that serve a database's own port."""
    return frozenset(
        edge.server
        for edge in edges
        if edge.server.is_workload and edge.protocol == "TCP" and edge.port in DATABASES
    )


def _mixed(scene: _Scene) -> Iterator[Finding]:
    """Namespaces in which data lies beside what the world can call."""
    spaces: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in scene.segments:
        spaces[segment.members[0].namespace].append(segment)
    for namespace, segments in sorted(spaces.items()):
        holding = [s for s in segments if scene.sensitive & set(s.members)]
        facing = [
            s
            for s in segments
            if scene.exposed & set(s.members) and not scene.sensitive & set(s.members)
        ]
        if holding and facing:
            yield Finding(
                "namespace-mixes-sensitivity",
                Severity.NOTE,
                f"namespace {namespace}",
                f"{_count(holding, 'segment')} with data ({_names(holding)}) share it with "
                f"{_count(facing, 'segment')} that clients outside the cluster call "
                f"({_names(facing)})",
                hint="a namespace of its own lets the data have owners, quotas and a default-deny "
                "of their own",
            )


def _spread(scene: _Scene) -> Iterator[Finding]:
    """Segments of several namespaces that do the same."""
    traits = _traits(scene)
    ordered = sorted((s for s in scene.segments if not s.hub), key=lambda s: s.name)
    spaces: dict[str, list[Segment]] = {}
    for segment in ordered:
        mine = traits[segment.name]
        if len(mine) < _FEWEST_TRAITS:
            continue
        for first, group in spaces.items():
            theirs = traits[first]
            if len(mine & theirs) >= _ALIKE * len(mine | theirs):
                group.append(segment)
                break
        else:
            spaces[segment.name] = [segment]
    for group in spaces.values():
        namespaces = {segment.members[0].namespace for segment in group}
        if len(namespaces) > 1:
            members = sum(len(segment.members) for segment in group)
            yield Finding(
                "segment-spread",
                Severity.NOTE,
                group[0].name,
                f"{members} workloads in {len(namespaces)} namespaces call and serve the same "
                f"({_names(group)}): one role, with a policy in each namespace",
                hint="nothing to mend where the namespaces are tenants; otherwise one namespace "
                "takes one policy",
            )


def _traits(scene: _Scene) -> defaultdict[str, set[tuple[str, str, str, int]]]:
    found: defaultdict[str, set[tuple[str, str, str, int]]] = defaultdict(set)
    for edge in scene.edges:
        client, server = scene.of[edge.client].name, scene.of[edge.server].name
        found[client].add(("calls", server, edge.protocol, edge.port))
        found[server].add(("serves", client, edge.protocol, edge.port))
    return found


def _moves(scene: _Scene) -> Iterator[Finding]:
    """Segments that talk more with another namespace than with their own."""
    pairs = {(edge.client, edge.server) for edge in scene.edges}
    crossing = sum(client.namespace != server.namespace for client, server in pairs)
    talk: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for client, server in pairs:
        ours, theirs = scene.of[client], scene.of[server]
        if ours is not theirs and not ours.hub and not theirs.hub:
            talk[ours.name][server.namespace] += 1
            talk[theirs.name][client.namespace] += 1
    found = []
    for segment in scene.segments:
        counts = talk[segment.name]
        home = segment.members[0].namespace
        # Data is not moved to where it is called from, nor what the cluster itself lives from.
        if scene.sensitive & set(segment.members) or home.startswith(_PLATFORM):
            continue
        best = min((n for n in counts if n != home), key=lambda n: (-counts[n], n), default=None)
        if best is None:
            continue
        spared = counts[best] - counts[home]
        if spared >= _FEWEST_SPARED and spared >= _WORTH * sum(counts.values()):
            found.append((-spared, segment.name, home, best))
    for least, name, home, best in sorted(found):
        yield Finding(
            "namespace-layout",
            Severity.NOTE,
            name,
            f"in the namespace {best} instead of {home} it would spare {-least} of the "
            f"{crossing} pairs of workloads that talk across namespaces",
            hint="weigh it against who owns the two: a namespace is first of all a team's",
        )


def _crossing_trust(scene: _Scene, inventory: Inventory) -> Iterator[Finding]:
    """Accepted traffic between environments or tenants."""
    levels = trust_levels(inventory)
    found: defaultdict[tuple[str, str, str], list[Edge]] = defaultdict(list)
    for edge in scene.edges:
        theirs = levels.get(edge.server, {})
        for key, value in levels.get(edge.client, {}).items():
            other = theirs.get(key)
            if other is not None and other != value:
                found[key, value, other].append(edge)
    for (key, ours, theirs_), edges in sorted(found.items(), key=lambda i: (-len(i[1]), i[0])):
        first = min(edges, key=lambda edge: edge.key)
        yield Finding(
            "trust-crossed",
            Severity.WARNING,
            f"{key}: {ours} -> {theirs_}",
            f"{_count(edges, 'edge')} between the two, first {first.id}",
            hint="forbid it in goals.yaml if it should not be",
        )


def _shared_nodes(scene: _Scene, inventory: Inventory) -> Iterator[Finding]:
    """Sensitive segments whose pods run beside others on the same nodes."""
    on: defaultdict[str, set[Entity]] = defaultdict(set)
    for entity, workload in inventory.workloads.items():
        for pod in workload.pods:
            if pod.node and entity.workload_kind != "DaemonSet":
                on[pod.node].add(entity)
    for segment in scene.segments:
        members = set(segment.members)
        if not members & scene.sensitive:
            continue
        nodes = sorted(node for node, there in on.items() if there & members)
        others = {other for node in nodes for other in on[node]} - members - scene.sensitive
        if others:
            yield Finding(
                "sensitive-shares-nodes",
                Severity.NOTE,
                segment.name,
                f"it runs on {_count(nodes, 'node')} together with "
                f"{_count(sorted(others), 'workload')} that hold no data: a way out of a "
                "container there leads past every policy",
                hint="a node pool of its own with a taint, and a toleration on its pods",
            )


def _count(things: Sequence[object], unit: str) -> str:
    return f"{len(things)} {unit}{'' if len(things) == 1 else 's'}"


def _names(segments: Sequence[Segment]) -> str:
    rest = len(segments) - _SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(segment.name for segment in segments[:_SHOWN]) + more
