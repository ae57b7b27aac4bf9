"""Segments, the rules between them, and what is left to exact pairs or to a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from recommender.model.labels import TRUST_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.model.entities import Entity
    from recommender.model.findings import Finding


class Ground(StrEnum):
    """Why an edge is allowed as itself alone, or not at all."""

    LOW_COVERAGE = "low-coverage"
    NOT_SIGNIFICANT = "not-significant"
    ONE_SOURCE = "one-source"
    TINY = "tiny-segment"
    EXACT_ONLY = "exact-only"
    ITSELF = "itself"


#: What each ground means, for people.
GROUND_WORDS: Final = {
    Ground.LOW_COVERAGE: "too few members of the two segments take part",
    Ground.NOT_SIGNIFICANT: "as many edges would be there by chance",
    Ground.ONE_SOURCE: "one member alone of its segment does this",
    Ground.TINY: "a segment of one or two members, and not each was seen on enough days",
    Ground.EXACT_ONLY: "the window is too short or the segment too unstable for more",
    Ground.ITSELF: "it talks to itself, which no other member can support",
}


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """Choices that shape segments and the rules between them.

    Attributes:
        min_coverage: Least share of the members of *both* segments that must take part in a block.
        max_p_value: Largest probability that a block's edges are there by chance.
        min_days: Days on which an edge must be seen to be allowed without its segment's support.
        min_window_days: A shorter window gives exact rules only.
        min_stability: A segment below this gives exact rules only.
        bootstraps: How often days are drawn anew to judge stability; 0 judges nothing.
        cut_namespaces: Whether segments end at namespaces.
        trust_labels: Labels at whose values segments end.
        seed: Number of the run, for all that is drawn at random.
    """

    min_coverage: float = 0.5
    max_p_value: float = 1e-6
    min_days: int = 2
    min_window_days: int = 2
    min_stability: float = 0.75
    bootstraps: int = 8
    cut_namespaces: bool = True
    trust_labels: tuple[str, ...] = TRUST_LABELS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """Workloads of one role with the same permitted peers.

    Attributes:
        name: Unique, stable from run to run; fit for a Kubernetes name or label value.
        members: Its workloads, sorted; never empty. A workload that is like no other is a
            segment of its own.
        stability: Mean overlap (Jaccard) with its likest segment when days are drawn anew; None
            where nothing could be judged.
        hub: Whether much of the cluster talks to it, or it to much of the cluster.
        labels: Labels that all members have, sorted pairs.
        placed_by_metadata: Members with too little traffic to judge by: fewer than three edges.
        fits_badly: Members of whose edges less than half lie in blocks that the segment supports.
    """

    name: str
    members: tuple[Entity, ...]
    stability: float | None = None
    hub: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    placed_by_metadata: tuple[Entity, ...] = ()
    fits_badly: tuple[Entity, ...] = ()


#: A side of a block: a segment, or an end that is no workload and so never grouped.
Side: TypeAlias = "Segment | Entity"


@dataclass(frozen=True, slots=True)
class Block:
    """A rule between two sides that passed the admission: each member may call each.

    Attributes:
        source: Who calls.
        destination: Who is called; at least one of the two is a segment.
        protocol: ``TCP``, ``UDP`` or ``SCTP``.
        port: Port of the destination's pods.
        edges: Distinct pairs seen.
        coverage_source: Share of the source's members with such an edge.
        coverage_destination: Share of the destination's members with such an edge.
        p_value: Probability of so many edges by chance.
        added: Pairs that it allows though never seen.
    """

    source: Side
    destination: Side
    protocol: str
    port: int
    edges: int
    coverage_source: float
    coverage_destination: float
    p_value: float
    added: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One edge that no block speaks for: allowed as itself alone, or left to review.

    Attributes:
        client: Who calls.
        server: Who is called.
        protocol: ``TCP``, ``UDP`` or ``SCTP``.
        port: Port of the server's pods.
        days: Days on which it was seen.
        flows: Connections seen.
        ground: Why no block speaks for it.
    """

    client: Entity
    server: Entity
    protocol: str
    port: int
    days: int
    flows: int
    ground: Ground


@dataclass(frozen=True, slots=True)
class Admission:
    """What becomes of every edge.

    Each accepted edge lies in one of ``blocks``, or is one of ``pairs`` or of ``review``.

    Attributes:
        blocks: Rules between segments; those that add most first.
        pairs: Edges allowed as themselves alone.
        review: Edges that are neither: a person decides.
    """

    blocks: tuple[Block, ...] = ()
    pairs: tuple[Pair, ...] = ()
    review: tuple[Pair, ...] = ()

    @property
    def rules(self) -> int:
        """Blocks and pairs: the policy cost that segments are chosen by."""
        return len(self.blocks) + len(self.pairs)

    @property
    def added(self) -> int:
        """Pairs that are allowed though never seen."""
        return sum(block.added for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the partitions that were compared.

    Attributes:
        name: How it was made.
        segments: How many segments it has.
        blocks: How many block rules it needs.
        pairs: How many exact rules it needs beside.
        chosen: Whether it is the one with the least policy cost.
    """

    name: str
    segments: int
    blocks: int
    pairs: int
    chosen: bool = False


@dataclass(frozen=True)
class Segmentation:
    """Segments of a cluster and the rules between them.

    Attributes:
        segments: Sorted by name; every workload is a member of exactly one.
        admission: What becomes of every accepted edge.
        window_days: Days from the first to the last record.
        candidates: The partitions compared, the cheapest first.
        findings: What a person should know.
        texts: The text of each end in the tables it came from.
    """

    segments: tuple[Segment, ...]
    admission: Admission = field(default_factory=Admission)
    window_days: int = 0
    candidates: tuple[Candidate, ...] = ()
    findings: tuple[Finding, ...] = ()
    texts: Mapping[Entity, str] = field(default_factory=dict)

    @cached_property
    def of(self) -> Mapping[Entity, Segment]:
        """The segment of each workload."""
        return {member: segment for segment in self.segments for member in segment.members}
