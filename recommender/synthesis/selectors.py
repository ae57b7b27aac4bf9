"""The smallest stable label selector that selects a workload's pods and none else.

Labels of a namespace are held as bit sets: one bit for each distinct label set of each workload,
one integer for each label. A selector is the intersection of its labels' integers, so trying a
few hundred of them costs little even where a namespace has thousands of pods. The search is
bounded: single labels, pairs and triples of at most ``_MOST_CANDIDATES`` labels, then the whole
label set with everything dropped that is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from recommender.model.labels import LabelSelector
from recommender.model.volatile_labels import Volatility, usable_labels, volatility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recommender.inventory.types import Labels, Workload
    from recommender.model.entities import Entity

#: Keys by which people tell workloads apart, the best first.
WELL_KNOWN: Final = (
    "app.kubernetes.io/name",
    "app",
    "k8s-app",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "name",
    "component",
    "role",
    "tier",
    "run",
    "release",
    "app.kubernetes.io/part-of",
)

_MOST_CANDIDATES: Final = 14
_MOST_LABELS: Final = 3
# A controller's selector cannot change, so a version in it is as stable as the controller; what
# is written anew for each run or rollout is not.
_NEVER_SELECT: Final = frozenset(
    {Volatility.ROLLOUT, Volatility.REPLICA, Volatility.RUN, Volatility.DERIVED},
)


@dataclass(frozen=True, slots=True)
class LabelIndex:
    """The label sets of one namespace's pods.

    Attributes:
        sets: Every label set, one entry for each distinct set of each workload.
        own: Per workload the bits of its label sets.
        having: Per label the bits of the sets that hold it.
    """

    sets: tuple[Mapping[str, str], ...]
    own: Mapping[Entity, int]
    having: Mapping[tuple[str, str], int]

    @property
    def everything(self) -> int:
        """The bits of all label sets."""
        return (1 << len(self.sets)) - 1

    def selected(self, labels: Iterable[tuple[str, str]]) -> int:
        """The bits of the sets that hold all of these labels."""
        bits = self.everything
        for label in labels:
            bits &= self.having.get(label, 0)
        return bits

    def matched(self, selector: LabelSelector) -> int:
        """The bits of the sets that a selector with expressions matches."""
        if not selector.match_expressions:
            return self.selected(selector.match_labels)
        return sum(1 << i for i, labels in enumerate(self.sets) if selector.matches(labels))


def label_index(workloads: Sequence[Workload], *, complete: bool) -> LabelIndex:
    """Index the label sets of one namespace's workloads.

    Args:
        workloads: All workloads of the namespace whose pods a selector can hit, in a fixed order.
        complete: Whether the pods' labels are all of their labels; where they come from flows, a
            pod without labels is one whose labels were not shown, and proves nothing.
    """
    sets: list[Mapping[str, str]] = []
    own: dict[Entity, int] = {}
    having: dict[tuple[str, str], int] = {}
    for workload in workloads:
        own[workload.entity] = 0
        for labels in _label_sets(workload, complete=complete):
            bit = 1 << len(sets)
            sets.append(dict(labels))
            own[workload.entity] |= bit
            for label in labels:
                having[label] = having.get(label, 0) | bit
    return LabelIndex(tuple(sets), own, having)


def _label_sets(workload: Workload, *, complete: bool) -> list[Labels]:
    whole = complete and workload.known_from != "flows"
    shown = {pod.labels for pod in workload.pods if not pod.host_network and (whole or pod.labels)}
    if shown:
        return sorted(shown)
    if not workload.labels and workload.selector is not None:
        return [workload.selector.match_labels]
    return [workload.labels]


def own_selector(workload: Workload, index: LabelIndex) -> LabelSelector | None:
    """The controller's own ``spec.selector``, where it selects its pods and none else."""
    selector = workload.selector
    if selector is None or selector.matches_all:
        return None
    if any(volatility(key) in _NEVER_SELECT for key in selector.keys()):  # noqa: SIM118 - no map
        return None
    return selector if index.matched(selector) == index.own[workload.entity] else None


def label_selector(labels: Labels, wanted: int, index: LabelIndex) -> LabelSelector | None:
    """The smallest selector of stable labels that matches exactly the wanted label sets.

    Args:
        labels: Labels that all wanted pods have at all times.
        wanted: Bits of the label sets to select.
        index: The label sets of the namespace.

    Returns:
        None where no set of stable labels does it.
    """
    candidates = sorted(usable_labels(labels), key=preference)
    # More labels never match more, so if all together match too much, each part does as well.
    if not candidates or index.selected(candidates) != wanted:
        return None
    best = sorted(candidates, key=lambda label: (_rank(label[0]), _breadth(label, index), label))
    for size in range(1, _MOST_LABELS + 1):
        for chosen in combinations(best[:_MOST_CANDIDATES], size):
            if index.selected(chosen) == wanted:
                return LabelSelector.of(dict(chosen))
    return LabelSelector.of(dict(_without_needless(best, wanted, index)))


def _without_needless(
    labels: list[tuple[str, str]],
    wanted: int,
    index: LabelIndex,
) -> list[tuple[str, str]]:
    kept = list(labels)
    for label in reversed(labels):
        rest = [other for other in kept if other != label]
        if rest and index.selected(rest) == wanted:
            kept = rest
    return kept


def _rank(key: str) -> int:
    return WELL_KNOWN.index(key) if key in WELL_KNOWN else len(WELL_KNOWN)


def preference(label: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    """Sort key of labels: those by which people tell workloads apart come first."""
    return (_rank(label[0]), label)


def _breadth(label: tuple[str, str], index: LabelIndex) -> int:
    return index.having.get(label, 0).bit_count()
