"""Labels that will not outlive the next rollout never stand in a selector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.labels import is_label_key, is_label_value
from recommender.model.volatile_labels import Volatility, unusable, usable_labels, volatility


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("pod-template-hash", Volatility.ROLLOUT),
        ("controller-revision-hash", Volatility.ROLLOUT),
        ("statefulset.kubernetes.io/pod-name", Volatility.REPLICA),
        ("apps.kubernetes.io/pod-index", Volatility.REPLICA),
        ("job-name", Volatility.RUN),
        ("batch.kubernetes.io/job-completion-index", Volatility.RUN),
        ("batch.kubernetes.io/controller-uid", Volatility.RUN),
        ("helm.sh/chart", Volatility.VERSION),
        ("app.kubernetes.io/version", Volatility.VERSION),
        ("version", Volatility.VERSION),
        ("gitCommit", Volatility.VERSION),
        ("app.kubernetes.io/managed-by", Volatility.TOOLING),
        ("topology.kubernetes.io/zone", Volatility.PLACE),
        ("spilo-role", Volatility.RUNTIME),
        ("gen:named-port", Volatility.DERIVED),
        ("io.cilium.k8s.policy.cluster", Volatility.DERIVED),
        ("io.kubernetes.pod.namespace", Volatility.DERIVED),
    ],
)
def test_what_changes_is_volatile(key: str, reason: Volatility) -> None:
    assert volatility(key) is reason


@pytest.mark.parametrize(
    "key",
    [
        "app",
        "k8s-app",
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/component",
        "release",
        "tier",
        "conversion",
        "stage",
        "gateway.networking.k8s.io/gateway-name",
    ],
)
def test_what_names_the_workload_stays(key: str) -> None:
    assert volatility(key) is None


@pytest.mark.parametrize(
    ("key", "value"), [("a b", "x"), ("app", ""), ("app", "a b"), ("app", "x" * 64), ("", "x")]
)
def test_what_the_api_server_refuses_is_unusable(key: str, value: str) -> None:
    assert unusable(key, value) is Volatility.INVALID


labels = st.lists(
    st.tuples(
        st.sampled_from(["app", "tier", "version", "pod-template-hash", "a b", "gen:x"]),
        st.sampled_from(["web", "", "a b", "1"]),
    ),
    max_size=6,
)


@given(labels)
def test_usable_labels_are_valid_stable_and_sorted(pairs: list[tuple[str, str]]) -> None:
    usable = usable_labels(pairs)
    assert list(usable) == sorted(pair for pair in pairs if unusable(*pair) is None)
    for key, value in usable:
        assert is_label_key(key)
        assert is_label_value(value)
        assert value
        assert volatility(key) is None
