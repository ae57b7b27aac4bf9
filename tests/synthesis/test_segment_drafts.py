"""Segments share policies, and open nothing but what is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthesis.segmented import drafted, pairs_allowed, policies_of, seen, segmentation
from synthesis.worlds import cluster, edge, egress, entity, ingress, policy, workload

from recommender.model.entities import Entity
from recommender.model.policies import Direction
from recommender.synthesis import regrouping
from recommender.synthesis.settings import Granularity, Settings
from recommender.synthesis.sharing import Sharing

if TYPE_CHECKING:
    from recommender.inventory.types import Inventory
    from recommender.model.edges import Edge
    from recommender.segments.types import Segmentation

WORKLOAD = Settings(granularity=Granularity.WORKLOAD)
AUTO = Settings(granularity=Granularity.AUTO)
SEGMENT = Settings(granularity=Granularity.SEGMENT, max_added=0)

FRONTS = ("shop/front-a", "shop/front-b", "shop/front-c")
STORES = ("shop/store-a", "shop/store-b")


def shop(*, labelled: bool = True) -> Inventory:
    """Three fronts and two stores, each group with a label of its own."""
    return cluster(
        *(
            workload(name, {"app": name[5:]} | ({"role": role} if labelled else {}))
            for role, names in (("front", FRONTS), ("store", STORES))
            for name in names
        ),
    )


def in_roles(edges: list[Edge], *admitted: tuple[str, str, int]) -> Segmentation:
    members = {"fronts": [entity(n) for n in FRONTS], "stores": [entity(n) for n in STORES]}
    return segmentation(members, admitted, edges)


MOST = [edge(front, store) for front in FRONTS for store in STORES][:-1]


def test_an_admitted_block_is_one_rule_on_each_side() -> None:
    result = drafted(MOST, shop(), in_roles(MOST, ("fronts", "stores", 80)), AUTO)
    assert policies_of(result) == {"shop": ["fronts", "stores"]}
    assert egress(policy(result, "shop/fronts")) == ["role=store on TCP/80"]
    assert ingress(policy(result, "shop/stores")) == ["role=front on TCP/80"]


def test_the_pairs_that_a_block_adds_are_listed() -> None:
    result = drafted(MOST, shop(), in_roles(MOST, ("fronts", "stores", 80)), AUTO)
    (block,) = result.blocks
    assert block.edges == 5
    assert block.added == ((entity("shop/front-c"), entity("shop/store-b")),)


def test_without_an_admitted_block_every_rule_is_exact() -> None:
    result = drafted(MOST, shop(), in_roles(MOST), AUTO)
    assert result.policies == drafted(MOST, shop(), None, WORKLOAD).policies


def test_what_no_block_speaks_for_stands_in_a_policy_beside_the_segment() -> None:
    edges = [*MOST, edge("shop/front-a", "shop/store-a", 9090)]
    result = drafted(edges, shop(), in_roles(edges, ("fronts", "stores", 80)), AUTO)
    assert policies_of(result) == {"shop": ["front-a", "fronts", "store-a", "stores"]}
    assert egress(policy(result, "shop/front-a"), dns=True) == ["app=store-a on TCP/9090"]
    assert policy(result, "shop/store-a").policy_types == {Direction.INGRESS}


def test_a_bound_on_added_pairs_keeps_a_block_exact() -> None:
    bounded = replace(AUTO, max_added=0)
    result = drafted(MOST, shop(), in_roles(MOST, ("fronts", "stores", 80)), bounded)
    assert result.blocks == ()
    assert result.policies == drafted(MOST, shop(), None, WORKLOAD).policies


def test_a_block_that_would_open_what_was_denied_stays_exact() -> None:
    segments = in_roles(MOST, ("fronts", "stores", 80))
    denied = edge("shop/front-c", "shop/store-b")
    result = drafted(MOST, shop(), segments, AUTO, closed=lambda one: one.key == denied.key)
    assert result.blocks == ()
    assert "block-stays-exact" in {finding.code for finding in result.findings}
    assert result.policies == drafted(MOST, shop(), None, WORKLOAD).policies


def test_a_segment_without_a_selector_stays_exact_and_waits_for_a_label() -> None:
    inventory = cluster(
        *(workload(f"shop/w{n}", {"app": f"w{n}"}) for n in range(6)),
        workload("shop/store-a"),
    )
    edges = [edge(f"shop/w{n}", "shop/store-a") for n in range(6)]
    members = {"callers": [one.client for one in edges], "store": [entity("shop/store-a")]}
    segments = segmentation(members, [("callers", "store", 80)], edges)
    result = drafted(edges, inventory, segments, AUTO)
    assert result.policies == drafted(edges, inventory, None, WORKLOAD).policies
    (label,) = result.labels
    assert label.label == ("segment", "callers")
    assert str(label.policy.subject) == "segment=callers"
    assert label.unpatchable == ()


def test_a_list_of_at_most_five_values_selects_a_segment() -> None:
    inventory = shop(labelled=False)
    result = drafted(MOST, inventory, in_roles(MOST, ("fronts", "stores", 80)), AUTO)
    chosen = policy(result, "shop/fronts").subject
    assert str(chosen) == "app in (front-a,front-b,front-c)"


def test_a_selector_that_also_hits_a_quiet_stranger_is_none() -> None:
    inventory = shop()
    stranger = workload("shop/other", {"role": "front", "app": "other"})
    known = replace(inventory, workloads={**inventory.workloads, stranger.entity: stranger})
    result = drafted(MOST, known, in_roles(MOST, ("fronts", "stores", 80)), AUTO)
    chosen = policy(result, "shop/fronts").subject
    assert "role=front" not in str(chosen).split(",")


def test_one_side_by_segment_opens_nothing_while_the_other_is_exact() -> None:
    """Each front calls a store of its own: two policies would open pairs, five do not."""
    edges = [
        edge("shop/front-a", "shop/store-a"),
        edge("shop/front-b", "shop/store-b"),
        edge("shop/front-c", "shop/store-b"),
    ]
    result = drafted(edges, shop(), in_roles(edges), SEGMENT)
    assert policies_of(result) == {"shop": ["fronts", "store-a", "store-b"]}
    allowed = pairs_allowed(result.policies, shop(), [80])
    assert allowed == seen(edges)


def test_a_block_in_which_all_do_the_same_is_shared_on_both_sides() -> None:
    edges = [edge(front, store) for front in FRONTS for store in STORES]
    result = drafted(edges, shop(), in_roles(edges), SEGMENT)
    assert policies_of(result) == {"shop": ["fronts", "stores"]}
    assert ingress(policy(result, "shop/stores")) == ["role=front on TCP/80"]


def test_only_some_members_calling_outside_keep_that_rule_to_themselves() -> None:
    inventory = shop()
    outside = Entity.cidr("203.0.113.8/32")
    edges = [
        *(edge(front, "shop/store-a") for front in FRONTS),
        edge("shop/front-a", outside, 443, addresses=("203.0.113.8",)),
    ]
    result = drafted(edges, inventory, in_roles(edges), SEGMENT)
    assert "front-a" in policies_of(result)["shop"]
    assert egress(policy(result, "shop/fronts")) == ["app=store-a on TCP/80"]


def test_what_every_policy_of_a_namespace_says_stands_once_in_its_baseline() -> None:
    extra = workload("shop/extra")
    known = replace(shop(), workloads={**shop().workloads, extra.entity: extra})
    edges = [edge(front, store) for front in FRONTS for store in (*STORES, "shop/extra")]
    result = drafted(edges, known, in_roles(edges), SEGMENT)
    baseline = policy(result, "shop/baseline")
    assert baseline.subject.matches_all
    assert baseline.policy_types == {Direction.EGRESS}
    assert [rule.reason for rule in baseline.egress] == ["dns"]
    assert policy(result, "shop/stores").egress == ()
    assert "dns" not in [rule.reason for rule in policy(result, "shop/fronts").egress]


def test_there_is_no_baseline_where_it_would_cut_off_a_quiet_workload() -> None:
    inventory = shop()
    quiet = workload("shop/quiet")
    known = replace(inventory, workloads={**inventory.workloads, quiet.entity: quiet})
    edges = [edge(front, store) for front in FRONTS for store in STORES]
    result = drafted(edges, known, in_roles(edges), SEGMENT)
    assert "shop/baseline" not in [f"{p.namespace}/{p.name}" for p in result.policies]


def test_a_group_too_large_to_weigh_pair_by_pair_opens_nothing_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(regrouping, "MOST_PAIRS", 1)
    result = drafted(MOST, shop(), in_roles(MOST), SEGMENT)
    assert policies_of(result) == {"shop": ["fronts", "store-a", "store-b"]}
    assert pairs_allowed(result.policies, shop(), [80]) == seen(MOST)


PORTS = [80, 443]
OUTSIDE = [Entity.cidr("203.0.113.8/32"), Entity.cidr("198.51.100.7/32")]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Inventory, list[Edge], Segmentation]:
    """Workloads of two namespaces in segments drawn at random, some without a selector."""
    named: dict[str, str] = draw(
        st.dictionaries(
            st.sampled_from([f"{ns}/{w}" for ns in ("shop", "data") for w in "abcdef"]),
            st.sampled_from(["x", "y", "z"]),
            min_size=2,
        )
    )
    labelled = draw(st.booleans())
    workloads = [
        workload(name, {"app": name[-1]} | ({"role": role} if labelled else {"app": "w" + name}))
        for name, role in sorted(named.items())
    ]
    inventory = cluster(*workloads)
    members: dict[str, list[Entity]] = {}
    for name, role in sorted(named.items()):
        members.setdefault(f"{name.split('/', maxsplit=1)[0]}-{role}", []).append(entity(name))
    ends = st.sampled_from([*inventory.workloads, *OUTSIDE])
    drawn = draw(st.lists(st.tuples(ends, ends, st.sampled_from(PORTS)), max_size=14, unique=True))
    edges = [
        edge(client, server, port, addresses=_addresses(client, server))
        for client, server, port in drawn
        if client != server and (client.is_workload or server.is_workload)
    ]
    names = st.sampled_from(sorted(members))
    blocks = st.tuples(names, names, st.sampled_from(PORTS))
    admitted = draw(st.lists(blocks, max_size=4, unique=True))
    return inventory, edges, segmentation(members, admitted, edges)


def _addresses(client: Entity, server: Entity) -> tuple[str, ...]:
    return tuple(end.name.removesuffix("/32") for end in (client, server) if not end.is_workload)


@given(worlds())
@settings(max_examples=150)
def test_with_no_pair_to_add_segments_allow_exactly_what_workloads_do(
    world: tuple[Inventory, list[Edge], Segmentation],
) -> None:
    inventory, edges, segments = world
    exact = drafted(edges, inventory, None, WORKLOAD)
    shared = drafted(edges, inventory, segments, SEGMENT)
    before = pairs_allowed(exact.policies, inventory, PORTS, OUTSIDE)
    assert pairs_allowed(shared.policies, inventory, PORTS, OUTSIDE) == before
    assert sum(map(len, policies_of(shared).values())) <= sum(map(len, policies_of(exact).values()))


@given(worlds())
@settings(max_examples=150)
def test_blocks_allow_what_was_seen_and_what_they_list_and_nothing_else(
    world: tuple[Inventory, list[Edge], Segmentation],
) -> None:
    inventory, edges, segments = world
    exact = drafted(edges, inventory, None, WORKLOAD)
    shared = drafted(edges, inventory, segments, AUTO)
    listed = {
        (client, server, block.protocol, block.port)
        for block in shared.blocks
        for client, server in block.added
    }
    before = pairs_allowed(exact.policies, inventory, PORTS, OUTSIDE)
    assert pairs_allowed(shared.policies, inventory, PORTS, OUTSIDE) == before | listed


@given(worlds(), st.sampled_from([AUTO, SEGMENT]), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_order_of_edges_does_not_show(
    world: tuple[Inventory, list[Edge], Segmentation],
    chosen: Settings,
    random: object,
) -> None:
    inventory, edges, segments = world
    first = drafted(edges, inventory, segments, chosen)
    shuffled = list(edges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = drafted(shuffled, inventory, segments, chosen)
    assert again.policies == first.policies
    assert again.blocks == first.blocks


@given(worlds(), st.sampled_from([AUTO, SEGMENT]))
@settings(max_examples=150)
def test_drafts_that_nothing_shared_concerns_are_as_if_drafted_again(
    world: tuple[Inventory, list[Edge], Segmentation], chosen: Settings
) -> None:
    inventory, edges, segments = world
    found = drafted(edges, inventory, segments, chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sharing, "concerned", frozenset(inventory.workloads))
        assert drafted(edges, inventory, segments, chosen) == found
