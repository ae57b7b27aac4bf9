"""Who owns a pod: owner references followed up to the top controller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.inventory.fields import Fields
    from recommender.inventory.types import Pod

#: Namespace, kind and name of a controller (or of a bare pod).
Controller = tuple[str, str, str]

_HASH_LABEL: Final = "pod-template-hash"
#: A CronJob names its Jobs by the scheduled time in minutes since the epoch.
_SCHEDULED: Final = re.compile(r"(?P<name>.+)-\d{8}")


class Owners:
    """Finds the top controller of pods and controllers.

    Args:
        controllers: Every controller of the input by namespace, kind and name.
        infer: Whether a Deployment or CronJob may be told from the names of what it owns
            where the input lacks the object between.
    """

    def __init__(self, controllers: Mapping[Controller, Fields], *, infer: bool) -> None:
        self._controllers = controllers
        self._infer = infer

    def of_pod(self, pod: Pod, item: Fields) -> tuple[Controller, bool]:
        """The top controller of a pod (the pod itself where it has none).

        Returns:
            The controller, and whether its kind and name were inferred.
        """
        owner = _owner(item)
        # A static pod belongs to its node, which is no controller.
        if owner is None or owner[0] == "Node":
            return (pod.namespace, "Pod", pod.name), False
        kind, name = owner
        # np-guard reads a reference without a kind as a pod, and so do we.
        top = self.of_controller((pod.namespace, kind or "Pod", name))
        if top in self._controllers or not self._infer:
            return top, False
        guess = self._guess(top, dict(pod.labels))
        return (guess, guess not in self._controllers) if guess else (top, False)

    def of_controller(self, controller: Controller) -> Controller:
        """The top of the chain of owners that begins at a controller."""
        seen = {controller}
        while True:
            item = self._controllers.get(controller)
            owner = _owner(item) if item is not None else None
            if owner is None:
                return controller
            above = (controller[0], *owner)
            if above in seen:
                return controller
            seen.add(above)
            controller = above

    def _guess(self, controller: Controller, labels: Mapping[str, str]) -> Controller | None:
        namespace, kind, name = controller
        if kind == "ReplicaSet":
            base, dash, suffix = name.rpartition("-")
            deployment = (namespace, "Deployment", base)
            known = deployment in self._controllers
            if dash and (labels.get(_HASH_LABEL) == suffix or known):
                return deployment
        if kind == "Job" and (match := _SCHEDULED.fullmatch(name)):
            return (namespace, "CronJob", match["name"])
        return None


def _owner(item: Fields) -> tuple[str, str] | None:
    """Kind and name of the owner that controls an object."""
    references = item.child("metadata").children("ownerReferences")
    for reference in references:
        if reference.flag("controller"):
            return reference.text("kind"), reference.text("name")
    return None
