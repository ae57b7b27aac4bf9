"""The truth tables of Kubernetes' own network policy suite, for every evaluator."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from evaluation.clusters import cluster, pod, policy
from evaluation.naive import World
from evaluation.truth_tables import CASES

from recommender.inventory.types import ContainerPort

if TYPE_CHECKING:
    from evaluation.judges import Judge
    from evaluation.truth_tables import Case

    from recommender.inventory.types import Inventory
    from recommender.model.policies import NetworkPolicy

SERVED = tuple(
    ContainerPort(port, protocol, f"serve-{port}-{protocol.lower()}")
    for port in (80, 81)
    for protocol in ("TCP", "UDP", "SCTP")
)


def inventory_of(case: Case, labels: dict[str, dict[str, str]]) -> Inventory:
    pods = []
    for place in case.pods.split():
        namespace, name = place.split("/")
        ip = f"10.0.{'xyz'.index(namespace) + 1}.{'abc'.index(name) + 1}"
        own = {"pod": name, **labels.get(place, {})}
        pods.append(pod(place, own, ips=(ip,), ports=SERVED))
    return cluster(*pods, namespaces={name: labels.get(name, {}) for name in "xyz"})


def expected(lines: list[str], source: str, destination: str) -> bool:
    answer = True
    for line in lines:
        sign, sources, destinations = line.split()
        if fnmatchcase(source, sources) and fnmatchcase(destination, destinations):
            answer = sign == "+"
    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_suite_of_kubernetes(case: Case, judge: Judge) -> None:
    policies: dict[tuple[str, str], NetworkPolicy] = {}
    labels: dict[str, dict[str, str]] = {}
    for step in case.steps:
        if step.clear:
            policies.clear()
        for namespace, name, spec in step.apply:
            policies[namespace, name] = policy(name, spec, namespace=namespace)
        for place, added in step.label.items():
            labels[place] = {**labels.get(place, {}), **added}
        inventory = inventory_of(case, labels)
        world = World(inventory, tuple(policies.values()), blocks_match_pods=True)
        pods = [pod for workload in inventory.workloads.values() for pod in workload.pods]
        for table, lines in step.tables.items():
            protocol, port = table.split()
            wrong = [
                f"{source.namespace}/{source.name} -> {target.namespace}/{target.name} {table}"
                for source, target in permutations(pods, 2)
                if judge(world, source, target, protocol, int(port))
                is not expected(
                    lines,
                    f"{source.namespace}/{source.name}",
                    f"{target.namespace}/{target.name}",
                )
            ]
            assert wrong == []


def test_all_specs_of_the_suite_are_here() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) == 48
