"""What a snapshot says of itself: when it was taken, of which cluster, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.fields import Fields
from recommender.inventory.kinds import RESOURCES
from recommender.model.errors import InputError
from recommender.model.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

#: What marks a snapshot among other documents.
KIND: Final = "InventorySnapshot"

#: Grows in its first number when a reader of the document has to change, else in its second.
SCHEMA_VERSION: Final = "1.0"

_WITHOUT: Final = {resource.plural: resource.without for resource in RESOURCES}


@dataclass(frozen=True, slots=True)
class Missing:
    """A kind that could not be read.

    Attributes:
        resource: Its plural name, as in a role.
        kind: Its name.
        namespace: Where it could not be read; empty for the whole cluster.
        reason: ``forbidden`` or ``not-served``.
        message: The API server's words.
    """

    resource: str
    kind: str
    namespace: str
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a cluster, without its objects.

    Attributes:
        taken: When, by the clock of the cluster, in UTC: nothing in it is older knowledge.
        cluster: What tells one cluster from another: the uid of its namespace ``kube-system``;
            empty where that could not be read.
        namespaces: The namespaces that were asked for; empty for all.
        missing: The kinds that could not be read.
        file: Where it stands; empty for a live cluster.
    """

    taken: datetime
    cluster: str = ""
    namespaces: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    file: str = ""

    @classmethod
    def of(cls, body: dict[str, Any], file: str) -> Look:
        """Read the head of a snapshot.

        Raises:
            ManifestError: It is of a later form, or not of that form at all.
        """
        head = Fields(body, file)
        version = head.text("schema_version")
        if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
            hint = f"this program reads {SCHEMA_VERSION}; take the snapshot anew"
            head.fail("schema_version", f"not a form that is known: {version!r}", hint=hint)
        taken = head.moment("taken")
        if taken is None:
            head.fail("taken", "a snapshot says when it was taken")
        keys = ("resource", "kind", "namespace", "reason", "message")
        gaps = [Missing(*map(entry.text, keys)) for entry in head.children("missing")]
        return cls(taken, head.text("cluster"), head.texts("namespaces"), tuple(gaps), file)


def require_one_cluster(looks: Iterable[Look]) -> None:
    """Refuse a history of several clusters: their addresses have nothing to do with each other.

    Raises:
        InputError: The snapshots are of more than one.
    """
    first: dict[str, Look] = {}
    for look in looks:
        if look.cluster:
            first.setdefault(look.cluster, look)
    if len(first) > 1:
        files = ", ".join(sorted(look.file for look in first.values()))
        message = "these snapshots are of different clusters"
        raise InputError(message, where=files, hint="give those of one cluster")


def missing_kinds(looks: Iterable[Look]) -> list[Finding]:
    """A finding for each kind that a look could not read, told once whatever number of looks."""
    latest: dict[tuple[str, str], tuple[Missing, Look]] = {}
    for look in sorted(looks, key=lambda look: look.taken):
        for gap in look.missing:
            latest[gap.resource, gap.namespace] = (gap, look)
    return [
        Finding(
            "inventory-missing-kind",
            Severity.WARNING,
            gap.resource,
            _sentence(gap),
            hint="allow get and list on them: deploy/rbac.yaml has the role",
            where=look.file,
        )
        for _, (gap, look) in sorted(latest.items())
    ]


def _sentence(gap: Missing) -> str:
    place = f" in {gap.namespace}" if gap.namespace else ""
    why = "were not served" if gap.reason == "not-served" else "were not allowed to be read"
    without = _WITHOUT.get(gap.resource, "")
    return f"{gap.kind} objects{place} {why}" + (f": {without}" if without else "")
