"""The public API: what commands and notebooks call. It composes the rooms and holds no logic."""

from __future__ import annotations

from recommender.api.arguments import Paths, Table
from recommender.api.backtesting import backtest
from recommender.api.cluster import read_inventory, snapshot
from recommender.api.drafting import recommend
from recommender.api.policies import (
    assert_allows,
    assert_denies,
    diff,
    explain,
    reach,
    replay,
    validate,
)
from recommender.api.reviewing import (
    check_goals,
    explain_rule,
    read_decisions,
    report,
    write_decisions,
)
from recommender.api.segmenting import flow_tables, segment, segment_flows, segment_tradeoff
from recommender.api.traffic import edges, read_flows
from recommender.evaluation.modes import Modes
from recommender.review.settings import ReviewSettings
from recommender.segments.types import SegmentSettings
from recommender.sources.options import ReadOptions, ReplyFlag
from recommender.synthesis.settings import Granularity, Settings

__all__ = [
    "Granularity",
    "Modes",
    "Paths",
    "ReadOptions",
    "ReplyFlag",
    "ReviewSettings",
    "SegmentSettings",
    "Settings",
    "Table",
    "assert_allows",
    "assert_denies",
    "backtest",
    "check_goals",
    "diff",
    "edges",
    "explain",
    "explain_rule",
    "flow_tables",
    "reach",
    "read_decisions",
    "read_flows",
    "read_inventory",
    "recommend",
    "replay",
    "report",
    "segment",
    "segment_flows",
    "segment_tradeoff",
    "snapshot",
    "validate",
    "write_decisions",
]
