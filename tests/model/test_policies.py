"""The typed policies hold every valid policy, and none that opens everything by accident."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from recommender.model.errors import ModelError
from recommender.model.labels import LabelSelector
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

WEB = LabelSelector.of({"app": "web"})
RULE = Rule((PodPeer(WEB),), (PolicyPort("TCP", 80),), reason="dns", marks=("world",))


def test_an_empty_list_must_be_named() -> None:
    with pytest.raises(ModelError, match="ALL_PEERS or ALL_PORTS"):
        Rule((), (PolicyPort("TCP", 80),))
    with pytest.raises(ModelError, match="ALL_PEERS or ALL_PORTS"):
        Rule((IPBlock("10.0.0.0/8"),), ())
    assert Rule(ALL_PEERS, ALL_PORTS).peers is ALL_PEERS


def test_rules_are_equal_by_what_they_allow() -> None:
    assert replace(RULE, reason="other", marks=()) == RULE
    assert replace(RULE, ports=ALL_PORTS) != RULE


def test_a_policy_is_asked_by_direction() -> None:
    policy = NetworkPolicy(
        "shop", "web", WEB, frozenset({Direction.INGRESS}), ingress=(RULE,), origin="a.yaml"
    )
    assert policy.isolates(Direction.INGRESS)
    assert not policy.isolates(Direction.EGRESS)
    assert policy.rules(Direction.INGRESS) == (RULE,)
    assert policy.rules(Direction.EGRESS) == ()
    assert policy == replace(policy, origin="b.yaml")


def test_ports_sort_by_protocol_then_numbers_before_names() -> None:
    ordered = [
        PolicyPort("TCP"),
        PolicyPort("TCP", 80),
        PolicyPort("TCP", 80, 90),
        PolicyPort("TCP", 443),
        PolicyPort("TCP", "http"),
        PolicyPort("UDP", 53),
    ]
    assert all(a.order < b.order for a, b in pairwise(ordered))
