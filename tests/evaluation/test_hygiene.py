"""What is wrong with policies that the API server accepts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from evaluation.clusters import cluster, pod, policy, tier

from recommender.evaluation.hygiene import check_policies
from recommender.inventory.types import ContainerPort, Inventory, Service, ServicePort, Workload
from recommender.model.entities import Entity
from recommender.model.findings import Severity

if TYPE_CHECKING:
    from recommender.inventory.types import Pod
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy

Spec = dict[str, Any]

WEB = pod("x/web", {"app": "web"}, ports=[ContainerPort(8080, "TCP", "http")])
CARTS = pod("x/carts", {"app": "carts"})
DB = pod("y/db", {"app": "db"})
DNS = pod("kube-system/dns", {"k8s-app": "kube-dns"}, ports=[ContainerPort(53, "UDP", "dns")])


def app(name: str) -> Spec:
    return {"matchLabels": {"app": name}}


def into(subject: Spec, *rules: Spec) -> Spec:
    return {"podSelector": subject, "policyTypes": ["Ingress"], "ingress": list(rules)}


def out(subject: Spec, *rules: Spec) -> Spec:
    return {"podSelector": subject, "policyTypes": ["Egress"], "egress": list(rules)}


def check(
    *specs: Spec, pods: tuple[Pod, ...] = (WEB, CARTS, DB), services: tuple[Service, ...] = ()
) -> list[Finding]:
    policies = [policy(f"p{number}", spec) for number, spec in enumerate(specs)]
    inventory = replace(cluster(*pods), services=services)
    return list(check_policies(policies, inventory))


def only(findings: list[Finding], code: str) -> Finding:
    (found,) = [finding for finding in findings if finding.code == code]
    return found


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


# --- selectors that select nothing -----------------------------------------------------------


def test_a_subject_that_selects_nothing_is_told_the_nearest_value() -> None:
    finding = only(check(into(app("cart"))), "selects-nothing")
    assert finding.where == "p0: spec.podSelector"
    assert "no pod in x has app=cart" in finding.message
    assert finding.hint == "did you mean `carts`? (app=carts)"


def test_a_value_under_another_key_is_told_the_key() -> None:
    finding = only(check(into({"matchLabels": {"name": "web"}})), "selects-nothing")
    assert finding.hint == "did you mean app=web?"


def test_a_value_that_resembles_nothing_gets_no_guess() -> None:
    finding = only(check(into(app("zzz"))), "selects-nothing")
    assert "did you mean" not in finding.hint


def test_a_guess_must_select_something_with_the_rest_of_the_selector() -> None:
    selector = {"matchLabels": {"app": "cart", "tier": "gold"}}
    assert "did you mean" not in only(check(into(selector)), "selects-nothing").hint


def test_a_selector_that_contradicts_itself_is_named_as_such() -> None:
    expressions = [
        {"key": "app", "operator": "Exists"},
        {"key": "app", "operator": "DoesNotExist"},
    ]
    finding = only(check(into({"matchExpressions": expressions})), "selects-nothing")
    assert "contradicts itself" in finding.message


def test_a_peer_that_matches_nothing_is_placed_at_its_field() -> None:
    findings = check(
        into({}, {"from": [{"podSelector": app("web")}, {"podSelector": app("cart")}]})
    )
    finding = only(findings, "peer-matches-nothing")
    assert finding.where == "p0: spec.ingress[0].from[1].podSelector"
    assert finding.hint == "did you mean `carts`? (app=carts)"


def test_a_peer_of_another_namespace_is_told_to_name_it() -> None:
    finding = only(check(into({}, {"from": [{"podSelector": app("db")}]})), "peer-matches-nothing")
    assert "y" in finding.hint
    assert "namespaceSelector" in finding.hint


def test_a_namespace_that_does_not_exist_is_told_the_nearest() -> None:
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "kube-systm"}}
    findings = check(into({}, {"from": [{"namespaceSelector": selector}]}), pods=(WEB, CARTS, DNS))
    finding = only(findings, "peer-matches-nothing")
    assert finding.where.endswith("from[0].namespaceSelector")
    assert "`kube-system`" in finding.hint


def test_peers_of_a_direction_that_is_not_in_force_are_not_looked_at() -> None:
    spec = {**into(app("web"), {}), "egress": [{"to": [{"podSelector": app("none")}]}]}
    assert codes(check(spec)) & {"peer-matches-nothing", "inert-rules"} == {"inert-rules"}


def test_a_job_between_two_runs_is_as_its_template() -> None:
    inventory = cluster(WEB)
    job = Entity.workload("x", "CronJob", "report")
    ended = pod("x/report-1", {"app": "report", "job-name": "report-1"}, phase="Succeeded")
    workload = Workload(job, labels=(("app", "report"),), pods=(ended,))
    inventory = replace(inventory, workloads={**inventory.workloads, job: workload})
    findings = check_policies([policy("p", into(app("report")))], inventory)
    assert "selects-nothing" not in {finding.code for finding in findings}


def test_pods_that_have_ended_count_for_nothing() -> None:
    ended = replace(CARTS, phase="Succeeded")
    assert "selects-nothing" in codes(check(into(app("carts")), pods=(WEB, ended)))


# --- policies and rules without effect -------------------------------------------------------


def test_a_policy_on_pods_of_the_host_network_has_no_effect() -> None:
    host = replace(CARTS, host_network=True)
    finding = only(check(into(app("carts")), pods=(WEB, host)), "host-network-subject")
    assert "selects only pods" in finding.message
    assert finding.severity is Severity.WARNING
    finding = only(check(into({}), pods=(WEB, host)), "host-network-subject")
    assert "among others" in finding.message
    assert finding.severity is Severity.NOTE


def test_a_peer_of_the_host_network_is_told_to_be_an_address() -> None:
    host = replace(CARTS, host_network=True)
    spec = into(app("web"), {"from": [{"podSelector": app("carts")}]})
    finding = only(check(spec, pods=(WEB, host)), "peer-matches-nothing")
    assert "ipBlock" in finding.hint


def test_rules_of_a_direction_that_is_not_named_are_inert() -> None:
    finding = only(check({**into({}), "egress": [{}]}), "inert-rules")
    assert finding.where == "p0: spec.egress"


def test_a_rule_that_a_wider_one_covers_is_redundant() -> None:
    narrow = {"from": [{"podSelector": app("web")}], "ports": [{"port": 80}]}
    wide = {"from": [{"podSelector": {}}], "ports": [{"port": 1, "endPort": 100}]}
    finding = only(check(into({}, narrow, wide)), "redundant-rule")
    assert finding.where == "p0: spec.ingress[0]"
    assert "spec.ingress[1]" in finding.message


def test_a_rule_can_be_covered_by_several_together() -> None:
    both = {"from": [{"podSelector": app("web")}], "ports": [{"port": 80}, {"port": 81}]}
    one = {"from": [{"podSelector": {}}], "ports": [{"port": 80}]}
    other = {"from": [{"podSelector": {}}], "ports": [{"port": 81}]}
    more = {"ports": [{"port": 9}]}
    finding = only(check(into({}, both, more), into({}, one, other)), "redundant-rule")
    assert finding.where == "p0: spec.ingress[0]"
    assert "p1 spec.ingress[0], p1 spec.ingress[1]" in finding.message


def test_of_two_equal_rules_one_is_kept() -> None:
    rule = {"from": [{"podSelector": app("web")}]}
    assert only(check(into({}, rule, rule)), "redundant-rule").where.endswith("ingress[1]")


HAS_APP = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
NOT_DB = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        # Each wider in one respect and narrower in another.
        ({"ports": [{"port": 80}]}, {"from": [{"podSelector": {}}]}),
        ({"from": [{"namespaceSelector": {}}]}, {"from": [{"podSelector": {}}]}),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]},
        ),
        ({"ports": [{"port": "http"}]}, {"ports": [{"port": 8080}]}),
        ({"ports": [{"protocol": "UDP"}]}, {"ports": [{}]}),
        (
            {"from": [{"podSelector": HAS_APP}]},
            {"from": [{"podSelector": app("web")}]},
        ),
    ],
)
def test_a_rule_that_allows_anything_more_is_not_redundant(inner: Spec, outer: Spec) -> None:
    assert not any(
        finding.code == "redundant-rule" and finding.where.endswith("ingress[0]")
        for finding in check(into({}, inner, outer))
    )


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ({"ports": [{"port": "http"}]}, {"ports": [{"protocol": "TCP"}]}),
        (
            {"from": [{"podSelector": app("web")}]},
            {"from": [{"podSelector": HAS_APP}]},
        ),
        ({"from": [{"podSelector": app("web")}]}, {"from": [{"podSelector": NOT_DB}]}),
        (
            {"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]},
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.2.0.0/16"]}}]},
        ),
        ({"from": [{"podSelector": {}}]}, {"from": [{"namespaceSelector": {}}]}),
    ],
)
def test_a_rule_that_allows_nothing_more_is_redundant(inner: Spec, outer: Spec) -> None:
    finding = only(check(into({}, inner, outer)), "redundant-rule")
    assert finding.where.endswith("ingress[0]")


def test_a_rule_of_a_narrower_policy_covers_nothing_of_a_wider_one() -> None:
    rule = {"from": [{"podSelector": app("carts")}]}
    findings = check(into({}, rule), into(app("web"), rule))
    finding = only(findings, "redundant-policy")
    assert finding.subject == "NetworkPolicy x/p1"
    assert "redundant-rule" not in codes(findings)


def test_the_same_policy_twice_is_a_duplicate() -> None:
    rule = {"from": [{"podSelector": app("carts")}]}
    finding = only(check(into({}, rule), into({}, rule)), "duplicate-policy")
    assert finding.message == "says the same as p0"


def test_a_policy_that_alone_isolates_is_never_redundant() -> None:
    assert codes(check(into({}), out({}))) & {"redundant-policy", "duplicate-policy"} == set()


# --- ports -----------------------------------------------------------------------------------


def test_a_port_name_that_no_subject_serves_is_named() -> None:
    finding = only(check(into(app("web"), {"ports": [{"port": "htp"}]})), "named-port-not-served")
    assert finding.where == "p0: spec.ingress[0].ports[0].port"
    assert "http (TCP)" in finding.hint


def test_a_port_name_is_looked_for_with_its_protocol() -> None:
    rule = {"ports": [{"port": "http", "protocol": "UDP"}]}
    assert "named-port-not-served" in codes(check(into(app("web"), rule)))
    rule = {"ports": [{"port": "http"}]}
    assert "named-port-not-served" not in codes(check(into(app("web"), rule)))


SERVICE = Service(
    "x", "web", selector=(("app", "web"),), ports=(ServicePort(80, target_port="http"),)
)


def test_the_port_of_a_service_is_told_the_port_of_its_pods() -> None:
    findings = check(into(app("web"), {"ports": [{"port": 80}]}), services=(SERVICE,))
    finding = only(findings, "service-port-used")
    assert finding.hint == "write 8080"


def test_the_port_of_a_service_as_an_egress_target_is_told_too() -> None:
    rule = {"to": [{"podSelector": app("web")}], "ports": [{"port": 80}]}
    assert "service-port-used" in codes(check(out({}, rule), services=(SERVICE,)))


def test_a_port_that_pods_declare_is_theirs_whatever_a_service_says() -> None:
    both = replace(WEB, ports=(*WEB.ports, ContainerPort(80)))
    findings = check(
        into(app("web"), {"ports": [{"port": 80}]}), pods=(both, CARTS), services=(SERVICE,)
    )
    assert "service-port-used" not in codes(findings)


# --- what is missing -------------------------------------------------------------------------


def test_a_workload_that_no_policy_selects_is_unprotected() -> None:
    finding = only(check(into(app("web"))), "unprotected-workload")
    assert finding.subject == "x/Pod/carts"


def test_a_namespace_without_any_protection_is_one_finding() -> None:
    findings = check(out({}))
    named = {finding.subject for finding in findings if finding.code == "unprotected-namespace"}
    assert named == {"namespace x", "namespace y"}
    assert "unprotected-workload" not in codes(findings)


def test_a_deny_of_a_cluster_wide_policy_protects() -> None:
    spec = {
        "tier": "Baseline",
        "priority": 1,
        "subject": {"namespaces": {}},
        "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}],
    }
    tiers = [tier("ClusterNetworkPolicy", "base", spec)]
    findings = list(check_policies([], cluster(WEB, DB), tiers=tiers))
    assert "unprotected-namespace" not in codes(findings)


def test_a_workload_under_the_whole_namespaces_policy_alone_is_named() -> None:
    finding = only(check(into({}), into(app("web"), {})), "no-own-policy")
    assert finding.subject == "x/Pod/carts"
    assert "lets nobody in" in finding.message


def test_a_workload_that_a_mistyped_policy_means_is_not_named_twice() -> None:
    findings = check(into({}), into(app("cart"), {}), into(app("web"), {}))
    assert "selects-nothing" in codes(findings)
    assert "no-own-policy" not in codes(findings)


def test_open_egress_is_one_note_a_namespace() -> None:
    finding = only(check(out(app("web"), {})), "open-egress")
    assert finding.message == "1 of 2 workloads may connect to anything: carts"


TO_DB = {"to": [{"namespaceSelector": {}, "podSelector": app("db")}]}


def dns_rule(*, udp: bool = True, namespace: str = "kube-system", port: int = 53) -> Spec:
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    ports = [{"protocol": "TCP", "port": port}] + [{"protocol": "UDP", "port": port}] * udp
    return {"to": [{"namespaceSelector": selector}], "ports": ports}


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        ([TO_DB], True),
        ([TO_DB, dns_rule()], False),
        ([TO_DB, dns_rule(udp=False)], True),
        ([TO_DB, dns_rule(namespace="y")], True),
        ([TO_DB, dns_rule(port=54)], True),
        ([TO_DB, {"ports": [{"protocol": "UDP", "port": 53}]}], False),
        ([TO_DB, {"to": [{"namespaceSelector": {}}]}], False),
        ([TO_DB, {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}]}], False),
        ([{}], False),
        ([], False),  # nothing may be connected to: a plain deny
    ],
)
def test_egress_without_dns(rules: list[Spec], *, missing: bool) -> None:
    findings = check(out({}, *rules), pods=(WEB, CARTS, DB, DNS))
    assert ("missing-dns" in codes(findings)) is missing


def test_dns_may_come_from_another_policy() -> None:
    findings = check(out(app("web"), TO_DB), out({}, dns_rule()), pods=(WEB, CARTS, DB, DNS))
    assert "missing-dns" not in codes(findings)


def test_where_no_resolver_is_known_another_namespace_may_be_its() -> None:
    assert "missing-dns" not in codes(check(out({}, TO_DB, dns_rule())))
    assert "missing-dns" in codes(check(out({}, TO_DB)))


# --- input -----------------------------------------------------------------------------------


def test_without_workloads_nothing_is_said_of_selectors() -> None:
    policies: list[NetworkPolicy] = [policy("p", into(app("cart")))]
    assert [finding.code for finding in check_policies(policies, Inventory())] == ["no-workloads"]


def test_findings_come_the_gravest_first_and_in_one_order() -> None:
    specs = [into(app("cart")), into({}, {}, {}), out({}, TO_DB)]
    findings = check(*specs)
    assert findings == sorted(findings, key=lambda finding: finding.order)
    policies = [policy(f"p{number}", spec) for number, spec in enumerate(specs)]
    again = check_policies(policies[::-1], cluster(DB, CARTS, WEB))
    assert list(again) == findings


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        ({"namespaces": {}}, {"namespaces": {"matchLabels": {"a": "b"}}}, True),
        ({"namespaces": {"matchLabels": {"a": "b"}}}, {"namespaces": {}}, False),
        (
            {"namespaces": {}},
            {"pods": {"namespaceSelector": {}, "podSelector": app("web")}},
            True,
        ),
    ],
)
def test_a_rule_of_a_tier_that_is_never_reached(
    first: Spec, second: Spec, *, shadowed: bool
) -> None:
    rules = [{"action": "Deny", "from": [first]}, {"action": "Accept", "from": [second]}]
    spec = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "ingress": rules}
    tiers = [tier("ClusterNetworkPolicy", "t", spec)]
    findings = check_policies([], cluster(WEB), tiers=tiers)
    found = [finding.where for finding in findings if finding.code == "shadowed-rule"]
    assert found == (["t: spec.ingress[1]"] if shadowed else [])
