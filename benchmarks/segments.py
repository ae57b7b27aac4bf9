"""Measure segments and their rules on generated clusters of roles, beside other ways to group.

    python benchmarks/segments.py [--seeds 5] [--workloads 1000] [--case default] [--growth]

Cases: default, unlabelled (no workload tells its role), fanout3 (callers that each meet at most
three of a large pool), noise20. With `--growth` time and peak memory of the whole way, from tables
to rules, at several sizes, each in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Final

import segments_baselines as baselines
from segments_metrics import Judge, Measures
from segments_tables import edge_frame, workload_frame

from recommender.segments.assurance import assure, unstable
from recommender.segments.codes import renumber
from recommender.segments.partition import partition
from recommender.segments.segmenting import segment_tables
from recommender.segments.threads import one_thread
from recommender.simulation.roles import RoleSettings
from recommender.simulation.roles_traffic import role_traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recommender.segments.tables import Table
    from recommender.segments.traffic import Ints

CASES: Final = {
    "default": {},
    "unlabelled": {"labelled": 0.0},
    "fanout3": {"fanout": 3},
    "noise20": {"noise": 0.2},
}
#: Workloads, roles and most members of a role that a workload calls: edges grow as they would.
SIZES: Final = ((1000, 20, 12), (3000, 26, 18), (10_000, 30, 30))
_MEGABYTE: Final = 1024

Row = tuple[str, Measures, float]


def rows(seed: int, settings: RoleSettings) -> Iterator[Row]:
    """Name, measures and processor seconds of each way on one cluster."""
    judge = Judge(role_traffic(seed, settings))
    truth = renumber(judge.truth)
    yield "true segments, same admission", judge.measure(truth), 0.0
    yield "segments", *_ours(judge)
    yield "exact pairs", judge.measure(truth, exact=True), 0.0
    yield "true segments, any edge opens the block", judge.measure(truth, any_edge=True), 0.0
    ways: dict[str, Callable[[Table], Ints]] = {
        "namespace": baselines.namespaces,
        "namespace and component label": baselines.namespaces_and_components,
    }
    if settings.workloads <= baselines.MOST_FOR_PAIRS:
        ways["average linkage, Jaccard"] = baselines.average_linkage
        ways["HDBSCAN, Jaccard"] = baselines.hdbscan
    for name, way in ways.items():
        start = time.process_time()
        labels = way(judge.table)
        yield name, judge.measure(labels), time.process_time() - start


def _ours(judge: Judge) -> tuple[Measures, float]:
    """The segments of the program, with the gate of stability; processor seconds."""
    start = time.process_time()
    with one_thread():
        found = assure(
            judge.table.traffic, partition(judge.table.traffic, judge.settings), judge.settings
        )
    unsure = unstable(found.labels, found.stability, judge.settings)
    took = time.process_time() - start
    return judge.measure(found.labels, unsure=unsure), took


def averaged(all_rows: list[list[Row]]) -> Iterator[Row]:
    """The mean over seeds."""
    for same in zip(*all_rows, strict=True):
        values = {
            field.name: mean(getattr(measures, field.name) for _, measures, _ in same)
            for field in fields(Measures)
        }
        values |= {name: round(values[name]) for name in ("blocks", "pairs")}
        yield same[0][0], Measures(**values), mean(seconds for _, _, seconds in same)


def show(title: str, table: list[Row]) -> None:
    """Print rows as a Markdown table."""
    print(f"\n{title}\n")
    print(
        "| way | falsely permitted | future edges denied | rules | times the true policy's | "
        "Rand index | segments found | attack edges admitted | processor seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    true = table[0][1].rules
    for name, one, seconds in table:
        took = f"{seconds:.1f}" if seconds else ""
        print(
            f"| {name} | {one.false_pairs:.1%} | {one.denied:.2%} | {one.blocks}+{one.pairs} | "
            f"{one.rules / true:.2f} | {one.rand:.3f} | {one.found:.2f} | {one.attacked:.0%} | "
            f"{took} |",
            flush=True,
        )


def grow(size: int, roles: int, fanout: int) -> None:
    """Print time and memory of the whole way at one size."""
    made = role_traffic(1, RoleSettings(workloads=size, roles=roles, fanout=fanout))
    edges, workloads = edge_frame(made), workload_frame(made)
    del made
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, busy = time.perf_counter(), time.process_time()
    found = segment_tables(edges, workloads)
    took, busy = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"| {size} | {len(edges)} | {len(found.segments)} | {took:.1f} | {busy:.1f} | "
        f"{peak // _MEGABYTE} | {(peak - before) // _MEGABYTE} |",
        flush=True,
    )


def growth() -> None:
    """Time and memory at several sizes, each in a process of its own."""
    print("\n| workloads | edges | segments | seconds | processor seconds | peak MB | added MB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for shape in SIZES:
        one = [sys.executable, str(Path(__file__)), "--one", *map(str, shape)]
        subprocess.run(one, check=True)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workloads", type=int, default=1000)
    parser.add_argument("--case", choices=[*CASES, "all"], default="all")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--one", type=int, nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        grow(*chosen.one)
        return
    if chosen.growth:
        growth()
        return
    for case, changes in CASES.items():
        if chosen.case in {case, "all"}:
            # The changes of a case are of several types.
            settings = RoleSettings(workloads=chosen.workloads, **changes)  # type: ignore[arg-type]
            made = [list(rows(seed, settings)) for seed in range(1, chosen.seeds + 1)]
            title = f"{case}: {chosen.workloads} workloads, mean of {chosen.seeds} seeds"
            show(title, list(averaged(made)))


if __name__ == "__main__":
    main()
