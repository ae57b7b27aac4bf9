"""Logs in the object stores of clouds, read over HTTP from a server that the test starts."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from connections.records import CART, WEB, talk, text, wrapped
from moto.server import ThreadedMotoServer
from sources import object_stores

from recommender.connections.edges import connect
from recommender.model.errors import InputError, PartialInputError
from recommender.sources import fetching
from recommender.sources.discovery import InputFile, find_inputs
from recommender.sources.reader import FileEnd, read_parts
from recommender.sources.streams import read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

FLOWS = [flow for at in range(40000, 40003) for flow in talk(WEB, CART, at=at)]
LINES = text(map(wrapped, FLOWS))
HALF = LINES.index(b"\n", len(LINES) // 2) + 1
#: What must never be seen again: names that no other text has.
KEY, SECRET, TOKEN = (
    "AKIACANARYKEYCANARY0",
    "canary/secret+Sentinel0123456789abcdefghi",
    "canarytoken42",
)
CLOSED = "http://127.0.0.1:9"


def environment(endpoint: str) -> dict[str, str]:
    """Variables of the chain that every tool of AWS follows, and none from outside the test."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server on this machine."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket called ``logs``."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    found = boto3.resource("s3").create_bucket(Bucket="logs")
    yield found
    found.objects.delete()
    found.delete()


def put(bucket: Any, **objects: bytes) -> None:  # noqa: ANN401 - boto3 has no types
    for key, body in objects.items():
        bucket.put_object(Key=key, Body=body)


def edges(*paths: str | Path) -> list[tuple[object, ...]]:
    connections = connect(paths)
    return [(edge.client.id, edge.server.id, edge.port, edge.flows) for edge in connections.edges]


@pytest.mark.parametrize(
    "url",
    [
        "s3://logs/2026/a.log",
        "s3a://logs/2026/a.log",
        "s3://logs/2026",
        "s3://logs",
        "s3://logs/**/a.log",
    ],
)
def test_an_object_a_prefix_and_a_pattern_are_read_like_files(
    bucket: Any,  # noqa: ANN401 - boto3 has no types
    tmp_path: Path,
    url: str,
) -> None:
    put(bucket, **{"2026/a.log": LINES})
    path = tmp_path / "flows.log"
    path.write_bytes(LINES)
    assert edges(url) == edges(path)


def test_packed_objects_of_a_prefix_are_one_log(bucket: Any, tmp_path: Path) -> None:  # noqa: ANN401
    put(
        bucket,
        **{
            "AWSLogs/1/a.log.gz": gzip.compress(LINES[:HALF]),
            "AWSLogs/2/b.jsonl": LINES[HALF:],
            "AWSLogs/2/picture.png": b"\x89PNG",
        },
    )
    path = tmp_path / "flows.log"
    path.write_bytes(LINES)
    assert edges("s3://logs/AWSLogs/") == edges(path)
    names = [item.name for item in find_inputs(["s3://logs/AWSLogs/", "s3://logs/AWSLogs/*/a*"])]
    assert names == ["s3://logs/AWSLogs/1/a.log.gz", "s3://logs/AWSLogs/2/b.jsonl"]


def test_tables_of_a_bucket_are_read_in_their_partitions(bucket: Any) -> None:  # noqa: ANN401
    rows = [{"srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2", "dstport": 8080, "action": "ACCEPT"}]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows * 3), out)
    table, day = out.getvalue(), "AWSLogs/aws-account-id=1/aws-region=eu-central-1/year=2026/day="
    put(
        bucket,
        **{
            f"{day}01/a.log.parquet": table,
            f"{day}02/a.log.parquet.gz": gzip.compress(table),
            "cut.parquet": table[:-9],
        },
    )
    for url in ("s3://logs/AWSLogs/", "s3://logs/AWSLogs/**/year=2026/day=*/*"):
        found = connect([url]).accounting.files
        assert [(item.format, item.records) for item in found] == [("aws", 3), ("aws", 3)]
    # A table that is too large to be fetched as a whole is read where it lies.
    (single,) = connect([f"s3://logs/{day}01/a.log.parquet"]).accounting.files
    assert single.records == 3
    (packed,) = connect([f"s3://logs/{day}02/a.log.parquet.gz"]).accounting.files
    assert packed.records == 3
    (cut,) = connect(["s3://logs/cut.parquet"]).accounting.files
    assert not cut.complete


