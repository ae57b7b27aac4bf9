"""A backtest as a table, JSON, CSV and a plot."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import clean, csv_cell
from recommender.reporting.layout import Style, table
from recommender.reporting.times import rfc3339
from recommender.review.window_findings import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recommender.review.folds import Backtest, Fold

#: Version of the JSON document; raised when a field changes its meaning or goes away.
VERSION: Final = 1

_HEAD: Final = (
    *("PAST", "DAYS", "SETTINGS", "RULES", "EDGES", "DENIED", "FLOWS DENIED"),
    *("UNSEEN PAIRS", "COVERAGE", "TRUTH"),
)
_RIGHT: Final = frozenset({1, 3, 4, 5, 6, 7, 8, 9})
_DIGITS: Final = 6
_PLOT: Final = "recommender-backtest"


def to_text(found: Backtest, *, width: int = 100, colour: bool = False) -> str:
    """The folds and the learning curve as tables, and what they come to."""
    style = Style(colour)
    lines = []
    for name, rows in (("Folds", found.folds), ("Learning curve", found.curve)):
        if rows:
            lines.append(style("bold", name))
            head, *body = table([_HEAD, *map(_row, rows)], width, right=_RIGHT)
            lines += [style("dim", head), *body, ""]
    lines += _conclusions(found)
    return "\n".join(lines) + "\n"


def to_json(found: Backtest) -> str:
    """Everything as a versioned document."""
    plan = found.plan
    document = {
        "kind": "backtest",
        "version": VERSION,
        "plan": {
            "train_hours": plan.train.total_seconds() / 3600,
            "test_hours": plan.test.total_seconds() / 3600,
            "step_hours": plan.step.total_seconds() / 3600,
        },
        "folds": [_part(fold) for fold in found.folds],
        "curve": [_part(point) for point in found.curve],
        "safe_after_days": {name: found.safe_after(name) for name in found.variants},
    }
    return json.dumps(document, indent=2) + "\n"


def to_csv(found: Backtest) -> str:
    """Folds and points as rows; no cell is taken for a formula by a spreadsheet."""
    text = io.StringIO()
    rows = [("fold", fold) for fold in found.folds] + [("curve", point) for point in found.curve]
    columns = list(_part(rows[0][1]))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["part", *columns])
    for part, fold in rows:
        writer.writerow([part, *map(_cell, _part(fold).values())])
    return text.getvalue()


def to_html(found: Backtest) -> str:
    """A plot of the denied share against the length of the past, as one page without requests."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=1,
        cols=2,
        subplot_titles=("Denied flows by days of the past", "Denied flows of each fold"),
    )
    for name in found.variants:
        for column, rows in ((1, found.curve), (2, found.folds)):
            chosen = [row for row in rows if row.variant == name]
            across = [row.days if column == 1 else row.until for row in chosen]
            figure.add_trace(
                go.Scatter(
                    x=across,
                    y=[row.denied_share for row in chosen],
                    mode="lines+markers",
                    name=clean(name),
                    legendgroup=clean(name),
                    showlegend=column == 1,
                ),
                row=1,
                col=column,
            )
    figure.update_yaxes(tickformat=".2%", rangemode="tozero")
    figure.update_xaxes(title_text="days", row=1, col=1)
    figure.update_layout(title="Backtest", template="plotly_white")
    return str(
        figure.to_html(
            include_plotlyjs=True,
            full_html=True,
            div_id=_PLOT,
            config={"displaylogo": False},
        )
    )


def is_plot(content: bytes) -> bool:
    """Whether a file is a plot that this module made."""
    return f'id="{_PLOT}"'.encode() in content


def _row(fold: Fold) -> tuple[object, ...]:
    return (
        f"{fold.since:%m-%d} to {fold.until:%m-%d}",
        f"{fold.days:g}",
        fold.variant,
        f"{fold.rules:,}",
        f"{fold.edges:,}",
        f"{fold.denied_edges:,}",
        _share(fold.denied_share),
        _share(fold.over_permission),
        "" if fold.least is None else f"> {percent(fold.least)}",
        "" if fold.truth is None else percent(fold.truth),
    )


def _share(share: float) -> str:
    """A share that is never shown as less than it is: a single denied flow is not 0 %."""
    if share <= 0.0:
        return "0 %"
    return f"{share * 100:.2f} %" if share >= 0.0001 else "< 0.01 %"  # noqa: PLR2004


def _conclusions(found: Backtest) -> Iterator[str]:
    for name in found.variants:
        folds = [fold for fold in found.folds if fold.variant == name]
        denied, flows = sum(f.denied_flows for f in folds), sum(f.flows for f in folds)
        edges = sum(fold.denied_edges for fold in folds)
        held = [f for f in folds if f.least is not None and f.truth is not None]
        text = f"{clean(name)}: {denied:,} of {flows:,} flows denied ({_share(denied / flows)})"
        text = text if flows else f"{clean(name)}: no flow to replay"
        text += f" on {edges:,} edges in {len(folds):,} folds"
        if held:
            good = sum((fold.least or 0.0) <= (fold.truth or 0.0) for fold in held)
            text += f"; the coverage was not below its bound in {good:,} of {len(held):,}"
        if found.curve:
            safe = found.safe_after(name)
            text += (
                "; never without a denied flow"
                if safe is None
                else (f"; nothing denied from {safe:g} days on")
            )
        yield text
        worst = max(folds, key=lambda fold: fold.denied_flows)
        if worst.first_denied:
            yield f"  worst: {clean(worst.first_denied[0])}, {worst.until:%Y-%m-%d}"


def _part(fold: Fold) -> dict[str, Any]:
    return {
        "settings": fold.variant,
        "since": rfc3339(fold.since),
        "until": rfc3339(fold.until),
        "end": rfc3339(fold.end),
        "days": fold.days,
        "policies": fold.policies,
        "rules": fold.rules,
        "edges": fold.edges,
        "denied_edges": fold.denied_edges,
        "flows": fold.flows,
        "denied_flows": fold.denied_flows,
        "denied_share": round(fold.denied_share, _DIGITS),
        "allowed_pairs": fold.allowed_pairs,
        "unseen_pairs": fold.unseen_pairs,
        "over_permission": round(fold.over_permission, _DIGITS),
        "coverage": _rounded(fold.coverage),
        "at_least": _rounded(fold.least),
        "truth": _rounded(fold.truth),
        "sides": fold.sides,
        "sides_held": fold.sides_held,
        "first_denied": list(fold.first_denied),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _cell(value: object) -> object:
    if isinstance(value, list):
        return csv_cell("; ".join(map(str, _texts(value))))
    return csv_cell(value) if isinstance(value, str) else ("" if value is None else value)


def _texts(values: Iterable[object]) -> Iterator[str]:
    return (clean(value) for value in values)
