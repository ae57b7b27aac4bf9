"""The commands reach, replay, diff and explain: what they print, and their exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from recommender.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMESPACE = "shop"


def deployment(name: str, port: int) -> dict[str, object]:
    labels = {"app": name}
    container = {"name": "main", "ports": [{"name": "web", "containerPort": port}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def policy(*ports: int) -> dict[str, object]:
    rule = {
        "from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
        "ports": [{"port": port} for port in ports],
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "cart", "namespace": NAMESPACE},
        "spec": {"podSelector": {"matchLabels": {"app": "cart"}}, "ingress": [rule]},
    }


def whole_namespace(*rules: dict[str, object]) -> dict[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "nothing", "namespace": NAMESPACE},
        "spec": {"podSelector": {}, "ingress": list(rules)},
    }


def write(folder: Path, *objects: dict[str, object]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "objects.yaml").write_text(yaml.safe_dump_all(objects))
    return str(folder)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return write(tmp_path / "shop", deployment("web", 8080), deployment("cart", 7070), policy(7070))


def run(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_reach_prints_pairs(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, ["reach", shop, "-o", "txt"])
    assert code == 0
    assert "shop/web[Deployment] => shop/cart[Deployment] : TCP 7070\n" in out
    assert "External] => shop/cart" not in out


@pytest.mark.parametrize("form", ["table", "json", "csv", "txt", "matrix"])
def test_reach_has_every_form(form: str, shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, ["reach", shop, "-o", form, "--focus", "shop/cart"])
    assert code == 0
    assert "7070" in out
    if form == "json":
        assert {
            "src": "shop/web[Deployment]",
            "dst": "shop/cart[Deployment]",
            "conn": "TCP 7070",
        } in (json.loads(out))


@pytest.mark.parametrize("form", ["table", "json", "txt", "matrix"])
def test_reach_shows_exposure(form: str, shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, ["reach", shop, "--exposure", "-o", form])
    assert code == 0
    assert "entire-cluster" in out


def test_policies_and_workloads_may_stand_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apps = write(tmp_path / "apps", deployment("web", 8080), deployment("cart", 7070))
    rules = write(tmp_path / "rules", policy(7070))
    _, out, _ = run(capsys, ["reach", rules, "--inventory", apps, "-o", "txt"])
    assert "shop/web[Deployment] => shop/cart[Deployment] : TCP 7070" in out


def test_an_invalid_policy_is_refused_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = policy(7070)
    broken["spec"] = {"podSelector": {}, "ingress": [{"from": [{}]}]}
    code, out, err = run(capsys, ["reach", write(tmp_path, broken)])
    assert (code, out) == (3, "")
    assert "objects.yaml:1, document 1, field spec.ingress[0].from[0]" in err


def test_an_unknown_focus_is_a_usage_error(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, ["reach", shop, "--focus", "nobody"])
    assert code == 2
    assert "no such workload: nobody" in err


def test_diff_is_silent_about_what_is_the_same_and_exits_zero(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, ["diff", shop, shop]) == (0, "the two sets allow the same\n", "")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_diff_exits_one_where_they_differ(
    form: str, shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write(
        tmp_path / "new", deployment("web", 8080), deployment("cart", 7070), policy(7070, 9090)
    )
    code, out, _ = run(capsys, ["diff", shop, new, "-o", form])
    assert code == 1
    assert "TCP 7070,9090" in out


def test_explain_says_which_rule_decides(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, ["explain", "shop/web", "shop/cart", "web", "-p", shop])
    assert code == 0
    assert "TCP/7070: allowed" in out
    assert "shop/cart spec.ingress[0].from[0]: accepts it" in out
    code, out, _ = run(capsys, ["explain", "shop/cart", "shop/web", "-p", shop, "-o", "json"])
    assert json.loads(out)["ports"] == "All Connections"


def test_replay_exits_one_where_accepted_traffic_would_be_denied(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = str(repository / "data" / "flows.jsonl.gz")
    cluster = str(repository / "data" / "inventory.json")
    rules = write(tmp_path, whole_namespace())
    code, out, _ = run(capsys, ["replay", flows, "-p", rules, "-i", cluster])
    assert code == 1
    assert "would break" in out
    assert "ingress: the pods are isolated and no rule allows it (shop/nothing)" in out
    code, out, _ = run(capsys, ["replay", flows, "-p", rules, "-i", cluster, "-o", "json"])
    document = json.loads(out)
    assert document["breaking"] > 0
    assert sum(document["counts"].values()) == len(document["edges"])
    code, out, _ = run(capsys, ["replay", flows, "-p", rules, "-i", cluster, "-o", "csv"])
    assert out.startswith("outcome,client,server,")


def test_drafts_deny_nothing_that_was_accepted(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = str(repository / "data" / "flows.jsonl.gz")
    cluster = str(repository / "data" / "inventory.json")
    options = ["-d", str(tmp_path / "out"), "--accept-all"]
    code, _, _ = run(capsys, ["recommend", flows, "-i", cluster, *options])
    assert code == 0
    drafts = str(tmp_path / "out" / "policies")
    code, out, _ = run(capsys, ["replay", flows, "-p", drafts, "-i", cluster])
    assert code == 0
    assert "no accepted traffic would be denied" in out
    assert "0 undefined" in out


def test_diff_weighs_by_flows(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = str(repository / "data" / "flows.jsonl.gz")
    cluster = str(repository / "data" / "inventory.json")
    old = write(tmp_path / "old", whole_namespace({}))
    new = write(tmp_path / "new", whole_namespace())
    code, out, _ = run(capsys, ["diff", old, new, "-i", cluster, "--flows", flows])
    assert code == 1
    assert "LOST" in out