@pytest.mark.parametrize(
    "url",
    [
        "s3://logs/nothing.log",
        "s3://logs/nothing/",
        "s3://logs/*.gz",
        "s3://no-such-bucket/a.log",
        "s3://logs/only",
    ],
)
def test_what_is_not_there_is_said_with_its_place(bucket: Any, url: str) -> None:  # noqa: ANN401
    put(bucket, **{"only/picture.png": b"\x89PNG"})
    with pytest.raises(InputError) as caught:
        find_inputs([url])
    assert caught.value.where == url


def test_an_object_that_changes_while_it_is_read_is_partial(bucket: Any) -> None:  # noqa: ANN401
    line = LINES.partition(b"\n")[0] + b"\n"
    put(bucket, **{"large.log": line * (24_000_000 // len(line))})
    chunks = read_bytes(InputFile("s3://logs/large.log", "s3://logs/large.log", named=True))
    first = next(chunks)
    put(bucket, **{"large.log": LINES})
    rest: list[bytes] = []
    with pytest.raises(PartialInputError) as caught:
        rest.extend(chunks)
    assert caught.value.where == "s3://logs/large.log"
    # Nothing but a block or two was fetched ahead.
    assert len(first) + sum(map(len, rest)) <= 16 << 20


def test_a_packed_object_that_ends_early_is_partial(bucket: Any) -> None:  # noqa: ANN401
    put(bucket, **{"cut.log.gz": gzip.compress(LINES)[:-20]})
    connections = connect(["s3://logs/cut.log.gz"])
    (account,) = connections.accounting.files
    assert account.file == "s3://logs/cut.log.gz"
    assert "ends early" in account.problem


@pytest.mark.parametrize(
    ("store", "scheme"), [(object_stores.google, "gs"), (object_stores.azure, "az")]
)
def test_other_stores_are_read_in_the_same_way(
    store: Callable[[dict[str, bytes]], AbstractContextManager[dict[str, str]]],
    scheme: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "flows.log"
    path.write_bytes(LINES)
    packed = {"a/1.log.gz": gzip.compress(LINES[:HALF]), "a/2.jsonl": LINES[HALF:]}
    with store(packed | {"a/picture.png": b"", "b/3.log": b"{}"}) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for place in ("a/", "a", "a/*"):
            assert edges(f"{scheme}://logs/{place}") == edges(path), place
        (single,) = find_inputs([f"{scheme}://logs/a/2.jsonl"])
        assert single.named
        with pytest.raises(InputError) as caught:
            find_inputs([f"{scheme}://logs/nothing.log"])
    assert object_stores.KEY not in str(caught.value)


MANY = {f"many/{number:02}.log": LINES for number in range(12)}


@contextmanager
def _many_of_amazon(
    server: str,
    bucket: Any,  # noqa: ANN401 - boto3 has no types
    gate: object_stores.Gate,
) -> Iterator[dict[str, str]]:
    put(bucket, **MANY)
    with object_stores.door(server, gate) as address:
        yield {"AWS_ENDPOINT_URL": address}


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_small_objects_are_fetched_side_by_side_and_stay_in_their_order(
    bucket: Any,  # noqa: ANN401 - boto3 has no types
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    gate = object_stores.Gate(wanted=4)
    stores = {
        "s3": lambda: _many_of_amazon(server, bucket, gate),
        "gs": lambda: object_stores.google(MANY, gate),
        "az": lambda: object_stores.azure(MANY, gate),
    }
    with stores[scheme]() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        found = connect([f"{scheme}://logs/many/"])
    assert [account.file for account in found.accounting.files] == [
        f"{scheme}://logs/{name}" for name in sorted(MANY)
    ]
    assert {account.records for account in found.accounting.files} == {len(FLOWS)}
    # Each is asked for once, and four at a time have been.
    assert (gate.asked, gate.most >= 4) == (len(MANY), True)


def test_no_more_is_fetched_ahead_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "AHEAD", 3 * len(LINES))
    gate = object_stores.Gate()
    with object_stores.google(MANY, gate) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        files = find_inputs(["gs://logs/many/"])
        with fetching.Fetcher(files) as fetcher:
            for taken, file in enumerate(files, 1):
                assert fetcher.take(file) == LINES
                assert gate.asked <= taken + 3
    assert gate.asked == len(MANY)


def test_an_object_that_is_gone_when_it_is_read_is_missing_from_the_log_and_said(
    bucket: Any,  # noqa: ANN401 - boto3 has no types
) -> None:
    put(bucket, **MANY)
    files = find_inputs(["s3://logs/many/"])
    bucket.Object("many/05.log").delete()
    ends = [part.part for part in read_parts(files) if isinstance(part.part, FileEnd)]
    assert [str(end.problem) for end in ends if end.problem] == [
        "s3://logs/many/05.log: no such object or bucket (check the bucket and path)"
    ]
    assert len(ends) == len(MANY)


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("s3://logs/a.log", "s3fs", "aws"),
        ("gs://logs/a.log", "gcsfs", "gcp"),
        ("az://logs/a.log", "adlfs", "azure"),
        ("abfs://logs@account.dfs.core.windows.net/a.log", "adlfs", "azure"),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    url: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=package) as caught:
        find_inputs([url])
    assert f"recommender[{extra}]" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        f"s3://{KEY}:{SECRET}@logs/a.log",
        f"az://logs/a.log?sv=2024&sig={TOKEN}",
        f"gs://logs/a.log?X-Goog-Signature={TOKEN}",
        f"https://logs.s3.amazonaws.com/a.log?X-Amz-Signature={TOKEN}",
    ],
)
def test_a_credential_in_a_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InputError) as caught:
        find_inputs([url])
    assert not [secret for secret in (KEY, SECRET, TOKEN) if secret in str(caught.value)]


