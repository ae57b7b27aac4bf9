"""Times the forms in which one AWS flow log may lie, and small objects of a bucket.

    python benchmarks/reading.py                     1,000,000 rows, 400 objects
    python benchmarks/reading.py --rows 200000       smaller

* forms: the same rows as text, packed with gzip and zstd, and as Parquet, each read to edges with a
  history of 200,000 intervals, in a process of its own; processor seconds against those of text
* objects: a prefix of small objects behind a server that takes 20 ms for each answer, fetched one
  after another and side by side; seconds of the second against those of the first
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import duckdb
from vpc import make_inventory, make_log

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMS: Final = {
    "text": ".log",
    "gzip": ".log.gz",
    "zstd": ".log.zst",
    "Parquet": ".parquet",
    "Parquet in zstd": ".parquet.zst",
}
_DELAY: Final = 0.02
_LINES: Final = 200


def make_forms(folder: Path, rows: int) -> dict[str, Path]:
    """Write the same rows in every form."""
    import zstandard

    paths = {form: folder / f"aws-{rows}{ending}" for form, ending in _FORMS.items()}
    text, table = paths["text"], paths["Parquet"]
    if all(path.exists() for path in paths.values()):
        return paths
    make_log(text, rows)
    paths["gzip"].write_bytes(gzip.compress(text.read_bytes(), 6, mtime=0))
    paths["zstd"].write_bytes(zstandard.compress(text.read_bytes()))
    with duckdb.connect() as engine:
        read = f"read_csv('{text}', delim = ' ', header = true, auto_detect = true)"
        names = [row[0] for row in engine.execute(f"DESCRIBE FROM {read}").fetchall()]
        # AWS writes underscores in tables.
        columns = ", ".join(f'"{name}" AS "{name.replace("-", "_")}"' for name in names)
        chosen = f"SELECT {columns} FROM {read}"
        engine.execute(f"COPY ({chosen}) TO '{table}' (FORMAT parquet, COMPRESSION gzip)")
    paths["Parquet in zstd"].write_bytes(zstandard.compress(table.read_bytes()))
    return paths


def read(path: str) -> dict[str, float]:
    """From a file to edges, with the history of the cluster."""
    from recommender.connections.edges import connect

    inventory = make_inventory()
    begin = time.process_time()
    found = connect([path], inventory=inventory)
    seconds = time.process_time() - begin
    records = sum(account.records for account in found.accounting.files)
    return {"seconds": seconds, "edges": len(found.edges), "records": records}


class _Slow(BaseHTTPRequestHandler):
    """Hands requests on, each after a while."""

    protocol_version = "HTTP/1.1"
    behind: ClassVar[str] = ""

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """One request."""
        time.sleep(_DELAY)
        line = HTTPConnection(self.behind)
        line.request(self.command, self.path, headers=dict(self.headers))
        answer = line.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        # Who has what it wants may leave before the rest.
        with suppress(ConnectionError):
            self.wfile.write(body)
        line.close()

    def do_HEAD(self) -> None:
        """One request."""
        self.do_GET()


@contextmanager
def slow_bucket(objects: int) -> Iterator[str]:
    """A bucket ``logs`` with so many small objects, behind a slow line; gives its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = "nobody"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    bucket = boto3.resource("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="logs")
    row = "2 1 eni-1 10.0.0.1 10.0.0.2 41000 443 6 5 840 1700000000 1700000059 ACCEPT OK\n"
    for number in range(objects):
        bucket.put_object(Key=f"a/{number:05}.log.gz", Body=gzip.compress((row * _LINES).encode()))
    handler = type("Handler", (_Slow,), {"behind": f"{host}:{port}"})
    line = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=line.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{line.server_port}"
    line.shutdown()
    server.stop()


def fetch(at_a_time: str) -> dict[str, float]:
    """All objects of the bucket, so many at a time."""
    from recommender.sources import fetching
    from recommender.sources.discovery import find_inputs
    from recommender.sources.reader import read_parts

    # What is compared is a constant of the package, which nobody but a benchmark changes.
    fetching.AT_A_TIME = int(at_a_time)  # type: ignore[misc]
    files = find_inputs(["s3://logs/a/"])
    begin = time.perf_counter()
    lines = sum(getattr(part.part, "lines", None) or 0 for part in read_parts(files))
    return {"seconds": time.perf_counter() - begin, "lines": lines}


def _child(task: str, subject: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--task", task, "--subject", subject]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Make what is missing, measure in turn, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench-reading"
    )
    parser.add_argument("--task", choices=("read", "fetch"), help=argparse.SUPPRESS)
    parser.add_argument("--subject", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        print(json.dumps({"read": read, "fetch": fetch}[chosen.task](chosen.subject)))
        return
    chosen.folder.mkdir(parents=True, exist_ok=True)
    paths = make_forms(chosen.folder, chosen.rows)
    runs = [
        {form: _child("read", str(path)) for form, path in paths.items()}
        for _ in range(chosen.runs)
    ]
    floor = statistics.median(run["text"]["seconds"] for run in runs)
    for form, path in paths.items():
        seconds = statistics.median(run[form]["seconds"] for run in runs)
        size = path.stat().st_size / 1e6
        edges = runs[-1][form]["edges"]
        times = seconds / floor
        print(f"{form:<16} {size:>8,.1f} MB {seconds:>7.2f} s {times:>6.2f}  {edges:.0f} edges")
    with slow_bucket(chosen.objects) as address:
        os.environ["AWS_ENDPOINT_URL"] = address
        pairs = [(_child("fetch", "1"), _child("fetch", "8")) for _ in range(chosen.runs)]
    one = statistics.median(first["seconds"] for first, _ in pairs)
    eight = statistics.median(second["seconds"] for _, second in pairs)
    print(f"{chosen.objects} objects: {one:.2f} s one after another, {eight:.2f} s side by side")
    print(f"times as fast    {one / eight:>8.2f}   {pairs[-1][1]['lines']:.0f} lines")


if __name__ == "__main__":
    main()
