"""The command that gives a workload a label which sets it apart.

Labels belong on the controller's pod template: what ``kubectl label pod`` writes is gone with the
pod. The command changes a template, so it starts a rollout; a person runs it, never this program.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Final

from recommender.model.labels import is_label_value
from recommender.model.text import short_hash
from recommender.synthesis.naming import is_namespace_name, is_object_name
from recommender.synthesis.templates import TEMPLATES

if TYPE_CHECKING:
    from recommender.inventory.types import Workload

_KEYS: Final = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "network.recommender/workload",
)
_ELSEWHERE: Final = "add the label {label} to its pod template and roll it out"


def mending_line(workload: Workload) -> str:
    """What to do so that a selector can tell a workload from all others of its namespace.

    Returns:
        A command line where the workload's kind has a pod template that can change and its names
        are valid; a sentence otherwise.
    """
    entity = workload.entity
    taken = {key for key, _ in workload.labels}
    taken |= {key for pod in workload.pods for key, _ in pod.labels}
    key = next((key for key in _KEYS if key not in taken), _KEYS[-1])
    value = entity.name if is_label_value(entity.name) else f"w-{short_hash(entity.id)}"
    names_fit = is_namespace_name(entity.namespace) and is_object_name(entity.name)
    if names_fit and entity.workload_kind == "Pod":
        words = ["kubectl", "-n", entity.namespace, "label", "pod", entity.name, f"{key}={value}"]
        return shlex.join(words)
    path = TEMPLATES.get(entity.workload_kind)
    if path is None or not names_fit or workload.name_inferred:
        return _ELSEWHERE.format(label=f"{key}={value}")
    patch: dict[str, object] = {"metadata": {"labels": {key: value}}}
    for part in reversed(path):
        patch = {part: patch}
    kind = entity.workload_kind.lower()
    text = json.dumps(patch, separators=(",", ":"))
    return shlex.join(
        ["kubectl", "-n", entity.namespace, "patch", kind, entity.name, "--type=merge", "-p", text],
    )
