"""Snapshots of a live cluster, from a server that speaks the list protocol on loopback."""

from __future__ import annotations

import gzip
import json
import os
import pty
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from inventory.api_server import GROUPS, Cluster, make_authority, serve, write_kubeconfig

import recommender as nr
from recommender.cli.app import main
from recommender.inventory.kinds import RESOURCES
from recommender.inventory.listing import PAGE
from recommender.model.entities import Entity
from recommender.model.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "hunter2-in-the-environment"  # noqa: S105 - planted, to be looked for


def pod(number: int, namespace: str = "shop") -> dict[str, Any]:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d9c", "controller": True}
    return {
        "metadata": {
            "name": f"web-5d9c-{number:05}",
            "namespace": namespace,
            "uid": f"uid-{namespace}-{number}",
            "labels": {"app": "web"},
            "annotations": {"note": SECRET},
            "creationTimestamp": "2026-03-02T08:00:00Z",
            "managedFields": [{"manager": "kubelet"}],
            "ownerReferences": [owner],
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [
                {
                    "name": "main",
                    "command": ["serve", SECRET],
                    "env": [{"name": "PASSWORD", "value": SECRET}],
                    "ports": [{"containerPort": 8080}],
                }
            ],
        },
        "status": {
            "phase": "Running",
            "podIPs": [{"ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}],
            "startTime": "2026-03-02T08:00:01Z",
        },
    }


def named(name: str, namespace: str = "", **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - any
    place = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, "uid": f"uid-{name}", **place}, **parts}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    served = Cluster()
    objects = served.objects
    objects["pods"] = [pod(number) for number in range(1, 4)] + [pod(9, "data")]
    objects["namespaces"] = [named("shop"), named("data"), named("kube-system")]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}
    replica_set = named("web-5d9c", "shop", spec={"template": {}})
    replica_set["metadata"]["ownerReferences"] = [owner]
    objects["replicasets"] = [replica_set]
    web = {"selector": {"matchLabels": {"app": "web"}}, "template": {}}
    objects["deployments"] = [named("web", "shop", spec=web)]
    objects["networkpolicies"] = [named("deny", "shop", spec={"podSelector": {}})]
    with serve(served):
        yield served


@pytest.fixture
def kubeconfig(cluster: Cluster, tmp_path: Path) -> Path:
    return write_kubeconfig(tmp_path / "config", cluster.url)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_a_snapshot_holds_the_cluster_and_reads_back_as_its_inventory(
    kubeconfig: Path, tmp_path: Path
) -> None:
    file = tmp_path / "prod.inventory.json"
    taken = nr.snapshot(file, kubeconfig=kubeconfig)
    known = nr.read_inventory(file)
    web = known.workloads[Entity.workload("shop", "Deployment", "web")]
    assert [p.ips for p in web.pods] == [("10.0.0.1",), ("10.0.0.2",), ("10.0.0.3",)]
    assert known.taken == taken.look.taken
    assert all(held.end == known.taken for held in known.holdings)
    assert [policy.name for policy in known.policies] == ["deny"]
    assert known.findings == ()
    assert taken.inventory().workloads == known.workloads
    assert taken.inventory().holdings == known.holdings


