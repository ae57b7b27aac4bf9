"""Objects out of files: what is read, what is named, what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from recommender.inventory import read_inventory
from recommender.inventory.documents import read_documents
from recommender.model.errors import BombError, InputError
from recommender.model.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_every_document_keeps_its_file_number_and_line(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", f"{POD}---\n# a comment\n{POD}")
    first, second = read_documents([file]).documents
    assert (first.index, first.line) == (1, 1)
    assert second.where == f"{file}:6, document 2"


def test_a_folder_is_read_in_order_and_hidden_or_foreign_files_are_left_out(
    tmp_path: Path,
) -> None:
    write(tmp_path, "b/two.yml", POD.replace("web", "two"))
    write(tmp_path, "a/one.json", json.dumps({"apiVersion": "v1", "kind": "Pod"}))
    write(tmp_path, ".git/three.yaml", POD)
    write(tmp_path, "kustomization.yaml", "resources: [b]\n")
    write(tmp_path, "notes.md", "# notes")
    read = read_documents([tmp_path])
    assert [document.file[len(str(tmp_path)) + 1 :] for document in read.documents] == [
        "a/one.json",
        "b/two.yml",
    ]
    assert read.findings == ()


def test_items_of_a_typed_list_take_their_kind_from_the_list(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n"
    first, second = read_documents([write(tmp_path, "pods.yaml", text)]).documents
    assert (first.kind, first.api_version, first.item) == ("Pod", "v1", 1)
    assert (second.line, second.item) == (5, 2)


def test_a_list_within_a_list_is_unpacked(tmp_path: Path) -> None:
    inner = {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}
    text = json.dumps({"kind": "List", "apiVersion": "v1", "items": [inner]})
    (document,) = read_documents([write(tmp_path, "all.json", text)]).documents
    assert document.kind == "Pod"


def test_an_empty_list_is_no_object_and_no_fault(tmp_path: Path) -> None:
    text = json.dumps({"kind": "List", "apiVersion": "v1", "items": []}) + POD[:0]
    write(tmp_path, "a.json", text)
    write(tmp_path, "b.yaml", POD)
    read = read_documents([tmp_path])
    assert len(read.documents) == 1
    assert read.findings == ()


def test_a_dump_of_concatenated_json_is_read_past_the_pod_logs(tmp_path: Path) -> None:
    pods = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {}}]})
    nodes = json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": [{"metadata": {}}]})
    logs = '==== START logs for container a of pod b ====\n{"not": json}\n'
    ends = "==== END logs for container a of pod b ====\n"
    read = read_documents([write(tmp_path, "dump.json", f"{nodes}\n{pods}\n{logs}{ends}{nodes}")])
    assert [document.kind for document in read.documents] == ["Node", "Pod", "Node"]


def test_text_that_is_no_yaml_is_named_with_file_and_line(tmp_path: Path) -> None:
    file = write(tmp_path, "bad.yaml", f"{POD}---\nkind: [unclosed\n")
    (finding,) = read_documents([file]).findings
    assert finding.severity is Severity.ERROR
    assert finding.code == "unreadable-document"
    assert f"{file}:6" in finding.where
    assert "document 2" in finding.where


def test_a_custom_tag_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, "bad.yaml", "kind: !!python/object/apply:os.getcwd []\n")
    (finding,) = read_documents([file]).findings
    assert finding.severity is Severity.ERROR


def test_a_document_without_kind_is_named(tmp_path: Path) -> None:
    (finding,) = read_documents([write(tmp_path, "values.yaml", "replicas: 3\n")]).findings
    assert (finding.code, finding.severity) == ("not-an-object", Severity.WARNING)


def test_the_last_of_two_equal_keys_counts_and_is_told(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n"
    read = read_documents([write(tmp_path, "pod.yaml", text)])
    assert read.documents[0].body["metadata"] == {"name": "b"}
    assert [finding.code for finding in read.findings] == ["duplicate-key"]
    assert read.findings[0].where.endswith("pod.yaml:5")


def test_a_date_stays_the_text_that_kubernetes_reads(tmp_path: Path) -> None:
    text = f"{POD[:-1]}\nspec: {{when: 2024-01-01}}\n"
    (document,) = read_documents([write(tmp_path, "pod.yaml", text)]).documents
    assert document.body["spec"] == {"when": "2024-01-01"}


def test_aliases_of_aliases_are_refused(tmp_path: Path) -> None:
    lines = ["kind: Pod", "apiVersion: v1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        inner = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{inner}]")
    with pytest.raises(BombError, match="aliases expand"):
        read_documents([write(tmp_path, "bomb.yaml", "\n".join(lines))])


def test_an_alias_to_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BombError, match="itself"):
        read_documents([write(tmp_path, "loop.yaml", "a: &a [*a]\n")])


def test_honest_aliases_are_read(tmp_path: Path) -> None:
    text = f"{POD[:-1]}\nspec: {{a: &a {{x: 1}}, b: *a}}\n"
    (document,) = read_documents([write(tmp_path, "pod.yaml", text)]).documents
    assert document.body["spec"] == {"a": {"x": 1}, "b": {"x": 1}}


def test_a_missing_path_is_an_error_that_says_which(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such file or folder"):
        read_documents([tmp_path / "nowhere"])


def test_a_folder_without_any_object_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Kubernetes object"):
        read_documents([tmp_path])


def test_a_folder_that_kubectl_dumped_the_cluster_to_is_an_inventory(tmp_path: Path) -> None:
    """As `kubectl cluster-info dump --output-directory` writes it: typed lists, a folder each."""
    pod = {
        "metadata": {"name": "web-0", "namespace": "shop", "uid": "u"},
        "spec": {"containers": []},
        "status": {"podIPs": [{"ip": "10.0.0.7"}], "startTime": "2026-03-02T10:00:00Z"},
    }
    pod["metadata"]["ownerReferences"] = [  # type: ignore[index]
        {"kind": "ReplicaSet", "name": "web-5d9c", "controller": True}
    ]
    owner = {"kind": "Deployment", "name": "web", "controller": True}
    replica_set = {
        "metadata": {"name": "web-5d9c", "namespace": "shop", "ownerReferences": [owner]},
        "spec": {"template": {}},
    }
    node = {
        "metadata": {"name": "n"},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.1.0.1"}]},
    }
    event = {"metadata": {"name": "e", "namespace": "shop"}, "reason": "Pulled"}
    lists = {
        "nodes.json": ("NodeList", "v1", [node]),
        "shop/pods.json": ("PodList", "v1", [pod]),
        "shop/replicasets.json": ("ReplicaSetList", "apps/v1", [replica_set]),
        "shop/events.json": ("EventList", "v1", [event]),
        "shop/deployments.json": ("DeploymentList", "apps/v1", []),
    }
    for name, (kind, version, items) in lists.items():
        file = tmp_path / "dump" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        body = {"kind": kind, "apiVersion": version, "metadata": {}, "items": items}
        file.write_text(json.dumps(body, indent=4))
    logs = tmp_path / "dump" / "shop" / "web-0" / "logs.txt"
    logs.parent.mkdir()
    logs.write_text("==== START logs for container main of pod shop/web-0 ====\n")
    known = read_inventory([tmp_path / "dump"])
    assert [entity.id for entity in known.workloads] == ["shop/Deployment/web"]
    assert [(held.ip, held.role.value) for held in known.holdings] == [
        ("10.0.0.7", "pod"),
        ("10.1.0.1", "node"),
    ]
    assert known.findings == ()
