"""Draft least-privilege Kubernetes NetworkPolicies from observed traffic.

This module hands on the public API of `recommender.api`, each name when it is first used, so
that `import recommender` stays light::

    import recommender as nr

    policies = nr.recommend(["flows.jsonl.gz"])
    policies.to_dir("out")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from recommender._version import __version__

if TYPE_CHECKING:
    from recommender.api import (
        Granularity,
        Modes,
        ReadOptions,
        ReviewSettings,
        SegmentSettings,
        Settings,
        assert_allows,
        assert_denies,
        backtest,
        check_goals,
        diff,
        edges,
        explain,
        explain_rule,
        flow_tables,
        reach,
        read_decisions,
        read_flows,
        read_inventory,
        recommend,
        replay,
        report,
        segment,
        segment_flows,
        segment_tradeoff,
        snapshot,
        validate,
        write_decisions,
    )
    from recommender.reporting import plots as plot
    from recommender.reporting.policy_set import PolicySet
    from recommender.review.folds import Plan, Variant
    from recommender.simulation import simulate

__all__ = [
    "Granularity",
    "Modes",
    "Plan",
    "PolicySet",
    "ReadOptions",
    "ReviewSettings",
    "SegmentSettings",
    "Settings",
    "Variant",
    "__version__",
    "assert_allows",
    "assert_denies",
    "backtest",
    "check_goals",
    "diff",
    "edges",
    "explain",
    "explain_rule",
    "flow_tables",
    "plot",
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
    "simulate",
    "snapshot",
    "validate",
    "write_decisions",
]

#: Where each public name lives; the type checker sees the same names in the block above.
_EXPORTS: Final = {
    "Granularity": "recommender.api",
    "Modes": "recommender.api",
    "Plan": "recommender.review.folds",
    "PolicySet": "recommender.reporting.policy_set",
    "ReadOptions": "recommender.sources.options",
    "ReviewSettings": "recommender.api",
    "SegmentSettings": "recommender.api",
    "Settings": "recommender.api",
    "Variant": "recommender.review.folds",
    "assert_allows": "recommender.api",
    "assert_denies": "recommender.api",
    "backtest": "recommender.api",
    "check_goals": "recommender.api",
    "diff": "recommender.api",
    "edges": "recommender.api",
    "explain": "recommender.api",
    "explain_rule": "recommender.api",
    "flow_tables": "recommender.api",
    "reach": "recommender.api",
    "read_decisions": "recommender.api",
    "read_flows": "recommender.api",
    "read_inventory": "recommender.api",
    "recommend": "recommender.api",
    "replay": "recommender.api",
    "report": "recommender.api",
    "segment": "recommender.api",
    "segment_flows": "recommender.api",
    "segment_tradeoff": "recommender.api",
    "simulate": "recommender.simulation",
    "snapshot": "recommender.api",
    "validate": "recommender.api",
    "write_decisions": "recommender.api",
}

#: Public names that are modules themselves.
_MODULES: Final = {"plot": "recommender.reporting.plots"}


def __getattr__(name: str) -> object:
    """Import the module of a public name when the name is first used (PEP 562)."""
    if name in _MODULES:
        globals()[name] = import_module(_MODULES[name])
        return globals()[name]
    if name not in _EXPORTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *_EXPORTS, *_MODULES})
