"""Whom a policy can select: each workload with its selector, or the reason why it has none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recommender.model.entities import EntityKind
from recommender.model.volatile_labels import Volatility, unusable, usable_labels
from recommender.synthesis.naming import is_namespace_name, policy_names
from recommender.synthesis.selectors import (
    WELL_KNOWN,
    LabelIndex,
    label_index,
    label_selector,
    own_selector,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recommender.inventory.types import Inventory, Workload
    from recommender.model.edges import Edge
    from recommender.model.entities import Entity
    from recommender.model.labels import LabelSelector
    from recommender.synthesis.settings import Settings

#: Label that every draft carries.
MANAGED_BY: Final = ("app.kubernetes.io/managed-by", "recommender")

#: What a workload does with one other end: who it is, in which direction, on what.
Conversation = tuple[str, "Entity", str, int]

_FINISHED: Final = frozenset({"Succeeded", "Failed"})
_VARIANT: Final = frozenset({Volatility.VERSION, Volatility.RUN})


@dataclass(frozen=True, slots=True)
class Subject:
    """Pods that one policy selects: those of a workload, or of variants that share a selector.

    Attributes:
        namespace: Their namespace.
        name: Name of the policy.
        selector: Selects their pods and none else of the namespace.
        members: The workloads, sorted; more than one only where they share a selector.
        added: Conversations that sharing grants to members that were not seen to have them.
    """

    namespace: str
    name: str
    selector: LabelSelector
    members: tuple[Entity, ...]
    added: int = 0

    @property
    def id(self) -> str:
        """A stable text for the policy: ``shop/web``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Roster:
    """The outcome of the search for selectors.

    Attributes:
        subjects: Everything that a policy can select, sorted by namespace and name.
        subject_of: The subject of each workload that has one.
        refused: Why a workload has none: ``needs-label``, ``host-network``,
            ``invalid-namespace`` or ``other-cluster``.
        cluster: The cluster that is drafted for.
    """

    subjects: tuple[Subject, ...]
    subject_of: Mapping[Entity, Subject]
    refused: Mapping[Entity, str]
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class _Choice:
    members: tuple[Entity, ...]
    selector: LabelSelector
    added: int = 0

    @property
    def key(self) -> str:
        return self.members[0].id

    @property
    def wanted_name(self) -> tuple[str, str]:
        if len(self.members) == 1:
            return (self.members[0].name, self.members[0].workload_kind)
        pairs = dict(self.selector.match_labels)
        best = min(pairs, key=lambda key: (_position(key), key))
        return (pairs[best], "shared")


def _position(key: str) -> int:
    return WELL_KNOWN.index(key) if key in WELL_KNOWN else len(WELL_KNOWN)


def home_cluster(inventory: Inventory, settings: Settings) -> str:
    """The cluster to draft for: the chosen one, else the one with the most workloads."""
    if settings.cluster is not None:
        return settings.cluster
    sizes: defaultdict[str, int] = defaultdict(int)
    for entity in inventory.workloads:
        sizes[entity.cluster] += 1
    return min(sizes, key=lambda name: (-sizes[name], name), default="")


def is_finished(workload: Workload) -> bool:
    """Whether a bare pod or job has run to its end and will not send again."""
    return (
        workload.entity.workload_kind in {"Pod", "Job"}
        and bool(workload.pods)
        and all(pod.phase in _FINISHED for pod in workload.pods)
    )


def roster(inventory: Inventory, accepted: Sequence[Edge], settings: Settings) -> Roster:
    """Find a selector for every workload of the cluster.

    Args:
        inventory: The cluster as known.
        accepted: The accepted edges, which say what sharing a selector would add.
        settings: The user's choices.
    """
    cluster = home_cluster(inventory, settings)
    conversations = _conversations(accepted)
    spaces, refused = selectable(inventory, cluster)
    subjects: list[Subject] = []
    for namespace, workloads in sorted(spaces.items()):
        index = label_index(workloads, complete=inventory.complete)
        choices = _choices(workloads, index, conversations, settings)
        subjects.extend(_named(namespace, choices, inventory))
    subject_of = {member: subject for subject in subjects for member in subject.members}
    for workloads in spaces.values():
        lacking = (w.entity for w in workloads if w.entity not in subject_of)
        refused.update(dict.fromkeys(lacking, "needs-label"))
    return Roster(tuple(subjects), subject_of, dict(sorted(refused.items())), cluster)


