"""The label that a segment waits for, as patches that tools understand."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from recommender.model.entities import Entity
from recommender.model.labels import LabelSelector
from recommender.model.policies import Direction, NetworkPolicy
from recommender.rendering.label_files import label_files
from recommender.segments.types import Segment
from recommender.synthesis.label_drafts import Unlabelled

if TYPE_CHECKING:
    from pathlib import Path

CART = Entity.workload("shop", "Deployment", "cart")
NIGHTLY = Entity.workload("shop", "CronJob", "nightly")
BARE = Entity.workload("shop", "Pod", "bare")
FOLDER = "labels/shop/callers"


def waiting(*members: Entity, unpatchable: tuple[Entity, ...] = ()) -> Unlabelled:
    selector = LabelSelector.of({"segment": "callers"})
    policy = NetworkPolicy("shop", "callers", selector, frozenset({Direction.EGRESS}))
    return Unlabelled(Segment("callers", members), 1, policy, unpatchable)


def documents(*members: Entity, unpatchable: tuple[Entity, ...] = ()) -> dict[str, Any]:
    files = label_files([waiting(*members, unpatchable=unpatchable)])
    return {name.removeprefix(f"{FOLDER}/"): yaml.safe_load(text) for name, text in files.items()}


def test_each_pod_template_gets_the_label() -> None:
    found = documents(CART, NIGHTLY)
    template = found["deployment-cart.yaml"]["spec"]["template"]
    assert template == {"metadata": {"labels": {"segment": "callers"}}}
    job = found["cronjob-nightly.yaml"]["spec"]["jobTemplate"]["spec"]["template"]
    assert job == template


def test_the_component_names_the_patches_and_not_the_policy() -> None:
    found = documents(CART, NIGHTLY)
    assert found["kustomization.yaml"]["kind"] == "Component"
    patches = [patch["path"] for patch in found["kustomization.yaml"]["patches"]]
    assert patches == ["cronjob-nightly.yaml", "deployment-cart.yaml"]
    assert found["inactive/policy.yaml"]["kind"] == "NetworkPolicy"


def test_the_policy_says_that_it_is_inactive() -> None:
    text = label_files([waiting(CART)])[f"{FOLDER}/inactive/policy.yaml"]
    assert text.startswith("# INACTIVE until every pod of the segment has the label")


def test_what_has_no_template_is_named_for_a_person() -> None:
    text = label_files([waiting(BARE, CART, unpatchable=(BARE,))])[f"{FOLDER}/kustomization.yaml"]
    assert "shop/Pod/bare" in text
    assert "pod-bare" not in text


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_kubectl_applies_the_patch_as_it_is_meant(tmp_path: Path) -> None:
    labels = {"app": "cart"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "cart", "image": "cart"}]},
            },
        },
    }
    target = tmp_path / "deployment.json"
    target.write_text(json.dumps(deployment))
    patch = label_files([waiting(CART)])[f"{FOLDER}/deployment-cart.yaml"]
    command = ["kubectl", "patch", "--local", "-f", str(target), "--type=strategic", "-o", "json"]
    done = subprocess.run(
        [*command, "-p", patch], capture_output=True, text=True, check=True, env={"HOME": "/"}
    )
    patched = json.loads(done.stdout)
    assert patched["spec"]["template"]["metadata"]["labels"] == {
        "app": "cart",
        "segment": "callers",
    }
