"""Time the evaluator on the seeded recipe, side by side with network-config-analyzer.

    python benchmarks/evaluator.py [--peer NCA] [--full] [--edges N]

Without `--peer` only this project is timed. `NCA` is the `nca` program of a virtual environment
of its own with network-config-analyzer 2.1.0. Both go from the same files to a written answer,
start-up included; the median of our runs is compared with one of theirs. Memory is the peak of
the whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import policy_recipe

from recommender.evaluation.forms import as_text
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.reach import reach
from recommender.evaluation.replay import replay
from recommender.evaluation.setting import read_setting
from recommender.model.edges import Edge, Verdict

#: As the analyzer answers the open questions: no pod is matched by its address.
_MODES = Modes(ip_block_pods=Choice.NO, host_network_pods=Choice.NO)
_COMPARED = (400, 200)
_SIZES = ((400, 200), (5_000, 1_000))
_LARGEST = (10_000, 2_000)
_PORTS = (80, 443, 5432, 6379, 8080, 12345)


def main() -> None:
    """Parse, run the parts, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peer", type=Path, help="the nca program to compare with")
    parser.add_argument("--full", action="store_true", help="also 10,000 pods and 2,000 policies")
    parser.add_argument("--edges", type=int, default=1_000_000, help="edges to replay")
    parser.add_argument(
        "--rounds", type=int, default=3, help="runs of ours before theirs, and after"
    )
    parser.add_argument("--child", nargs=2, metavar=("TASK", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child[0], Path(options.child[1]), options.edges)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.peer:
            _compare(folder, options.peer, options.rounds)
        for pods, policies in (*_SIZES, *((_LARGEST,) if options.full else ())):
            _own(folder, pods, policies)
        _replay(folder, options.edges)


def _cluster(folder: Path, pods: int, policies: int) -> Path:
    path = folder / f"{pods}x{policies}"
    if not path.is_dir():
        policy_recipe.write(path, policy_recipe.cluster(pods, policies))
    return path


def _compare(folder: Path, peer: Path, rounds: int) -> None:
    cluster = _cluster(folder, *_COMPARED)
    lists = {name: str(cluster / f"{name}.json") for name in ("ns", "pods", "policies")}
    theirs_command = [str(peer), "--connectivity", lists["policies"]]
    theirs_command += ["--ns_list", lists["ns"], "--pod_list", lists["pods"]]
    ours_command = [sys.executable, "-m", "recommender", "reach", str(cluster), "-o", "txt"]
    ours_command += ["--ip-block-pods", "no"]
    # Ours run before and after theirs, so that a slow moment of the machine hits both.
    ours = [_timed(ours_command) for _ in range(rounds)]
    theirs = _timed(theirs_command)
    ours += [_timed(ours_command) for _ in range(rounds)]
    wall, processor = (statistics.median(times) for times in zip(*ours, strict=True))
    pods, policies = _COMPARED
    print(f"from files to the whole answer, {pods:,} pods and {policies:,} policies:")
    print(f"  network-config-analyzer  {theirs[0]:8.2f} s  processor {theirs[1]:8.2f} s  (one run)")
    print(f"  recommender reach        {wall:8.2f} s  processor {processor:8.2f} s  (median)")
    faster = theirs[0] / wall, theirs[1] / processor
    print(f"  times as fast            {faster[0]:8.0f}    processor {faster[1]:8.0f}")


def _timed(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


def _own(folder: Path, pods: int, policies: int) -> None:
    cluster = _cluster(folder, pods, policies)
    found = _in_child("reach", cluster, 0)
    print(
        f"{pods:,} pods, {policies:,} policies: read {found['read']:.2f} s, "
        f"all pairs {found['reach']:.2f} s, peak {found['peak']:.0f} MiB, "
        f"{found['classes']:.0f} classes",
    )


def _replay(folder: Path, edges: int) -> None:
    found = _in_child("replay", _cluster(folder, *_SIZES[1]), edges)
    print(
        f"replay of {edges:,} edges: {found['replay']:.2f} s; reading them from JSON lines into "
        f"edges: {found['read']:.2f} s; peak {found['peak']:.0f} MiB",
    )


def _in_child(task: str, cluster: Path, edges: int) -> dict[str, float]:
    """Run one task in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, __file__, "--child", task, str(cluster), "--edges", str(edges)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _child(task: str, cluster: Path, edges: int) -> None:
    measured = _child_reach(cluster) if task == "reach" else _child_replay(cluster, edges)
    measured["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured))


def _child_reach(cluster: Path) -> dict[str, float]:
    start = time.perf_counter()
    setting = read_setting([cluster])
    read = time.perf_counter() - start
    start = time.perf_counter()
    found = reach(setting.policies, setting.inventory, _MODES)
    pairs = found.numbers.shape[0]
    taken = time.perf_counter() - start
    if pairs <= _COMPARED[0]:
        as_text(found)
    return {"read": read, "reach": taken, "classes": float(found.engines[0].class_count)}


def _child_replay(cluster: Path, count: int) -> dict[str, float]:
    """Edges out of JSON lines into objects, then their replay."""
    setting = read_setting([cluster])
    entities = sorted(setting.inventory.workloads)
    dice = random.Random(11)  # noqa: S311 - a benchmark, no secret
    path = cluster / "edges.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(count):
            row = (dice.randrange(len(entities)), dice.randrange(len(entities)))
            stream.write(json.dumps([*row, "TCP", dice.choice(_PORTS)]) + "\n")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    start = time.perf_counter()
    edges = []
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            client, server, protocol, port = json.loads(line)
            ends = entities[client], entities[server]
            accepted = Verdict.ACCEPTED
            edges.append(Edge(*ends, protocol, port, accepted, 1, 1, 0, now, now, 1, 1, 1, 1))
    read = time.perf_counter() - start
    start = time.perf_counter()
    replay(edges, setting.policies, setting.inventory, _MODES)
    return {"read": read, "replay": time.perf_counter() - start}


if __name__ == "__main__":
    main()
