"""A look at a live cluster as one document: what is there, when it was looked at, what is missing.

The form is ``docs/inventory.schema.json``.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from recommender._version import __version__
from recommender.inventory.kinds import RESOURCES, Resource
from recommender.inventory.listing import Listed, list_all
from recommender.inventory.looks import KIND, SCHEMA_VERSION, Look, Missing
from recommender.model.errors import InputError
from recommender.sources.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from recommender.inventory.listing import Server
    from recommender.inventory.types import Inventory

_SYSTEM: Final = "kube-system"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at a cluster.

    Attributes:
        look: When it was taken, of what, and what could not be read.
        objects: What is kept of every object, sorted by kind, namespace and name.
    """

    look: Look
    objects: tuple[dict[str, Any], ...]

    def document(self) -> dict[str, Any]:
        """The whole as one document."""
        return {
            "kind": KIND,
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "recommender", "version": __version__},
            "taken": self.look.taken.isoformat().replace("+00:00", "Z"),
            "cluster": self.look.cluster,
            "namespaces": list(self.look.namespaces),
            "missing": [asdict(gap) for gap in self.look.missing],
            "objects": list(self.objects),
        }

    def to_json(self) -> bytes:
        """The document as JSON, one object a line, so that a version control shows changes."""
        import orjson

        head = self.document()
        objects = head.pop("objects")
        start = orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}")
        lines = b",\n".join(b"    " + orjson.dumps(item) for item in objects)
        return (
            start + b',\n  "objects": [' + (b"\n" + lines + b"\n  " if lines else b"") + b"]\n}\n"
        )

    def inventory(self) -> Inventory:
        """What it says of the cluster, the same as when it is read from its file."""
        from recommender.inventory.documents import unpack
        from recommender.inventory.manifests import inventory_of_read

        return inventory_of_read(unpack(self.document(), "the live cluster"))


def is_snapshot(content: bytes) -> bool:
    """Whether some content is a snapshot that this program wrote, packed or not."""
    try:
        content = next(unpack("", iter((content,))), b"")
    except InputError:
        return False
    return re.match(rb'\{\s*"kind":\s*"' + KIND.encode() + b'"', content) is not None


def take(
    server: Server,
    namespaces: Iterable[str] = (),
    *,
    told: Callable[[str, int], None] | None = None,
) -> Snapshot:
    """Look at a cluster: lists of the kinds of `recommender.inventory.kinds`, nothing else.

    Args:
        server: The API server.
        namespaces: Read these alone; without any, the whole cluster.
        told: Called after each page with the kind's plural and the objects on the page.

    Raises:
        InputError: The server does not answer, or pods may not be read.
    """
    chosen = tuple(sorted(set(namespaces)))
    moments: list[datetime] = []
    missing: list[Missing] = []
    objects: list[dict[str, Any]] = []
    for resource in RESOURCES:
        for namespace in chosen if resource.namespaced and chosen else ("",):
            listed = list_all(server, resource, namespace, told=told)
            if listed.moment is not None:
                moments.append(listed.moment)
            missing.extend(_gaps(server, resource, namespace, listed))
            objects.extend(listed.objects)
    ids = {_name(item): item["metadata"].get("uid", "") for item in objects if _is_namespace(item)}
    kept = [item for item in objects if _within(item, chosen)]
    taken = min(moments, default=datetime.now(UTC))
    look = Look(taken, ids.get(_SYSTEM, ""), chosen, tuple(missing))
    return Snapshot(look, tuple(sorted(kept, key=_order)))


def _gaps(server: Server, resource: Resource, namespace: str, listed: Listed) -> list[Missing]:
    """What a list says is missing.

    Raises:
        InputError: There is no inventory without it.
    """
    if not listed.refused and not listed.absent:
        return []
    place = f" in the namespace {namespace}" if namespace else ""
    if resource.required:
        why = listed.refused or "the server does not know them"
        message = f"{resource.plural} cannot be listed{place}: {why}"
        hint = "ask for the role in deploy/rbac.yaml, or name namespaces that you may read with -n"
        raise InputError(message, where=server.name, hint=hint)
    if listed.absent:
        # A cluster without the tier kinds has no such policies: nothing is unknown.
        if resource.optional_api:
            return []
        return [Missing(resource.plural, resource.kind, namespace, "not-served")]
    return [Missing(resource.plural, resource.kind, namespace, "forbidden", listed.refused)]


def _name(item: dict[str, Any]) -> str:
    return str(item["metadata"].get("name", ""))


def _is_namespace(item: dict[str, Any]) -> bool:
    return bool(item["kind"] == "Namespace")


def _within(item: dict[str, Any], chosen: tuple[str, ...]) -> bool:
    return not chosen or not _is_namespace(item) or _name(item) in chosen


def _order(item: dict[str, Any]) -> tuple[str, str, str]:
    return (item["kind"], str(item["metadata"].get("namespace", "")), _name(item))
