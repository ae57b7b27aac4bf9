"""Who shares a selector, who needs a label, and what policies are called."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthesis.worlds import (
    cluster,
    codes,
    draft,
    edge,
    egress,
    entity,
    findings,
    ingress,
    names,
    policy,
    workload,
)

from recommender.inventory.types import Inventory, Workload
from recommender.model.entities import Entity
from recommender.model.findings import Severity
from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, NetworkPolicy
from recommender.synthesis.mending import mending_line
from recommender.synthesis.naming import DEFAULT_DENY, is_object_name, object_name, policy_names
from recommender.synthesis.settings import Settings
from recommender.synthesis.subjects import MANAGED_BY

if TYPE_CHECKING:
    from recommender.synthesis.synthesize import Synthesis


def variants() -> Inventory:
    return cluster(
        workload("shop/reviews-v1", {"app": "reviews", "version": "v1"}),
        workload("shop/reviews-v2", {"app": "reviews", "version": "v2"}),
        workload("shop/ratings"),
        workload("shop/page"),
        complete=False,
    )


def test_versions_of_one_workload_share_a_policy_and_what_that_adds_is_counted() -> None:
    edges = [
        edge("shop/page", "shop/reviews-v1", 9080),
        edge("shop/page", "shop/reviews-v2", 9080),
        edge("shop/reviews-v2", "shop/ratings", 9080),
    ]
    result = draft(edges, variants())
    shared = policy(result, "shop/reviews")
    assert str(shared.subject) == "app=reviews"
    assert ingress(shared) == ["app=page on TCP/9080"]
    assert ingress(policy(result, "shop/ratings")) == ["app=reviews on TCP/9080"]
    (finding,) = findings(result, "shared-selector")
    assert finding.severity is Severity.WARNING
    assert "grants 1 conversation to" in finding.message


def test_sharing_can_be_turned_off_and_then_each_needs_a_label() -> None:
    edges = [edge("shop/page", "shop/reviews-v1", 9080), edge("shop/page", "shop/ratings", 9080)]
    result = draft(edges, variants(), Settings(shared_selectors=False))
    assert [finding.subject for finding in findings(result, "needs-label")] == [
        "shop/Deployment/reviews-v1",
        "shop/Deployment/reviews-v2",
    ]
    assert Direction.EGRESS not in policy(result, "shop/page").policy_types


def test_two_programs_with_the_same_labels_do_not_share_a_policy() -> None:
    known = cluster(
        workload("shop/front", {"app": "shop"}),
        workload("shop/db", {"app": "shop"}),
        workload("shop/gate"),
    )
    result = draft([edge("shop/gate", "shop/front"), edge("shop/front", "shop/db", 5432)], known)
    assert [finding.subject for finding in findings(result, "needs-label")] == [
        "shop/Deployment/db",
        "shop/Deployment/front",
    ]
    assert names(result) == ["shop/gate"]


def test_workloads_with_the_same_labels_and_the_same_traffic_share_without_adding() -> None:
    known = cluster(
        workload("shop/web", {"app": "web"}),
        workload("shop/web-canary", {"app": "web"}),
        workload("shop/gate"),
    )
    result = draft([edge("shop/gate", "shop/web"), edge("shop/gate", "shop/web-canary")], known)
    assert names(result) == ["shop/default-deny", "shop/gate", "shop/web"]
    (finding,) = findings(result, "shared-selector")
    assert finding.severity is Severity.NOTE


def test_an_unlabelled_workload_gets_no_policy_and_the_line_that_mends_it() -> None:
    known = cluster(workload("shop/web", {}), workload("shop/cart"))
    result = draft([edge("shop/web", "shop/cart")], known)
    assert names(result) == ["shop/cart"]
    (finding,) = findings(result, "needs-label")
    assert finding.subject == "shop/Deployment/web"
    words = shlex.split(finding.hint)
    assert words[:6] == ["kubectl", "-n", "shop", "patch", "deployment", "web"]
    patch = json.loads(words[-1])
    labels = patch["spec"]["template"]["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/name": "web"}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("shop/CronJob/tidy", '{"spec":{"jobTemplate":{"spec":{"template":'),
        ("shop/Pod/shell", "kubectl -n shop label pod shell app.kubernetes.io/name=shell"),
        ("shop/Rollout/web", "add the label app.kubernetes.io/name=web to its pod template"),
        ("shop/Deployment/$(reboot)", "add the label app.kubernetes.io/name=w-"),
    ],
)
def test_the_mending_line_fits_the_kind(who: str, expected: str) -> None:
    assert expected in mending_line(workload(who, {}))


def test_the_mending_line_never_overwrites_a_label() -> None:
    web = workload("shop/web", {"app.kubernetes.io/name": "shop"})
    assert '{"app.kubernetes.io/component":"web"}' in mending_line(web)


def test_host_network_pods_are_never_subjects() -> None:
    known = cluster(workload("shop/agent", host_network=True), workload("shop/web"))
    result = draft([edge("shop/agent", "shop/web", addresses=("10.0.0.9",))], known)
    assert names(result) == ["shop/default-deny", "shop/web"]
    assert [finding.subject for finding in findings(result, "host-network")] == [
        "shop/Deployment/agent",
    ]


def test_a_finished_pod_does_not_stand_in_the_way_of_a_selector() -> None:
    known = cluster(
        workload("shop/web"),
        workload("shop/Pod/web-old", {"app": "web"}, phase="Failed"),
        workload("shop/cart"),
    )
    result = draft([edge("shop/web", "shop/cart")], known)
    assert names(result) == ["shop/cart", "shop/default-deny", "shop/web"]


def test_namesakes_are_told_apart_by_their_kind() -> None:
    known = cluster(
        workload("shop/db", {"app": "db-api"}),
        workload("shop/StatefulSet/db", {"app": "db"}),
    )
    result = draft([edge("shop/db", "shop/StatefulSet/db", 5432)], known)
    assert names(result) == ["shop/db-deployment", "shop/db-statefulset", "shop/default-deny"]


def test_a_name_that_someone_elses_policy_has_is_left_to_it() -> None:
    def existing(*labels: tuple[str, str]) -> NetworkPolicy:
        return NetworkPolicy(
            "shop",
            "web",
            LabelSelector.everything(),
            frozenset({Direction.INGRESS}),
            labels=labels,
        )

    def drafted(own: NetworkPolicy) -> Synthesis:
        known = cluster(workload("shop/web"), workload("shop/cart"), policies=(own,))
        return draft([edge("shop/web", "shop/cart")], known)

    beside = drafted(existing())
    assert "shop/web-deployment" in names(beside)
    assert [finding.subject for finding in findings(beside, "name-taken")] == [
        "shop/web-deployment",
    ]
    again = drafted(existing(MANAGED_BY))
    assert "shop/web" in names(again)
    assert "name-taken" not in codes(again)


@pytest.mark.parametrize("name", ["web", "web.v1", "0x1", "a" * 63])
def test_a_valid_name_stays_as_it_is(name: str) -> None:
    assert object_name(name) == name


@given(st.text(max_size=90))
def test_any_text_becomes_a_valid_name(text: str) -> None:
    assert is_object_name(object_name(text))


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.tuples(
            st.sampled_from(["web", "Web", "web-deployment", DEFAULT_DENY, "../x", ""]),
            st.sampled_from(["Deployment", "StatefulSet", "", "shared"]),
        ),
        max_size=8,
    ),
    st.sets(st.sampled_from(["web", "web-statefulset"])),
)
def test_no_two_policies_of_a_namespace_share_a_name(
    wanted: dict[str, tuple[str, str]],
    taken: set[str],
) -> None:
    given_names = policy_names(wanted, taken)
    assert set(given_names) == set(wanted)
    assert len(set(given_names.values())) == len(wanted)
    assert not set(given_names.values()) & {DEFAULT_DENY, *taken}
    assert all(map(is_object_name, given_names.values()))


def test_a_namespace_that_cannot_exist_gets_no_policy() -> None:
    known = cluster(workload("Bad_Space/web"), workload("shop/cart"))
    result = draft([edge("Bad_Space/web", "shop/cart")], known)
    assert names(result) == ["shop/cart", "shop/default-deny"]
    assert policy(result, "shop/cart").policy_types == frozenset({Direction.EGRESS})
    assert {"invalid-namespace", "direction-staged", "default-deny-reduced"} <= codes(result)


def test_only_one_cluster_is_drafted_for() -> None:
    here = workload("shop/web")
    cart = workload("shop/cart")
    far = Entity.workload("shop", "Deployment", "far", cluster="west")
    known = cluster(here, cart, Workload(far, (("app", "far"),)))
    edges = [edge("shop/web", "shop/cart"), edge("shop/web", far, 443)]
    result = draft(edges, known)
    assert names(result) == ["shop/cart", "shop/default-deny", "shop/web"]
    assert policy(result, "shop/web").policy_types == frozenset({Direction.INGRESS})
    assert "other-cluster" in codes(result)


def test_egress_of_a_shared_subject_is_the_union() -> None:
    edges = [
        edge("shop/reviews-v1", "shop/page", 1),
        edge("shop/reviews-v2", "shop/ratings", 2),
    ]
    assert egress(policy(draft(edges, variants()), "shop/reviews")) == [
        "app=page on TCP/1",
        "app=ratings on TCP/2",
    ]


def test_a_workload_seen_but_not_inventoried_is_reported() -> None:
    known = cluster(workload("shop/web"), workload("shop/cart"))
    edges = [edge("shop/gone", "shop/web"), edge("shop/web", "shop/cart")]
    result = draft(edges, known)
    assert [finding.subject for finding in findings(result, "unknown-workload")] == [
        entity("shop/gone").id,
    ]
    assert policy(result, "shop/web").policy_types == frozenset({Direction.EGRESS})


def test_a_draft_that_ends_with_its_controller_says_so() -> None:
    labels = {"app": "web", "version": "v1"}
    known = cluster(workload("shop/web-v1", labels, selector=labels), workload("shop/cart"))
    result = draft([edge("shop/web-v1", "shop/cart")], known)
    assert [finding.subject for finding in findings(result, "version-in-selector")] == [
        "shop/web-v1",
    ]
