"""The sample in data/, drafted as a newcomer drafts it, and read by the tools that come next."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from end_to_end.commands import succeed, tree
from rendering.readers import kubectl_reads, kustomize_builds

from recommender.evaluation.validation import validate_network_policy

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module", params=["flows", "inventory"])
def out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "out"
    known: list[str | Path] = ["--inventory", DATA / "inventory.json"]
    more = [] if request.param == "flows" else known
    succeed("recommend", DATA / "flows.jsonl.gz", "-d", folder, *more)
    return folder


def policies(out: Path) -> dict[str, dict[str, Any]]:
    return {
        name: yaml.safe_load(content)
        for name, content in tree(out).items()
        if name.startswith("policies/") and not name.endswith("kustomization.yaml")
    }


def key(document: dict[str, Any]) -> tuple[str, str]:
    return document["metadata"]["namespace"], document["metadata"]["name"]


def test_kubectl_reads_every_draft_as_it_was_meant(out: Path, tmp_path: Path) -> None:
    written = policies(out)
    texts = [(out / name).read_text(encoding="utf-8") for name in written]
    assert kubectl_reads(tmp_path, texts) == list(written.values())


def test_kustomize_builds_every_draft(out: Path) -> None:
    built = sorted(kustomize_builds(out), key=key)
    assert built == sorted(policies(out).values(), key=key)


def test_the_api_server_would_take_every_draft(out: Path) -> None:
    for name, document in policies(out).items():
        assert validate_network_policy(document, where=name) == ()


def test_there_is_one_file_a_workload_where_one_looks_for_it(out: Path) -> None:
    for name, document in policies(out).items():
        namespace, policy = key(document)
        assert name == f"policies/{namespace}/{policy}.yaml"


def test_every_workload_with_traffic_has_its_policy(out: Path) -> None:
    report = json.loads((out / "report.json").read_bytes())
    workloads = [entity for entity in report["entities"] if entity["workload"]]
    selectable = [entity for entity in workloads if not entity["workload"]["host_network"]]
    assert len(selectable) == 17
    assert all(len(entity["workload"]["policies"]) == 1 for entity in selectable)


def test_every_rule_says_why_it_is_there(out: Path) -> None:
    for name in policies(out):
        lines = (out / name).read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# DRAFT NetworkPolicy for ")
        for before, line in pairwise(lines):
            if line in {"  - from:", "  - to:"}:
                assert before.startswith("  # ")


def test_the_platform_is_isolated_only_where_all_of_it_is_known(out: Path) -> None:
    report = json.loads((out / "report.json").read_bytes())
    denied = {policy["namespace"] for policy in report["policies"] if policy["default_deny"]}
    said = {finding["code"] for finding in report["findings"]}
    assert {"shop", "payments", "data"} <= denied
    if "kube-system" in denied:
        assert said.isdisjoint({"default-deny-unseen", "default-deny-left-out"})
    else:
        assert {"default-deny-unseen", "default-deny-left-out"} <= said


def test_what_nobody_should_allow_is_not_allowed(out: Path) -> None:
    """Denied, audited and unanswered traffic of the sample made no rule."""
    report = json.loads((out / "report.json").read_bytes())
    evidence = {
        item["edge"]
        for policy in report["policies"]
        for rule in (*policy["ingress"], *policy["egress"])
        for item in rule["evidence"]
    }
    by_id = {edge["id"]: edge for edge in report["edges"]}
    assert evidence
    assert {by_id[edge]["verdict"] for edge in evidence} == {"accepted"}
    verdicts = {edge["verdict"] for edge in report["edges"]}
    assert {"denied", "audit", "unanswered"} <= verdicts
