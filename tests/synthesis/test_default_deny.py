"""The default-deny of a namespace never cuts off what has no policy of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from synthesis.worlds import cluster, codes, draft, edge, entity, findings, names, policy, workload

from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, NetworkPolicy

if TYPE_CHECKING:
    from recommender.inventory.types import Workload
    from recommender.synthesis.synthesize import Synthesis

WEB, CART = workload("shop/web"), workload("shop/cart")
CALL = edge("shop/web", "shop/cart")
EGRESS, INGRESS = frozenset({Direction.EGRESS}), frozenset({Direction.INGRESS})


def with_more(*workloads: Workload) -> Synthesis:
    return draft([CALL], cluster(WEB, CART, *workloads))


def test_it_selects_the_whole_namespace_and_allows_nothing() -> None:
    default = policy(with_more(), "shop/default-deny")
    assert default.subject == LabelSelector.everything()
    assert default.policy_types == frozenset(Direction)
    assert (default.ingress, default.egress) == ((), ())


@pytest.mark.parametrize("labels", [None, {}])
def test_a_workload_without_policy_keeps_it_away(labels: dict[str, str] | None) -> None:
    result = with_more(workload("shop/silent", labels))
    assert "shop/default-deny" not in names(result)
    (found,) = findings(result, "default-deny-left-out")
    assert found.where == "Ingress,Egress"
    assert "shop/Deployment/silent" in found.message


def test_a_direction_that_one_workload_has_open_is_left_out() -> None:
    observed = {entity("shop/web"): EGRESS, entity("shop/cart"): frozenset(Direction)}
    result = draft([CALL], cluster(WEB, CART), observed=observed)
    assert policy(result, "shop/default-deny").policy_types == EGRESS
    assert [finding.where for finding in findings(result, "default-deny-reduced")] == ["Ingress"]


def test_a_cron_job_between_two_runs_keeps_it_away() -> None:
    result = with_more(workload("shop/CronJob/nightly", replicas=0))
    assert "default-deny-left-out" in codes(result)


@pytest.mark.parametrize(
    "other",
    [
        workload("shop/agent", host_network=True),
        workload("shop/Job/done", phase="Succeeded"),
        workload("shop/Pod/evicted", phase="Failed"),
        replace(workload("shop/parked", replicas=0), replicas=0),
        workload("data/db"),
    ],
)
def test_what_it_cannot_cut_off_does_not_keep_it_away(other: Workload) -> None:
    assert "shop/default-deny" in names(with_more(other))


def test_a_pod_that_came_and_went_keeps_it_away() -> None:
    result = draft([CALL, edge("shop/Pod/ci-run", "shop/cart", 9)], cluster(WEB, CART))
    assert "shop/default-deny" not in names(result)


def test_someone_elses_default_deny_is_not_replaced() -> None:
    own = NetworkPolicy("shop", "default-deny", LabelSelector.everything(), INGRESS)
    result = draft([CALL], cluster(WEB, CART, policies=(own,)))
    assert names(result) == ["shop/cart", "shop/default-deny-drafted", "shop/web"]


def test_a_namespace_without_policies_gets_none() -> None:
    assert draft([], cluster(WEB, CART)).policies == ()


def test_what_only_flows_describe_may_hold_more_pods_and_that_is_said() -> None:
    result = draft([CALL], cluster(WEB, CART, complete=False))
    assert "shop/default-deny" in names(result)
    (finding,) = findings(result, "default-deny-unseen")
    assert "shop" in finding.message
    assert "default-deny-unseen" not in codes(draft([CALL], cluster(WEB, CART)))


def test_kube_system_gets_one_only_with_an_inventory() -> None:
    def drafted(*, complete: bool) -> Synthesis:
        one, two = workload("kube-system/one"), workload("kube-system/two")
        call = edge("kube-system/one", "kube-system/two")
        return draft([call], cluster(one, two, complete=complete))

    assert "kube-system/default-deny" in names(drafted(complete=True))
    unsure = drafted(complete=False)
    assert "kube-system/default-deny" not in names(unsure)
    (finding,) = findings(unsure, "default-deny-left-out")
    assert "platform pods" in finding.message


@pytest.mark.parametrize("namespace", ["openshift-dns", "calico-system", "cilium"])
def test_other_platform_namespaces_need_an_inventory_as_well(namespace: str) -> None:
    one, two = workload(f"{namespace}/one"), workload(f"{namespace}/two")
    call = edge(f"{namespace}/one", f"{namespace}/two")
    assert f"{namespace}/default-deny" not in names(
        draft([call], cluster(one, two, complete=False))
    )
    assert f"{namespace}/default-deny" in names(draft([call], cluster(one, two)))


def test_a_namespace_that_the_inventory_does_not_list_counts_as_known_from_flows() -> None:
    seen = [replace(workload(f"ops/{name}"), known_from="flows") for name in ("one", "two")]
    result = draft([CALL, edge("ops/one", "ops/two")], cluster(WEB, CART, *seen))
    (finding,) = findings(result, "default-deny-unseen")
    assert "ops" in finding.message
    assert "shop" not in finding.message
