"""What docs/getting-started.md tells about the sample is so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import recommender as nr

if TYPE_CHECKING:
    from pathlib import Path

    from recommender import PolicySet

SCANNER = "shop/Deployment/frontend"


@pytest.fixture(scope="module")
def drafts(repository: Path) -> PolicySet:
    return nr.recommend(repository / "data" / "flows.jsonl.gz")


def test_two_rules_of_the_front_end_come_from_hits_of_a_port_scan(
    repository: Path, drafts: PolicySet
) -> None:
    truth = json.loads((repository / "data" / "truth.json").read_text(encoding="utf-8"))
    scanned = {
        (edge["server"].rpartition(":")[2], edge["port"])
        for edge in truth["edges"]
        if edge["intent"] == "scan" and edge["client"].rpartition(":")[2] == SCANNER
    }
    policy = next(policy for policy in drafts.policies if policy.origin == SCANNER)
    once = {
        (edge.server.id, edge.port)
        for rule in policy.egress
        for edge in rule.evidence
        if edge.flows == 1 and edge.days == 1
    }
    assert once == {("data/StatefulSet/db", 5432), ("ingress/Deployment/gateway", 8080)}
    assert once <= scanned


def test_an_inventory_takes_the_warnings_about_unseen_pods_away(
    repository: Path, drafts: PolicySet
) -> None:
    data = repository / "data"
    informed = nr.recommend(data / "flows.jsonl.gz", inventory=data / "inventory.json")
    codes = {finding.code for finding in drafts.findings}
    fewer = {finding.code for finding in informed.findings}
    assert {"default-deny-unseen", "default-deny-left-out"} <= codes - fewer
    assert "host-network" in fewer - codes
    default = ("kube-system", "default-deny")
    assert default in {(policy.namespace, policy.name) for policy in informed.policies}
