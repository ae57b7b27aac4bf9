"""The role in deploy/ allows what a snapshot reads, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from recommender.inventory.kinds import RESOURCES
from recommender.inventory.pruning import SHAPES

if TYPE_CHECKING:
    from pathlib import Path


def objects(repository: Path) -> dict[str, dict[str, Any]]:
    text = (repository / "deploy" / "rbac.yaml").read_text()
    return {body["kind"]: body for body in yaml.safe_load_all(text)}


def test_the_role_allows_get_and_list_of_exactly_what_is_read(repository: Path) -> None:
    rules = objects(repository)["ClusterRole"]["rules"]
    allowed = {
        (group, name) for rule in rules for group in rule["apiGroups"] for name in rule["resources"]
    }
    assert allowed == {(resource.group, resource.plural) for resource in RESOURCES}
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
    assert all(set(rule) == {"apiGroups", "resources", "verbs"} for rule in rules)


def test_the_role_is_given_to_the_one_service_account(repository: Path) -> None:
    found = objects(repository)
    binding = found["ClusterRoleBinding"]
    assert binding["roleRef"]["name"] == found["ClusterRole"]["metadata"]["name"]
    (subject,) = binding["subjects"]
    account = found["ServiceAccount"]["metadata"]
    assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])


def test_every_kind_that_is_read_says_what_is_kept_of_it() -> None:
    assert set(SHAPES) == {resource.kind for resource in RESOURCES}
