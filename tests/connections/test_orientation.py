"""Who opened a connection, by every kind of evidence that a log can give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from connections.records import CART, WEB, WORLD, flow, ids, pod, read, reply, talk, verdict

from recommender.connections import marks
from recommender.sources.options import ReplyFlag

if TYPE_CHECKING:
    from pathlib import Path

WEB_CART = ["shop/Deployment/web -> shop/Deployment/cart TCP/8080"]


def test_reply_flag_turns_a_packet_around(tmp_path: Path) -> None:
    assert ids(read(tmp_path, reply(WEB, CART, flags="A"))) == WEB_CART


def test_policy_verdict_falls_on_the_opener_whatever_the_ports(tmp_path: Path) -> None:
    denied = verdict(WEB, CART, "DROPPED", 50000, at=80)
    assert ids(read(tmp_path, denied)) == [
        "shop/Deployment/web -> shop/Deployment/cart TCP/50000 [denied]",
    ]


def test_denied_answer_of_a_forgotten_connection_blames_the_client(tmp_path: Path) -> None:
    denied = verdict(CART, WEB, "DROPPED", 40000, at=8080, flags="SA")
    assert ids(read(tmp_path, denied)) == [f"{WEB_CART[0]} [denied]"]


@pytest.mark.parametrize("flags", ["A", "PA", "FA"])
def test_handshake_of_the_same_connection_orients_later_packets(
    tmp_path: Path,
    flags: str,
) -> None:
    unknown: dict[str, Any] = {"is_reply": None, "traffic_direction": None}
    found = read(
        tmp_path,
        flow(WEB, CART, 50000, at=45000, flags="S", **unknown),
        flow(CART, WEB, 45000, at=50000, flags=flags, **unknown),
    )
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/50000"]
    assert marks.DIRECTION_INFERRED not in found.edges[0].marks


def test_syn_ack_without_reply_flag_comes_from_the_server(tmp_path: Path) -> None:
    found = read(tmp_path, flow(CART, WEB, 45000, at=50000, flags="SA", is_reply=None))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/50000"]


def test_port_that_is_known_to_listen_orients_another_connection(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        *talk(WEB, CART, 50000, at=33000),
        flow(CART, WEB, 61000, at=50000, l4="TCP", flags="A", is_reply=None),
    )
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/50000"]
    assert marks.DIRECTION_INFERRED in found.edges[0].marks


def test_port_with_several_counterparts_listens(tmp_path: Path) -> None:
    unknown: dict[str, Any] = {"is_reply": None, "l4": "UDP"}
    found = read(
        tmp_path,
        flow(CART, WEB, 41000, at=42000, **unknown),
        flow(CART, WEB, 43000, at=42000, **unknown),
    )
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart UDP/42000"]
    assert found.edges[0].marks == (marks.DIRECTION_INFERRED,)


def test_class_of_the_ports_is_the_last_resort(tmp_path: Path) -> None:
    found = read(tmp_path, flow(CART, WEB, 41000, at=53, l4="UDP", is_reply=None))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart UDP/53"]
    assert found.edges[0].marks == (marks.DIRECTION_INFERRED,)


def test_what_nothing_tells_is_set_aside_and_makes_no_edge(tmp_path: Path) -> None:
    found = read(tmp_path, flow(CART, WEB, 41000, at=42000, l4="UDP", is_reply=None))
    assert ids(found) == []
    assert found.accounting.set_aside == {"direction-undecided": 1}


def test_trace_reason_tells_where_the_flag_is_masked(tmp_path: Path) -> None:
    unknown: dict[str, Any] = {"is_reply": None, "l4": "UDP", "at": 42000}
    found = read(
        tmp_path,
        flow(WEB, CART, 41000, **unknown, trace_reason="NEW"),
        flow(CART, WEB, 42000, l4="UDP", at=41000, is_reply=None, trace_reason="REPLY"),
    )
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart UDP/41000"]


def test_old_captures_say_reply_only_where_it_is_one(tmp_path: Path) -> None:
    old: dict[str, Any] = {"is_reply": None, "flags": "A"}
    found = read(
        tmp_path,
        flow(WEB, CART, 50000, at=45000, **old),
        flow(CART, WEB, 45000, at=50000, reply=True, **old),
        # Without its other half: no flag means that it is no reply.
        flow(CART, WEB, 47000, at=48000, **old),
    )
    assert ids(found) == [
        "shop/Deployment/cart -> shop/Deployment/web TCP/47000",
        "shop/Deployment/web -> shop/Deployment/cart TCP/50000",
    ]
    assert not any(edge.marks for edge in found.edges)


@pytest.mark.parametrize(
    ("l4", "request_type", "reply_type", "name"),
    [("ICMPv4", 8, 0, "ICMP"), ("ICMPv6", 128, 129, "ICMPv6")],
)
def test_icmp_types_tell_request_from_reply(
    tmp_path: Path,
    l4: str,
    request_type: int,
    reply_type: int,
    name: str,
) -> None:
    found = read(
        tmp_path,
        flow(WEB, CART, request_type, l4=l4, is_reply=None),
        flow(CART, WEB, reply_type, l4=l4, is_reply=None),
    )
    assert ids(found) == [f"shop/Deployment/web -> shop/Deployment/cart {name}/0"]
    assert found.edges[0].records == 2


def test_icmp_that_is_neither_request_nor_reply_is_not_turned_around(tmp_path: Path) -> None:
    redirect = flow(WEB, CART, 135, l4="ICMPv6", is_reply=None, traffic_direction=None)
    assert read(tmp_path, redirect).accounting.set_aside == {"direction-undecided": 1}


def retina(*flows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**record, "is_reply": False} for record in flows]


def test_flag_that_is_false_on_a_handshake_answer_is_not_believed(tmp_path: Path) -> None:
    found = read(tmp_path, *retina(*talk(WEB, CART, 50000)))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart TCP/50000"]
    assert not found.reply_flag_trusted


def test_flag_that_is_false_both_ways_is_not_believed_without_handshakes(tmp_path: Path) -> None:
    both = [flow(WEB, CART, 53, l4="UDP"), reply(WEB, CART, 53, l4="UDP")]
    found = read(tmp_path, *retina(*both))
    assert ids(found) == ["shop/Deployment/web -> shop/Deployment/cart UDP/53"]
    assert not found.reply_flag_trusted


def test_honest_flag_is_believed_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, *talk(WEB, CART), flow(WEB, WORLD, 443)).reply_flag_trusted


def test_ignore_does_not_even_believe_an_honest_flag(tmp_path: Path) -> None:
    wrong = flow(CART, WEB, 45000, at=443, flags="A", is_reply=False)
    trusting = read(tmp_path, wrong, reply_flag=ReplyFlag.TRUST)
    assert ids(trusting) == ["shop/Deployment/cart -> shop/Deployment/web TCP/45000"]
    ignoring = read(tmp_path, wrong, reply_flag=ReplyFlag.IGNORE)
    assert ids(ignoring) == ["shop/Deployment/web -> shop/Deployment/cart TCP/443"]
    assert not ignoring.reply_flag_trusted


@pytest.mark.parametrize("flag", list(ReplyFlag))
def test_no_flag_makes_the_answer_to_a_handshake_an_opener(
    tmp_path: Path,
    flag: ReplyFlag,
) -> None:
    db = pod("data", "db-0", "10.0.3.30")
    honest = [line for at in range(41000, 41005) for line in talk(WEB, CART, at=at)]
    found = read(tmp_path, *honest, *retina(*talk(WEB, db, 5432)[:2]), reply_flag=flag)
    assert ids(found) == [
        "shop/Deployment/web -> data/StatefulSet/db TCP/5432",
        *WEB_CART,
    ]
