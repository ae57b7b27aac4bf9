"""Workloads by the names that people type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recommender.model.entities import Entity

_WITH_KIND: Final = 3


def names_workload(text: str, entity: Entity) -> bool:
    """Whether a text names a workload: ``name``, ``namespace/name``, ``namespace/kind/name``."""
    parts = text.split("/")
    if entity.name != parts[-1] or len(parts) > _WITH_KIND:
        return False
    if len(parts) > 1 and entity.namespace != parts[0]:
        return False
    return len(parts) < _WITH_KIND or entity.workload_kind.lower() == parts[1].lower()


def find_workloads(workloads: Iterable[Entity], text: str) -> list[Entity]:
    """The workloads that a text names, sorted.

    Raises:
        UsageError: There is none.
    """
    found = sorted(entity for entity in workloads if names_workload(text, entity))
    if not found:
        raise UsageError(
            f"no such workload: {text}",
            hint="write namespace/name or namespace/kind/name",
        )
    return found
