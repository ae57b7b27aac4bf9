"""The default-deny of a namespace: only what every workload of it can bear.

A policy that selects the whole namespace also isolates the workloads that got no policy of their
own, or only one direction. It therefore names a direction only where each live workload of the
namespace is isolated in it already, so that it changes nothing for them: it is there for the
workloads of tomorrow.

What had no traffic is in no log. A namespace that only the flows describe may hold more pods than
they show, so its default-deny comes with a warning; where the cluster itself lives, in
``kube-system`` for one, to cut off a quiet pod can take everything down: there it needs an
inventory.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, NetworkPolicy
from recommender.synthesis.naming import DEFAULT_DENY
from recommender.synthesis.subjects import MANAGED_BY, foreign_names, is_finished

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from recommender.inventory.types import Inventory, Workload
    from recommender.model.entities import Entity
    from recommender.synthesis.dns import Resolvers
    from recommender.synthesis.drafting import Draft
    from recommender.synthesis.subjects import Roster

# Kubernetes reserves the prefix "kube-" for its own namespaces, OpenShift "openshift-"; the rest
# is where the usual network plugins put their agents.
_PLATFORM: Final = ("kube-", "openshift-", "calico-", "tigera-", "cilium")


@dataclass(frozen=True, slots=True)
class NamespaceDefault:
    """What a namespace's default can be.

    Attributes:
        namespace: Its name.
        policy: The default-deny, None where no direction is safe.
        spared: Per direction that is left out, the workloads that it would cut off, sorted; none
            where these are not known.
        from_flows: Whether only the flows tell which workloads the namespace has.
    """

    namespace: str
    policy: NetworkPolicy | None
    spared: tuple[tuple[Direction, tuple[Entity, ...]], ...]
    from_flows: bool = False


def namespace_defaults(
    drafts: Sequence[Draft],
    inventory: Inventory,
    roster: Roster,
    seen: Collection[Entity],
    known: Resolvers,
) -> tuple[NamespaceDefault, ...]:
    """The default of each namespace that has at least one policy, sorted by name.

    Args:
        drafts: The drafts of all subjects.
        inventory: The cluster as known.
        roster: Who can be selected, and whose cluster it is.
        seen: Ends of the edges: pods that come and go are in no inventory and yet come again.
        known: The cluster's resolvers; their namespace is one that the cluster lives from.
    """
    covered: defaultdict[Entity, set[Direction]] = defaultdict(set)
    namespaces: set[str] = set()
    for draft in drafts:
        if draft.covered:
            namespaces.add(draft.subject.namespace)
        for member in draft.subject.members:
            covered[member] |= draft.covered
    live: defaultdict[str, list[Entity]] = defaultdict(list)
    for entity, workload in sorted(inventory.workloads.items()):
        if _can_be_cut_off(workload) and entity.cluster == roster.cluster:
            live[entity.namespace].append(entity)
    for entity in sorted(end for end in seen if end.is_workload):
        if entity not in inventory.workloads and entity.cluster == roster.cluster:
            live[entity.namespace].append(entity)
    listed = _listed(inventory)
    resolving = {subject.namespace for subject, _ in known.pods}
    found = []
    for namespace in sorted(namespaces):
        lacking = {side: _lacking(side, live[namespace], covered) for side in Direction}
        default = _default(namespace, lacking, foreign_names(inventory, namespace))
        if namespace not in listed:
            platform = namespace in resolving or namespace.startswith(_PLATFORM)
            default = replace(_left_out(namespace) if platform else default, from_flows=True)
        found.append(default)
    return tuple(found)


def _listed(inventory: Inventory) -> frozenset[str]:
    """Namespaces whose workloads are all known, also those without traffic."""
    if not inventory.complete:
        return frozenset()
    return frozenset(
        entity.namespace
        for entity, workload in inventory.workloads.items()
        if workload.known_from != "flows"
    )


def _lacking(
    direction: Direction,
    live: Iterable[Entity],
    covered: defaultdict[Entity, set[Direction]],
) -> tuple[Entity, ...]:
    return tuple(entity for entity in live if direction not in covered[entity])


def _can_be_cut_off(workload: Workload) -> bool:
    """Whether a policy for the whole namespace would touch pods of this workload.

    A CronJob between two runs has no pods and yet has to run tonight; a workload that was scaled
    to nothing does not work today.
    """
    return not workload.host_network and not is_finished(workload) and workload.replicas != 0


def _left_out(namespace: str) -> NamespaceDefault:
    return NamespaceDefault(namespace, None, tuple((direction, ()) for direction in Direction))


def _default(
    namespace: str,
    lacking: dict[Direction, tuple[Entity, ...]],
    taken: Collection[str],
) -> NamespaceDefault:
    safe = frozenset(direction for direction, entities in lacking.items() if not entities)
    policy = None
    if safe:
        policy = NetworkPolicy(
            namespace=namespace,
            name=f"{DEFAULT_DENY}-drafted" if DEFAULT_DENY in taken else DEFAULT_DENY,
            subject=LabelSelector.everything(),
            policy_types=safe,
            labels=(MANAGED_BY,),
            origin=f"namespace {namespace}",
        )
    spared = tuple((direction, entities) for direction, entities in lacking.items() if entities)
    return NamespaceDefault(namespace, policy, spared)
