"""One policy a workload: directions, peers, ports, names."""

from __future__ import annotations

from recommender.model.policies import Direction
from synthesis.worlds import cluster, draft, edge, egress, ingress, names, policy, workload

SHOP = cluster(workload("shop/web"), workload("shop/cart"), workload("data/db"))


def test_a_workload_gets_one_policy_with_both_directions() -> None:
    result = draft([edge("shop/web", "shop/cart", 7070)], SHOP)
    cart = policy(result, "shop/cart")
    assert str(cart.subject) == "app=cart"
    assert cart.policy_types == frozenset(Direction)
    assert ingress(cart) == ["app=web on TCP/7070"]
    assert egress(policy(result, "shop/web")) == ["app=cart on TCP/7070"]
    assert "shop/default-deny" in names(result)
