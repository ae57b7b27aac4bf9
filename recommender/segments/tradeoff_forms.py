"""What several thresholds give, as a table, JSON, CSV and a picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from recommender.segments.rules import as_csv as frame_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

#: What the page of a picture begins with.
PLOT_MARK: Final = "<html>"

_HEAD: Final = {
    "min_coverage": "coverage",
    "min_days": "days",
    "blocks": "blocks",
    "pairs": "pairs",
    "review": "review",
    "added": "never seen",
    "denied": "denied later",
}


def as_table(choices: pd.DataFrame) -> str:
    """One line a choice, under a line of words."""
    middle = list(_HEAD)[1:-1]
    rows = [
        (f"{one['min_coverage']:g}", *(str(one[name]) for name in middle), _share(one["denied"]))
        for one in _records(choices)
    ]
    rows.insert(0, tuple(_HEAD.values()))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def as_json(choices: pd.DataFrame) -> str:
    """A list of choices."""
    return json.dumps(list(_records(choices)), indent=2) + "\n"


def as_csv(choices: pd.DataFrame) -> str:
    """The frame as CSV."""
    return frame_csv(choices)


def as_plot(choices: pd.DataFrame) -> str:
    """A page with a picture: rules against pairs never seen, and the denials of later traffic.

    The page brings its script along and makes no network request.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for days in sorted(choices["min_days"].unique().tolist()):
        some = [one for one in _records(choices) if one["min_days"] == days]
        figure.add_scatter(
            x=[one["blocks"] + one["pairs"] for one in some],
            y=[one["added"] for one in some],
            text=[_words(one) for one in some],
            mode="lines+markers",
            name=f"exact pairs from {days} day" + "s" * (days > 1),
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(
        title="Rules against pairs allowed though never seen",
        xaxis_title="rules",
        yaxis_title="pairs never seen",
        template="plotly_white",
    )
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, div_id="tradeoff")
    return page


def _records(choices: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what could not be told as None."""
    rows: list[dict[str, Any]] = choices.to_dict("records")  # type: ignore[assignment]
    return [
        {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
        for row in rows
    ]


def _share(denied: float | None) -> str:
    return "-" if denied is None else f"{denied:.2%}"


def _words(one: Mapping[str, Any]) -> str:
    return (
        f"coverage {one['min_coverage']:g}, {one['min_days']} days: {one['blocks']} blocks, "
        f"{one['pairs']} pairs, {one['review']} to review, {one['added']} never seen, "
        f"denied later {_share(one['denied'])}"
    )