def test_a_snapshot_has_the_documented_form(
    cluster: Cluster, kubeconfig: Path, repository: Path
) -> None:
    cluster.forbidden = {"nodes", "shop/jobs"}
    schema = json.loads((repository / "docs" / "inventory.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    whole = nr.snapshot(kubeconfig=kubeconfig)
    part = nr.snapshot(kubeconfig=kubeconfig, namespaces=["shop", "data"])
    for snapshot in (whole, part):
        document = json.loads(snapshot.to_json())
        assert list(validator.iter_errors(document)) == []
        assert document == snapshot.document()
    assert [gap.namespace for gap in part.look.missing] == ["", "shop"]


def test_get_is_the_only_verb_and_lists_are_all_that_is_asked_for(
    cluster: Cluster, kubeconfig: Path
) -> None:
    nr.snapshot(kubeconfig=kubeconfig)
    assert {method for method, _ in cluster.requests} == {"GET"}
    paths = {path.partition("?")[0] for _, path in cluster.requests}
    assert paths == {resource.path() for resource in RESOURCES}
    assert not [path for path in paths if "secret" in path or "configmap" in path]
    assert not [path for _, path in cluster.requests if "watch" in path]


def test_what_may_hold_a_secret_stays_in_the_cluster(kubeconfig: Path, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    nr.snapshot(file, kubeconfig=kubeconfig)
    text = file.read_text()
    assert SECRET not in text
    assert "managedFields" not in text


def test_a_snapshot_of_an_unchanged_cluster_has_the_same_bytes(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.date = "Mon, 02 Mar 2026 12:00:00 GMT"
    first = nr.snapshot(kubeconfig=kubeconfig)
    for listed in cluster.objects.values():
        listed.reverse()
    assert nr.snapshot(kubeconfig=kubeconfig).to_json() == first.to_json()


def test_the_time_is_that_of_the_clusters_clock_before_it_was_read(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.date = "Mon, 02 Mar 2026 12:00:00 GMT"
    taken = nr.snapshot(kubeconfig=kubeconfig).look.taken
    assert f"{taken:%Y-%m-%d %H}" == "2026-03-02 11"


def test_pages_are_read_to_the_last(cluster: Cluster, kubeconfig: Path) -> None:
    cluster.objects["pods"] = [pod(number) for number in range(2 * PAGE + 1)]
    snapshot = nr.snapshot(kubeconfig=kubeconfig)
    assert sum(item["kind"] == "Pod" for item in snapshot.objects) == 2 * PAGE + 1
    assert [path.partition("?")[2] for path in cluster.asked("pods")] == [
        "limit=500",
        "limit=500&continue=from-500",
        "limit=500&continue=from-1000",
    ]


def test_a_list_whose_token_expired_begins_anew_and_names_nothing_twice(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.largest, cluster.gone["pods"] = 2, 2
    snapshot = nr.snapshot(kubeconfig=kubeconfig)
    assert sum(item["kind"] == "Pod" for item in snapshot.objects) == 4


def test_a_list_whose_tokens_always_expire_is_asked_for_in_one_piece(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.largest, cluster.gone["pods"] = 2, 1000
    snapshot = nr.snapshot(kubeconfig=kubeconfig)
    assert sum(item["kind"] == "Pod" for item in snapshot.objects) == 4
    assert cluster.asked("pods")[-1] == "/api/v1/pods"


def test_a_server_that_is_busy_is_asked_again(cluster: Cluster, kubeconfig: Path) -> None:
    cluster.failing = {"pods": [429, 503, 500], "nodes": [504]}
    assert len(nr.snapshot(kubeconfig=kubeconfig).objects) == 10
    assert len(cluster.asked("pods")) == 4


def test_a_server_that_stays_busy_is_an_error_with_its_words(
    cluster: Cluster, kubeconfig: Path
) -> None:
    cluster.failing = {"pods": [503] * 9}
    with pytest.raises(InputError, match="no answer in 4 tries: the server is busy"):
        nr.snapshot(kubeconfig=kubeconfig)


def test_a_kind_that_may_not_be_read_is_a_finding_in_every_later_run(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path
) -> None:
    cluster.forbidden = {"nodes"}
    file = tmp_path / "snapshot.json"
    (gap,) = nr.snapshot(file, kubeconfig=kubeconfig).look.missing
    assert (gap.resource, gap.reason) == ("nodes", "forbidden")
    assert "cannot list resource" in gap.message
    (finding,) = nr.read_inventory(file).findings
    assert (finding.code, finding.subject) == ("inventory-missing-kind", "nodes")
    assert "addresses of nodes" in finding.message


def test_without_pods_there_is_no_snapshot(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.forbidden = {"pods"}
    file = tmp_path / "snapshot.json"
    arguments = ["--kubeconfig", str(kubeconfig), "-o", str(file)]
    assert main(["inventory", "snapshot", *arguments]) == 3
    told = capsys.readouterr().err
    assert told.startswith('error: prod: pods cannot be listed: pods is forbidden: User "reader"')
    assert "deploy/rbac.yaml" in told
    assert not file.exists()


def test_a_kind_that_a_cluster_need_not_serve_is_no_finding(
    cluster: Cluster, kubeconfig: Path
) -> None:
    assert "adminnetworkpolicies" not in GROUPS
    assert nr.snapshot(kubeconfig=kubeconfig).look.missing == ()
    del cluster.objects["cronjobs"]
    (gap,) = nr.snapshot(kubeconfig=kubeconfig).look.missing
    assert (gap.resource, gap.reason) == ("cronjobs", "not-served")


def test_wrong_credentials_are_an_error_with_a_way_out(kubeconfig: Path) -> None:
    with pytest.raises(InputError, match="does not accept the credentials") as caught:
        nr.snapshot(kubeconfig=kubeconfig, context="stranger")
    assert (caught.value.where, "log in again" in caught.value.hint) == ("stranger", True)
    assert "wrong" not in str(caught.value)


def test_namespaces_limit_what_is_read(cluster: Cluster, kubeconfig: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    snapshot = nr.snapshot(file, kubeconfig=kubeconfig, namespaces=["shop", "shop"])
    assert "/api/v1/namespaces/shop/pods?limit=500" in cluster.asked("pods")
    assert "/api/v1/pods?limit=500" not in cluster.asked("pods")
    names = {
        item["metadata"].get("namespace") for item in snapshot.objects if item["kind"] == "Pod"
    }
    assert names == {"shop"}
    known = nr.read_inventory(file)
    assert sorted(known.namespaces) == ["shop"]
    # What other namespaces hold is not known, so nothing may be concluded from its absence.
    assert not known.complete


def test_a_cluster_behind_its_own_authority_is_reached(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serve(Cluster(), authority) as cluster:
        trusted = write_kubeconfig(tmp_path / "good", cluster.url, ca=authority.ca_file)
        assert nr.snapshot(kubeconfig=trusted).objects == ()
        doubted = write_kubeconfig(tmp_path / "bad", cluster.url)
        with pytest.raises(InputError, match="the connection is not secure") as caught:
            nr.snapshot(kubeconfig=doubted)
    assert "certificate authority" in caught.value.hint


def test_a_server_that_is_not_there_is_an_error_with_a_way_out(
    cluster: Cluster, tmp_path: Path
) -> None:
    port = cluster.url.rpartition(":")[2]
    config = write_kubeconfig(tmp_path / "config", f"https://127.0.0.1:{port}")
    with pytest.raises(InputError, match=r"the connection is not secure|no answer in 4 tries"):
        nr.snapshot(kubeconfig=config)
    config = write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1")
    with pytest.raises(InputError, match="no answer in 4 tries") as caught:
        nr.snapshot(kubeconfig=config)
    assert "reachable" in caught.value.hint


def test_an_answer_that_is_no_list_is_an_error(cluster: Cluster, kubeconfig: Path) -> None:
    cluster.answer = lambda *_: (200, {"hello": "world"}, {})  # type: ignore[method-assign]
    with pytest.raises(InputError, match="what it answers is no list"):
        nr.snapshot(kubeconfig=kubeconfig)


def test_who_does_not_want_the_certificate_checked_hears_no_word_with_each_request(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve(Cluster(), make_authority(tmp_path)) as cluster:
        config = write_kubeconfig(tmp_path / "config", cluster.url)
        there = f"server: {cluster.url}\n"
        text = config.read_text().replace(there, f"{there}    insecure-skip-tls-verify: true\n")
        config.write_text(text)
        nr.snapshot(kubeconfig=config)
    assert capfd.readouterr() == ("", "")


def test_the_file_is_private_and_replaces_a_snapshot_and_nothing_else(
    kubeconfig: Path, tmp_path: Path
) -> None:
    file = tmp_path / "deeper" / "snapshot.json"
    nr.snapshot(file, kubeconfig=kubeconfig)
    assert stat.S_IMODE(file.stat().st_mode) & ~0o640 == 0
    nr.snapshot(file, kubeconfig=kubeconfig)
    assert [path.name for path in file.parent.iterdir()] == ["snapshot.json"]
    file.write_text("my notes")
    with pytest.raises(OutputError, match="did not write"):
        nr.snapshot(file, kubeconfig=kubeconfig)
    assert file.read_text() == "my notes"
    nr.snapshot(file, kubeconfig=kubeconfig, force=True)
    assert json.loads(file.read_text())["kind"] == "InventorySnapshot"


def test_a_packed_snapshot_replaces_a_snapshot_and_reads_the_same(
    kubeconfig: Path, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot.json.gz"
    nr.snapshot(file, kubeconfig=kubeconfig)
    taken = nr.snapshot(file, kubeconfig=kubeconfig)
    assert gzip.decompress(file.read_bytes()) == taken.to_json()
    assert nr.read_inventory(file) == taken.inventory()


def test_the_command_writes_a_file_or_standard_output_and_says_what_it_read(
    cluster: Cluster, kubeconfig: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    cluster.forbidden = {"nodes"}
    arguments = ["inventory", "snapshot", "--kubeconfig", str(kubeconfig), "-o"]
    assert main([*arguments, "-"]) == 0
    out, told = capfdbinary.readouterr()
    assert json.loads(out)["kind"] == "InventorySnapshot"
    assert b"Wrote        10 objects to standard output" in told
    assert b"Missing      nodes: nodes is forbidden" in told
    assert main([*arguments, str(tmp_path / "a.json")]) == 0
    assert capfdbinary.readouterr().out == b""
    assert main(["inventory", "show", str(tmp_path / "a.json")]) == 0
    assert b"inventory-missing-kind" in capfdbinary.readouterr().out


def test_drafts_can_be_made_with_the_cluster_as_it_is_now(
    cluster: Cluster,
    kubeconfig: Path,
    tmp_path: Path,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = json.loads((repository / "data" / "inventory.json").read_text())["items"]
    for item in listed:
        plural = next(r.plural for r in RESOURCES if r.kind == item["kind"])
        cluster.objects[plural] = [*cluster.objects[plural], item]
    flows = str(repository / "data" / "flows.jsonl.gz")
    arguments = ["recommend", flows, "-d", str(tmp_path / "out")]
    assert main([*arguments, "--kubeconfig", str(kubeconfig), "--live"]) == 0
    # The selector of the controller, which no flow shows.
    assert "app: " in (tmp_path / "out" / "policies" / "shop" / "cart.yaml").read_text().replace(
        '"', ""
    )
    assert cluster.asked("pods")
    assert main([*arguments, "--live", "-i", flows]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_the_group_alone_shows_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory"]) == 2
    out, told = capsys.readouterr()
    assert (out, told.count("snapshot  Write"), told.count("show      Show")) == ("", 1, 1)


def test_a_terminal_is_told_what_is_read_and_nothing_else_is(
    kubeconfig: Path, tmp_path: Path
) -> None:
    arguments = ["inventory", "snapshot", "--kubeconfig", str(kubeconfig), "-o"]
    command = [sys.executable, "-m", "recommender", *arguments, str(tmp_path / "a.json")]
    leader, follower = pty.openpty()
    done = subprocess.run(command, stderr=follower, stdout=subprocess.PIPE, check=True)
    told = os.read(leader, 1 << 16).decode()
    os.close(leader)
    os.close(follower)
    assert done.stdout == b""
    assert "reading pods: 4 objects" in told
    plain = subprocess.run(command, capture_output=True, check=True)
    assert b"reading" not in plain.stderr