#: Commands one after the other in one process, each with its exit code behind what it says.
_ONE_BY_ONE = """
import json, os, sys
from recommender.cli.app import main
for told in json.loads(sys.argv[1]):
    os.environ["AWS_ENDPOINT_URL"] = told["endpoint"]
    code = main(told["arguments"])
    for stream in (sys.stdout, sys.stderr):
        print("=== exit", code, file=stream, flush=True)
"""


def run(*commands: tuple[str, list[str]], **changed: str) -> list[tuple[int, str, str]]:
    """Run commands, each against its endpoint; exit code, standard output and error of each."""
    told = [{"endpoint": endpoint, "arguments": arguments} for endpoint, arguments in commands]
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", _ONE_BY_ONE, json.dumps(told)],
        env=inherited | environment(CLOSED) | changed,
        capture_output=True,
        text=True,
        check=True,
    )
    said = [re.split(r"=== exit (\d+)\n", stream) for stream in (done.stdout, done.stderr)]
    codes = list(map(int, said[0][1::2]))
    # What is said at the very end is the last command's.
    return list(
        zip(codes, *([*texts[:-3:2], texts[-3] + texts[-1]] for texts in said), strict=True)
    )


def test_secrets_reach_no_log_error_or_report(
    bucket: Any,  # noqa: ANN401 - boto3 has no types
    server: str,
    tmp_path: Path,
) -> None:
    put(bucket, **{"a.log": LINES, "cut.log.gz": gzip.compress(LINES)[:-20]})
    urls = {"good": "a.log", "cut": "cut.log.gz", "none": "none.log", "closed": "a.log"}
    endpoints = dict.fromkeys(urls, server) | {"closed": CLOSED}
    good, *bad = run(
        *(
            (endpoints[name], ["recommend", f"s3://logs/{key}", "-d", str(tmp_path / name)])
            for name, key in urls.items()
        )
    )
    assert [code for code, _, _ in (good, *bad)] == [0, 3, 3, 3], good
    assert json.loads((tmp_path / "good/report.json").read_text())["inputs"]
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    said = [stream for _, *streams in (good, *bad) for stream in streams]
    for secret in (KEY, SECRET, TOKEN):
        assert not [shown for shown in (*written, *said) if secret in shown]
    for _, _, error in bad:
        assert "Traceback" not in error
        assert len(error.strip().splitlines()) == 1


def _said_by_amazon(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{TOKEN}</Message></Error>".encode()


@pytest.mark.parametrize(
    ("scheme", "code", "body", "message"),
    [
        ("s3", 400, _said_by_amazon("ExpiredToken"), "has expired"),
        ("s3", 403, _said_by_amazon("AccessDenied"), "does not let you read it"),
        ("s3", 403, _said_by_amazon("InvalidObjectState"), "in an archive"),
        ("gs", 403, f'{{"error": {{"code": 403, "message": "{TOKEN}"}}}}'.encode(), "does not let"),
        ("az", 403, _said_by_amazon("AuthenticationFailed"), "does not let you read it"),
    ],
)
def test_who_or_what_is_refused_is_said_with_what_to_do(
    scheme: str, code: int, body: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_stores.refusal(scheme, code, body) as variables:
        for name, value in (environment(CLOSED) | variables).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(InputError, match=message) as caught:
            find_inputs([f"{scheme}://logs/a/"])
    assert ("restore" if "archive" in message else "log in") in caught.value.hint
    assert TOKEN not in str(caught.value)


def test_without_credentials_the_error_says_how_to_log_in(server: str, tmp_path: Path) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    command = ["recommend", "s3://logs/a.log", "-d", str(tmp_path)]
    ((code, _, error),) = run((server, command), **nobody)
    assert code == 3
    assert "log in first: aws" in error
