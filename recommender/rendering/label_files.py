"""The folder of a segment that waits for a label: patches that add it, and the policy behind it.

::

    labels/NAMESPACE/SEGMENT/kustomization.yaml      a component for the overlay of the workloads
    labels/NAMESPACE/SEGMENT/KIND-NAME.yaml          the label on one pod template
    labels/NAMESPACE/SEGMENT/inactive/policy.yaml    what holds once the label is rolled out

No kustomization names the policy: until its label is on every pod it would select some of them,
and isolate these alone. Once the labels are there, a new run drafts it among the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.model.text import file_stem
from recommender.rendering.network_policy import to_yaml
from recommender.rendering.tree import KUSTOMIZATION
from recommender.rendering.yaml_text import dump
from recommender.synthesis.templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.entities import Entity
    from recommender.rendering.yaml_text import Value
    from recommender.synthesis.label_drafts import Unlabelled

LABELS: Final = "labels"

_API_VERSIONS: Final = {"CronJob": "batch/v1"}
_APPS: Final = "apps/v1"
_COMPONENT: Final = "kustomize.config.k8s.io/v1alpha1"


def label_folder(waiting: Unlabelled) -> str:
    """The folder of a segment, relative to the output folder."""
    namespace = waiting.segment.members[0].namespace
    return f"{LABELS}/{file_stem(namespace)}/{file_stem(waiting.segment.name)}"


def label_files(waiting: Iterable[Unlabelled]) -> dict[str, str]:
    """The text of every file by its path relative to the output folder.

    Raises:
        ModelError: A name is none that the API server accepts.
    """
    files: dict[str, str] = {}
    for one in waiting:
        folder = label_folder(one)
        patched = [member for member in one.segment.members if member not in one.unpatchable]
        names = {
            member: f"{file_stem(f'{member.workload_kind.lower()}-{member.name}')}.yaml"
            for member in patched
        }
        for member, name in names.items():
            files[f"{folder}/{name}"] = dump(_patch(member, one.label))
        if names:
            files[f"{folder}/{KUSTOMIZATION}"] = _component(one, sorted(names.values()))
        files[f"{folder}/inactive/policy.yaml"] = _inactive(one) + to_yaml(one.policy)
    return dict(sorted(files.items()))


def _patch(member: Entity, label: tuple[str, str]) -> dict[str, Value]:
    """A strategic merge patch that adds a label to a pod template."""
    key, text = label
    value: dict[str, Value] = {"metadata": {"labels": {key: text}}}
    for part in reversed(TEMPLATES[member.workload_kind]):
        value = {part: value}
    return {
        "apiVersion": _API_VERSIONS.get(member.workload_kind, _APPS),
        "kind": member.workload_kind,
        "metadata": {"name": member.name, "namespace": member.namespace},
        **value,
    }


def _component(waiting: Unlabelled, names: list[str]) -> str:
    key, value = waiting.label
    head = [
        f"Adds the label {key}={value} to the pod templates of a segment.",
        "Name this folder under components: in the kustomization of these workloads. It starts a",
        "rollout. Then draft again: the segment gets a policy of its own.",
    ]
    if waiting.unpatchable:
        left = ", ".join(member.id for member in waiting.unpatchable)
        head.append(f"Label these by hand, they have no template to patch: {left}")
    document: dict[str, Value] = {
        "apiVersion": _COMPONENT,
        "kind": "Component",
        "patches": [{"path": name} for name in names],
    }
    return dump(document, {(): head})


def _inactive(waiting: Unlabelled) -> str:
    key, value = waiting.label
    return (
        f"# INACTIVE until every pod of the segment has the label {key}={value}: do not apply it\n"
        "# before. Until then the policies of the single workloads hold.\n"
    )
