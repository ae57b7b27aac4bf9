"""Segments with what a person wants to know of them: names, labels, sureness, odd members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.model.volatile_labels import usable_labels
from recommender.segments.blocks import block_table, supported
from recommender.segments.types import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recommender.model.entities import Entity
    from recommender.segments.tables import Table
    from recommender.segments.traffic import Flags, Floats, Ints
    from recommender.segments.types import SegmentSettings

#: With fewer edges a workload's traffic says too little.
FEWEST_EDGES: Final = 3
_FITS: Final = 0.5


def describe(  # noqa: PLR0913 - what is known of the segments, each from another step
    table: Table,
    labels: Ints,
    names: Sequence[str],
    *,
    stability: Floats | None,
    hubs: Flags,
    settings: SegmentSettings,
) -> list[Segment]:
    """The segments by number."""
    few = table.traffic.degrees() < FEWEST_EDGES
    badly = fits_badly(table, labels, settings) & ~few
    out = []
    for group, name in enumerate(names):
        members = np.flatnonzero(labels == group)
        sure = None if stability is None else round(float(stability[group]), 3)
        out.append(
            Segment(
                name=name,
                members=tuple(sorted(table.entities[member] for member in members.tolist())),
                stability=sure,
                hub=bool(hubs[members].all()),
                labels=common_labels([table.labels[member] for member in members.tolist()]),
                placed_by_metadata=_some(table, members[few[members]]),
                fits_badly=_some(table, members[badly[members]]),
            )
        )
    return out


def common_labels(labels: Sequence[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    """Labels that all have, without volatile ones."""
    shared = set(labels[0].items()).intersection(*(other.items() for other in labels[1:]))
    return usable_labels(shared)


def fits_badly(table: Table, labels: Ints, settings: SegmentSettings) -> Flags:
    """Workloads of whose edges less than half lie in blocks that both sides support."""
    traffic = table.traffic
    found = block_table(traffic, labels)
    fine = supported(found, settings.min_coverage)[found.of_edge]
    ends = np.concatenate([traffic.source, traffic.destination])
    weights = np.concatenate([fine, fine]).astype(np.float64)
    good = np.bincount(ends, weights=weights, minlength=traffic.ends)[: traffic.workloads]
    return good < _FITS * traffic.degrees()


def _some(table: Table, members: Ints) -> tuple[Entity, ...]:
    return tuple(sorted(table.entities[member] for member in members.tolist()))
