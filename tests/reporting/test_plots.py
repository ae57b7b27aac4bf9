"""Figures for notebooks: what they show, and that names stay names."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from rendering.hostile import hostile_strings
from reporting.runs import shop_run

import recommender as nr
from recommender.model.entities import Entity
from recommender.model.errors import UsageError
from recommender.reporting.plots import label
from recommender.reporting.policy_set import PolicySet
from recommender.segments.types import Admission, Block, Ground, Pair, Segment, Segmentation

if TYPE_CHECKING:
    from pathlib import Path

WEB, CART = (Entity.workload("shop", "Deployment", name) for name in ("web", "cart"))
FRONT, BACK = Segment("front", (WEB,)), Segment("back", (CART,), stability=0.9)


@pytest.fixture(scope="module")
def drafts(repository: Path) -> PolicySet:
    data = repository / "data"
    return nr.recommend(data / "flows.jsonl.gz", data / "inventory.json")


def shown(figure: Any) -> dict[str, Any]:  # noqa: ANN401 - plotly has no types
    found: dict[str, Any] = json.loads(figure.to_json())
    return found


def test_a_matrix_is_today_s_reach_or_that_of_the_drafts(drafts: PolicySet) -> None:
    exposure = drafts.run.exposure
    assert exposure is not None
    for after, pairs in ((False, exposure.before), (True, exposure.after)):
        figure = nr.plot.matrix(drafts, after=after)
        cells = sum(sum(row) for row in figure.data[0].z)
        assert cells == pairs.count
        assert len(figure.data[0].x) == pairs.workloads


def test_drafts_without_exposure_have_no_matrix() -> None:
    with pytest.raises(UsageError, match="no exposure"):
        nr.plot.matrix(PolicySet(shop_run()))


def test_saturation_counts_accepted_edges_by_the_time_they_were_first_seen() -> None:
    times = pd.to_datetime(["2026-03-03", "2026-03-02", "2026-03-04"], utc=True)
    edges = pd.DataFrame({"verdict": ["accepted", "accepted", "denied"], "first_seen": times})
    curve = nr.plot.saturation(edges).data[0]
    assert list(curve.y) == [1, 2]


def test_segments_are_dots_and_rules_are_lines() -> None:
    block = Block(FRONT, BACK, "TCP", 80, 1, 1.0, 1.0, 0.0, 0)
    world = Pair(Entity.cidr("203.0.113.8/32"), WEB, "TCP", 443, 1, 1, Ground.ONE_SOURCE)
    found = Segmentation((FRONT, BACK), Admission(blocks=(block,), pairs=(world,)))
    figure = nr.plot.segments(found)
    assert [trace.mode for trace in figure.data] == ["lines", "lines", "markers+text"]
    assert set(figure.data[-1].text) == {"front", "back", "outside the cluster"}
    assert "front: 1 workloads<br>calls back" in figure.data[-1].hovertext


def test_coverage_has_a_dot_for_each_workload_and_direction(drafts: PolicySet) -> None:
    known = drafts.coverage().dropna(subset=["coverage"])
    figure = nr.plot.coverage(drafts.coverage())
    assert sum(len(trace.x) for trace in figure.data) == len(known)
    assert {trace.name for trace in figure.data} == {"Ingress", "Egress"}


def test_no_name_is_markup_in_a_figure() -> None:
    for text in hostile_strings(220):
        segment = Segment(text or "x", (WEB,))
        figure = shown(nr.plot.segments(Segmentation((segment,))))
        for name in figure["data"][-1]["text"]:
            assert "<" not in name, ascii(text)
            assert not {unicodedata.category(c) for c in name} & {"Cc", "Cf", "Cs"}, ascii(text)
    assert label("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
