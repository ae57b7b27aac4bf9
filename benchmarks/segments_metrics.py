"""Measures of segments and their rules on clusters of roles, where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from segments_tables import edge_frame, workload_frame

from recommender.segments.evidence import weigh
from recommender.segments.tables import Table, table
from recommender.segments.types import SegmentSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.segments.traffic import Flags, Ints
    from recommender.simulation.roles_traffic import Key, RoleTraffic


@dataclass(frozen=True)
class Measures:
    """How good a partition and its rules are.

    Attributes:
        false_pairs: Allowed pairs that the truth forbids, as a share of the allowed.
        denied: Legitimate edges of the later window that are denied.
        blocks: Rules between segments.
        pairs: Exact rules.
        rand: Adjusted Rand index against the true segments.
        mutual: Adjusted mutual information.
        found: True segments with a segment of Jaccard 0.9 or more.
        attacked: Attack edges that are allowed.
        added: Pairs allowed though never seen, as a share of the allowed.
    """

    false_pairs: float
    denied: float
    blocks: int
    pairs: int
    rand: float
    mutual: float
    found: float
    attacked: float
    added: float

    @property
    def rules(self) -> int:
        """All rules."""
        return self.blocks + self.pairs


class Judge:
    """Measures partitions of one generated cluster.

    Args:
        made: The cluster.
        settings: Thresholds of the admission rule.
    """

    def __init__(self, made: RoleTraffic, settings: SegmentSettings | None = None) -> None:
        self.made = made
        self.settings = settings or SegmentSettings()
        self.edges = edge_frame(made)
        self.workloads = workload_frame(made)

    @cached_property
    def table(self) -> Table:
        """The cluster as arrays."""
        return table(self.edges, self.workloads, self.settings)

    @cached_property
    def _number(self) -> dict[int, int]:
        """Number in the arrays of each workload of the cluster."""
        place = {text: number for number, text in enumerate(self.table.texts)}
        known = enumerate(self.made.cluster.workloads)
        return {number: place[work.id] for number, work in known if work.id in place}

    @cached_property
    def truth(self) -> Ints:
        """True segment of each workload."""
        out = np.zeros(self.table.traffic.workloads, dtype=np.int64)
        for number, work in enumerate(self.made.cluster.workloads):
            if number in self._number:
                out[self._number[number]] = work.segment
        return out

    def _codes(self, keys: Iterable[Key]) -> Ints:
        """Pairs as numbers; pairs of unknown workloads and unseen services as negative ones."""
        service = {pair: code for code, pair in enumerate(self.table.services)}
        out = []
        for miss, (source, there, pair) in enumerate(keys, start=1):
            ends = (self._number.get(source, -1), self._number.get(there, -1))
            code = service.get(pair, -1)
            known = min(*ends, code) >= 0
            out.append(self._code(ends[0], ends[1], code) if known else -miss)
        return np.array(out, dtype=np.int64)

    def _code(self, source: int, there: int, service: int) -> int:
        count = self.table.traffic.workloads
        return (source * count + there) * len(self.table.services) + service

    @cached_property
    def _future(self) -> Ints:
        return self._codes((e.source, e.destination, e.service) for e in self.made.future)

    @cached_property
    def _attacks(self) -> Ints:
        return self._codes(self.made.attacks)

    @cached_property
    def _seen(self) -> Ints:
        traffic = self.table.traffic
        pairs = traffic.source * traffic.workloads + traffic.destination
        return np.sort(pairs * len(self.table.services) + traffic.service)

    def allowed(self, labels: Ints, blocks: Flags, pairs: Flags) -> Ints:
        """All pairs that admitted blocks and exact pairs allow, as numbers."""
        traffic = self.table.traffic
        found = weigh(traffic, labels, self.settings).table
        members = [np.flatnonzero(labels == group) for group in range(int(labels.max()) + 1)]
        services = len(self.table.services)
        out = [self._seen_codes(pairs)]
        for block in np.flatnonzero(blocks).tolist():
            source = members[int(found.source[block])][:, None]
            there = members[int(found.destination[block])][None, :]
            codes = (source * traffic.workloads + there) * services + int(found.service[block])
            out.append(codes[source != there].reshape(-1))
        return np.unique(np.concatenate(out))

    def _seen_codes(self, mask: Flags) -> Ints:
        traffic = self.table.traffic
        pairs = traffic.source[mask] * traffic.workloads + traffic.destination[mask]
        return pairs * len(self.table.services) + traffic.service[mask]

    def legitimate(self, codes: Ints) -> Flags:
        """Which pairs the truth permits."""
        services, count = len(self.table.services), self.table.traffic.workloads
        segments = len(self.made.cluster.segments)
        pair, service = np.divmod(codes, services)
        source, there = np.divmod(pair, count)
        block = (self.truth[source] * segments + self.truth[there]) * services + service
        known = {pair: code for code, pair in enumerate(self.table.services)}
        permitted = [
            (one.source * segments + one.destination) * services + known[one.service]
            for one in self.made.cluster.permissions
            if one.service in known
        ]
        exceptions = self._codes(self.made.exceptions)
        return np.isin(block, np.array(permitted)) | np.isin(codes, exceptions)

    def measure(
        self,
        labels: Ints,
        *,
        unsure: Flags | None = None,
        any_edge: bool = False,
        exact: bool = False,
    ) -> Measures:
        """Measure a partition under the admission rule, or under a cruder one.

        Args:
            labels: Group of each workload, from 0 without a gap.
            unsure: Groups that get exact rules only.
            any_edge: Let any edge open its block.
            exact: Allow exactly what was seen.
        """
        from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

        weighed = weigh(self.table.traffic, labels, self.settings, unsure)
        blocks, pairs = weighed.admitted, weighed.paired
        if any_edge or exact:
            blocks = np.full(len(blocks), any_edge)
            pairs = np.full(len(pairs), exact)
        allowed = self.allowed(labels, blocks, pairs)
        return Measures(
            false_pairs=1 - float(self.legitimate(allowed).mean()) if len(allowed) else 0.0,
            denied=1 - float(np.isin(self._future, allowed).mean()),
            blocks=int(blocks.sum()),
            pairs=int(pairs.sum()),
            rand=float(adjusted_rand_score(self.truth, labels)),
            mutual=float(adjusted_mutual_info_score(self.truth, labels)),
            found=recall(self.truth, labels),
            attacked=float(np.isin(self._attacks, allowed).mean()) if len(self._attacks) else 0.0,
            added=1 - float(np.isin(allowed, self._seen).mean()),
        )


def recall(truth: Ints, labels: Ints, least: float = 0.9) -> float:
    """Share of the true groups that have a found group with this Jaccard overlap."""
    width = int(labels.max()) + 1
    codes, shared = np.unique(truth * width + labels, return_counts=True)
    mine, theirs = np.divmod(codes, width)
    union = np.bincount(truth)[mine] + np.bincount(labels)[theirs] - shared
    best = np.zeros(int(truth.max()) + 1)
    np.maximum.at(best, mine, shared / union)
    return float((best[np.unique(truth)] >= least).mean())
