"""On simulated clusters what is said about the window holds in the week after; the benchmark's
small sister.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import recommender as nr

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
SEEDS = range(1, 4)


def test_the_bound_holds_and_longer_pasts_deny_less(tmp_path: Path) -> None:
    plan = nr.Plan(train=7 * DAY, test=3 * DAY, lengths=(DAY, 7 * DAY))
    variants = [nr.Variant("everything", doubt_threshold=1.0)]
    held: list[bool] = []
    denied: dict[float, list[float]] = {1.0: [], 7.0: []}
    for seed in SEEDS:
        made = nr.simulate("shop", seed=seed, days=10, connections=600, flows=None, noise=False)
        logs = made.write(tmp_path / str(seed)).logs
        for point in nr.backtest(logs, plan=plan, variants=variants).curve:
            denied[point.days].append(point.denied_share)
            if point.least is not None and point.truth is not None:
                held.append(point.least <= point.truth)
    assert len(held) == len(SEEDS)
    assert all(held)
    assert sum(denied[7.0]) < sum(denied[1.0])
