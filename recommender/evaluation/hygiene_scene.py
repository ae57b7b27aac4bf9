"""A cluster indexed for questions about single selectors: who is selected, what is near."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.model.findings import Finding, Severity
from recommender.model.labels import NAMESPACE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.inventory.types import ContainerPort, Inventory, Workload
    from recommender.model.labels import LabelSelector
    from recommender.model.policies import NetworkPolicy, PodPeer

#: Phases of pods that have ended.
_ENDED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """Pods of one workload that carry the same labels; there is one object for each such set.

    Attributes:
        workload: The workload.
        labels: Their labels.
        host_network: Whether they share their nodes' network.
        ports: Their declared ports.
    """

    workload: Workload
    labels: tuple[tuple[str, str], ...]
    host_network: bool
    ports: tuple[ContainerPort, ...]


class Scene:
    """The members of every namespace, and the answers given so far.

    Args:
        inventory: The cluster.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.members: dict[str, tuple[Member, ...]] = _members(inventory.workloads.values())
        names = sorted({*self.members, *inventory.namespaces})
        self._labels = {name: _namespace_labels(inventory, name) for name in names}
        self._namespaces: dict[LabelSelector, tuple[str, ...]] = {}
        self._selected: dict[tuple[str, LabelSelector], tuple[Member, ...]] = {}
        self._peers: dict[tuple[str | LabelSelector, LabelSelector], tuple[Member, ...]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no workload is known, so that nothing can be said of selectors."""
        return not self.members

    def namespaces(self, selector: LabelSelector) -> tuple[str, ...]:
        """The known namespaces that a selector selects, by name."""
        if selector not in self._namespaces:
            self._namespaces[selector] = tuple(
                name for name, labels in self._labels.items() if selector.matches(labels)
            )
        return self._namespaces[selector]

    def namespace_labels(self) -> dict[str, dict[str, str]]:
        """The labels of every known namespace."""
        return self._labels

    def selected(self, namespace: str, selector: LabelSelector) -> tuple[Member, ...]:
        """The members of one namespace that a selector selects, host network or not."""
        key = (namespace, selector)
        if key not in self._selected:
            self._selected[key] = tuple(
                member
                for member in self.members.get(namespace, ())
                if selector.matches(dict(member.labels))
            )
        return self._selected[key]

    def subjects(self, policy: NetworkPolicy) -> tuple[Member, ...]:
        """The members that a policy selects, without those of the host network."""
        found = self.selected(policy.namespace, policy.subject)
        return tuple(member for member in found if not member.host_network)

    def peers(self, policy: NetworkPolicy, peer: PodPeer) -> tuple[Member, ...]:
        """The members that a peer matches, without those of the host network."""
        where = policy.namespace if peer.namespaces is None else peer.namespaces
        key = (where, peer.pods)
        if key not in self._peers:
            names = (where,) if isinstance(where, str) else self.namespaces(where)
            self._peers[key] = tuple(
                member
                for name in names
                for member in self.selected(name, peer.pods)
                if not member.host_network
            )
        return self._peers[key]


def _members(workloads: Iterable[Workload]) -> dict[str, tuple[Member, ...]]:
    found: defaultdict[str, list[Member]] = defaultdict(list)
    for workload in sorted(workloads, key=lambda each: each.entity):
        alive = [pod for pod in workload.pods if pod.phase not in _ENDED]
        looks = {(pod.namespace, pod.labels, pod.host_network, pod.ports): None for pod in alive}
        if not alive and workload.entity.workload_kind != "Pod":
            # A job between two runs: the next one will look like its template.
            namespace = workload.entity.namespace
            looks[namespace, workload.labels, workload.host_network, workload.ports] = None
        for namespace, labels, host_network, ports in looks:
            found[namespace].append(Member(workload, labels, host_network, ports))
    return {name: tuple(found[name]) for name in sorted(found)}


def _namespace_labels(inventory: Inventory, name: str) -> dict[str, str]:
    known = inventory.namespaces.get(name)
    return {**(dict(known.labels) if known else {}), NAMESPACE_NAME: name}


def policy_name(policy: NetworkPolicy) -> str:
    """A policy as the subject of a finding."""
    return f"NetworkPolicy {policy.namespace}/{policy.name}"


def about(  # noqa: PLR0913 - a finding has as many parts
    policy: NetworkPolicy,
    code: str,
    message: str,
    *,
    field: str = "",
    hint: str = "",
    severity: Severity = Severity.WARNING,
) -> Finding:
    """A finding about one policy, placed at a field of it."""
    where = ": ".join(part for part in (policy.origin, field) if part)
    return Finding(code, severity, policy_name(policy), message, hint, where)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names for a sentence: sorted, without repetition, cut after a few."""
    found = sorted(set(names))
    shown = ", ".join(found[:most])
    return f"{shown} and {len(found) - most} more" if len(found) > most else shown
