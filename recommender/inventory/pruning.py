"""What a snapshot keeps of an object: the fields that are read, and nothing else.

Commands, arguments, environment, volumes, annotations and images stay in the cluster: they often
hold secrets, and no policy is made from them.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

#: The fields to keep: a mapping goes on, ``True`` keeps the whole value. Lists are looked through.
Shape: TypeAlias = "dict[str, Shape | bool]"

_METADATA: Final[Shape] = {
    "name": True,
    "namespace": True,
    "uid": True,
    "labels": True,
    "creationTimestamp": True,
    "deletionTimestamp": True,
    "deletionGracePeriodSeconds": True,
    "ownerReferences": {
        "apiVersion": True,
        "kind": True,
        "name": True,
        "uid": True,
        "controller": True,
    },
}
_CONTAINER: Final[Shape] = {
    "name": True,
    "restartPolicy": True,
    "ports": {"name": True, "containerPort": True, "protocol": True, "hostPort": True},
}
_POD_SPEC: Final[Shape] = {
    "nodeName": True,
    "hostNetwork": True,
    "serviceAccountName": True,
    "containers": _CONTAINER,
    "initContainers": _CONTAINER,
}
_RUN: Final[Shape] = {"startedAt": True, "finishedAt": True}
_STATE: Final[Shape] = {"running": _RUN, "terminated": _RUN}
_CONTAINER_STATUS: Final[Shape] = {
    "name": True,
    "restartCount": True,
    "state": _STATE,
    "lastState": _STATE,
}
_TEMPLATE: Final[Shape] = {"metadata": {"labels": True}, "spec": _POD_SPEC}
_CONTROLLER: Final[Shape] = {
    "metadata": _METADATA,
    "spec": {"replicas": True, "selector": True, "template": _TEMPLATE},
}
_WHOLE_SPEC: Final[Shape] = {"metadata": _METADATA, "spec": True}

#: What is kept of each kind; of a kind that is not listed, names alone.
SHAPES: Final[dict[str, Shape]] = {
    "Pod": {
        "metadata": _METADATA,
        "spec": _POD_SPEC,
        "status": {
            "phase": True,
            "podIP": True,
            "podIPs": True,
            "startTime": True,
            "conditions": {"type": True, "status": True, "lastTransitionTime": True},
            "containerStatuses": _CONTAINER_STATUS,
            "initContainerStatuses": _CONTAINER_STATUS,
            "ephemeralContainerStatuses": _CONTAINER_STATUS,
        },
    },
    "Namespace": {"metadata": _METADATA},
    "Node": {
        "metadata": _METADATA,
        "spec": {"podCIDR": True, "podCIDRs": True},
        "status": {"addresses": True},
    },
    "Service": {
        "metadata": _METADATA,
        "spec": {
            "type": True,
            "selector": True,
            "clusterIP": True,
            "clusterIPs": True,
            "externalIPs": True,
            "loadBalancerIP": True,
            "externalTrafficPolicy": True,
            "ports": True,
        },
        "status": {"loadBalancer": {"ingress": {"ip": True}}},
    },
    "EndpointSlice": {
        "metadata": _METADATA,
        "addressType": True,
        "endpoints": {
            "addresses": True,
            "targetRef": {"kind": True, "namespace": True, "name": True},
        },
        "ports": {"name": True, "port": True, "protocol": True},
    },
    "Deployment": _CONTROLLER,
    "ReplicaSet": _CONTROLLER,
    "StatefulSet": _CONTROLLER,
    "DaemonSet": _CONTROLLER,
    "ReplicationController": _CONTROLLER,
    "Job": _CONTROLLER,
    "CronJob": {
        "metadata": _METADATA,
        "spec": {
            "schedule": True,
            "timeZone": True,
            "suspend": True,
            "jobTemplate": {"spec": {"selector": True, "template": _TEMPLATE}},
        },
    },
    "NetworkPolicy": _WHOLE_SPEC,
    "AdminNetworkPolicy": _WHOLE_SPEC,
    "BaselineAdminNetworkPolicy": _WHOLE_SPEC,
    "ClusterNetworkPolicy": _WHOLE_SPEC,
}


def pruned(kind: str, api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    """An object with the fields that are read, in a fixed order.

    Args:
        kind: Its kind: the items of a list do not name theirs.
        api_version: The version that it was asked for in.
        body: The object as the API server gave it.
    """
    kept = _kept(body, SHAPES.get(kind, {"metadata": _METADATA}))
    return {"apiVersion": api_version, "kind": kind, **kept}


def _kept(value: Any, shape: Shape) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, list):
        return [_kept(entry, shape) for entry in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, inner in shape.items():
        found = value.get(key)
        if found is not None:
            kept[key] = _kept(found, inner) if isinstance(inner, dict) else found
    return kept
