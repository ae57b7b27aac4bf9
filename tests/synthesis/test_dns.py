"""The DNS guardrail: every isolated sender can resolve names, and the resolver answers it."""

from __future__ import annotations

import pytest
from synthesis.worlds import (
    cluster,
    codes,
    draft,
    edge,
    egress,
    findings,
    ingress,
    names,
    policy,
    workload,
)

from recommender.inventory.types import (
    ContainerPort,
    Inventory,
    Service,
    ServicePort,
    Workload,
)
from recommender.model.entities import Entity
from recommender.model.policies import Direction

COREDNS = workload("kube-system/coredns", {"k8s-app": "kube-dns"})
SHOP = (workload("shop/web"), workload("shop/cart"))
QUERY = edge("shop/web", "kube-system/coredns", 53, "UDP")
CALL = edge("shop/web", "shop/cart", 7070)


def dns_rules(inventory: Inventory, name: str, *edges: object) -> list[str]:
    result = draft([CALL, *edges], inventory)  # type: ignore[list-item]
    return [rule for rule in egress(policy(result, name), dns=True) if "7070" not in rule]


def test_every_sender_may_ask_the_resolver_over_udp_and_tcp() -> None:
    known = cluster(COREDNS, *SHOP)
    wanted = ["kube-system/k8s-app=kube-dns on TCP/53 UDP/53"]
    assert dns_rules(known, "shop/web", QUERY) == wanted
    assert dns_rules(known, "shop/cart", QUERY) == wanted


def test_the_rule_says_that_it_is_for_dns_and_shows_the_questions_seen() -> None:
    result = draft([CALL, QUERY], cluster(COREDNS, *SHOP))
    (seen,) = [rule for rule in policy(result, "shop/web").egress if rule.reason == "dns"]
    assert seen.evidence == (QUERY,)
    (unseen,) = [rule for rule in policy(result, "shop/cart").egress if rule.reason == "dns"]
    assert unseen.evidence == ()


def test_the_resolver_answers_every_pod_of_the_cluster() -> None:
    result = draft([CALL, QUERY], cluster(COREDNS, *SHOP))
    resolver = policy(result, "kube-system/coredns")
    assert ingress(resolver) == ["*/* on TCP/53 UDP/53"]
    assert (resolver.ingress[0].reason, resolver.ingress[0].marks) == ("dns", ("all-pods",))
    assert "dns-open-to-cluster" in codes(result)


def test_other_ports_of_the_resolver_stay_exact() -> None:
    scrape = edge("shop/web", "kube-system/coredns", 9153)
    result = draft([CALL, QUERY, scrape], cluster(COREDNS, *SHOP))
    assert ingress(policy(result, "kube-system/coredns")) == [
        "shop/app=web on TCP/9153",
        "*/* on TCP/53 UDP/53",
    ]


def test_a_client_that_needs_a_label_does_not_open_the_resolver() -> None:
    known = cluster(COREDNS, *SHOP, workload("shop/bare", {}))
    asks = edge("shop/bare", "kube-system/coredns", 53, "UDP")
    resolver = policy(draft([CALL, QUERY, asks], known), "kube-system/coredns")
    assert Direction.INGRESS in resolver.policy_types


def test_the_resolver_is_asked_on_its_pods_port_as_seen() -> None:
    resolver = workload(
        "openshift-dns/DaemonSet/dns-default",
        {"dns.operator.openshift.io/daemonset-dns": "default"},
    )
    query = edge("shop/web", "openshift-dns/DaemonSet/dns-default", 5353, "UDP")
    assert dns_rules(cluster(resolver, *SHOP), "shop/cart", query) == [
        "openshift-dns/dns.operator.openshift.io/daemonset-dns=default on TCP/5353 UDP/5353",
    ]


@pytest.mark.parametrize("target", [8053, "dns"])
def test_the_resolver_is_asked_on_the_port_that_its_service_leads_to(target: int | str) -> None:
    base = workload("kube-system/bind", {"app": "bind"})
    resolver = Workload(
        base.entity,
        base.labels,
        None,
        base.pods,
        ports=(ContainerPort(8053, "UDP", "dns"), ContainerPort(8080, "TCP", "metrics")),
    )
    service = Service(
        "kube-system",
        "kube-dns",
        selector=(("app", "bind"),),
        ports=(ServicePort(53, "UDP", "dns", target), ServicePort(9153, "TCP", "metrics", 8080)),
    )
    known = cluster(resolver, *SHOP, services=(service,))
    assert dns_rules(known, "shop/web") == ["kube-system/app=bind on TCP/8053 UDP/8053"]


