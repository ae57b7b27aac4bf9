"""How right the coverage of the window is, and what drafts deny later, on made-up clusters.

Each seed is a cluster of its own with three weeks of legitimate traffic. For windows of several
lengths the log up to there is drafted from; what follows is the truth:

- the share of the later edge-days whose edge the window had shown, against the 90 % bound, for the
  cluster and for each side of each workload;
- the share of the later flows that the drafts would have denied, all of them legitimate. Everything
  seen is drafted; what doubt would hold back is measured by ``benchmarks/doubt.py``.

The simulation spreads the connections of a call evenly, which shows more in a window than chance
would. So the bound is also held against days drawn at random with the rates of the same calls.

Usage::

    python benchmarks/coverage.py [--seeds 60] [--plot denied-share.svg]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Final

import numpy as np

import recommender as nr
from recommender.review.estimates import FEWEST_UNITS, Incidence
from recommender.simulation.graph import Intent

_DAY: Final = timedelta(days=1)
_BEFORE: Final = (1, 3, 7, 14)
_AFTER: Final = 7
_DAYS: Final = 21
_CONNECTIONS: Final = 1500
_WANTED: Final = 0.9
_DRAWS: Final = 20


@dataclass(slots=True)
class Figures:
    """What the seeds came to, by days of the window.

    Attributes:
        held: Whether the cluster's bound held, a value a seed.
        gap: Truth less bound: how far the bound was below.
        drawn: The same over days that were drawn at random with the rates of the calls.
        sides: Whether the bounds of single sides of workloads held.
        missed: Coverage that was estimated less the truth.
        denied: Share of later flows that the drafts of everything seen would have denied.
    """

    held: dict[int, list[bool]] = field(default_factory=dict)
    gap: dict[int, list[float]] = field(default_factory=dict)
    drawn: dict[int, list[bool]] = field(default_factory=dict)
    sides: dict[int, list[bool]] = field(default_factory=dict)
    missed: dict[int, list[float]] = field(default_factory=dict)
    denied: dict[int, list[float]] = field(default_factory=dict)

    def add(self, other: Figures) -> None:
        """Take over the values of other seeds."""
        for name in ("held", "gap", "drawn", "sides", "missed", "denied"):
            mine, theirs = getattr(self, name), getattr(other, name)
            for days, values in theirs.items():
                mine.setdefault(days, []).extend(values)


def main() -> int:
    """Run the seeds and print the tables; 1 where the bound held too seldom."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=60, help="clusters to make up")
    parser.add_argument("--workers", type=int, default=2, help="seeds at a time")
    parser.add_argument("--plot", type=Path, help="SVG to write the denied share to")
    arguments = parser.parse_args()
    figures = Figures()
    with ProcessPoolExecutor(arguments.workers) as pool:
        for seed, found in enumerate(pool.map(_seed, range(1, arguments.seeds + 1)), start=1):
            figures.add(found)
            print(f"\rseed {seed}", end="", file=sys.stderr)
    print(file=sys.stderr)
    _tables(figures)
    if arguments.plot:
        arguments.plot.write_text(_svg(figures.denied), encoding="utf-8")
    told = (*figures.held.values(), *figures.drawn.values(), *figures.sides.values())
    return int(any(mean(held) < _WANTED for held in told))


def _seed(seed: int) -> Figures:
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        _measure(seed, Path(folder), figures)
    return figures


