"""What entries of GCP flow logs say of an end: the pod of a GKE cluster, or what is outside."""

from __future__ import annotations

from typing import Any, Final

import orjson

from recommender.model.text import is_dns_name
from recommender.sources.endpoint import EndClass, Endpoint

#: Keys of the text that `gcp` makes of an end.
POD, NAMESPACE, CLUSTER, WORKLOAD, KIND, LOCAL, SERVICE, OUTSIDE = "pncwklso"
_KINDS: Final = {
    "DEPLOYMENT": "Deployment",
    "REPLICASET": "ReplicaSet",
    "STATEFULSET": "StatefulSet",
    "DAEMONSET": "DaemonSet",
    "JOB": "Job",
    "CRONJOB": "CronJob",
    "REPLICATIONCONTROLLER": "ReplicationController",
}
_NAME: Final = 253


def decode(text: str) -> Endpoint:
    """The meaning of an end, given as JSON text; one of which nothing is left has no class."""
    try:
        raw = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        raw = None
    if not isinstance(raw, dict):
        return Endpoint(EndClass.NONE)
    if _text(raw, NAMESPACE) and _text(raw, POD):
        return _pod(raw)
    service = _text(raw, SERVICE).lower()
    if service:
        named = is_dns_name(service, limit=_NAME) and "." in service
        return Endpoint(EndClass.WORLD, names=(service,) if named else ())
    return Endpoint(EndClass.WORLD if raw.get(OUTSIDE) is True else EndClass.NONE)


def _pod(raw: dict[str, Any]) -> Endpoint:
    kind = _KINDS.get(_text(raw, KIND).upper().replace("_", ""), "")
    return Endpoint(
        EndClass.POD,
        cluster=_text(raw, CLUSTER),
        namespace=_text(raw, NAMESPACE),
        pod=_text(raw, POD),
        # A workload whose kind is not told is found by its pods' names.
        workload_kind=kind,
        workload=_text(raw, WORKLOAD) if kind else "",
        local=raw.get(LOCAL) is True,
    )


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
