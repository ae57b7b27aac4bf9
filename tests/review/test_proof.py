"""A draft that would deny accepted traffic is withheld, and only that one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import recommender as nr
from recommender.evaluation.judging import Outcome
from recommender.model.findings import Severity
from recommender.review.proof import prove

if TYPE_CHECKING:
    from recommender.model.policies import NetworkPolicy
    from recommender.reporting.run import Run

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "flows.jsonl.gz"


@pytest.fixture(scope="module")
def run() -> Run:
    return nr.recommend(SAMPLE, review=nr.ReviewSettings(accept_all=True)).run


def without_rules(policy: NetworkPolicy, name: str) -> NetworkPolicy:
    """The policy as it is, or isolating without any rule where it has this name."""
    found = f"{policy.namespace}/{policy.name}" == name
    return replace(policy, ingress=(), egress=()) if found else policy


def test_sound_drafts_are_kept_and_allow_every_accepted_edge(run: Run) -> None:
    proof = prove(run.policies, run.edges, run.inventory)
    assert proof.policies == run.policies
    assert proof.findings == ()
    assert proof.count(Outcome.ALLOWED) > 0
    assert proof.count(Outcome.DENIED) == 0


def test_a_draft_that_denies_accepted_traffic_is_withheld_and_named(run: Run) -> None:
    broken = [without_rules(policy, "kube-system/operator") for policy in run.policies]
    proof = prove(broken, run.edges, run.inventory)
    kept = {(policy.namespace, policy.name) for policy in proof.policies}
    gone = {(policy.namespace, policy.name) for policy in run.policies} - kept
    assert gone == {("kube-system", "operator")}
    assert proof.count(Outcome.DENIED) == 0
    (finding,) = proof.findings
    assert (finding.code, finding.severity) == ("draft-withheld", Severity.ERROR)
    assert finding.subject == "kube-system/operator"
    assert "kube-apiserver" in finding.message


def test_what_also_denies_beside_it_goes_too(run: Run) -> None:
    broken = [without_rules(policy, "shop/cart") for policy in run.policies]
    proof = prove(broken, run.edges, run.inventory)
    assert {finding.subject for finding in proof.findings} >= {"shop/cart", "shop/default-deny"}
    assert proof.count(Outcome.DENIED) == 0


def test_edges_of_another_cluster_are_not_replayed(run: Run) -> None:
    broken = [without_rules(policy, "shop/cart") for policy in run.policies]
    elsewhere = prove(broken, run.edges, run.inventory, home="elsewhere")
    assert elsewhere.findings == ()
    assert all(
        not end.is_workload
        for row in elsewhere.replay.rows
        for end in (row.edge.client, row.edge.server)
    )
