"""Times the main job against a scan floor, an orjson loop and jq, in one run on one log.

    python benchmarks/main_job.py                        500,000 flows
    python benchmarks/main_job.py --growth 5000000       also the growth of memory

Every contender is a whole process, from start to exit, run several times in turn so that a slow
moment of the machine hits all of them; the medians are compared, by the clock and, since another
process slows everything that uses several processors, in processor seconds. What each one does:

* main job: ``recommender recommend LOG -d OUT``, log to written policies
* scan floor: DuckDB reads the same columns of the same log and counts them
* orjson loop: a Python loop that parses each line and collects distinct edges
* jq: ``jq -c`` extracts the same edges, ``sort -u`` makes them distinct

Peak memory is the largest resident set of the process, as the kernel accounts it.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: What the issue asks for; the run says whether it was reached and never fails by itself.
MOST_TIMES_FLOOR: Final = 2.5
LEAST_TIMES_JQ: Final = 5.0
MOST_MEMORY: Final = 1 << 30
MOST_GROWTH: Final = 1.3

_HERE: Final = Path(__file__).resolve().parent
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Measure:
    """One run of one contender: seconds by the clock, processor seconds, peak bytes."""

    wall: float
    processor: float
    memory: int


def measure(command: list[str]) -> Measure:
    """Run one command to its end and account for it.

    Raises:
        SystemExit: The command failed; a benchmark of a failure would mean nothing.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed with exit code {process.returncode}: {shlex.join(command)}")
    return Measure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def make_log(folder: Path, flows: int) -> Path:
    """A simulated log of about so many flows, made once and kept."""
    target = folder / f"hubble-{flows}-{_SEED}"
    log = target / "flows.jsonl"
    if not log.exists():
        command = [
            *(sys.executable, "-m", "recommender", "simulate", "shop", "-d", str(target)),
            *("--flows", str(flows), "--seed", str(_SEED), "--compress", "none", "--force"),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return log


def contenders(log: Path, out: Path) -> dict[str, list[str]]:
    """The commands to compare, by name; jq is left out where it is not installed."""
    python = sys.executable
    found = {
        "main job": [python, "-m", "recommender", "recommend", str(log), "-d", str(out)],
        "scan floor": [python, str(_HERE / "scan_floor.py"), str(log)],
        "orjson loop": [python, str(_HERE / "orjson_loop.py"), str(log)],
    }
    if shutil.which("jq"):
        program = shlex.quote((_HERE / "edges.jq").read_text(encoding="utf-8"))
        pipe = f"jq -c {program} {shlex.quote(str(log))} | LC_ALL=C sort -u"
        found["jq | sort -u"] = ["/bin/sh", "-c", pipe]
    return found


def compare(log: Path, runs: int) -> dict[str, list[Measure]]:
    """Run every contender ``runs`` times in turn, after one warm-up of the file cache."""
    measures: dict[str, list[Measure]] = {}
    with tempfile.TemporaryDirectory() as folder:
        commands = contenders(log, Path(folder) / "out")
        measure(commands["scan floor"])
        for turn in range(runs):
            for name, command in commands.items():
                if name.startswith("jq") and turn:
                    continue  # slow, and far from the bound: once is enough
                measures.setdefault(name, []).append(measure(command))
                print(f"  {name}: {measures[name][-1].wall:.2f} s", file=sys.stderr)
    return measures


def median(measures: list[Measure], field: str) -> float:
    """The median of one field."""
    return float(statistics.median(getattr(item, field) for item in measures))


def report(log: Path, measures: dict[str, list[Measure]]) -> dict[str, object]:
    """The figures as a document, and as a table on standard output."""
    floor, work = (median(measures["scan floor"], field) for field in ("wall", "processor"))
    lines = count_lines(log)
    size = log.stat().st_size
    print(f"{lines:,} flows, {size / 1e6:,.0f} MB, {size / lines:,.0f} bytes a flow")
    print(f"{'':14}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}{'x floor':>9}{'x its cpu':>11}")
    rows = {}
    for name, found in measures.items():
        wall, cpu = median(found, "wall"), median(found, "processor")
        memory = median(found, "memory")
        rows[name] = {
            "wall": wall,
            "cpu": cpu,
            "memory": memory,
            "times_floor": wall / floor,
            "times_floor_cpu": cpu / work,
        }
        times = f"{wall / floor:9.2f}{cpu / work:11.2f}"
        print(f"{name:14}{wall:9.2f}{cpu:9.2f}{memory / 1e6:9.0f}{times}")
    main = rows["main job"]
    say("main job, times the scan floor", main["times_floor"], MOST_TIMES_FLOOR)
    print(f"{'':8} the same in processor seconds: {main['times_floor_cpu']:.2f}")
    say("peak memory of the main job, bytes", main["memory"], MOST_MEMORY)
    if "jq | sort -u" in rows:
        faster = rows["jq | sort -u"]["wall"] / main["wall"]
        say("main job, times as fast as jq", faster, LEAST_TIMES_JQ, at_least=True)
    return {"flows": lines, "bytes": size, "contenders": rows}


def say(what: str, value: float, bound: float, *, at_least: bool = False) -> None:
    """One figure against its bound."""
    reached = value >= bound if at_least else value <= bound
    sign = "at least" if at_least else "at most"
    word = "reached" if reached else "MISSED"
    print(f"{word:8} {what}: {value:,.2f} (wanted: {sign} {bound:,.2f})")


def count_lines(path: Path) -> int:
    """Lines of a file, read in pieces."""
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 24), b""))


def growth(folder: Path, small: Path, large: int) -> dict[str, float]:
    """How the peak memory of the main job grows from the small log to a large one."""
    log = make_log(folder, large)
    with tempfile.TemporaryDirectory() as out:
        first = measure(contenders(small, Path(out) / "small")["main job"])
        second = measure(contenders(log, Path(out) / "large")["main job"])
    print(f"{large:,} flows: {second.wall:.1f} s, {second.memory / 1e6:,.0f} MB")
    say("growth of peak memory", second.memory / first.memory, MOST_GROWTH)
    return {"small": first.memory, "large": second.memory, "ratio": second.memory / first.memory}


def main() -> None:
    """Parse the options, run, print."""
    # As an installation does; where Python may write no bytecode, each run would compile it anew.
    compileall.compile_dir(_HERE.parent / "recommender", quiet=1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flows", type=int, default=500_000, help="flows of the log (500000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender (3)")
    parser.add_argument("--growth", type=int, default=0, help="flows of a second, larger log")
    parser.add_argument("--folder", type=Path, default=Path(".benchmarks"), help="for the logs")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors", file=sys.stderr)
    log = make_log(options.folder, options.flows)
    document = report(log, compare(log, options.runs))
    if options.growth:
        document["growth"] = growth(options.folder, log, options.growth)
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
