"""`recommender validate` on real folders: the findings, their forms, the exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import recommender as nr
from recommender.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: front}}}]
    ports: [{port: 8080}]
"""
PODS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: shop}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: c, ports: [{containerPort: 8080}]}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    pods = "---\n".join(PODS.replace("NAME", name) for name in ("web", "front"))
    (tmp_path / "pods.yaml").write_text(pods, encoding="utf-8")
    return tmp_path


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "policy.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_sock_shop_shows_the_experts_own_bug_and_the_two_workloads_left(shared: Path) -> None:
    found = nr.validate(shared / "experts" / "sock-shop").findings
    by_code: dict[str, set[str]] = {}
    for finding in found:
        by_code.setdefault(finding.code, set()).add(finding.subject)
    assert by_code["selects-nothing"] == {"NetworkPolicy sock-shop/cart-access"}
    assert "NetworkPolicy sock-shop/carts-db-access" in by_code["peer-matches-nothing"]
    assert {f.hint for f in found if "name=cart" in f.message.split()} == {
        "did you mean `carts`? (name=carts)"
    }
    assert by_code["no-own-policy"] == {
        "sock-shop/Deployment/queue-master",
        "sock-shop/Deployment/session-db",
    }


def test_a_clean_folder_is_called_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "more.yaml").write_text(
        POLICY.replace("name: web,", "name: front,")
        .replace("app: web", "app: front")
        .replace("app: front}}}]", "app: web}}}]"),
        encoding="utf-8",
    )
    assert main(["validate", str(folder), "--fail-on", "warning"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "2 policies looked at with 2 workloads: 1 note"


@pytest.mark.parametrize(
    ("fail_on", "code"), [("never", 0), ("error", 0), ("warning", 1), ("note", 1)]
)
def test_the_gate_is_the_severity_asked_for(folder: Path, fail_on: str, code: int) -> None:
    edit(folder, "matchLabels: {app: web}", "matchLabels: {app: wbe}")
    assert main(["validate", str(folder), "--fail-on", fail_on]) == code


def test_findings_alone_never_fail(folder: Path) -> None:
    edit(folder, "port: 8080", "port: 80800")
    assert main(["validate", str(folder)]) == 0
    assert main(["validate", str(folder), "--fail-on", "error"]) == 1


def test_a_refused_policy_is_named_once_with_file_and_field(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder, "port: 8080", "port: 80800")
    main(["validate", str(folder), "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    errors = [each for each in document["findings"] if each["severity"] == "error"]
    assert [each["code"] for each in errors] == ["api-invalid"]
    assert errors[0]["where"].endswith("policy.yaml:1, document 1: spec.ingress[0].ports[0].port")
    assert (document["kind"], document["version"]) == ("validation", 1)
    assert document["counts"]["error"] == 1
    assert (document["policies"], document["workloads"], document["edges"]) == (1, 2, None)


def test_items_of_a_list_are_validated_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Both"]},
    }
    listed = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicyList",
        "items": [body],
    }
    (folder / "policy.yaml").write_text(json.dumps(listed), encoding="utf-8")
    assert main(["validate", str(folder), "--fail-on", "error"]) == 1
    assert "spec.policyTypes[0]" in capsys.readouterr().out


def test_two_policies_of_one_name_are_an_error(folder: Path) -> None:
    (folder / "again.yaml").write_text(POLICY, encoding="utf-8")
    assert main(["validate", str(folder), "--fail-on", "error"]) == 1


def test_an_old_annotation_isolates_nothing(folder: Path) -> None:
    (folder / "namespace.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  annotations:\n"
        "    net.beta.kubernetes.io/network-policy: '{}'\n",
        encoding="utf-8",
    )
    codes = [finding.code for finding in nr.validate(folder).findings]
    assert "obsolete-isolation" in codes


def test_hostile_names_reach_no_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "app: front", 'app: "\\e[31mred\\u202e"')
    main(["validate", str(folder)])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_folder_that_is_not_there_is_unusable_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(tmp_path / "none")]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_the_frame_has_a_row_a_finding(folder: Path) -> None:
    edit(folder, "matchLabels: {app: web}", "matchLabels: {app: wbe}")
    found = nr.validate(folder)
    frame = found.frame()
    assert frame["code"].tolist() == [finding.code for finding in found.findings]
    assert {"severity", "subject", "message", "hint", "where"} <= set(frame.columns)


def test_our_own_drafts_leave_nothing_to_warn_of(repository: Path, tmp_path: Path) -> None:
    data = repository / "data"
    drafts = tmp_path / "drafts"
    nr.recommend(data / "flows.jsonl.gz", data / "inventory.json").to_dir(drafts)
    found = nr.validate([drafts, data / "inventory.json"], flows=data / "flows.jsonl.gz")
    assert found.policies > 10
    assert found.edges
    assert found.counts()["error"] == found.counts()["warning"] == 0