def _measure(seed: int, folder: Path, figures: Figures) -> None:
    application = "shop" if seed % 2 else "scaled"
    made = nr.simulate(
        application, seed=seed, days=_DAYS, connections=_CONNECTIONS, flows=None, noise=False
    )
    logs = made.write(folder / "log").logs
    lengths = tuple(days * _DAY for days in _BEFORE)
    plan = nr.Plan(train=lengths[-1], test=_AFTER * _DAY, lengths=lengths)
    variants = [nr.Variant("everything", doubt_threshold=1.0)]
    for point in nr.backtest(logs, plan=plan, variants=variants).curve:
        days = round(point.days)
        figures.denied[days] = [point.denied_share]
        if point.least is None or point.coverage is None or point.truth is None:
            continue
        figures.held[days] = [point.least <= point.truth]
        figures.gap[days] = [point.truth - point.least]
        figures.missed[days] = [point.coverage - point.truth]
        figures.sides[days] = [True] * point.sides_held
        figures.sides[days] += [False] * (point.sides - point.sides_held)
    rates = [
        tally.connections / _DAYS
        for edge, tally in made.truth
        if edge.verdict == "accepted" and edge.intent is not Intent.PROBE
    ]
    for days in _BEFORE:
        if days >= FEWEST_UNITS:
            figures.drawn[days] = _drawn(rates, days, seed)


def _drawn(rates: list[float], days: int, seed: int) -> list[bool]:
    """Whether the bound holds where days are drawn at random with these rates a day."""
    dice = np.random.default_rng(seed)
    chances = 1.0 - np.exp(-np.array(rates))
    found = []
    for _ in range(_DRAWS):
        counts = dice.binomial(days, chances)
        truth = chances[counts > 0].sum() / chances.sum()
        found.append(bool(Incidence.of(counts.tolist(), days).least <= truth))
    return found


def _tables(figures: Figures) -> None:
    print("Coverage of the window: the 90 % bound and the truth of the week after")
    print("days  seeds  bound held  drawn held  sides held  mean gap  estimate less truth (mean)")
    for days in sorted(figures.held):
        print(
            f"{days:4}  {len(figures.held[days]):5}  {mean(figures.held[days]):10.1%}"
            f"  {mean(figures.drawn[days]):10.1%}  {mean(figures.sides[days]):10.1%}"
            f"  {mean(figures.gap[days]):8.3f}  {mean(figures.missed[days]):+.4f}"
        )
    print()
    print("Legitimate flows of the week after that the drafts would have denied")
    print("days     mean   median  worst tenth  clusters without any")
    for days in sorted(figures.denied):
        shares = figures.denied[days]
        worst = quantiles(shares, n=10)[-1] if len(shares) > 1 else shares[0]
        none = mean(share == 0.0 for share in shares)
        told = f"{mean(shares):7.2%}  {median(shares):7.2%}  {worst:11.2%}  {none:20.1%}"
        print(f"{days:4}  {told}")


def _svg(denied: dict[int, list[float]]) -> str:
    """The mean and the worst tenth over the days of the window, as a picture."""
    width, height, left, low = 640, 320, 60, 270
    days = sorted(denied)
    worst = {day: quantiles(denied[day], n=10)[-1] for day in days}
    most = max(worst.values()) or 1.0

    def place(day: int, share: float) -> str:
        across = left + (width - left - 20) * (day - days[0]) / max(1, days[-1] - days[0])
        return f"{across:.1f},{low - (low - 30) * share / most:.1f}"

    box = f'viewBox="0 0 {width} {height}" role="img" font-family="sans-serif" font-size="13"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        "<title>Legitimate flows denied in the week after, by days of the window</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<path d="M{left} 30V{low}H{width - 20}" fill="none" stroke="#888"/>',
        _text(width / 2, height - 8, "days of the window"),
    ]
    lines += [
        _text(left - 6, low - (low - 30) * part + 4, f"{most * part:.1%}", "end")
        for part in (0.0, 0.5, 1.0)
    ]
    lines += [_text(float(place(day, 0).partition(",")[0]), low + 18, str(day)) for day in days]
    for name, colour, shares, at in (
        ("worst tenth of the clusters", "#b45309", worst, 46),
        ("mean", "#1d4ed8", {day: mean(denied[day]) for day in days}, 66),
    ):
        points = " ".join(place(day, shares[day]) for day in days)
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        lines.append(_text(width - 24, at, name, "end", colour))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


if __name__ == "__main__":
    sys.exit(main())
