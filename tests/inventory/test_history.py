"""Several snapshots as one history, and snapshots that cannot be used."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

import recommender as nr
from recommender.inventory import read_inventory
from recommender.model.entities import Entity
from recommender.model.errors import InputError, ManifestError

if TYPE_CHECKING:
    from pathlib import Path

Body = dict[str, Any]


def deployment(name: str, **labels: str) -> Body:
    template = {"metadata": {"labels": labels}, "spec": {"containers": []}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def policy(name: str) -> Body:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"podSelector": {}},
    }


def snapshot(hour: int, *objects: Body, **parts: Any) -> Body:  # noqa: ANN401 - any field
    return {
        "kind": "InventorySnapshot",
        "schema_version": "1.0",
        "tool": {"name": "recommender", "version": "0"},
        "taken": f"2026-03-02T{hour:02}:00:00Z",
        "cluster": "one",
        "namespaces": [],
        "missing": [],
        "objects": list(objects),
        **parts,
    }


def write(folder: Path, name: str, body: Body) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(body))
    return file


def test_workloads_of_all_snapshots_are_known_and_the_latest_object_counts(tmp_path: Path) -> None:
    write(
        tmp_path, "z-old", snapshot(10, deployment("web", app="old"), deployment("gone", app="g"))
    )
    write(tmp_path, "a-new", snapshot(12, deployment("web", app="new")))
    known = read_inventory([tmp_path])
    labels = {entity.name: workload.labels for entity, workload in known.workloads.items()}
    assert labels == {"gone": (("app", "g"),), "web": (("app", "new"),)}


def test_policies_are_those_of_the_latest_snapshot(tmp_path: Path) -> None:
    write(tmp_path, "1", snapshot(10, policy("kept"), policy("removed")))
    write(tmp_path, "2", snapshot(12, policy("kept"), policy("added")))
    assert [each.name for each in read_inventory([tmp_path]).policies] == ["added", "kept"]


def test_a_policy_beside_snapshots_counts_too(tmp_path: Path) -> None:
    write(tmp_path, "1", snapshot(10, policy("there")))
    write(tmp_path, "draft", policy("draft"))
    assert [each.name for each in read_inventory([tmp_path]).policies] == ["draft", "there"]


def test_a_file_takes_the_place_of_the_policy_of_its_name_in_the_cluster(tmp_path: Path) -> None:
    old, new = policy("same"), policy("same")
    new["spec"]["policyTypes"] = ["Egress"]
    write(tmp_path, "1", snapshot(10, old))
    write(tmp_path, "draft", new)
    (found,) = read_inventory([tmp_path]).policies
    assert found.origin.startswith(str(tmp_path / "draft.json"))


def test_the_order_in_which_snapshots_are_given_changes_nothing(tmp_path: Path) -> None:
    bodies = [snapshot(hour, deployment("web", app=f"at-{hour}")) for hour in (10, 11, 12)]
    files = [write(tmp_path, str(number), body) for number, body in enumerate(bodies)]
    web = Entity.workload("shop", "Deployment", "web")
    found = [read_inventory(order).workloads[web].labels for order in permutations(files)]
    assert found == [(("app", "at-12"),)] * 6


def test_snapshots_of_different_clusters_are_no_history(tmp_path: Path) -> None:
    write(tmp_path, "1", snapshot(10))
    write(tmp_path, "2", snapshot(11, cluster="two"))
    write(tmp_path, "3", snapshot(11, cluster=""))
    with pytest.raises(InputError, match="of different clusters") as caught:
        read_inventory([tmp_path])
    assert caught.value.where == f"{tmp_path / '1.json'}, {tmp_path / '2.json'}"


def test_a_kind_that_several_snapshots_lack_is_told_once_with_the_latest_words(
    tmp_path: Path,
) -> None:
    gap = {"resource": "nodes", "kind": "Node", "namespace": "", "reason": "forbidden"}
    for hour in (10, 12, 11):
        write(tmp_path, str(hour), snapshot(hour, missing=[{**gap, "message": f"at {hour}"}]))
    (finding,) = read_inventory([tmp_path]).findings
    assert (finding.subject, finding.where) == ("nodes", str(tmp_path / "12.json"))


def test_a_snapshot_without_objects_is_an_empty_cluster(tmp_path: Path) -> None:
    assert read_inventory([write(tmp_path, "1", snapshot(10))]).workloads == {}


@pytest.mark.parametrize(
    ("parts", "message", "field"),
    [
        ({"schema_version": "2.0"}, "not a form that is known: '2.0'", "schema_version"),
        ({"schema_version": None}, "not a form that is known: ''", "schema_version"),
        ({"taken": None}, "a snapshot says when it was taken", "taken"),
        ({"taken": "today"}, "not a time: 'today'", "taken"),
        ({"namespaces": "shop"}, "must be a list", "namespaces"),
        ({"missing": [1]}, "must be a mapping", "missing[0]"),
    ],
)
def test_a_snapshot_of_another_form_ends_a_run(
    tmp_path: Path, parts: Body, message: str, field: str
) -> None:
    file = write(tmp_path, "1", snapshot(10, **parts))
    (finding,) = read_inventory([file]).findings
    assert finding.code == "unreadable-document"
    assert message in finding.message
    assert finding.where.endswith(f"field {field}")
    with pytest.raises(ManifestError):
        nr.edges("data/flows.jsonl.gz", inventory=file)


def test_an_object_of_a_snapshot_is_named_by_its_number(tmp_path: Path) -> None:
    bad = deployment("web", app="web")
    bad["metadata"]["name"] = 7
    file = write(tmp_path, "1", snapshot(10, deployment("ok", app="ok"), bad))
    (finding,) = read_inventory([file]).findings
    assert finding.where == f"{file}, document 1, item 2, field metadata.name"


def test_objects_that_are_no_list_are_named(tmp_path: Path) -> None:
    (finding,) = read_inventory([write(tmp_path, "1", snapshot(10, objects=7))]).findings
    assert finding.message == "items: must be a list"
