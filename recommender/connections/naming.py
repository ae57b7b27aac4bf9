"""The controller of a pod, told from the pod's name where nothing else says it."""

from __future__ import annotations

import re
from typing import Final

#: Kind given to a controller whose name is known and whose kind is not.
UNKNOWN_KIND: Final = "Controller"

# The alphabet of generated suffixes (k8s.io/apimachinery/pkg/util/rand): no vowels, no 0, 1, 3.
_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
# A CronJob's Job ends in its scheduled minute since the epoch; a Job's pod adds five letters.
_CRONJOB: Final = re.compile(rf"(.+)-\d{{8}}-[{_SAFE}]{{5}}")
_DEPLOYMENT: Final = re.compile(rf"(.+)-[{_SAFE}0-9a-f]{{8,10}}-[{_SAFE}]{{5}}")
_GENERATED: Final = re.compile(rf"(.+)-[{_SAFE}]{{5}}")
_STATEFULSET: Final = re.compile(r"(.+)-\d{1,4}")


def controller_of(pod: str) -> tuple[str, str]:
    """Kind and name of the controller that most likely made a pod of this name.

    Returns:
        ``("Deployment", "web")`` for ``web-5d4f8c7b9c-x2x7k`` and so on;
        ``("Controller", name)`` where the suffix is a DaemonSet's, Job's or ReplicaSet's; the
        pod itself as ``("Pod", pod)`` where nothing was generated.
    """
    for pattern, kind in (
        (_CRONJOB, "CronJob"),
        (_DEPLOYMENT, "Deployment"),
        (_GENERATED, UNKNOWN_KIND),
        (_STATEFULSET, "StatefulSet"),
    ):
        match = pattern.fullmatch(pod)
        if match:
            return kind, match.group(1)
    return "Pod", pod