def selectable(
    inventory: Inventory,
    cluster: str,
) -> tuple[dict[str, list[Workload]], dict[Entity, str]]:
    """The workloads of a cluster whose pods a policy can select, and why it cannot the others'.

    Returns:
        Per namespace the workloads whose pods a selector there can hit, in order, and per other
        workload the reason; what has run to its end is in neither.
    """
    refused: dict[Entity, str] = {}
    spaces: defaultdict[str, list[Workload]] = defaultdict(list)
    for entity, workload in sorted(inventory.workloads.items()):
        if entity.cluster != cluster:
            refused[entity] = "other-cluster"
        elif not is_namespace_name(entity.namespace):
            refused[entity] = "invalid-namespace"
        elif workload.host_network:
            refused[entity] = "host-network"
        elif not is_finished(workload):
            spaces[entity.namespace].append(workload)
    return dict(spaces), refused


def foreign_names(inventory: Inventory, namespace: str) -> frozenset[str]:
    """Names of a namespace's policies that someone else made and a draft must not replace."""
    return frozenset(
        policy.name
        for policy in inventory.policies
        if policy.namespace == namespace and MANAGED_BY not in policy.labels
    )


def _named(namespace: str, choices: list[_Choice], inventory: Inventory) -> list[Subject]:
    taken = foreign_names(inventory, namespace)
    names = policy_names({choice.key: choice.wanted_name for choice in choices}, taken)
    subjects = [
        Subject(namespace, names[choice.key], choice.selector, choice.members, choice.added)
        for choice in choices
    ]
    return sorted(subjects, key=lambda subject: subject.name)


def _choices(
    workloads: Sequence[Workload],
    index: LabelIndex,
    conversations: Mapping[Entity, frozenset[Conversation]],
    settings: Settings,
) -> list[_Choice]:
    choices: list[_Choice] = []
    alike: defaultdict[tuple[tuple[str, str], ...], list[Workload]] = defaultdict(list)
    for workload in workloads:
        wanted = index.own[workload.entity]
        selector = own_selector(workload, index) or label_selector(workload.labels, wanted, index)
        if selector is not None:
            choices.append(_Choice((workload.entity,), selector))
        else:
            alike[usable_labels(workload.labels)].append(workload)
    for labels, group in sorted(alike.items()):
        if len(group) > 1 and settings.shared_selectors:
            choices.extend(_shared(labels, group, index, conversations))
    return choices


def _shared(
    labels: tuple[tuple[str, str], ...],
    group: list[Workload],
    index: LabelIndex,
    conversations: Mapping[Entity, frozenset[Conversation]],
) -> Iterable[_Choice]:
    members = tuple(sorted(workload.entity for workload in group))
    wanted = 0
    for member in members:
        wanted |= index.own[member]
    selector = label_selector(labels, wanted, index)
    each = [conversations.get(member, frozenset()) for member in members]
    added = sum(len(frozenset().union(*each) - had) for had in each)
    if selector is not None and (added == 0 or _are_variants(group)):
        yield _Choice(members, selector, added)


def _are_variants(group: list[Workload]) -> bool:
    """Whether a version or a run, and nothing else, sets these workloads apart.

    Two workloads with the same labels may still be two programs; a label that names a different
    version in each is the author's own word that they are one.
    """
    told = [
        frozenset(
            (key, value)
            for labels in (workload.labels, *(pod.labels for pod in workload.pods))
            for key, value in labels
            if unusable(key, value) in _VARIANT
        )
        for workload in group
    ]
    return all(told) and len(set(told)) == len(told)


def _conversations(edges: Sequence[Edge]) -> dict[Entity, frozenset[Conversation]]:
    found: defaultdict[Entity, set[Conversation]] = defaultdict(set)
    for edge in edges:
        if edge.client.kind is EntityKind.WORKLOAD:
            found[edge.client].add(("Egress", edge.server, edge.protocol, edge.port))
        if edge.server.kind is EntityKind.WORKLOAD:
            found[edge.server].add(("Ingress", edge.client, edge.protocol, edge.port))
    return {entity: frozenset(known) for entity, known in found.items()}
