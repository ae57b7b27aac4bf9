"""The folder of drafts: which policy stands in which file, and the kustomizations around them.

::

    kustomization.yaml                          kubectl kustomize OUT
    policies/NAMESPACE/kustomization.yaml       kubectl apply -k OUT/policies/NAMESPACE
    policies/NAMESPACE/WORKLOAD.yaml
    policies/NAMESPACE/default-deny.yaml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError
from recommender.model.text import file_stem
from recommender.rendering.network_policy import to_yaml
from recommender.rendering.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.model.policies import NetworkPolicy
    from recommender.rendering.yaml_text import Value

POLICIES: Final = "policies"
KUSTOMIZATION: Final = "kustomization.yaml"
DEFAULT_DENY: Final = "default-deny"


def is_default_deny(policy: NetworkPolicy) -> bool:
    """Whether a policy denies for a whole namespace and allows nothing."""
    return policy.subject.matches_all and not policy.ingress and not policy.egress


def policy_paths(policies: Iterable[NetworkPolicy]) -> dict[tuple[str, str], str]:
    """The file of every policy, relative to the output folder, by namespace and name.

    A file is named after its policy; a namespace's default-deny stands in ``default-deny.yaml``
    whatever its name.

    Raises:
        ModelError: Two policies share a namespace and a name, or would share a file.
    """
    paths: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for policy in sorted(policies, key=_order):
        stem = file_stem(policy.name)
        folder = f"{POLICIES}/{file_stem(policy.namespace)}"
        if is_default_deny(policy) and f"{folder}/{DEFAULT_DENY}.yaml" not in taken:
            stem = DEFAULT_DENY
        path = f"{folder}/{stem}.yaml"
        key = (policy.namespace, policy.name)
        if key in paths or path in taken:
            message = f"two policies of the namespace {policy.namespace!r} share one name"
            raise ModelError(message, where=policy.name)
        paths[key] = path
        taken.add(path)
    return paths


def policy_files(policies: Iterable[NetworkPolicy]) -> dict[str, str]:
    """The whole folder: the text of every file by its path relative to the output folder.

    Without any policy there is no file: kustomize takes an empty kustomization for an error.

    Raises:
        ModelError: As ``policy_paths``, or a policy holds text that the API server refuses.
    """
    ordered = sorted(policies, key=_order)
    paths = policy_paths(ordered)
    files = {paths[policy.namespace, policy.name]: to_yaml(policy) for policy in ordered}
    folders: dict[str, list[str]] = {}
    for policy in ordered:
        folder, _, name = paths[policy.namespace, policy.name].rpartition("/")
        folders.setdefault(folder, []).append(name)
    for folder, names in folders.items():
        files[f"{folder}/{KUSTOMIZATION}"] = kustomization(_last(names, f"{DEFAULT_DENY}.yaml"))
    if folders:
        files[KUSTOMIZATION] = kustomization(sorted(folders))
    return dict(sorted(files.items()))


def kustomization(resources: Sequence[str]) -> str:
    """A kustomization that gathers files or folders beside it, in their order."""
    document: dict[str, Value] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }
    return dump(document)


def _order(policy: NetworkPolicy) -> tuple[str, str]:
    return (policy.namespace, policy.name)


def _last(names: Iterable[str], last: str) -> list[str]:
    """The names sorted, one of them at the end: isolation comes after what it spares."""
    return sorted(names, key=lambda name: (name == last, name))
