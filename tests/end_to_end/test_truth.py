"""Held against the truth of the simulation: nothing invented, nothing lost, nothing turned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
import yaml
from end_to_end.simulated import CASES, Outcomes, play, writable
from evaluation.naive import Attempt, World, side_allows

from recommender.evaluation.replay import replay
from recommender.evaluation.validation import validate_network_policy
from recommender.model.edges import Verdict
from recommender.model.entities import EntityKind
from recommender.model.policies import Direction
from recommender.simulation.graph import Intent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evaluation.naive import End

    from recommender.model.edges import Edge
    from recommender.model.entities import Entity

MEANT: Final = frozenset({Intent.APPLICATION, Intent.PLATFORM})

#: An address that no rule of any draft names: it stands for a pod of another cluster.
ELSEWHERE: Final = "240.0.0.1"


@pytest.fixture(scope="module", params=sorted(CASES))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return play(request.param, tmp_path_factory.mktemp(request.param))


def test_every_record_is_accounted_for(played: Outcomes) -> None:
    account = played.result.run.accounting
    account.check()
    assert account.records == played.written.lines
    assert account.complete
    assert account.malformed == {}


def test_no_edge_is_invented(played: Outcomes) -> None:
    assert set(played.accepted) - played.truth("accepted") == set()


def test_client_and_server_are_never_reversed(played: Outcomes) -> None:
    true = played.truth("accepted")
    assert {one for one in played.accepted if one not in true and one.turned in true} == set()


def test_no_edge_is_lost(played: Outcomes) -> None:
    """Between two hosts there is nothing that a policy could select."""
    hosts = {"host", "elsewhere"}
    true = played.truth("accepted", intents=MEANT)
    selectable = {one for one in true if not {one.client, one.server} <= hosts}
    assert len(selectable) > 40
    assert selectable - set(played.accepted) == set()


def test_what_policy_stopped_or_audited_is_not_accepted(played: Outcomes) -> None:
    assert played.truth("denied", "audit") & set(played.accepted) <= played.truth("accepted")


def test_every_accepted_edge_is_allowed_by_the_drafts(played: Outcomes) -> None:
    denied = [
        (edge.id, direction.value)
        for edge in played.accepted.values()
        if writable(edge)
        for direction in refusing(played, edge)
    ]
    assert denied == []


def test_the_evaluator_agrees_that_nothing_breaks(played: Outcomes) -> None:
    """Of one cluster: pods of another have the same labels, and no policy of this one."""
    run, home = played.result.run, drafted_cluster(played)
    here = {
        entity: workload
        for entity, workload in run.inventory.workloads.items()
        if entity.cluster == home
    }
    edges = [
        edge
        for edge in run.edges
        if all(not end.is_workload or end in here for end in (edge.client, edge.server))
    ]
    replayed = replay(edges, run.policies, replace(run.inventory, workloads=here))
    assert [(row.edge.id, row.why) for row in replayed.breaking] == []
    assert replayed.counts()["allowed"] > 30


def test_the_api_server_would_take_every_draft(played: Outcomes) -> None:
    documents = list(yaml.safe_load_all(played.result.to_yaml()))
    assert 0 < len(documents) == len(played.result.policies)
    problems = [
        finding
        for document in documents
        for finding in validate_network_policy(document, where=document["metadata"]["name"])
    ]
    assert problems == []


def test_every_rule_has_its_evidence(played: Outcomes) -> None:
    for policy in played.result.policies:
        for direction in Direction:
            for rule in policy.rules(direction):
                assert rule.reason == "dns" or rule.evidence
                assert all(edge.verdict is Verdict.ACCEPTED for edge in rule.evidence)


def refusing(played: Outcomes, edge: Edge) -> Iterator[Direction]:
    """The sides of an accepted edge on which the drafts stop it."""
    run = played.result.run
    world = World(run.inventory, run.policies)
    home = drafted_cluster(played)
    for source in places(played, edge.client, edge, home):
        for target in places(played, edge.server, edge, home):
            attempt = Attempt(source, target, edge.protocol, edge.port)
            for direction in Direction:
                if not side_allows(world, direction, attempt):
                    yield direction


def drafted_cluster(played: Outcomes) -> str:
    """The cluster that was drafted for: the one whose workloads have policies."""
    origins = {origin for policy in played.result.policies for origin in policy.origin.split(" ")}
    (home,) = {
        entity.cluster for entity in played.result.run.inventory.workloads if entity.id in origins
    }
    return home


def places(played: Outcomes, entity: Entity, edge: Edge, home: str) -> Iterator[End]:
    """Every pod of a workload, or every address of something else."""
    if entity.kind is not EntityKind.WORKLOAD:
        yield from edge.addresses or [entity.name.partition("/")[0]]
    elif entity.cluster != home:
        yield ELSEWHERE
    else:
        yield from played.result.run.inventory.workloads[entity].pods
