"""Decisions files: YAML, version 1; the form is ``docs/decisions.schema.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recommender.review.decisions import Decisions, Ruling
from recommender.review.items import Decision
from recommender.review.nodes import Node, read_nodes
from recommender.review.weights import MATERIAL

if TYPE_CHECKING:
    import os

#: The version of the form.
VERSION: Final = "1"

_FIELDS: Final = (
    *("key", "client", "server", "protocol", "port", "decision", "reason", "by", "evidence"),
)


def read_decisions(path: str | os.PathLike[str]) -> Decisions:
    """Read a decisions file.

    Raises:
        ReviewFileError: It cannot be read or does not say what a decisions file may say; the
            error names file, line and field.
    """
    return parse_decisions(read_nodes(path, "decisions"))


def parse_decisions(root: Node) -> Decisions:
    """The decisions of a file that was read; raises as :func:`read_decisions`."""
    fields = root.mapping("version", "decisions")
    if "version" not in fields:
        root.fail("the version of the form is missing", f"begin with version: {VERSION}")
    if fields["version"].content != VERSION:
        fields["version"].fail("a version that is not known", f"this program knows {VERSION}")
    entries = fields.get("decisions")
    found: dict[str, Ruling] = {}
    for node in [] if entries is None or entries.kind == "null" else entries.items():
        ruling = _ruling(node)
        if ruling.key in found:
            node.fail("the key stands twice", f"first in {found[ruling.key].where}")
        found[ruling.key] = ruling
    return Decisions(found, root.file)


def _ruling(node: Node) -> Ruling:
    fields = node.mapping(*_FIELDS)
    if "decision" not in fields:
        node.fail("decision is missing", f"one of {', '.join(Decision)}")
    word = fields["decision"].text()
    if word not in set(Decision):
        fields["decision"].fail(f"{word!r} is no decision", f"one of {', '.join(Decision)}")
    decision = Decision(word)
    reason = _text(fields, "reason")
    if decision is Decision.REJECT and not reason:
        fields.get("reason", node).fail("a rejection needs a reason")
    return Ruling(
        key=_key(node, fields),
        decision=decision,
        reason=reason,
        by=_text(fields, "by"),
        evidence=_evidence(fields.get("evidence")),
        where=f"{node.file}:{node.line}",
    )


def _key(node: Node, fields: dict[str, Node]) -> str:
    """The key as it is written, or put together from its parts; the two have to agree."""
    parts = [name for name in ("client", "server", "protocol", "port") if name in fields]
    key = fields["key"].text() if "key" in fields else ""
    if not parts and key:
        return key
    for name in ("client", "server", "protocol", "port"):
        if name not in fields:
            node.fail(f"{name} is missing", "give key alone, or all of its parts")
    client, server, protocol, port = (fields[name].text() for name in parts)
    if not port.isdecimal():
        fields["port"].fail("expected a port's number")
    made = f"{client} -> {server} {protocol}/{port}"
    if key and key != made:
        fields["key"].fail("does not say what client, server, protocol and port say", made)
    return made


def _evidence(node: Node | None) -> tuple[str, ...] | None:
    if node is None or node.kind == "null":
        return None
    for entry in node.items():
        if entry.text() not in MATERIAL:
            entry.fail("no ground that a decision rests on", f"known: {', '.join(MATERIAL)}")
    return tuple(sorted(entry.text() for entry in node.items()))


def _text(fields: dict[str, Node], name: str) -> str:
    """A text that may be left out or empty."""
    node = fields.get(name)
    if node is None or node.kind == "null" or node.content == "":
        return ""
    return node.text()
