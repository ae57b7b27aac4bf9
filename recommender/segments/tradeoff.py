"""What other thresholds would give: rules, pairs never seen, and what later traffic loses."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from recommender.segments.evidence import weigh
from recommender.segments.partition import partition
from recommender.segments.tables import table
from recommender.segments.threads import one_thread
from recommender.segments.traffic import side_labels
from recommender.segments.types import SegmentSettings

if TYPE_CHECKING:
    import pandas as pd

    from recommender.segments.evidence import Weighed
    from recommender.segments.traffic import Flags, Ints, Traffic

COVERAGES: Final = (0.3, 0.5, 0.8)
DAYS: Final = (1, 2, 3)
_LEARNED: Final = 0.7
_FEWEST_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What one choice of thresholds gives.

    Attributes:
        min_coverage: Least share of the members of both segments.
        min_days: Days that an edge without support must be seen on.
        blocks: Rules between segments.
        pairs: Exact rules.
        review: Edges left to a person.
        added: Pairs allowed though never seen.
        denied: Share of the edges of the last part of the window that rules learned from the first
            part deny; None where the window is too short to part.
    """

    min_coverage: float
    min_days: int
    blocks: int
    pairs: int
    review: int
    added: int
    denied: float | None


def tradeoff(
    edges: pd.DataFrame, workloads: pd.DataFrame, settings: SegmentSettings | None = None
) -> tuple[Choice, ...]:
    """Weigh several thresholds over the same segments.

    Segments are not judged for stability here. For the denials, segments and rules are learned
    from the edges first seen in the first seven tenths of the window, and held against those seen
    after it. An edge is known by its first and last day and the number of days between: so many of
    these as its share of the first part are taken to lie there.

    Args:
        edges: As for :func:`recommender.segments.tables.table`.
        workloads: As well.
        settings: All other thresholds.

    Raises:
        InputError: A column is missing or a value cannot be used.
    """
    chosen = settings or SegmentSettings()
    arrays = table(edges, workloads, chosen)
    with one_thread():
        labels = partition(arrays.traffic, chosen).labels
        parted = _parted(arrays.traffic, arrays.first, arrays.last)
        early = None if parted is None else partition(parted[0], chosen).labels
    out = []
    for coverage in COVERAGES:
        for days in DAYS:
            tried = replace(chosen, min_coverage=coverage, min_days=days)
            weighed = weigh(arrays.traffic, labels, tried)
            found = weighed.table
            denied = None
            if parted is not None and early is not None:
                denied = _denied(*parted, early, tried)
            out.append(
                Choice(
                    coverage,
                    days,
                    int(weighed.admitted.sum()),
                    int(weighed.paired.sum()),
                    int(weighed.review.sum()),
                    int((found.trials - found.edges)[weighed.admitted].sum()),
                    denied,
                )
            )
    return tuple(out)


def _parted(traffic: Traffic, first: Ints, last: Ints) -> tuple[Traffic, Traffic] | None:
    """The traffic of the first part of the window, and that of the rest."""
    learned = int(_LEARNED * traffic.window)
    if traffic.window < _FEWEST_DAYS or learned < 1 or len(first) == 0:
        return None
    border = int(first.min()) + learned
    span = np.maximum(last - first + 1, 1)
    share = np.clip((border - first) / span, 0.0, 1.0)
    days = np.maximum(np.round(traffic.days * share), 1).astype(np.int64)
    early = replace(traffic, days=np.where(first < border, days, 0), window=learned)
    return early.keep(first < border), traffic.keep(last >= border)


def _denied(early: Traffic, late: Traffic, labels: Ints, settings: SegmentSettings) -> float:
    if late.edges == 0:
        return 0.0
    weighed = weigh(early, labels, settings)
    allowed = _in_blocks(late, labels, early, weighed) | _among(late, early.keep(weighed.paired))
    return round(1.0 - float(allowed.mean()), 6)


def _in_blocks(late: Traffic, labels: Ints, early: Traffic, weighed: Weighed) -> Flags:
    """Edges that lie in an admitted block."""
    side, found = side_labels(early, labels), weighed.table
    services = max(late.services, 1)
    code = (side[late.source] * found.groups + side[late.destination]) * services + late.service
    known = (found.source * found.groups + found.destination) * services + found.service
    return np.isin(code, known[weighed.admitted])


def _among(late: Traffic, pairs: Traffic) -> Flags:
    """Edges that are one of some pairs."""
    return np.isin(_codes(late), _codes(pairs))


def _codes(traffic: Traffic) -> Ints:
    ends = traffic.source * traffic.ends + traffic.destination
    return ends * max(traffic.services, 1) + traffic.service


def as_frame(choices: tuple[Choice, ...]) -> pd.DataFrame:
    """One row a choice."""
    import pandas as pd

    return pd.DataFrame([asdict(one) for one in choices], columns=list(Choice.__slots__))
