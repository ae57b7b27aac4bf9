"""Selectors: exact, stable, small."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthesis.worlds import workload

from recommender.inventory.types import Workload
from recommender.model.labels import LabelSelector, Operator, Requirement
from recommender.model.volatile_labels import usable_labels
from recommender.synthesis.selectors import label_index, label_selector, own_selector


def chosen(target: Workload, *others: Workload, complete: bool = True) -> str | None:
    index = label_index([target, *others], complete=complete)
    selector = own_selector(target, index) or label_selector(
        target.labels,
        index.own[target.entity],
        index,
    )
    return None if selector is None else str(selector)


def test_the_controllers_own_selector_comes_first() -> None:
    labels = {"app": "web", "run": "w"}
    assert chosen(workload("shop/web", labels, selector={"run": "w"})) == "run=w"


def test_the_controllers_own_selector_is_not_taken_where_it_hits_others() -> None:
    web = workload("shop/web", {"app": "shop", "tier": "front"}, selector={"app": "shop"})
    job = workload("shop/CronJob/tidy", {"app": "shop", "tier": "job"})
    assert chosen(web, job) == "tier=front"


def test_the_controllers_own_selector_may_name_a_version_since_it_cannot_change() -> None:
    old = workload(
        "shop/web-1",
        {"app": "web", "version": "1"},
        selector={"app": "web", "version": "1"},
    )
    new = workload("shop/web-2", {"app": "web", "version": "2"})
    assert chosen(old, new) == "app=web,version=1"


def test_a_selector_that_a_job_made_for_one_run_is_not_taken() -> None:
    labels = {"app": "load", "batch.kubernetes.io/controller-uid": "0c1d"}
    job = workload("shop/Job/load", labels, selector={"batch.kubernetes.io/controller-uid": "0c1d"})
    assert chosen(job) == "app=load"


def test_a_controllers_selector_with_expressions_is_kept_whole() -> None:
    web = workload("shop/web", {"app": "web", "env": "a"})
    selector = LabelSelector.of({"app": "web"}, [Requirement("env", Operator.IN, ("a", "b"))])
    web = Workload(web.entity, web.labels, selector, web.pods)
    other = workload("shop/other", {"app": "web", "env": "c"})
    assert chosen(web, other) == "app=web,env in (a,b)"


def test_well_known_keys_come_before_others() -> None:
    labels = {"aaa": "web", "app": "web", "app.kubernetes.io/name": "web"}
    assert chosen(workload("shop/web", labels)) == "app.kubernetes.io/name=web"


def test_a_pair_is_found_where_no_single_label_is_exact() -> None:
    web = workload("shop/web", {"app": "a", "tier": "front"})
    api = workload("shop/api", {"app": "a", "tier": "back"})
    other = workload("shop/other", {"app": "b", "tier": "front"})
    assert chosen(web, api, other) == "app=a,tier=front"


@pytest.mark.parametrize(
    "key",
    [
        "pod-template-hash",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-name",
        "version",
        "app.kubernetes.io/version",
        "helm.sh/chart",
        "topology.kubernetes.io/zone",
        "io.cilium.k8s.policy.serviceaccount",
        "gen:io.cilium.k8s.named-ports",
        "security.istio.io/tlsMode",
        "appVersion",
        "git-sha",
    ],
)
def test_no_volatile_label_enters_a_selector(key: str) -> None:
    web = workload("shop/web", {"app": "a", key: "1"})
    assert chosen(web, workload("shop/other", {"app": "a", key: "2"})) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("app", "a b"), ("app", "x" * 64), ("bad key", "x"), ("app", "-x"), ("UP.case/app", "x")],
)
def test_a_label_that_the_api_server_would_refuse_is_not_used(key: str, value: str) -> None:
    assert chosen(workload("shop/web", {key: value}), complete=False) is None


def test_only_labels_on_every_replica_count() -> None:
    web = workload("shop/web", {"app": "web"}, per_pod=[{"role": "primary"}, {"role": "replica"}])
    other = workload("shop/other", {"app": "web"})
    assert chosen(web, other) is None


def test_a_workload_without_pods_is_known_by_its_template() -> None:
    web = workload("shop/web", {"app": "web"}, replicas=0)
    other = workload("shop/other", {"app": "web", "tier": "x"}, replicas=0)
    assert chosen(other, web) == "tier=x"
    assert chosen(web, other) is None


def test_from_flows_a_pod_without_labels_proves_nothing() -> None:
    web = workload("shop/web", {"app": "web"})
    masked = Workload(web.entity, web.labels, None, (*web.pods, workload("shop/web", {}).pods[0]))
    assert chosen(masked, complete=False) == "app=web"
    assert chosen(masked, complete=True) is None


def test_more_than_three_labels_are_used_where_it_takes_them() -> None:
    keys = ["a", "b", "c", "d"]
    target = workload("shop/target", dict.fromkeys(keys, "1"))
    others = [
        workload(f"shop/o{''.join(values)}", dict(zip(keys, values, strict=True)))
        for values in product("01", repeat=4)
        if values != ("1", "1", "1", "1")
    ]
    assert chosen(target, *others) == "a=1,b=1,c=1,d=1"


LABELS = st.dictionaries(
    st.sampled_from(["app", "tier", "role", "team", "env", "version", "pod-template-hash"]),
    st.sampled_from(["a", "b", "c"]),
    max_size=5,
)


@given(st.lists(LABELS, min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_a_selector_hits_exactly_its_pods_and_drops_nothing_it_could(
    maps: list[dict[str, str]],
) -> None:
    workloads = [workload(f"shop/w{number}", labels) for number, labels in enumerate(maps)]
    index = label_index(workloads, complete=True)
    for target, labels in zip(workloads, maps, strict=True):
        selector = label_selector(target.labels, index.own[target.entity], index)
        stable = dict(usable_labels(tuple(labels.items())))
        exact = bool(stable) and [m for m in maps if stable.items() <= m.items()] == [labels]
        assert (selector is not None) == exact
        if selector is not None:
            assert [m for m in maps if selector.matches(m)] == [labels]
            assert set(selector.match_labels) <= set(stable.items())
            for pair in selector.match_labels:
                fewer = dict(set(selector.match_labels) - {pair})
                assert not fewer or [m for m in maps if fewer.items() <= m.items()] != [labels]
