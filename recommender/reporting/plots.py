"""Plotly figures for notebooks: ``import recommender as nr; nr.plot.saturation(nr.edges(...))``.

Plotly takes a little HTML in its texts, so that every name goes through one function here that
leaves none of it standing.
"""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from recommender.model.errors import UsageError
from recommender.model.text import clean

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from recommender.evaluation.pairs import Pairs
    from recommender.model.entities import Entity
    from recommender.reporting.policy_set import PolicySet
    from recommender.segments.types import Segment, Segmentation

_INK: Final = "#1f5f8b"
_PALE: Final = "#c7d8e6"
_LABEL: Final = 40
#: What stands for ends that no policy selects: one address more is no news in a picture.
_OUTSIDE: Final = {
    "cidr:": "outside the cluster",
    "name:": "outside the cluster",
    "node": "nodes",
    "kube-apiserver": "API server",
}
#: Units that a matrix shows one by one; with more it shows namespaces.
_MOST_UNITS: Final = 60


def label(value: object) -> str:
    """A name as text in a figure: no control, no markup, not endless."""
    return html.escape(clean(value, limit=_LABEL))


def segments(found: Segmentation) -> go.Figure:
    """Who talks to whom, segment by segment: a dot a segment, a line where a rule leads.

    Args:
        found: What ``nr.segment`` or ``nr.segment_flows`` gives.

    Returns:
        A figure. A dot is as large as its segment, a line as wide as its edges are many; arrows
        are left out, hover over a dot to read whom it calls.
    """
    import networkx as nx
    import plotly.graph_objects as go

    links = _links(found)
    graph = nx.Graph()
    graph.add_nodes_from(sorted({segment.name for segment in found.segments}))
    graph.add_edges_from(sorted(links))
    place = nx.circular_layout(graph)
    figure = go.Figure()
    most = max(links.values(), default=1)
    for (source, destination), edges in sorted(links.items()):
        ends = place[source], place[destination]
        figure.add_scatter(
            x=[float(end[0]) for end in ends],
            y=[float(end[1]) for end in ends],
            mode="lines",
            line={"width": 1 + 5 * edges / most, "color": _PALE},
            hoverinfo="skip",
        )
    names = list(graph)
    sizes = {segment.name: segment for segment in found.segments}
    figure.add_scatter(
        x=[float(place[name][0]) for name in names],
        y=[float(place[name][1]) for name in names],
        mode="markers+text",
        text=[label(name) for name in names],
        hovertext=[_about(name, sizes.get(name), links) for name in names],
        hoverinfo="text",
        textposition="top center",
        marker={
            "size": [
                12 + 3 * len(sizes[name].members) ** 0.5 if name in sizes else 8 for name in names
            ],
            "color": [_INK if name in sizes else "#999999" for name in names],
        },
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return _framed(figure, "Who talks to whom, by segment")


def _links(found: Segmentation) -> Counter[tuple[str, str]]:
    """Edges between segments, or between a segment and a kind of end outside."""
    links: Counter[tuple[str, str]] = Counter()
    for block in found.admission.blocks:
        links[_side(block.source, found), _side(block.destination, found)] += block.edges
    for pair in (*found.admission.pairs, *found.admission.review):
        links[_side(pair.client, found), _side(pair.server, found)] += 1
    return Counter({ends: count for ends, count in links.items() if ends[0] != ends[1]})


def _side(side: Segment | Entity, found: Segmentation) -> str:
    if hasattr(side, "members"):
        return side.name
    segment = found.of.get(side)
    if segment is not None:
        return segment.name
    text = found.texts.get(side, side.id)
    return next((word for start, word in _OUTSIDE.items() if text.startswith(start)), "others")


def _about(name: str, segment: Segment | None, links: Counter[tuple[str, str]]) -> str:
    called = sorted({other for caller, other in links if caller == name})
    head = label(name)
    if segment is not None:
        sure = "" if segment.stability is None else f", stability {segment.stability:.2f}"
        head += f": {len(segment.members)} workloads{sure}"
    calls = ", ".join(map(label, called[:8])) + (" …" if len(called) > 8 else "")  # noqa: PLR2004
    return f"{head}<br>calls {calls or 'nobody'}"


def matrix(drafts: PolicySet, *, after: bool = True) -> go.Figure:
    """Who may reach whom: rows open connections to columns.

    Args:
        drafts: What ``nr.recommend`` gives.
        after: With the drafts in force; else as it is today.

    Returns:
        A heat map. Above sixty workloads it shows namespaces, with the share of pairs allowed.

    Raises:
        UsageError: The drafts carry no exposure.
    """
    import plotly.graph_objects as go

    change = drafts.run.exposure
    if change is None:
        message = "these drafts carry no exposure"
        raise UsageError(message, hint="plot what nr.recommend returned")
    names, shares = _shares(change.after if after else change.before)
    labels = [label(name) for name in names]
    figure = go.Figure(
        go.Heatmap(
            x=labels,
            y=labels,
            z=shares,
            zmin=0,
            zmax=1,
            colorscale=[[0, "#ffffff"], [1, _INK]],
            colorbar={"title": "allowed", "tickformat": ".0%"},
            hovertemplate="%{y} → %{x}: %{z:.0%}<extra></extra>",
            xgap=1,
            ygap=1,
        )
    )
    figure.update_yaxes(autorange="reversed")
    return _framed(figure, f"Who may reach whom {'with the drafts' if after else 'today'}")


def _shares(pairs: Pairs) -> tuple[list[str], list[list[float]]]:
    """Names of rows and columns, and the share of pairs between them that may talk."""
    import numpy as np

    entities = [(entity, unit) for unit, who in enumerate(pairs.units) for entity in who]
    entities.sort()
    few = len(entities) <= _MOST_UNITS
    names = sorted({e.id if few else e.namespace for e, _ in entities})
    place = {name: at for at, name in enumerate(names)}
    rows = np.array([place[e.id if few else e.namespace] for e, _ in entities])
    units = np.array([unit for _, unit in entities])
    allowed = (pairs.numbers[np.ix_(units, units)] > 0).astype(float)
    np.fill_diagonal(allowed, 0.0)
    member = np.zeros((len(names), len(entities)))
    member[rows, np.arange(len(entities))] = 1
    sizes = member.sum(axis=1)
    possible = np.outer(sizes, sizes) - np.diag(sizes)
    found = member @ allowed @ member.T
    shares = np.divide(found, possible, out=np.zeros_like(found), where=possible > 0)
    return names, shares.tolist()


def saturation(edges: pd.DataFrame) -> go.Figure:
    """How many accepted edges were known by when: a flat end says that the window is long enough.

    Args:
        edges: What ``nr.edges`` gives.
    """
    import plotly.graph_objects as go

    accepted = edges[edges["verdict"] == "accepted"]
    times = accepted["first_seen"].sort_values()
    figure = go.Figure(
        go.Scatter(
            x=times,
            y=list(range(1, len(times) + 1)),
            mode="lines",
            line={"shape": "hv", "color": _INK},
            fill="tozeroy",
            fillcolor="rgba(31, 95, 139, 0.15)",
            hovertemplate="%{y} edges by %{x}<extra></extra>",
        )
    )
    figure.update_xaxes(title="time")
    figure.update_yaxes(title="accepted edges seen", rangemode="tozero")
    return _framed(figure, "Edges first seen")


def coverage(window: pd.DataFrame) -> go.Figure:
    """How much of a day to come the window shows, workload by workload, and at least.

    Args:
        window: What ``PolicySet.coverage()`` gives.
    """
    import plotly.graph_objects as go

    known = window.dropna(subset=["coverage"]).sort_values(["workload", "direction"])
    figure = go.Figure()
    for direction, part in known.groupby("direction", sort=True):
        below = part["coverage"] - part["at_least"].fillna(part["coverage"])
        figure.add_scatter(
            x=part["coverage"],
            y=[label(name) for name in part["workload"]],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [0.0] * len(part),
                "arrayminus": below,
            },
            mode="markers",
            name=str(direction),
        )
    figure.update_xaxes(title="share of a day to come, and what it is at least", tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    figure = _framed(figure, "What the window shows")
    return figure.update_layout(
        showlegend=True, height=max(300, 60 + 26 * known["workload"].nunique())
    )


def _framed(figure: go.Figure, title: str) -> Any:  # noqa: ANN401 - a figure; plotly has no types
    return figure.update_layout(
        title=title,
        showlegend=False,
        template="plotly_white",
        margin={"l": 10, "r": 10, "t": 50, "b": 10},
    )
