"""The typed policies of the tiers take what the API takes, and no empty list that it refuses."""

from __future__ import annotations

import pytest

from recommender.model.errors import ModelError
from recommender.model.labels import LabelSelector
from recommender.model.policies import ALL_PORTS, Direction
from recommender.model.tiers import (
    Action,
    Networks,
    Tier,
    TierPods,
    TierPolicy,
    TierPort,
    TierRule,
)

ALL = TierPods(LabelSelector.everything(), LabelSelector.everything())


def test_a_rule_needs_a_peer() -> None:
    with pytest.raises(ModelError, match="at least one peer"):
        TierRule(Action.DENY, ())


def test_an_empty_list_of_ports_is_refused_and_none_means_all() -> None:
    with pytest.raises(ModelError, match="one port where it lists any"):
        TierRule(Action.DENY, (ALL,), ())
    assert TierRule(Action.DENY, (ALL,)).ports is ALL_PORTS


def test_a_policy_is_asked_by_direction() -> None:
    inbound = TierRule(Action.ACCEPT, (ALL,), (TierPort("TCP", 80),))
    outbound = TierRule(Action.DENY, (Networks(("10.0.0.0/8",)),))
    policy = TierPolicy(
        "ClusterNetworkPolicy", "p", Tier.ADMIN, 1, ALL, ingress=(inbound,), egress=(outbound,)
    )
    assert policy.rules(Direction.INGRESS) == (inbound,)
    assert policy.rules(Direction.EGRESS) == (outbound,)


def test_the_admin_tier_sorts_before_the_baseline_tier() -> None:
    assert sorted([Tier.BASELINE, Tier.ADMIN]) == [Tier.ADMIN, Tier.BASELINE]
