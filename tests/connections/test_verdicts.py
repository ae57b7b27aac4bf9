"""What became of a connection, and that each one counts once however often it was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from connections.records import (
    CART,
    TIME,
    WEB,
    WORLD,
    flow,
    ids,
    pod,
    read,
    reconciles,
    reply,
    reserved,
    talk,
    verdict,
)

from recommender.connections import marks
from recommender.model.edges import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from recommender.connections.types import Connections

EDGE = "shop/Deployment/web -> shop/Deployment/cart TCP/8080"
SOURCE: dict[str, Any] = {"node_name": "node-a", "traffic_direction": "EGRESS"}
STACK: dict[str, Any] = {**SOURCE, "trace_observation_point": "TO_STACK"}
OVERLAY: dict[str, Any] = {**SOURCE, "trace_observation_point": "TO_OVERLAY"}
TARGET: dict[str, Any] = {"node_name": "node-b", "traffic_direction": "INGRESS"}
UNANSWERED_LOG = talk(WEB, pod("shop", "other-0", "10.0.4.40"), 9999)


def one(found: Connections) -> tuple[str, int, int]:
    (edge,) = found.edges
    return edge.id, edge.flows, edge.records


def test_both_nodes_and_several_points_see_one_connection(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        *talk(WEB.local("Deployment", "web"), CART, **STACK),
        *talk(WEB.local("Deployment", "web"), CART, **OVERLAY),
        *talk(WEB, CART.local("Deployment", "cart"), **TARGET),
    )
    assert one(found) == (EDGE, 1, 12)
    assert found.edges[0].observers == ("node-a", "node-b")


def test_layer_7_legs_belong_to_the_connection_they_watch(tmp_path: Path) -> None:
    seventh: dict[str, Any] = {
        "Type": "L7",
        "event_type": {"type": 129},
        "trace_observation_point": None,
    }
    proxy = pod("shop", "web-5d4f8c7b9c-x2x7k", "10.0.1.1").but(pod_name=None)
    found = read(
        tmp_path,
        verdict(WEB, CART, "REDIRECTED"),
        flow(WEB, CART, trace_observation_point="TO_PROXY", event_type={"type": 4, "sub_type": 1}),
        flow(WEB, CART, **seventh, flags="", l7={"type": "REQUEST", "http": {"url": "/"}}),
        # The proxy opens the second leg from the node's address, in the client's name.
        *talk(proxy, CART, at=51000, **TARGET),
        reply(WEB, CART, **seventh, l7={"type": "RESPONSE", "http": {"code": 200}}),
    )
    assert one(found) == (EDGE, 1, 8)
    assert found.edges[0].marks == (marks.LAYER7_PROXY,)


def test_policy_verdict_and_trace_are_one_connection(tmp_path: Path) -> None:
    assert one(read(tmp_path, verdict(WEB, CART, "FORWARDED"), *talk(WEB, CART))) == (EDGE, 1, 5)


def test_drop_and_its_verdict_are_one_denied_connection(tmp_path: Path) -> None:
    drop = verdict(WEB, CART, "DROPPED", event_type={"type": 1, "sub_type": 133})
    found = read(tmp_path, drop, verdict(WEB, CART, "DROPPED"), drop)
    assert one(found) == (f"{EDGE} [denied]", 1, 3)
    assert found.accounting.set_aside == {"denied": 3}
    assert found.accounting.accepted == 0


def test_connections_that_differ_in_the_client_port_are_several(tmp_path: Path) -> None:
    lines = [line for at in (40000, 40001, 40002) for line in talk(WEB, CART, at=at)]
    assert one(read(tmp_path, *lines)) == (EDGE, 3, 12)


def test_denied_at_the_destination_is_denied_though_the_source_let_it_out(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        flow(WEB, CART, **OVERLAY),
        verdict(WEB, CART, "DROPPED", **TARGET),
        *UNANSWERED_LOG,
    )
    assert ids(found)[0] == f"{EDGE} [denied]"
    assert found.edges[0].records == 2


def test_denied_first_and_allowed_later_is_both(tmp_path: Path) -> None:
    found = read(tmp_path, verdict(WEB, CART, "DROPPED"), *talk(WEB, CART, at=40001))
    assert ids(found) == [EDGE, f"{EDGE} [denied]"]


def test_audited_connection_is_audit_though_its_packets_pass(tmp_path: Path) -> None:
    assert one(read(tmp_path, verdict(WEB, CART, "AUDIT"), *talk(WEB, CART))) == (
        f"{EDGE} [audit]",
        1,
        5,
    )


def test_connection_older_than_the_log_shares_the_audit_of_its_edge(tmp_path: Path) -> None:
    later = [flow(WEB, CART, at=39000, flags="PA"), reply(WEB, CART, at=39000, flags="A")]
    found = read(tmp_path, verdict(WEB, CART, "AUDIT"), *talk(WEB, CART), *later)
    assert one(found) == (f"{EDGE} [audit]", 2, 7)


def test_connection_that_a_policy_allowed_does_not_share_the_audit(tmp_path: Path) -> None:
    allowed = [verdict(WEB, CART, "FORWARDED", at=39000), *talk(WEB, CART, at=39000)]
    found = read(tmp_path, verdict(WEB, CART, "AUDIT"), *talk(WEB, CART), *allowed)
    assert ids(found) == [EDGE, f"{EDGE} [audit]"]


def test_audit_of_one_address_says_nothing_of_another(tmp_path: Path) -> None:
    other = reserved("203.0.113.9", "world")
    found = read(tmp_path, verdict(WEB, WORLD, "AUDIT", 443), *talk(WEB, other, 443, at=40001))
    assert ids(found) == [
        "shop/Deployment/web -> cidr:203.0.113.9/32 TCP/443",
        "shop/Deployment/web -> cidr:93.184.216.34/32 TCP/443 [audit]",
    ]


def test_syn_that_nothing_answers_is_unanswered(tmp_path: Path) -> None:
    found = read(tmp_path, flow(WEB, CART, **TARGET), flow(WEB, CART, **STACK), *UNANSWERED_LOG)
    assert found.edges[0].verdict is Verdict.UNANSWERED
    assert reconciles(found, 6)


def test_refused_connection_is_unanswered(tmp_path: Path) -> None:
    found = read(tmp_path, flow(WEB, CART), reply(WEB, CART, flags="RA"), *UNANSWERED_LOG)
    assert ids(found)[0] == f"{EDGE} [unanswered]"


def test_log_of_opening_packets_alone_cannot_show_what_stayed_unanswered(tmp_path: Path) -> None:
    assert ids(read(tmp_path, flow(WEB, CART))) == [EDGE]


@pytest.mark.parametrize("l4", ["UDP", "SCTP"])
def test_one_way_traffic_without_handshake_stays_accepted(tmp_path: Path, l4: str) -> None:
    found = read(tmp_path, flow(WEB, CART, 8125, l4=l4), *UNANSWERED_LOG)
    assert ids(found)[0] == f"shop/Deployment/web -> shop/Deployment/cart {l4}/8125"


def test_port_zero_makes_no_edge(tmp_path: Path) -> None:
    found = read(tmp_path, flow(WEB, CART, 0), flow(WEB, CART, 99999), flow(WEB, CART, 0, at=0))
    assert ids(found) == []
    assert found.accounting.set_aside == {"no-port": 3}


def test_reply_from_a_services_port_is_no_edge_to_that_port(tmp_path: Path) -> None:
    translated = reply(WEB, CART, 80, flags="SA")
    translated["IP"]["source_xlated"] = "10.96.0.23"
    found = read(tmp_path, *talk(WEB, CART), translated)
    assert one(found) == (EDGE, 1, 4)
    assert found.accounting.set_aside == {"service-address": 1}


def test_what_says_nothing_of_traffic_is_set_aside_by_its_reason(tmp_path: Path) -> None:
    about: dict[str, Any] = {"node_name": "node-a", "time": TIME}
    found = read(
        tmp_path,
        *talk(WEB, CART),
        b'{"node_status":{"state_change":"NODE_CONNECTED"},"node_name":"node-a"}',
        b'{"agent_event":{"type":"AGENT_STARTED"},"node_name":"node-a"}',
        b'{"debug_event":{"type":"DBG_GENERIC"},"node_name":"node-a"}',
        {"flow": {**about, "Type": "SOCK", "verdict": "TRANSLATED", "event_type": {"type": 7}}},
        flow(WEB, CART, verdict="DROPPED", drop_reason_desc="CT_MAP_INSERTION_FAILED"),
        flow(WEB, CART, verdict="DROPPED", drop_reason=158, event_type={"type": 1}),
        flow(WEB, CART, verdict="DROPPED", event_type={"type": 1, "sub_type": 144}),
        flow(WEB, CART, verdict="ERROR"),
        flow(WEB, CART, verdict="15"),
        flow(WEB, CART, verdict=None),
        flow(WEB, CART, verdict="NEW_WORD"),
    )
    assert found.accounting.set_aside == {
        "agent-event": 1,
        "debug-event": 1,
        "dropped-not-by-policy": 3,
        "error-verdict": 1,
        "node-status": 1,
        "retransmission": 1,
        "socket-translation": 1,
        "unknown-verdict": 2,
    }
    assert reconciles(found, 15)


@pytest.mark.parametrize(
    "why",
    [
        {"drop_reason_desc": "POLICY_DENIED"},
        {"drop_reason_desc": "POLICY_DENY"},
        {"drop_reason_desc": "AUTH_REQUIRED"},
        {"drop_reason": 133},
        {"drop_reason": 181},
        {"event_type": {"type": 1, "sub_type": 133}},
    ],
)
def test_drops_of_a_policy_are_denials(tmp_path: Path, why: dict[str, Any]) -> None:
    found = read(tmp_path, flow(WEB, CART, verdict="DROPPED", is_reply=None, **why))
    assert ids(found) == [f"{EDGE} [denied]"]


def test_lost_events_become_findings_by_node(tmp_path: Path) -> None:
    lost = b'{"lost_events":{"source":"%s","num_events_lost":"%d"},"node_name":"%s"}'
    found = read(
        tmp_path,
        *talk(WEB, CART),
        lost % (b"HUBBLE_RING_BUFFER", 1000, b"node-a"),
        lost % (b"HUBBLE_RING_BUFFER", 234, b"node-a"),
        lost % (b"PERF_EVENT_RING_BUFFER", 5, b"node-b"),
    )
    losses = [f for f in found.findings if f.code == "lost-events"]
    assert [(f.subject, f.message) for f in losses] == [
        ("node-a", "1,234 events were lost in HUBBLE_RING_BUFFER"),
        ("node-b", "5 events were lost in PERF_EVENT_RING_BUFFER"),
    ]
    assert found.accounting.set_aside == {"lost-events": 3}


def test_aggregated_records_weigh_by_their_counts_and_are_marked(tmp_path: Path) -> None:
    counts = {"ingress_flow_count": 40, "egress_flow_count": 2}
    found = read(
        tmp_path,
        flow(WEB, CART, aggregate=counts, **TARGET),
        flow(WEB, CART, aggregate={"egress_flow_count": "30"}, **STACK),
    )
    # Each node counted the same connections: the larger count stands.
    assert one(found) == (EDGE, 42, 2)
    assert found.edges[0].marks == (marks.AGGREGATED,)
    assert [f.code for f in found.findings] == ["aggregated-input"]


@pytest.mark.parametrize("word", ["TRAFFIC_DIRECTION_UNKNOWN", "sideways", "", None])
def test_direction_that_nobody_knows_breaks_nothing(tmp_path: Path, word: str | None) -> None:
    found = read(tmp_path, *talk(WEB, CART, traffic_direction=word))
    assert one(found) == (EDGE, 1, 4)


def test_counts_beyond_reason_do_not_break_the_sums(tmp_path: Path) -> None:
    most = 2**63 - 1
    counts = {"ingress_flow_count": str(most), "egress_flow_count": most}
    found = read(
        tmp_path, *(flow(WEB, CART, at=at, aggregate=counts) for at in range(40000, 40004))
    )
    assert one(found) == (EDGE, 4 * 2**32, 4)


def test_hours_and_days_are_those_of_the_clock(tmp_path: Path) -> None:
    times = ("2026-03-02T10:59:59.9Z", "2026-03-02T10:00:00Z", "2026-03-02T23:59:59.999999999Z")
    found = read(tmp_path, *(flow(WEB, CART, time=time) for time in times))
    assert (found.edges[0].hours, found.edges[0].days) == (2, 1)


@pytest.mark.parametrize(
    "time",
    [
        "infinity",
        "-infinity",
        "99999-01-01T00:00:00Z",
        "0044-03-15 (BC)",
        "0001-01-01T00:00:00Z",
        5,
    ],
)
def test_forged_time_is_no_time(tmp_path: Path, time: object) -> None:
    found = read(tmp_path, flow(WEB, CART, time=time))
    assert ids(found) == [EDGE]
    assert found.edges[0].marks == (marks.TIME_UNKNOWN,)
    assert found.first_seen is None


def test_time_of_a_masked_flow_is_that_of_its_envelope(tmp_path: Path) -> None:
    record = {"flow": flow(WEB, CART, time=None, node_name=None), "node_name": "n", "time": TIME}
    found = read(tmp_path, record)
    assert found.first_seen is not None
    assert found.first_seen.isoformat() == "2026-03-02T10:00:00+00:00"
    assert found.edges[0].observers == ("n",)
