"""Labels that say something else than which workload a pod belongs to.

A selector must hold after the next rollout, restart, scaling, fail-over or move to another
node. The labels here do not: a controller, a mesh, a scheduler, a release tool or the program
itself writes them, or they name a version. To call a stable label volatile costs a policy and a
finding; to call a volatile label stable breaks a running application at its next rollout. So
the tables lean towards volatile.

What is *not* here on purpose: ``app.kubernetes.io/instance`` and ``release`` (the release's name
outlives its upgrades), ``app.kubernetes.io/part-of``, ``track`` (a canary is a Deployment of its
own), ``gateway.networking.k8s.io/gateway-name``, ``serving.knative.dev/service`` and
``strimzi.io/cluster`` (they name the owner).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from recommender.model.labels import is_label_key, is_label_value

if TYPE_CHECKING:
    from collections.abc import Iterable


class Volatility(StrEnum):
    """Why a label is no part of a workload's identity."""

    ROLLOUT = "a controller writes it anew at every rollout"
    REPLICA = "it differs between the replicas of one workload"
    RUN = "it names one run of a job"
    VERSION = "it names a version, which the next release changes"
    TOOLING = "a release tool or an injector writes it, not the workload's author"
    PLACE = "it says where the pod runs"
    RUNTIME = "the program changes it while it runs"
    DERIVED = "the network plugin derives it; pods do not carry it"
    INVALID = "it is no label that the API server accepts"


_EXACT: Final[dict[str, Volatility]] = {
    "pod-template-hash": Volatility.ROLLOUT,
    "rollouts-pod-template-hash": Volatility.ROLLOUT,
    "controller-revision-hash": Volatility.ROLLOUT,
    "pod-template-generation": Volatility.ROLLOUT,
    "serving.knative.dev/revision": Volatility.ROLLOUT,
    "serving.knative.dev/configurationGeneration": Volatility.ROLLOUT,
    "skaffold.dev/run-id": Volatility.ROLLOUT,
    "rollme": Volatility.ROLLOUT,
    "statefulset.kubernetes.io/pod-name": Volatility.REPLICA,
    "apps.kubernetes.io/pod-index": Volatility.REPLICA,
    "strimzi.io/pod-name": Volatility.REPLICA,
    "cnpg.io/instanceName": Volatility.REPLICA,
    "leaderworkerset.sigs.k8s.io/worker-index": Volatility.REPLICA,
    "leaderworkerset.sigs.k8s.io/group-index": Volatility.REPLICA,
    "job-name": Volatility.RUN,
    "controller-uid": Volatility.RUN,
    "spark-app-selector": Volatility.RUN,
    "spark-exec-id": Volatility.RUN,
    "workflows.argoproj.io/workflow": Volatility.RUN,
    "workflows.argoproj.io/completed": Volatility.RUN,
    "tekton.dev/taskRun": Volatility.RUN,
    "tekton.dev/pipelineRun": Volatility.RUN,
    "run_id": Volatility.RUN,
    "try_number": Volatility.RUN,
    "execution_date": Volatility.RUN,
    "chart": Volatility.VERSION,
    "helm.sh/chart": Volatility.VERSION,
    "heritage": Volatility.TOOLING,
    "app.kubernetes.io/managed-by": Volatility.TOOLING,
    "app.kubernetes.io/created-by": Volatility.TOOLING,
    "istio.io/rev": Volatility.TOOLING,
    "istio.io/dataplane-mode": Volatility.TOOLING,
    "kubernetes.io/hostname": Volatility.PLACE,
    "kubernetes.io/arch": Volatility.PLACE,
    "kubernetes.io/os": Volatility.PLACE,
    "kubevirt.io/nodeName": Volatility.PLACE,
    "role.kubernetes.io/leader": Volatility.RUNTIME,
    "spilo-role": Volatility.RUNTIME,
    "cnpg.io/instanceRole": Volatility.RUNTIME,
    "cnpg.io/podRole": Volatility.RUNTIME,
    "vault-active": Volatility.RUNTIME,
    "vault-initialized": Volatility.RUNTIME,
    "vault-perf-standby": Volatility.RUNTIME,
    "vault-sealed": Volatility.RUNTIME,
}

_PREFIXES: Final[tuple[tuple[str, Volatility], ...]] = (
    ("batch.kubernetes.io/", Volatility.RUN),
    ("argocd.argoproj.io/", Volatility.TOOLING),
    ("helm.toolkit.fluxcd.io/", Volatility.TOOLING),
    ("kustomize.toolkit.fluxcd.io/", Volatility.TOOLING),
    ("linkerd.io/", Volatility.TOOLING),
    ("security.istio.io/", Volatility.TOOLING),
    ("service.istio.io/", Volatility.TOOLING),
    ("sidecar.istio.io/", Volatility.TOOLING),
    ("consul.hashicorp.com/", Volatility.TOOLING),
    ("kuma.io/", Volatility.TOOLING),
    ("tilt.dev/", Volatility.TOOLING),
    ("topology.", Volatility.PLACE),
    ("failure-domain.beta.kubernetes.io/", Volatility.PLACE),
    ("beta.kubernetes.io/", Volatility.PLACE),
    ("node.kubernetes.io/", Volatility.PLACE),
    ("gen:", Volatility.DERIVED),
    ("io.cilium.", Volatility.DERIVED),
    ("io.kubernetes.", Volatility.DERIVED),
    ("projectcalico.org/", Volatility.DERIVED),
)

_VERSION_WORDS: Final = frozenset(
    {
        "build",
        "checksum",
        "commit",
        "digest",
        "generation",
        "hash",
        "rev",
        "revision",
        "sha",
        "sha256",
        "tag",
        "timestamp",
        "uid",
        "uuid",
        "version",
    },
)
_WORD_BREAK: Final = re.compile(r"[-_.]+|(?<=[a-z0-9])(?=[A-Z])")


def volatility(key: str) -> Volatility | None:
    """Why a label key is no part of a workload's identity; None where it may be one.

    Args:
        key: The key as the pod carries it, without a log's own ``k8s:`` prefix.
    """
    known = _EXACT.get(key)
    if known is not None:
        return known
    for prefix, reason in _PREFIXES:
        if key.startswith(prefix):
            return reason
    last = _WORD_BREAK.split(key.rpartition("/")[2])[-1].lower()
    return Volatility.VERSION if last in _VERSION_WORDS else None


def unusable(key: str, value: str) -> Volatility | None:
    """Why a label cannot stand in a drafted selector; None where it can.

    An empty value is refused too: it is the mark of a label that was meant to be filled in.
    """
    if not is_label_key(key) or not value or not is_label_value(value):
        return Volatility.INVALID
    return volatility(key)


def usable_labels(labels: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The labels that may stand in a selector, sorted."""
    return tuple(sorted(pair for pair in labels if unusable(*pair) is None))
