"""Records that are drawn together column by column are the same edges as by SQL alone."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from connections.rows import (
    API_IP,
    CART,
    CART_IP,
    CART_SERVICE,
    DB,
    DB_IP,
    HEADER,
    NODE_IP,
    NOW,
    WEB,
    WEB_IP,
    at,
    cluster,
    row,
)

from recommender.connections.edges import connect
from recommender.connections.holders import hold
from recommender.connections.store import Store
from recommender.inventory.holdings import Holding
from recommender.sources import aws
from recommender.sources.options import AS_FOUND
from recommender.sources.scanning import cut_file
from recommender.sources.texts import PlainFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recommender.connections.drawing import Drawn
    from recommender.connections.types import Connections
    from recommender.inventory.types import Inventory

_SHARED_IP: Final = "10.0.3.3"
_SIX: Final = "fd00::7"


def known() -> Inventory:
    """The usual cluster, an address that passes from hand to hand, and a workload of many pods."""
    return cluster(
        *(
            Holding(
                _SHARED_IP,
                at(turn * 300),
                at(turn * 300 + 280),
                (WEB, CART, DB)[turn % 3],
                f"p{turn}",
            )
            for turn in range(12)
        ),
        *(Holding(f"10.0.4.{i}", None, None, WEB, f"web-{i}") for i in range(1, 40)),
        Holding(_SIX, None, None, DB, "db-0"),
    )


def line(chance: random.Random) -> str:
    """A record that is like one of a cloud, or odd in one way."""
    addresses = [WEB_IP, CART_IP, DB_IP, _SHARED_IP, _SIX, *(f"10.0.4.{i}" for i in range(1, 40))]
    strangers = [NODE_IP, API_IP, CART_SERVICE, "203.0.113.9", "10.77.0.1"]
    source, target = (
        chance.choice(strangers if chance.random() < 0.1 else addresses) for _ in range(2)
    )
    ports = [chance.choice((3000, 9090, 8080, 5432, 53)), chance.randrange(30000, 61000)]
    chance.shuffle(ports)
    start = NOW + chance.randrange(0, 3600)
    values = {
        "interface-id": f"eni-{chance.randrange(9)}",
        "srcaddr": chance.choice((source, NODE_IP)),
        "dstaddr": target,
        "srcport": ports[0],
        "dstport": ports[1],
        "protocol": chance.choice((6, 6, 6, 17, 132)),
        "packets": chance.randrange(0, 4),
        "bytes": chance.randrange(0, 1 << 33),
        "start": start,
        "end": start + chance.choice((0, 30, 59, 400)),
        "action": chance.choice(("ACCEPT", "ACCEPT", "ACCEPT", "REJECT")),
        "log-status": "OK",
        "tcp-flags": chance.choice((0, 1, 2, 3, 4, 16, 18, 19, 24)),
        "pkt-srcaddr": source,
        "pkt-dstaddr": target,
        "flow-direction": chance.choice(("ingress", "egress")),
    }
    if chance.random() < 0.1:
        odd = {
            "interface-id": "-",
            "srcport": 0,
            "dstport": chance.choice((0, "-")),
            "protocol": chance.choice((1, 47, "-")),
            "packets": "-",
            "bytes": "-",
            "start": chance.choice((1, "-")),
            "end": "-",
            "action": "-",
            "tcp-flags": "-",
        }
        name = chance.choice(list(odd))
        values[name] = odd[name]
    if chance.random() < 0.02:
        kept = ("interface-id", "start", "end")
        values = {name: values[name] if name in kept else "-" for name in values}
        values["log-status"] = chance.choice(("NODATA", "SKIPDATA"))
    return " ".join(str(value) for value in values.values())


def in_text(lines: list[str], folder: Path) -> Path:
    """The log as text."""
    path = folder / "aws.log"
    path.write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
    return path


def in_json(lines: list[str], folder: Path) -> Path:
    """The same log as JSON, which is read by SQL."""
    path = folder / "aws.jsonl"
    rows = [json.dumps(dict(zip(HEADER.split(), one.split(), strict=True))) for one in lines]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def drawn(path: Path) -> Drawn | None:
    """What the first block of a log is drawn to."""
    head = path.read_bytes().split(b"\n")[:100]
    layout = aws.recognise(head, AS_FOUND)
    (block,) = cut_file(path.name, PlainFile(str(path)), 0)
    with Store() as store:
        drawer = hold(store.connection, known()).drawer
        assert layout is not None
        assert drawer is not None
        return drawer.draw(store.connection, layout, block)


def told(found: Connections) -> tuple[object, ...]:
    """What edges say, but for the records that stand for them; and the accounting."""
    edges = [replace(edge, samples=()) for edge in found.edges]
    files = found.accounting.files
    aside, malformed = Counter[str](), Counter[str]()
    for account in files:
        aside.update(account.set_aside)
        malformed.update(account.malformed)
    accepted = sum(account.accepted for account in files)
    return edges, accepted, aside, malformed, found.observed, found.presence, found.inventory


@pytest.mark.parametrize("seed", range(6))
def test_the_edges_are_those_of_sql(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a log by seed
    lines = [line(chance) for _ in range(1500)]
    text, rows = in_text(lines, tmp_path), in_json(lines, tmp_path)
    found = drawn(text)
    assert found is not None
    assert 0 < found.left < len(lines)
    by_column, by_sql = (connect([path], inventory=known()) for path in (text, rows))
    assert told(by_column) == told(by_sql)


def test_order_and_cuts_change_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - a log by seed
    lines = [line(chance) for _ in range(600)]
    whole = connect([in_text(lines, tmp_path)], inventory=known())
    chance.shuffle(lines)
    folder = tmp_path / "parts"
    for number in range(20):
        part = folder / str(number)
        part.mkdir(parents=True)
        in_text(lines[number::20], part)
    parts = connect([folder], inventory=known())

    assert told(parts) == told(whole)


def test_a_packed_log_is_the_same(tmp_path: Path) -> None:
    chance = random.Random(8)  # noqa: S311 - a log by seed
    path = in_text([line(chance) for _ in range(400)], tmp_path)
    packed = tmp_path / "packed.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert told(connect([packed], inventory=known())) == told(connect([path], inventory=known()))


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "eni-1 10.0.0.1",
        " ".join(["x"] * 16),
        HEADER,
        row("-", CART_IP, 40000, 9090),
        row(WEB_IP, CART_IP, 40000, 9090, action="MAYBE"),
    ],
)
def test_what_columns_do_not_say_is_left_to_sql(tmp_path: Path, odd: str) -> None:
    chance = random.Random(3)  # noqa: S311 - a log by seed
    lines = [line(chance) for _ in range(50)]
    assert drawn(in_text(lines, tmp_path)) is not None
    assert drawn(in_text([*lines[:20], odd, *lines[20:]], tmp_path)) is None


@pytest.mark.parametrize("write", [in_text, in_json])
def test_a_workload_of_very_many_pods_is_counted(
    tmp_path: Path, write: Callable[[list[str], Path], Path]
) -> None:
    ips = [f"10.0.{16 + i // 250}.{i % 250}" for i in range(2100)]
    holdings = (Holding(ip, None, None, WEB, f"web-{i}") for i, ip in enumerate(ips))
    lines = [row(ip, CART_IP, 40000, 9090, flags=2) for ip in ips for _ in range(2)]
    (edge,) = connect([write(lines, tmp_path)], inventory=cluster(*holdings)).edges
    assert (edge.client_pods, edge.server_pods, edge.records) == (2100, 1, 4200)


def test_pods_are_counted_once_in_records_that_were_drawn_and_others(tmp_path: Path) -> None:
    ips = [f"10.0.4.{i}" for i in range(1, 31)]
    lines = [row(ip, CART_IP, 40000, 9090, flags=2) for ip in ips[:20]]
    # Without a way the record keeps its pods.
    lines += [row(ip, CART_IP, 40000, 9090, flags=2, way="-") for ip in ips[10:]]
    (edge,) = connect([in_text(lines, tmp_path)], inventory=known()).edges
    assert (edge.client_pods, edge.server_pods, edge.records) == (30, 1, 40)
