"""From when to when an object had its addresses, as far as the object itself proves it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from recommender.inventory.fields import Fields

#: Phases in which a pod has ended: its status keeps an address that may be another's by now.
ENDED_PHASES: Final = frozenset({"Succeeded", "Failed"})

# True from when the sandbox has its network; KEP-3085, in every pod since Kubernetes 1.29.
_HAS_NETWORK: Final = "PodReadyToStartContainers"

_CONTAINERS: Final = (
    "initContainerStatuses",
    "containerStatuses",
    "ephemeralContainerStatuses",
)


def created(item: Fields) -> datetime | None:
    """When an object was made; None where it does not say."""
    return item.child("metadata").moment("creationTimestamp")


def pod_start(item: Fields, seen: datetime | None = None) -> datetime | None:
    """From when a pod certainly had its address.

    A pod's ``startTime`` is when the kubelet took it on: volumes may be waited for, for minutes,
    before it gets an address. The condition that the network is there is the best witness, then
    the first start of a container that the pod remembers: of many restarts it knows the last two.
    One whose containers have not started yet has its address since the look at the latest.

    Args:
        item: The pod.
        seen: When it was looked at; None where no time is known.
    """
    status = item.child("status")
    for condition in status.children("conditions"):
        if condition.text("type") == _HAS_NETWORK and condition.text("status") == "True":
            moment = condition.moment("lastTransitionTime")
            if moment is not None:
                return moment
    containers = _containers(status)
    starts = [start for container in containers for start in _starts(container)]
    waiting = seen if containers else None
    return min(starts, default=None) or waiting or status.moment("startTime") or created(item)


def pod_end(item: Fields, seen: datetime | None = None) -> datetime | None:
    """Until when a pod that has ended certainly had its address; None for one that goes on.

    That is when the last container of a pod in a final phase ended. One that names no such time
    (evicted before it ran) proves nothing but its start.
    """
    status = item.child("status")
    if status.text("phase") in ENDED_PHASES:
        ends = [end for container in _containers(status) for end in _ends(container)]
        return max(ends, default=None) or pod_start(item, seen)
    return None


def deletion_asked(item: Fields) -> datetime | None:
    """When the deletion of an object was asked for; None where it was not.

    The object's ``deletionTimestamp`` is the deadline: the grace period lies before it.
    """
    metadata = item.child("metadata")
    deadline = metadata.moment("deletionTimestamp")
    if deadline is None:
        return None
    grace = metadata.number("deletionGracePeriodSeconds") or 0
    return deadline - timedelta(seconds=grace)


def _containers(status: Fields) -> list[Fields]:
    return [container for key in _CONTAINERS for container in status.children(key)]


def _starts(container: Fields) -> list[datetime]:
    """The starts of a container that the pod remembers."""
    states = (container.child("state"), container.child("lastState"))
    moments = [
        state.child(key).moment("startedAt")
        for state in states
        for key in ("running", "terminated")
    ]
    return [moment for moment in moments if moment is not None]


def _ends(container: Fields) -> list[datetime]:
    moment = container.child("state").child("terminated").moment("finishedAt")
    return [moment] if moment is not None else []
