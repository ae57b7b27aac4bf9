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


def test_two_hits_of_a_port_scan_and_one_by_hand_wait_for_a_person(
    repository: Path, drafts: PolicySet
) -> None:
    truth = json.loads((repository / "data" / "truth.json").read_text(encoding="utf-8"))
    scanned = {
        (edge["server"].rpartition(":")[2], edge["port"])
        for edge in truth["edges"]
        if edge["intent"] == "scan" and edge["client"].rpartition(":")[2] == SCANNER
    }
    waiting = [item.edge for item in drafts.review]
    hits = {(edge.server.id, edge.port) for edge in waiting if edge.client.id == SCANNER}
    assert hits == {("data/StatefulSet/db", 5432), ("ingress/Deployment/gateway", 8080)}
    assert hits <= scanned
    (by_hand,) = [edge.id for edge in waiting if edge.client.id != SCANNER]
    assert by_hand == "payments/Deployment/payments -> shop/Deployment/catalog TCP/3550"


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