def test_a_tenant_cannot_make_itself_the_resolver_by_a_label() -> None:
    rogue = workload("shop/rogue", {"k8s-app": "kube-dns"})
    known = cluster(COREDNS, rogue, *SHOP)
    assert dns_rules(known, "shop/cart", QUERY, edge("shop/web", "shop/rogue", 53, "UDP")) == [
        "kube-system/k8s-app=kube-dns on TCP/53 UDP/53",
    ]


def test_without_labels_or_services_the_resolver_is_whom_most_clients_ask() -> None:
    resolver = workload("infra/resolver")
    private = workload("infra/private")
    known = cluster(resolver, private, *SHOP)
    asks = [edge(f"shop/{name}", "infra/resolver", 53, "UDP") for name in ("web", "cart")]
    other = edge("shop/web", "infra/private", 53, "UDP")
    assert dns_rules(known, "shop/cart", *asks, other) == ["infra/app=resolver on TCP/53 UDP/53"]


def test_node_local_dns_is_a_cidr_as_seen() -> None:
    query = edge("shop/web", Entity.node(), 53, "UDP", addresses=("169.254.20.10",))
    result = draft([CALL, query], cluster(*SHOP))
    (rule,) = [rule for rule in policy(result, "shop/web").egress if rule.reason == "dns"]
    assert rule.evidence == (query,)
    assert dns_rules(cluster(*SHOP), "shop/cart", query) == ["169.254.20.10/32 on TCP/53 UDP/53"]


def test_node_local_dns_is_a_cidr_as_inventoried() -> None:
    local = workload("kube-system/DaemonSet/node-local-dns", host_network=True)
    assert dns_rules(cluster(COREDNS, local, *SHOP), "shop/cart", QUERY) == [
        "kube-system/k8s-app=kube-dns, 169.254.20.10/32 on TCP/53 UDP/53",
    ]


def test_a_cache_whose_pods_are_asked_is_a_resolver() -> None:
    cache = workload("kube-system/DaemonSet/cache", {"k8s-app": "node-local-dns"})
    query = edge("shop/web", "kube-system/DaemonSet/cache", 53, "UDP")
    known = cluster(COREDNS, cache, *SHOP)
    assert dns_rules(known, "shop/cart", query) == [
        "kube-system/k8s-app=kube-dns, kube-system/k8s-app=node-local-dns on TCP/53 UDP/53",
    ]
    assert dns_rules(known, "shop/cart") == ["kube-system/k8s-app=kube-dns on TCP/53 UDP/53"]


def test_a_clouds_resolver_is_no_node_local_cache() -> None:
    query = edge(
        "shop/web",
        Entity.cidr("169.254.169.253/32"),
        53,
        "UDP",
        addresses=("169.254.169.253",),
    )
    assert dns_rules(cluster(COREDNS, *SHOP), "shop/cart", query) == [
        "kube-system/k8s-app=kube-dns on TCP/53 UDP/53",
    ]


def test_where_no_resolver_is_known_the_usual_one_is_assumed_and_said() -> None:
    result = draft([CALL], cluster(*SHOP))
    (rule,) = [rule for rule in policy(result, "shop/web").egress if rule.reason == "dns"]
    assert rule.marks == ("dns-assumed",)
    (finding,) = findings(result, "dns-assumed")
    assert "2 policies" in finding.message


def test_a_resolver_without_a_selector_is_not_named() -> None:
    bare = workload("kube-system/Pod/dns", {"k8s-app": "kube-dns"})
    twin = workload("kube-system/other", {"k8s-app": "kube-dns"})
    query = edge("shop/web", "kube-system/Pod/dns", 53, "UDP")
    result = draft([CALL, query], cluster(bare, twin, *SHOP))
    assert "kube-system/dns" not in names(result)
    assert Direction.EGRESS not in policy(result, "shop/web").policy_types
    assert "dns-assumed" in codes(result)


def test_a_policy_without_egress_gets_no_guardrail() -> None:
    only = dict.fromkeys(cluster(*SHOP).workloads, frozenset({Direction.INGRESS}))
    result = draft([CALL], cluster(*SHOP), observed=only)
    assert all(found.egress == () for found in result.policies)
