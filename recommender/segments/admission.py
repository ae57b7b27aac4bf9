"""What becomes of every edge: rules between segments, exact pairs, or review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.segments.evidence import Weighed, weigh
from recommender.segments.types import Admission, Block, Ground, Pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.segments.tables import Table
    from recommender.segments.traffic import Flags, Ints
    from recommender.segments.types import Segment, SegmentSettings, Side


def admit(
    table: Table,
    labels: Ints,
    segments: Sequence[Segment],
    settings: SegmentSettings,
    exact: Flags | None = None,
) -> Admission:
    """Hold every block against the admission rule and name what comes of it.

    Args:
        table: The edges.
        labels: Number of the segment of each workload.
        segments: The segments by number.
        settings: The thresholds.
        exact: Segments that get exact rules only.
    """
    weighed = weigh(table.traffic, labels, settings, exact)
    pairs = [*_pairs(table, weighed, weighed.paired), *_own(table, settings, often=True)]
    review = [*_pairs(table, weighed, weighed.review), *_own(table, settings, often=False)]
    return Admission(
        tuple(sorted(_blocks(table, weighed, segments), key=_block_order)),
        tuple(sorted(pairs, key=_pair_order)),
        tuple(sorted(review, key=_pair_order)),
    )


def _blocks(table: Table, weighed: Weighed, segments: Sequence[Segment]) -> Iterator[Block]:
    found = weighed.table
    ahead, behind = found.coverage

    def side(group: int) -> Side:
        if group < len(segments):
            return segments[group]
        return table.entities[table.traffic.workloads + group - len(segments)]

    for number in np.flatnonzero(weighed.admitted).tolist():
        protocol, port = table.services[int(found.service[number])]
        yield Block(
            source=side(int(found.source[number])),
            destination=side(int(found.destination[number])),
            protocol=protocol,
            port=port,
            edges=int(found.edges[number]),
            coverage_source=round(float(ahead[number]), 4),
            coverage_destination=round(float(behind[number]), 4),
            p_value=float(weighed.p_value[number]),
            added=int(found.trials[number] - found.edges[number]),
        )


def _pairs(table: Table, weighed: Weighed, chosen: Flags) -> Iterator[Pair]:
    traffic = table.traffic
    for edge in np.flatnonzero(chosen).tolist():
        protocol, port = table.services[int(traffic.service[edge])]
        days = int(traffic.days[edge])
        ground = Ground(str(weighed.refusal[weighed.table.of_edge[edge]]))
        yield Pair(
            table.entities[int(traffic.source[edge])],
            table.entities[int(traffic.destination[edge])],
            protocol,
            port,
            days,
            int(table.flows[edge]),
            ground,
        )


def _own(table: Table, settings: SegmentSettings, *, often: bool) -> Iterator[Pair]:
    """Edges of workloads to themselves: no others' doing supports them."""
    least = min(settings.min_days, max(table.traffic.window, 1))
    for number, (end, service) in enumerate(table.traffic.own.tolist()):
        days = int(table.own_days[number])
        if (days >= least) is often:
            entity = table.entities[end]
            flows = int(table.own_flows[number])
            protocol, port = table.services[service]
            yield Pair(entity, entity, protocol, port, days, flows, Ground.ITSELF)


def side_text(side: Side) -> str:
    """The name of a segment, or the stable text of an end."""
    return side.name if hasattr(side, "members") else side.id


def _block_order(block: Block) -> tuple[object, ...]:
    ends = (side_text(block.source), side_text(block.destination))
    return (-block.added, *ends, block.protocol, block.port)


def _pair_order(pair: Pair) -> tuple[object, ...]:
    return (pair.client, pair.server, pair.protocol, pair.port)
