"""The engine's rows against the walk that explains them, and the algebra underneath."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from evaluation.clusters import cluster, pod, policy
from evaluation.dice import Dice
from evaluation.judges import modes_of

from recommender.evaluation.atoms import AddressAtoms, PortAtoms, PortTable
from recommender.evaluation.deciding import decide
from recommender.evaluation.modes import Choice, Modes
from recommender.evaluation.worlds import engines
from recommender.model.addresses import IPSet, parse_address
from recommender.model.policies import Direction
from recommender.model.ports import PortSet

if TYPE_CHECKING:
    from recommender.evaluation.compiling import Policy
    from recommender.evaluation.engine import Engine


def bits(engine: Engine) -> list[int]:
    full = engine.axes.ports.full
    return [1 << place for place in range(full.bit_length())]


@pytest.mark.parametrize("seed", range(40))
def test_rows_and_explanations_agree_on_every_class_and_port(seed: int) -> None:
    world = Dice(Random(seed)).world()  # noqa: S311 - no secret
    policies: list[Policy] = [*world.policies, *world.tiers]
    (engine,) = engines(policies, world.inventory, modes_of(world))
    masks = engine.axes.table.masks
    for direction in Direction:
        for subject in np.flatnonzero(engine.is_pod).tolist():
            row = engine.rows[direction][engine.group_of[direction][subject]]
            for peer in range(engine.class_count):
                for bit in bits(engine):
                    walked = decide(engine, direction, subject, peer, bit).allowed
                    assert walked == bool(masks[int(row[peer])] & bit)


def test_pods_that_no_policy_distinguishes_share_a_class() -> None:
    pods = [pod(f"x/p{n}", {"app": "web", "n": str(n)}) for n in range(50)]
    rules = policy("p", {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": []})
    (engine,) = engines([rules], cluster(*pods), Modes())
    assert int(engine.is_pod.sum()) == 1


def test_a_question_that_does_not_arise_makes_no_second_world() -> None:
    inventory = cluster(pod("x/a", ips=("10.0.0.1",)))
    plain = policy("p", {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]})
    block = policy("b", {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "::/0"}}]}]})
    assert len(engines([plain], inventory, Modes())) == 1
    assert len(engines([block], inventory, Modes())) == 2
    assert len(engines([block], inventory, Modes(ip_block_pods=Choice.NO))) == 1
    host = cluster(pod("x/a", host_network=True))
    assert len(engines([block], host, Modes())) == 4
    assert len(engines([], host, Modes())) == 1


# --- atoms -----------------------------------------------------------------------------------


def test_port_masks_are_the_sets_they_stand_for() -> None:
    atoms = PortAtoms([("TCP", 80, 80), ("TCP", 8000, 8010), ("UDP", 53, 53)])
    mask = atoms.mask("TCP", 80, 80) | atoms.mask("TCP", 8000, 8010) | atoms.mask("UDP", 53, 53)
    assert str(atoms.ports(mask)) == "TCP 80,8000-8010,UDP 53"
    assert atoms.ports(atoms.full) == PortSet.every()
    assert atoms.ports(atoms.whole("SCTP")) == PortSet.every(["SCTP"])


@pytest.mark.parametrize("port", [1, 79, 80, 81, 8000, 8005, 8010, 8011, 65535])
def test_a_port_lies_in_the_atoms_of_the_ranges_that_hold_it(port: int) -> None:
    atoms = PortAtoms([("TCP", 80, 80), ("TCP", 8000, 8010), ("TCP", 65535, 65535)])
    bit = atoms.bit("TCP", port)
    assert bool(bit & atoms.mask("TCP", 80, 80)) == (port == 80)
    assert bool(bit & atoms.mask("TCP", 8000, 8010)) == (8000 <= port <= 8010)
    assert ("TCP", port) in atoms.ports(bit)


def test_address_atoms_keep_the_families_apart_and_know_their_bounds() -> None:
    block = IPSet.of("10.0.0.0/8") - IPSet.of("10.1.0.0/16")
    axis = AddressAtoms([block, IPSet.of("2001:db8::/32")])
    members = axis.members(block)
    for text, inside in (
        ("9.255.255.255", False),
        ("10.0.0.0", True),
        ("10.1.0.0", False),
        ("10.2.0.0", True),
        ("10.255.255.255", True),
        ("11.0.0.0", False),
        ("::a00:0", False),
    ):
        assert bool(members[axis.of(parse_address(text))]) == inside
    assert not members[axis.unknown]
    low, high = axis.bounds(axis.v4_count, axis.count - 1)
    assert (str(low), str(high)) == ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")


def test_an_unknown_address_lies_in_a_whole_family_alone() -> None:
    half, whole = IPSet.of("0.0.0.0/1"), IPSet.of("0.0.0.0/0")
    axis = AddressAtoms([half, whole])
    assert not axis.members(half)[axis.unknown]
    assert axis.members(whole)[axis.unknown]


def test_numbers_of_port_sets_combine_element_by_element() -> None:
    atoms = PortAtoms([("TCP", 80, 80), ("TCP", 90, 90)])
    table = PortTable(atoms)
    eighty, ninety = (table.id(atoms.mask("TCP", port, port)) for port in (80, 90))
    left = np.array([[0, 1], [eighty, ninety]], dtype=np.int32)
    right = np.array([[1, 1], [ninety, ninety]], dtype=np.int32)
    assert table.combine(left, right).tolist() == [[0, 1], [0, ninety]]
    both = table.id(atoms.mask("TCP", 80, 80) | atoms.mask("TCP", 90, 90))
    assert table.combine(left, right, union=True).tolist() == [[1, 1], [both, ninety]]


def test_a_large_table_of_numbers_combines_the_same_way() -> None:
    atoms = PortAtoms([("TCP", port, port) for port in range(1, 40)])
    table = PortTable(atoms)
    random = Random(3)  # noqa: S311 - no secret
    numbers = [table.id(random.getrandbits(39)) for _ in range(6000)]
    left = np.array(numbers[:50], dtype=np.int32)
    right = np.array(numbers[50:100], dtype=np.int32)
    found = table.combine(left, right)
    for number, one, other in zip(found.tolist(), left.tolist(), right.tolist(), strict=True):
        assert table.masks[number] == table.masks[one] & table.masks[other]
