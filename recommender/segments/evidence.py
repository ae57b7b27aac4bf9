"""Which blocks the evidence supports, and what becomes of the edges of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.blocks import block_table, supported
from recommender.segments.codes import distinct
from recommender.segments.counting import binomial_tail
from recommender.segments.types import Ground

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from recommender.segments.blocks import BlockTable
    from recommender.segments.traffic import Flags, Floats, Ints, Traffic
    from recommender.segments.types import SegmentSettings

_TINY: Final = 2


@dataclass(frozen=True)
class Weighed:
    """Blocks and edges under the admission rule.

    Attributes:
        table: The blocks.
        admitted: Which blocks become rules.
        p_value: Probability of as many edges by chance, for each block.
        refusal: Why a block becomes none; empty where it does.
        paired: Edges that are allowed as themselves alone.
        review: Edges that a person has to decide on.
    """

    table: BlockTable
    admitted: Flags
    p_value: Floats
    refusal: NDArray[np.str_]
    paired: Flags
    review: Flags


def weigh(
    traffic: Traffic,
    labels: Ints,
    settings: SegmentSettings,
    exact: Flags | None = None,
) -> Weighed:
    """Hold every block against the admission rule: one edge never opens a block.

    Args:
        traffic: The edges.
        labels: Group of each workload.
        settings: The thresholds.
        exact: Groups that get exact rules only; all of them in a short window.
    """
    table = block_table(traffic, labels)
    p_value = significance(traffic, table, settings)
    alone = np.zeros(table.groups, dtype=bool)
    if exact is not None:
        alone[: len(exact)] = exact
    if traffic.window < settings.min_window_days:
        alone[:] = True
    refusals = (
        (Ground.EXACT_ONLY, alone[table.source] | alone[table.destination]),
        (Ground.LOW_COVERAGE, ~supported(table, settings.min_coverage)),
        (Ground.ONE_SOURCE, (table.covered_source < _TINY) & (table.sizes[table.source] >= _TINY)),
        (Ground.TINY, ~_tiny_are_seen_often(traffic, table, settings)),
        (Ground.NOT_SIGNIFICANT, p_value > settings.max_p_value),
    )
    # A block of one caller and one called opens nothing: the days it was seen on decide.
    single = (table.trials == 1) & ~refusals[0][1] & ~refusals[3][1]
    refusal = np.select(
        [~single & refused for _, refused in refusals],
        [word.value for word, _ in refusals],
        default="",
    )
    admitted = refusal == ""
    often = traffic.days >= min(settings.min_days, max(traffic.window, 1))
    outside = ~admitted[table.of_edge]
    return Weighed(table, admitted, p_value, refusal, outside & often, outside & ~often)


def _tiny_are_seen_often(traffic: Traffic, table: BlockTable, settings: SegmentSettings) -> Flags:
    """Blocks in which each member of a side of one or two was seen on enough days."""
    often = traffic.days >= min(settings.min_days, max(traffic.window, 1))
    block = table.of_edge[often]
    count = len(table.edges)
    fine = np.ones(count, dtype=bool)
    for end, group in (
        (traffic.source[often], table.source),
        (traffic.destination[often], table.destination),
    ):
        size = table.sizes[group]
        seen = distinct(block, end, traffic.ends, count)
        fine &= (size > _TINY) | (seen >= size)
    return fine


def significance(traffic: Traffic, table: BlockTable, settings: SegmentSettings) -> Floats:
    """Probability that chance alone gives a block as many edges: a binomial tail.

    The rate of chance edges is that of the two groups in blocks without support; the larger of
    what the callers do elsewhere and what the called meet from elsewhere.
    """
    stray = ~supported(table, settings.min_coverage)
    rates = []
    for group in (table.source, table.destination):
        edges = np.bincount(group[stray], weights=table.edges[stray], minlength=table.groups)
        rates.append((edges + 1.0) / (table.sizes * max(traffic.ends, 1)))
    rate = np.maximum(rates[0][table.source], rates[1][table.destination])
    trials = np.maximum(table.trials, table.edges)
    return binomial_tail(table.edges, trials, np.minimum(rate, 1.0))
