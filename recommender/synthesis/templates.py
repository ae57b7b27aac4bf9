"""Where the pod template of a workload stands, by its kind."""

from __future__ import annotations

from typing import Final

#: Kinds whose pod template can be patched, with the way to it.
TEMPLATES: Final = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
