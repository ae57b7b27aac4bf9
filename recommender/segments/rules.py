"""Admitted rules, expanded to the pairs of workloads that they allow."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from recommender.model.text import csv_cell
from recommender.segments.types import GROUND_WORDS, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from recommender.model.entities import Entity
    from recommender.segments.types import Segmentation, Side

RULE_COLUMNS: Final = ("src", "dst", "protocol", "port", "kind")
REVIEW_COLUMNS: Final = ("src", "dst", "protocol", "port", "days", "flows", "reason")

Row = tuple[str, str, str, int, str]


def rule_frame(found: Segmentation) -> pd.DataFrame:
    """One row a pair that the rules allow, sorted; columns are :data:`RULE_COLUMNS`.

    A rule between a segment and itself does not let a workload call itself.
    """
    import pandas as pd

    frame = pd.DataFrame(_rows(found), columns=list(RULE_COLUMNS))
    return frame.sort_values(list(RULE_COLUMNS), ignore_index=True)


def _rows(found: Segmentation) -> Iterator[Row]:
    text = _texts(found)
    for block in found.admission.blocks:
        ends = product(members_of(block.source), members_of(block.destination))
        what = (block.protocol, block.port, "block")
        yield from ((text[one], text[other], *what) for one, other in ends if one != other)
    for pair in found.admission.pairs:
        yield (text[pair.client], text[pair.server], pair.protocol, pair.port, "pair")


def members_of(side: Side) -> tuple[Entity, ...]:
    """The workloads of a segment, or the one end that is no workload."""
    return side.members if isinstance(side, Segment) else (side,)


def review_frame(found: Segmentation) -> pd.DataFrame:
    """One row an edge that a person has to decide on, with the reason in words."""
    import pandas as pd

    text = _texts(found)
    rows = [
        (
            text[pair.client],
            text[pair.server],
            pair.protocol,
            pair.port,
            pair.days,
            pair.flows,
            GROUND_WORDS[pair.ground],
        )
        for pair in found.admission.review
    ]
    return pd.DataFrame(rows, columns=list(REVIEW_COLUMNS))


def _texts(found: Segmentation) -> dict[Entity, str]:
    return dict(found.texts)


def as_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV that no spreadsheet takes for formulas."""
    safe = frame.copy()
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf":
            cells = {value: csv_cell(value) for value in frame[name].unique()}
            safe[name] = frame[name].map(cells)
    return str(safe.to_csv(index=False, lineterminator="\n"))
