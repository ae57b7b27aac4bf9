"""The groupings of the page: which group every end belongs to, by segment and by namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recommender.reporting.html.index import Numbers, place_of

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group the ends.

    Attributes:
        name: What the groups are: ``segment`` or ``namespace``.
        groups: Their names.
        of: The group of every end, in the order of the document.
    """

    name: str
    groups: list[str]
    of: list[int]


def places(document: Part) -> list[Grouping]:
    """Segments first where there are any; namespaces always."""
    spaces = [place_of(entity) for entity in document["entities"]]
    found = [_grouping("namespace", spaces)]
    if segments := document.get("segments"):
        member = {name: part["name"] for part in segments for name in part["members"]}
        ids = [entity["id"] for entity in document["entities"]]
        # What is in no segment stays with the rest of its namespace.
        named = [member.get(end, space) for end, space in zip(ids, spaces, strict=True)]
        found.insert(0, _grouping("segment", named))
    return found


def _grouping(name: str, of: list[str]) -> Grouping:
    numbers = Numbers(sorted(set(of)))
    return Grouping(name, sorted(set(of)), [numbers.get(group) for group in of])
