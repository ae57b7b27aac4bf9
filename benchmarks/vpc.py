"""Times AWS flow logs joined with the history of a cluster against DuckDB's own scan of the file.

    python benchmarks/vpc.py                     10,000,000 rows, 200,000 intervals
    python benchmarks/vpc.py --rows 1000000      smaller

The rows are those of 400 workloads on 20,000 addresses, each of which belongs to ten pods of ten
workloads one after the other. Both interfaces log each connection, over two capture windows.

* join: ``connect`` from the file and the history to typed edges, in a process of its own
* scan: DuckDB reads the same columns of the same file and counts them, in a process of its own

Seconds are those of the work itself, without starting Python and loading libraries. Processor
seconds of all threads go beside them, since those of the clock tell of other work on the machine
as well. Memory is the peak of the process.
Every edge is held against the truth: which workload may call which.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from recommender.inventory.types import Inventory

#: What the issue asks for.
MOST_TIMES_SCAN: Final = 2.5
MOST_MEMORY: Final = 3 << 29

_WORKLOADS: Final = 400
_BLOCKS: Final = 50
_PODS: Final = 10
_CALLS: Final = 3
_PORT: Final = 8000
_WINDOW: Final = 6 * 3600
_LIFE: Final = _WINDOW // _PODS
_GAP: Final = 60
_BEGIN: Final = 1_700_000_000
_ROWS_A_CONNECTION: Final = 8

_FIELDS: Final = {
    "interface-id": "VARCHAR",
    "srcaddr": "VARCHAR",
    "dstaddr": "VARCHAR",
    "srcport": "INTEGER",
    "dstport": "INTEGER",
    "protocol": "INTEGER",
    "packets": "BIGINT",
    "bytes": "BIGINT",
    "start": "BIGINT",
    "end": "BIGINT",
    "action": "VARCHAR",
    "log-status": "VARCHAR",
    "tcp-flags": "INTEGER",
    "pkt-srcaddr": "VARCHAR",
    "pkt-dstaddr": "VARCHAR",
    "flow-direction": "VARCHAR",
}


def _address(block: str, place: str) -> str:
    number = f"({block} * {_WORKLOADS} + {place})"
    parts = f"(64 + {number} // 65536)", f"({number} // 256 % 256)", f"({number} % 256)"
    return "'10.' || " + " || '.' || ".join(parts)


def make_log(path: Path, rows: int) -> None:
    """Write so many rows, in the order of their windows."""
    connections = rows // _ROWS_A_CONNECTION
    # A block of addresses passes from workload to workload at times of its own.
    turn = f"((t + {{0}} * 37) // {_LIFE})"
    sql = f"""
        COPY (
            WITH connection AS (
                SELECT range AS id, range * {_WINDOW} // {connections} AS t, hash(range) AS h
                FROM range({connections})
            ), client AS (
                SELECT *, (h % {_BLOCKS})::BIGINT AS cb, (h // 50 % {_WORKLOADS})::BIGINT AS cp,
                    (h // 20000 % {_BLOCKS})::BIGINT AS vb,
                    32768 + (h // 1000000 % 28000)::BIGINT AS port,
                    ((h // 1000000 % 28000) % {_CALLS})::BIGINT AS which
                FROM connection
            ), ends AS (
                SELECT *, (cp + {turn.format("cb")}) % {_WORKLOADS} AS w,
                    (w + 1 + which) % {_WORKLOADS} AS s,
                    ((s - {turn.format("vb")}) % {_WORKLOADS} + {_WORKLOADS}) % {_WORKLOADS} AS vp
                FROM client
            ), named AS (
                SELECT *, {_address("cb", "cp")} AS c_ip, {_address("vb", "vp")} AS v_ip,
                    'eni-' || lpad(to_hex(cb * 8 + cp % 8), 17, '0') AS c_eni,
                    'eni-' || lpad(to_hex(4096 + vb * 8 + vp % 8), 17, '0') AS v_eni
                FROM ends
            ), leg AS (
                SELECT named.*, w60, forth, near,
                    {_BEGIN} + t // 60 * 60 + w60 * 60 AS start
                FROM named, (VALUES (0), (1)) AS a(w60), (VALUES (true), (false)) AS b(forth),
                    (VALUES (true), (false)) AS c(near)
            )
            SELECT CASE WHEN near THEN c_eni ELSE v_eni END AS "interface-id",
                '10.1.' || (CASE WHEN forth THEN cb ELSE vb END) || '.7' AS srcaddr,
                '10.1.' || (CASE WHEN forth THEN vb ELSE cb END) || '.7' AS dstaddr,
                CASE WHEN forth THEN port ELSE {_PORT} + which END AS srcport,
                CASE WHEN forth THEN {_PORT} + which ELSE port END AS dstport,
                6 AS protocol, 4 + h % 60 AS packets, 400 + h % 90000 AS bytes,
                start, start + 59 AS "end", 'ACCEPT' AS action, 'OK' AS "log-status",
                CASE WHEN w60 = 1 THEN 1 WHEN forth THEN 2 ELSE 18 END AS "tcp-flags",
                CASE WHEN forth THEN c_ip ELSE v_ip END AS "pkt-srcaddr",
                CASE WHEN forth THEN v_ip ELSE c_ip END AS "pkt-dstaddr",
                CASE WHEN near = forth THEN 'egress' ELSE 'ingress' END AS "flow-direction"
            FROM leg ORDER BY start, id
        ) TO '{path}' (FORMAT csv, DELIMITER ' ', HEADER true, QUOTE '')
    """
    with duckdb.connect() as engine:
        engine.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = true")
        engine.execute(f"SET temp_directory = '{path.parent}'")
        engine.execute(sql)


def make_inventory() -> Inventory:
    """The cluster with its history: every address, ten pods one after the other."""
    from recommender.inventory.holdings import Holding
    from recommender.inventory.types import ContainerPort, Inventory, Workload
    from recommender.model.entities import Entity

    workloads = [Entity.workload("bench", "Deployment", f"w{i}") for i in range(_WORKLOADS)]
    begin = datetime.fromtimestamp(_BEGIN, UTC)
    holdings = []
    for block in range(_BLOCKS):
        for place in range(_WORKLOADS):
            number = block * _WORKLOADS + place
            ip = f"10.{64 + number // 65536}.{number // 256 % 256}.{number % 256}"
            first = block * 37 // _LIFE
            for k in range(_PODS):
                start = begin + timedelta(seconds=(first + k) * _LIFE - block * 37 + _GAP)
                end = start + timedelta(seconds=_LIFE - _GAP)
                entity = workloads[(place + first + k) % _WORKLOADS]
                holdings.append(Holding(ip, start, end, entity, f"{entity.name}-{number}-{k}"))
    ports = tuple(ContainerPort(_PORT + which) for which in range(_CALLS))
    return Inventory(
        workloads={
            entity: Workload(entity, (("app", entity.name),), ports=ports) for entity in workloads
        },
        complete=True,
        holdings=tuple(sorted(holdings, key=lambda held: held.order)),
    )


def scan(path: Path) -> dict[str, float]:
    """DuckDB's own scan of the same columns, which are counted."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _FIELDS.items())
    counts = ", ".join(f'count("{name}")' for name in _FIELDS)
    with duckdb.connect() as engine:
        engine.execute("SET threads = 2; SET preserve_insertion_order = false")
        begin, before = time.perf_counter(), time.process_time()
        engine.execute(f"""
            SELECT count(*), {counts} FROM read_csv('{path}', auto_detect = false, delim = ' ',
                quote = '', escape = '', header = true, nullstr = '-', columns = {{{columns}}})
        """).fetchall()
        return {
            "seconds": time.perf_counter() - begin,
            "processor": time.process_time() - before,
        }


def join(path: Path) -> dict[str, float]:
    """The whole way from the file and the history to edges, held against the truth."""
    # Loaded where they are needed, and not timed; Arrow loads pandas with its first array.
    import numpy as np  # noqa: F401
    import pandas as pd  # noqa: F401
    from pyarrow import compute, csv  # noqa: F401

    from recommender.connections import gathering  # noqa: F401 - loaded beside reading in a run
    from recommender.connections.edges import connect

    inventory = make_inventory()
    begin, before = time.perf_counter(), time.process_time()
    found = connect([path], inventory=inventory)
    seconds, processor = time.perf_counter() - begin, time.process_time() - before
    wrong = 0
    for edge in found.edges:
        if not (edge.client.is_workload and edge.server.is_workload):
            continue
        client, server = (int(end.name[1:]) for end in (edge.client, edge.server))
        wrong += (server - client) % _WORKLOADS != edge.port - _PORT + 1
    (account,) = found.accounting.files
    return {
        "seconds": seconds,
        "processor": processor,
        "edges": len(found.edges),
        "wrong": wrong,
        "records": account.records,
        "accepted": account.accepted,
        "intervals": len(inventory.holdings),
    }


def _child(task: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--task", task, "--log", str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _median(runs: list[dict[str, float]]) -> float:
    """Processor seconds of the median run."""
    return statistics.median(run["processor"] for run in runs)


def main() -> None:
    """Make the log where it is missing, measure in turn, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench-vpc")
    parser.add_argument("--task", choices=("scan", "join"), help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        answer = {"scan": scan, "join": join}[chosen.task](chosen.log)
        answer["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(answer))
        return
    chosen.folder.mkdir(parents=True, exist_ok=True)
    path = chosen.folder / f"aws-{chosen.rows}.log"
    if not path.exists():
        draft = path.with_suffix(".draft")
        make_log(draft, chosen.rows)
        draft.rename(path)
    scans, joins = [], []
    for _ in range(chosen.runs):
        scans.append(_child("scan", path))
        joins.append(_child("join", path))
    floor = statistics.median(run["seconds"] for run in scans)
    ours = statistics.median(run["seconds"] for run in joins)
    memory = max(run["memory"] for run in joins)
    last = joins[-1]
    print(f"rows                {last['records']:>14,.0f}   {path.stat().st_size / 1e6:,.0f} MB")
    print(f"intervals           {last['intervals']:>14,.0f}")
    print(f"scan                {floor:>14.2f} s   {_median(scans):.2f} processor seconds")
    print(f"join                {ours:>14.2f} s   {_median(joins):.2f} processor seconds")
    print(f"rows a second       {last['records'] / ours:>14,.0f}")
    print(f"times the scan      {ours / floor:>14.2f}   wanted: at most {MOST_TIMES_SCAN}")
    print(f"in processor seconds {_median(joins) / _median(scans):>13.2f}")
    print(f"peak memory         {memory / 1e6:>14,.0f} MB   wanted: below {MOST_MEMORY / 1e6:,.0f}")
    print(f"edges               {last['edges']:>14,.0f}   {last['wrong']:.0f} wrong")
    print(f"records of edges    {last['accepted']:>14,.0f}")


if __name__ == "__main__":
    main()
