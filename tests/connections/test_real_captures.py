"""Real captures: what a person reads in them is what comes out, record for record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from connections.records import ids, reconciles

from recommender.connections.edges import connect
from recommender.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

PROMETHEUS = "istio-system/Deployment/prometheus"
PRODUCTPAGE = "bookinfo/Deployment/productpage-v1"

# Written down from the captures by hand: who sent the request or the SYN, and to which port.
EXPECTED: dict[str, tuple[int, dict[str, int], list[str]]] = {
    # A poll of five servers; each reply says `reply: true`, nothing says `is_reply`.
    "hubble-otel/basic-sample-10-flows.json": (
        10,
        {},
        [
            (
                "istio-system/Deployment/istio-telemetry -> "
                "istio-system/Deployment/istio-galley TCP/9901"
            ),
            f"{PROMETHEUS} -> bookinfo/Deployment/reviews-v1 TCP/15090",
            "kube-system/Deployment/event-exporter-gke -> cidr:35.246.31.234/32 TCP/443",
            "node:own -> bookinfo/Deployment/reviews-v1 TCP/15020",
            "node:own -> kube-system/Deployment/kube-dns TCP/10054",
        ],
    ),
    # The node-local cache asks the cluster's DNS over TCP; the cache is the client everywhere.
    "hubble-otel/basic-sample-5-dns-flows.json": (
        5,
        {},
        ["kube-system/Controller/node-local-dns -> kube-system/Deployment/kube-dns TCP/53"],
    ),
    "hubble-otel/basic-sample-330-dns-flows.json": (
        330,
        {},
        ["kube-system/Controller/node-local-dns -> kube-system/Deployment/kube-dns TCP/53"],
    ),
    # Prometheus scrapes; ratings asks productpage (the walk-through runs curl in that pod). Old
    # Cilium calls other nodes "world"; pods of other nodes carry reserved:world beside their name.
    "hubble-otel/basic-sample-348-http-flows.json": (
        348,
        {},
        [
            f"{PRODUCTPAGE} -> bookinfo/Deployment/reviews-v1 TCP/9080",
            f"bookinfo/Deployment/ratings-v1 -> {PRODUCTPAGE} TCP/9080",
            f"{PROMETHEUS} -> cidr:10.128.0.3/32 TCP/8888",
            f"{PROMETHEUS} -> cidr:10.128.0.3/32 TCP/9990",
            f"{PROMETHEUS} -> cidr:10.128.0.4/32 TCP/6942",
            f"{PROMETHEUS} -> cidr:10.128.0.4/32 TCP/9990",
            f"{PROMETHEUS} -> cidr:10.128.0.6/32 TCP/9990",
            f"{PROMETHEUS} -> istio-system/Deployment/jaeger TCP/14269",
            f"{PROMETHEUS} -> kube-system/Controller/node-local-dns TCP/9253",
            f"{PROMETHEUS} -> kube-system/Deployment/clickhouse-operator TCP/8888",
            f"{PROMETHEUS} -> kube-system/Deployment/kube-dns TCP/10054",
            f"{PROMETHEUS} -> node:own TCP/9990",
        ],
    ),
    # Nothing but the network plugin's own health checks.
    "hubble-otel/basic-sample-400-icmpv4-flows.json": (18, {"cilium-health": 18}, []),
    # Bookinfo behind a layer 7 proxy: every call is there twice, the second time from the node's
    # address in the client's name, or in no pod's name at all.
    "hubble-otel/basic-sample-400-tcp-flows.json": (
        400,
        {"cilium-health": 1},
        [
            f"{PRODUCTPAGE} -> bookinfo/Deployment/details-v1 TCP/9080",
            f"{PRODUCTPAGE} -> bookinfo/Deployment/reviews-v1 TCP/9080",
            f"{PRODUCTPAGE} -> bookinfo/Deployment/reviews-v2 TCP/9080",
            f"{PRODUCTPAGE} -> bookinfo/Deployment/reviews-v3 TCP/9080",
            f"bookinfo/Deployment/ratings-v1 -> {PRODUCTPAGE} TCP/9080",
            "bookinfo/Deployment/reviews-v2 -> bookinfo/Deployment/ratings-v1 TCP/9080",
            "bookinfo/Deployment/reviews-v3 -> bookinfo/Deployment/ratings-v1 TCP/9080",
            (
                "kube-system/Controller/otelcol-hubble-collector -> "
                "jaeger/Deployment/jaeger-default TCP/14250"
            ),
            "kube-system/Controller/otelcol-hubble-collector -> node:own TCP/4244",
            "node:own -> jaeger/Deployment/jaeger-default TCP/14269",
        ],
    ),
    # Two replies and a request, all marked EGRESS; no outer node or time.
    "aks-docker-provider/network_flow_logs.jsonl": (
        3,
        {},
        ["default/Deployment/kapinger-bad -> default/Deployment/kapinger-good TCP/8080"],
    ),
    # A field mask that keeps no labels; the first record is a drop that no policy made.
    "cilium-docs/exporter-fieldmask.jsonl": (
        2,
        {"dropped-not-by-policy": 1, "denied": 1},
        ["default/Pod/xwing -> default/Deployment/deathstar TCP/80 [denied]"],
    ),
    "cpg/small.jsonl.gz": (
        3,
        {"denied": 3},
        [
            "default/Controller/client -> production/Controller/api-server TCP/8080 [denied]",
            "default/Controller/client -> production/Controller/api-server TCP/8443 [denied]",
            "production/Controller/api-server -> production/Controller/db TCP/5432 [denied]",
        ],
    ),
    "cpg/mixed_tcp_icmp.jsonl": (
        4,
        {"denied": 4},
        [
            "default/Controller/client -> production/Controller/server TCP/443 [denied]",
            "default/Controller/client -> production/Controller/server TCP/80 [denied]",
            "production/Controller/client -> cidr:10.0.0.1/32 ICMP/0 [denied]",
            "production/Controller/client -> cidr:10.0.0.2/32 ICMP/0 [denied]",
        ],
    ),
    "cpg/l7_http.jsonl": (
        4,
        {"denied": 4},
        ["production/Controller/frontend -> production/Controller/api-server TCP/8080 [denied]"],
    ),
    "cpg/malformed.jsonl": (
        3,
        {"denied": 2},
        [
            "default/Controller/client -> production/Controller/api-server TCP/8080 [denied]",
            "default/Controller/client -> production/Controller/api-server TCP/8443 [denied]",
        ],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_capture_gives_exactly_its_conversations(shared: Path, name: str) -> None:
    records, aside, edges = EXPECTED[name]
    found = connect([shared / "samples" / "hubble" / name])
    assert sorted(ids(found)) == sorted(edges)
    assert found.accounting.set_aside == dict(sorted(aside.items()))
    assert reconciles(found, records)
    assert found.reply_flag_trusted


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        # Nine calls each of details, two or three or four of a reviews, as the policy verdicts say.
        (f"{PRODUCTPAGE} -> bookinfo/Deployment/details-v1 TCP/9080", 9),
        (f"{PRODUCTPAGE} -> bookinfo/Deployment/reviews-v1 TCP/9080", 2),
        (f"{PRODUCTPAGE} -> bookinfo/Deployment/reviews-v3 TCP/9080", 3),
        ("node:own -> jaeger/Deployment/jaeger-default TCP/14269", 1),
    ],
)
def test_proxied_connections_count_once(shared: Path, name: str, flows: int) -> None:
    capture = shared / "samples" / "hubble" / "hubble-otel" / "basic-sample-400-tcp-flows.json"
    (edge,) = [edge for edge in connect([capture]).edges if edge.id == name]
    assert edge.flows == flows


def test_malformed_line_of_a_capture_is_named(shared: Path) -> None:
    path = shared / "samples" / "hubble" / "cpg" / "malformed.jsonl"
    (quarantined,) = connect([path]).accounting.quarantined
    assert quarantined.record == (str(path), 2)
    assert quarantined.reason == "malformed-json"


def test_empty_capture_is_one_clear_error(shared: Path) -> None:
    with pytest.raises(InputError, match="holds no records"):
        connect([shared / "samples" / "hubble" / "cpg" / "empty.jsonl"])


def test_all_captures_at_once_are_all_their_records(shared: Path) -> None:
    folder = shared / "samples" / "hubble"
    found = connect([folder / "hubble-otel", folder / "aks-docker-provider"])
    assert reconciles(found, 10 + 5 + 330 + 348 + 18 + 400 + 3)
