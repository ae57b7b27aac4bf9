"""Policies that the rendering and reporting tests draw on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from recommender.model.edges import Edge, Record, Verdict
from recommender.model.entities import Entity
from recommender.model.labels import LabelSelector, Operator, Requirement, namespace_selector
from recommender.model.policies import (
    ALL_PEERS,
    ALL_PORTS,
    Direction,
    IPBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    Rule,
)

BOTH = frozenset(Direction)
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DNS_LABELS = {"k8s-app": "kube-dns"}

WEB = Entity.workload("shop", "Deployment", "web")
CART = Entity.workload("shop", "Deployment", "cart")
REDIS = Entity.workload("shop", "StatefulSet", "redis")
IDLE = Entity.workload("shop", "Deployment", "idle")
DNS = Entity.workload("kube-system", "Deployment", "coredns")
WORLD = Entity.cidr("0.0.0.0/0")
STRIPE = Entity.dns_name("api.stripe.example")


def edge(client: Entity, server: Entity, port: int, **changes: object) -> Edge:
    values: dict[str, object] = {
        "client": client,
        "server": server,
        "protocol": "TCP",
        "port": port,
        "verdict": Verdict.ACCEPTED,
        "flows": 1204,
        "records": 2408,
        "bytes": 0,
        "first_seen": START,
        "last_seen": START + timedelta(days=6, microseconds=500_000),
        "client_pods": 3,
        "server_pods": 2,
        "days": 7,
        "hours": 80,
        "observers": ("node-a", "node-b"),
        "samples": (Record("flows.jsonl", 17),),
    }
    return Edge(**{**values, **changes})  # type: ignore[arg-type]


WEB_TO_CART = edge(WEB, CART, 7070)
CART_TO_REDIS = edge(CART, REDIS, 6379, flows=1, days=1, last_seen=START, server_pods=1)
CART_TO_DNS = edge(CART, DNS, 53, protocol="UDP")
WORLD_TO_WEB = edge(WORLD, WEB, 8080, addresses=("198.51.100.7",), client_pods=1)
WEB_TO_STRIPE = edge(WEB, STRIPE, 443, addresses=("203.0.113.9",), names=("api.stripe.example",))
DENIED = edge(IDLE, CART, 22, verdict=Verdict.DENIED, flows=3)
EDGES = (WEB_TO_CART, CART_TO_REDIS, CART_TO_DNS, WORLD_TO_WEB, WEB_TO_STRIPE, DENIED)


def dns_rule(*evidence: Edge) -> Rule:
    peer = PodPeer(LabelSelector.of(DNS_LABELS), namespace_selector("kube-system"))
    ports = (PolicyPort("TCP", 53), PolicyPort("UDP", 53))
    return Rule((peer,), ports, evidence, reason="dns", marks=() if evidence else ("dns-assumed",))


def shop() -> tuple[NetworkPolicy, ...]:
    """A small shop: the drafts of two workloads and of their namespace."""
    cart = NetworkPolicy(
        "shop",
        "cart",
        LabelSelector.of({"app": "cart"}),
        BOTH,
        ingress=(
            Rule(
                (PodPeer(LabelSelector.of({"app": "web"})),),
                (PolicyPort("TCP", 7070),),
                (WEB_TO_CART,),
            ),
        ),
        egress=(
            Rule(
                (PodPeer(LabelSelector.of({"app": "redis"})),),
                (PolicyPort("TCP", 6379),),
                (CART_TO_REDIS,),
            ),
            dns_rule(CART_TO_DNS),
        ),
        origin=CART.id,
    )
    web = NetworkPolicy(
        "shop",
        "web",
        LabelSelector.of({"app": "web"}),
        BOTH,
        ingress=(
            Rule(
                (IPBlock("0.0.0.0/0"),),
                (PolicyPort("TCP", 8080),),
                (WORLD_TO_WEB,),
                marks=("world",),
            ),
        ),
        egress=(
            Rule(
                (IPBlock("203.0.113.9/32"),),
                (PolicyPort("TCP", 443),),
                (WEB_TO_STRIPE,),
                marks=("world",),
            ),
            dns_rule(),
        ),
        origin=WEB.id,
    )
    deny = NetworkPolicy("shop", "default-deny", LabelSelector.everything(), BOTH)
    return cart, web, deny


def every_form() -> tuple[NetworkPolicy, ...]:
    """Policies that use every form of selector, peer and port, in two namespaces."""
    expressions = (
        Requirement("tier", Operator.IN, ("0o17", "null")),
        Requirement("env", Operator.NOT_IN, ("dev",)),
        Requirement("on", Operator.EXISTS),
        Requirement("off", Operator.DOES_NOT_EXIST),
    )
    many = tuple(
        edge(Entity.workload("a", "Job", f"j{number}"), CART, 80, flows=number + 1)
        for number in range(9)
    )
    full = NetworkPolicy(
        "5e7",
        "y",
        LabelSelector.of({"y": "5e7", "labels": "08", "example.com/name": ""}, expressions),
        BOTH,
        ingress=(
            Rule(ALL_PEERS, ALL_PORTS),
            Rule(ALL_PEERS, (PolicyPort("SCTP"), PolicyPort("TCP", "http"))),
            Rule((PodPeer(LabelSelector.everything()),), (PolicyPort("TCP", 80),), many),
        ),
        egress=(
            Rule(
                (
                    PodPeer(LabelSelector.everything(), namespace_selector("true")),
                    PodPeer(LabelSelector.everything(), LabelSelector.everything()),
                    IPBlock("2001:db8::/32", ("2001:db8:1::/48",)),
                ),
                (PolicyPort("UDP", 8000, 8010),),
                marks=("node", "of-another-kind"),
            ),
        ),
        labels=(("app.kubernetes.io/managed-by", "recommender"),),
        annotations=(("note", "{{ .Values.x }} \u2028 \x1b[31m # no: comment"),),
        origin="5e7/Deployment/y",
    )
    one_way = NetworkPolicy(
        "other",
        "quiet.name",
        LabelSelector.of({"app": "quiet"}),
        BOTH,
        ingress=(Rule((PodPeer(LabelSelector.of({"a": "b"})),), (PolicyPort("TCP", 1),)),),
    )
    twin = NetworkPolicy(
        "other", "default-deny", LabelSelector.of({"a": "b"}), frozenset({Direction.INGRESS})
    )
    deny = NetworkPolicy("other", "z-deny", LabelSelector.everything(), BOTH)
    return full, one_way, twin, deny
