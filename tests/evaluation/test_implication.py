"""When one selector, port list or rule covers another: exact, and safe to act on."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from evaluation import naive
from evaluation.clusters import policy
from evaluation.dice import Dice
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation.hygiene_rules import needless
from recommender.evaluation.implication import (
    Ports,
    addresses_of,
    is_impossible,
    peer_within,
    selector_within,
)
from recommender.model.labels import LabelSelector, Operator, Requirement
from recommender.model.policies import ALL_PORTS, Direction, IPBlock, PodPeer, PolicyPort

if TYPE_CHECKING:
    from recommender.model.findings import Finding
    from recommender.model.policies import NetworkPolicy

KEYS, VALUES = ("k", "l"), ("a", "b", "c")
# One value more than any selector lists stands for all the others that exist.
UNIVERSE = [
    {key: value for key, value in zip(KEYS, pair, strict=True) if value is not None}
    for pair in product([None, *VALUES, "other"], repeat=2)
]

keys = st.sampled_from(KEYS)
listed = st.sets(st.sampled_from(VALUES), min_size=1).map(lambda found: tuple(sorted(found)))
requirements = st.one_of(
    st.builds(Requirement, keys, st.sampled_from([Operator.IN, Operator.NOT_IN]), listed),
    st.builds(Requirement, keys, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
)
pairs = st.dictionaries(keys, st.sampled_from(VALUES), max_size=2)


def selector(labels: dict[str, str], expressions: list[Requirement]) -> LabelSelector:
    if not labels and not expressions:
        return LabelSelector.everything()
    return LabelSelector.of(labels, expressions)


selectors = st.builds(selector, pairs, st.lists(requirements, max_size=3))


@given(selectors, selectors)
def test_a_selector_lies_within_another_exactly_where_its_pods_do(
    inner: LabelSelector, outer: LabelSelector
) -> None:
    expected = all(outer.matches(labels) for labels in UNIVERSE if inner.matches(labels))
    assert selector_within(inner, outer) is expected


@given(selectors)
def test_a_selector_is_impossible_exactly_where_it_selects_nothing(item: LabelSelector) -> None:
    assert is_impossible(item) is not any(item.matches(labels) for labels in UNIVERSE)


numbers = st.integers(1, 6)
entries = st.one_of(
    st.builds(PolicyPort, st.sampled_from(["TCP", "UDP"])),
    st.builds(
        lambda protocol, low, more: PolicyPort(protocol, low, low + more),
        st.sampled_from(["TCP", "UDP"]),
        numbers,
        st.integers(0, 3),
    ),
    st.builds(PolicyPort, st.sampled_from(["TCP", "UDP"]), st.sampled_from(["x", "y"])),
)
port_lists = st.lists(entries, min_size=1, max_size=3).map(tuple) | st.just(ALL_PORTS)


@given(port_lists, port_lists, numbers, numbers)
def test_ports_within_others_hold_whatever_names_resolve_to(
    inner: tuple[PolicyPort, ...], outer: tuple[PolicyPort, ...], x: int, y: int
) -> None:
    def resolved(ports: tuple[PolicyPort, ...]) -> set[tuple[str, int]]:
        found = Ports.of(ports)
        meant = {"x": x, "y": y}
        pairs = {(name, meant[port]) for name, port in found.names}
        for protocol, low, high in found.numbers:
            pairs |= {(protocol, number) for number in range(low, min(high, 10) + 1)}
        return pairs

    if Ports.of(inner) <= Ports.of(outer):
        assert resolved(inner) <= resolved(outer)


def test_blocks_and_pods_never_cover_each_other() -> None:
    everyone = PodPeer(LabelSelector.everything(), LabelSelector.everything())
    world = IPBlock("0.0.0.0/0")
    assert not peer_within(everyone, world)
    assert not peer_within(world, everyone)
    assert peer_within(IPBlock("10.0.0.0/8", ("10.0.0.0/9",)), IPBlock("10.128.0.0/9"))
    assert addresses_of(IPBlock("10.0.0.0/8", ("10.0.0.0/9",))).size == 2**23


def without(policies: tuple[NetworkPolicy, ...], found: list[Finding]) -> list[NetworkPolicy]:
    """The policies once everything that was called needless is gone."""
    rules = {(f.subject, f.where.partition(": ")[2]) for f in found if f.code == "redundant-rule"}
    whole = {f.subject for f in found if f.code != "redundant-rule"}
    left = []
    for item in policies:
        name = f"NetworkPolicy {item.namespace}/{item.name}"
        if name in whole:
            continue
        kept = {
            direction: tuple(
                rule
                for number, rule in enumerate(item.rules(direction))
                if (name, f"spec.{direction.value.lower()}[{number}]") not in rules
            )
            for direction in Direction
        }
        ingress, egress = kept[Direction.INGRESS], kept[Direction.EGRESS]
        left.append(replace(item, ingress=ingress, egress=egress))
    return left


def test_removing_all_that_is_needless_changes_no_verdict() -> None:
    removed = 0
    for seed in range(300):
        dice = Dice(Random(seed))  # noqa: S311 - no secret
        world = dice.world()
        # Twins and narrower cousins in one namespace, or hardly anything would be covered.
        crowd = [replace(each, namespace="x") for each in world.policies]
        crowd += [replace(each, name=f"twin-{each.name}") for each in crowd if dice.chance(30)]
        crowd += [policy("open", {"podSelector": {}, "egress": [{}]})] * dice.chance(30)
        world = world.with_policies(*crowd)
        found = list(needless(world.policies))
        removed += len(found)
        smaller = world.with_policies(*without(world.policies, found))
        for attempt in dice.attempts(world, 20):
            assert naive.answers(smaller, attempt) == naive.answers(world, attempt), found
    assert removed > 200
