"""Any order of the lines, and any split into files, gives the same edges."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from connections.records import (
    CART,
    WEB,
    WORLD,
    End,
    flow,
    pod,
    reply,
    reserved,
    talk,
    text,
    verdict,
    wrapped,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.connections.edges import connect
from recommender.connections.places import _merge
from recommender.sources.options import ReplyFlag

if TYPE_CHECKING:
    from recommender.connections.types import Connections
    from recommender.model.edges import Edge

TWIN = pod("shop", "cart-7c9d4b5f66-b2b7k", "10.0.2.21", "app=cart")
NAMELESS = pod("shop", "", WEB.ip, "app=web").but(pod_name=None)
ENDS = [
    WEB,
    WEB.local("Deployment", "web"),
    CART,
    CART.local("Deployment", "cart"),
    TWIN,
    NAMELESS,
    WORLD,
    reserved("203.0.113.7", "world", also=["fqdn:api.example"]),
    reserved("203.0.113.8", "world", also=["fqdn:api.example"]),
    reserved("10.0.0.1", "host"),
    reserved("10.0.0.1", "remote-node"),
    reserved("10.0.0.2", "host", "kube-apiserver"),
    End(CART.ip, {}),
]
TIMES = ["2026-03-02T10:00:00Z", "2026-03-02T11:30:00.9Z", "2026-03-03T00:00:00Z", None]
HIDDEN: dict[str, Any] = {
    "traffic_direction": None,
    "is_reply": None,
    "trace_observation_point": "TO_OVERLAY",
}


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Packets of a few connections, in whatever dialect."""
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 6))):
        client, server = draw(st.sampled_from(ENDS)), draw(st.sampled_from(ENDS))
        port, at = draw(st.sampled_from([53, 8080, 40001])), draw(st.sampled_from([40000, 40001]))
        about: dict[str, Any] = {
            "time": draw(st.sampled_from(TIMES)),
            "node_name": draw(st.sampled_from(["a", "b"])),
            "traffic_direction": draw(st.sampled_from(["INGRESS", "EGRESS"])),
        }
        kind = draw(st.sampled_from(["talk", "liar", "verdict", "hidden", "udp", "sum", "old"]))
        if kind == "talk":
            found += talk(client, server, port, at=at, **about)
        elif kind == "liar":
            lines = talk(client, server, port, at=at, **about)
            found += [{**line, "is_reply": False} for line in lines]
        elif kind == "verdict":
            word = draw(st.sampled_from(["DROPPED", "AUDIT", "FORWARDED"]))
            found.append(verdict(client, server, word, port, at=at, **about))
        elif kind == "hidden":
            flags = draw(st.sampled_from(["S", "A", "SA", "RA"]))
            found.append(flow(client, server, port, at=at, flags=flags, **{**about, **HIDDEN}))
        elif kind == "udp":
            l4 = draw(st.sampled_from(["UDP", "SCTP"]))
            found.append(flow(client, server, port, at=at, l4=l4, **about, is_reply=None))
        elif kind == "sum":
            counts = {"ingress_flow_count": draw(st.integers(0, 9))}
            found.append(flow(client, server, port, at=at, aggregate=counts, **about))
        else:
            about["is_reply"] = None
            found.append(flow(client, server, port, at=at, **about))
            found.append(reply(client, server, port, at=at, **about, reply=True))
    return found


def told(found: Connections) -> tuple[object, ...]:
    """Everything but the samples, which point into the files."""
    edges = [replace(edge, samples=()) for edge in found.edges]
    account = found.accounting
    counts = (account.records, account.accepted, account.set_aside)
    return edges, found.inventory, found.observed, counts, found.findings


@settings(max_examples=15)
@given(records(), st.randoms(use_true_random=False), st.sampled_from(list(ReplyFlag)))
def test_order_and_split_change_nothing(
    lines: list[dict[str, Any]],
    dice: Any,  # noqa: ANN401 - a random.Random
    flag: ReplyFlag,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole.log"
        whole.write_bytes(text(map(wrapped, lines)))
        expected = told(connect([whole], reply_flag=flag))
        shuffled = list(lines)
        dice.shuffle(shuffled)
        count = dice.randint(1, 3)
        folder = Path(name) / "parts"
        folder.mkdir()
        for part in range(count):
            share = shuffled[part::count]
            if share:
                (folder / f"{part}.log").write_bytes(text(map(wrapped, share)))
        assert told(connect([folder], reply_flag=flag)) == expected


def edges_of_one_key() -> list[Edge]:
    ends = [reserved(f"203.0.113.{i}", "world", also=["fqdn:cdn.example"]) for i in range(3)]
    lines = [
        flow(WEB, ends[0], 443, at=41000, time=TIMES[0]),
        flow(WEB, ends[1], 443, at=41001, time=TIMES[1]),
        flow(WEB, ends[2], 443, at=41002, time=None),
    ]
    with tempfile.TemporaryDirectory() as name:
        parts: list[Edge] = []
        for number, line in enumerate(lines):
            log = Path(name) / f"{number}.log"
            log.write_bytes(text([wrapped(line)]))
            parts.extend(connect([log]).edges)
    return parts


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_merging_edges_is_associative_and_commutative(order: tuple[int, ...]) -> None:
    parts = edges_of_one_key()
    a, b, c = (parts[i] for i in order)
    whole = _merge(parts)
    assert _merge([_merge([a, b]), c]) == whole
    assert _merge([a, _merge([b, c])]) == whole
