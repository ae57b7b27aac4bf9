"""Segments files: what a reviewer corrects; YAML, version 1, ``docs/segments.schema.json``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.review.nodes import Node, read_nodes
from recommender.segments.corrections import Corrections, Wish

if TYPE_CHECKING:
    import os

#: The version of the form.
VERSION: Final = "1"

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PARTS: Final = 2


def read_corrections(path: str | os.PathLike[str]) -> Corrections:
    """Read a segments file.

    Raises:
        ReviewFileError: It cannot be read or does not say what a segments file may say; the error
            names file, line and field.
    """
    root = read_nodes(path, "segments")
    fields = root.mapping("version", "pin", "merge", "split", "name")
    if "version" not in fields:
        root.fail("the version of the form is missing", f"begin with version: {VERSION}")
    if fields["version"].content != VERSION:
        fields["version"].fail("a version that is not known", f"this program knows {VERSION}")
    names: dict[str, int] = {}
    return Corrections(
        pins=tuple(_wish(node, names) for node in _entries(fields, "pin")),
        merges=tuple(_wish(node, names) for node in _entries(fields, "merge")),
        splits=tuple(_split(node) for node in _entries(fields, "split")),
        names=tuple(_wish(node, names, must=True) for node in _entries(fields, "name")),
    )


def _entries(fields: dict[str, Node], name: str) -> list[Node]:
    node = fields.get(name)
    return [] if node is None or node.kind == "null" else node.items()


def _wish(node: Node, names: dict[str, int], *, must: bool = False) -> Wish:
    fields = node.mapping("name", "workloads")
    if "workloads" not in fields:
        node.fail("workloads are missing", "list those that it is about")
    name = ""
    if "name" in fields:
        name = fields["name"].text()
        if _NAME.fullmatch(name) is None:
            fields["name"].fail("a name has small letters, digits and dashes, 63 at most")
        if name in names:
            fields["name"].fail(f"the name stands twice, first in line {names[name]}")
        names[name] = fields["name"].line
    elif must:
        node.fail("the name is missing")
    return Wish(fields["workloads"].texts(), name, node.where)


def _split(node: Node) -> tuple[Wish, ...]:
    parts = tuple(Wish(part.texts(), where=part.where) for part in node.items())
    if len(parts) < _PARTS:
        node.fail("a split takes two parts or more", "write a list of lists of workloads")
    taken: set[str] = set()
    for part in parts:
        if taken & set(part.workloads):
            node.fail("a workload stands in two parts")
        taken |= set(part.workloads)
    return parts
