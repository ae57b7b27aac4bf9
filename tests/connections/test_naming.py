"""Controllers told from the names of their pods."""

from __future__ import annotations

import pytest

from recommender.connections.naming import controller_of


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        ("web-5d4f8c7b9c-x2x7k", ("Deployment", "web")),
        ("reviews-v1-545db77b95-s6jb8", ("Deployment", "reviews-v1")),
        ("kube-dns-b4f5c58c7-vnx5s", ("Deployment", "kube-dns")),
        ("db-0", ("StatefulSet", "db")),
        ("kafka-broker-11", ("StatefulSet", "kafka-broker")),
        ("report-29012345-x2x7k", ("CronJob", "report")),
        ("node-exporter-x2x7k", ("Controller", "node-exporter")),
        ("etcd-control-plane", ("Pod", "etcd-control-plane")),
        ("xwing", ("Pod", "xwing")),
        ("web-cache", ("Pod", "web-cache")),
        ("-0", ("Pod", "-0")),
    ],
)
def test_controller_by_the_pods_name(pod: str, expected: tuple[str, str]) -> None:
    assert controller_of(pod) == expected


def test_name_that_is_all_dashes_costs_no_time() -> None:
    assert controller_of("a-" * 20_000 + "!") == ("Pod", "a-" * 20_000 + "!")
