"""Goals files: YAML, version 1; the form is ``docs/goals.schema.json``."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Final

from recommender.model.addresses import IPSet
from recommender.model.errors import ModelError
from recommender.model.ports import MAX_PORT, MIN_PORT, PROTOCOLS, PortSet
from recommender.review.goals import WORDS, Choice, Goal, Goals, Group, Kind, Waiver, Way
from recommender.review.nodes import Node, read_nodes

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

#: The version of the form.
VERSION: Final = "1"

_PORT: Final = re.compile(r"(?:(TCP|UDP|SCTP)(?:/(?=[0-9]))?)?(?:([0-9]{1,5})(?:-([0-9]{1,5}))?)?")
_ID: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_WORKLOADS: Final = ("namespaces", "namespace_labels", "labels", "names")
_ADDRESSES: Final = ("cidrs", "hosts")


def read_goals(path: str | os.PathLike[str]) -> Goals:
    """Read a goals file.

    Raises:
        ReviewFileError: It cannot be read or does not say what a goals file may say; the error
            names file, line and field.
    """
    root = read_nodes(path, "goals")
    return parse_goals(root)


def starter() -> str:
    """A goals file with comments, to start from."""
    file = resources.files(__package__).joinpath("goals-starter.yaml")
    return file.read_text(encoding="utf-8")


def parse_goals(root: Node) -> Goals:
    """The goals of a file that was read; raises as :func:`read_goals`."""
    fields = root.mapping(
        *("version", "groups", "sensitive", "forbidden", "must_allow", "internet", "exceptions")
    )
    if "version" not in fields:
        root.fail("the version of the form is missing", f"begin with version: {VERSION}")
    if fields["version"].content != VERSION:
        fields["version"].fail("a version that is not known", f"this program knows {VERSION}")
    groups = _groups(fields.get("groups"))
    reader = _Reader(groups)
    goals = [
        *(reader.sensitive(node) for node in _entries(fields, "sensitive")),
        *(reader.forbidden(node) for node in _entries(fields, "forbidden")),
        *(reader.must_allow(node) for node in _entries(fields, "must_allow")),
        *(reader.internet(node) for node in _entries(fields, "internet")),
    ]
    waivers = [reader.waiver(node, goals) for node in _entries(fields, "exceptions")]
    return Goals(root.file, groups, tuple(goals), tuple(waivers))


def _entries(fields: dict[str, Node], name: str) -> list[Node]:
    node = fields.get(name)
    return [] if node is None or node.kind == "null" else node.items()


def _groups(node: Node | None) -> dict[str, Group]:
    if node is None or node.kind == "null":
        return {}
    found = {}
    for name, entry in node.mapping().items():
        if _ID.fullmatch(name) is None:
            entry.fail("a group's name has small letters, digits and dashes")
        if name in WORDS:
            entry.fail("the name stands for something already", f"reserved: {', '.join(WORDS)}")
        found[name] = _group(name, entry)
    return found


def _group(name: str, node: Node) -> Group:
    choices: list[Choice] = []
    addresses: IPSet | None = None
    hosts: tuple[str, ...] = ()
    for part in node.several():
        fields = part.mapping(*_WORKLOADS, *_ADDRESSES)
        if not fields:
            part.fail("says nothing", f"name one of {', '.join((*_WORKLOADS, *_ADDRESSES))}")
        outside = [field for field in _ADDRESSES if field in fields]
        if outside and len(outside) < len(fields):
            part.fail("mixes workloads and addresses", "write a list with an entry for each")
        if outside:
            addresses = (addresses or IPSet()) | _cidrs(fields.get("cidrs"))
            hosts += fields["hosts"].texts() if "hosts" in fields else ()
        else:
            choices.append(_choice(fields))
    return Group(name, tuple(choices), addresses, hosts, node.line)


def _choice(fields: dict[str, Node]) -> Choice:
    names = fields["names"].texts() if "names" in fields else ()
    for text in names:
        if text.count("/") not in {1, 2}:
            fields["names"].fail(
                f"{text!r} names no workload", "write namespace/name or namespace/kind/name"
            )
    return Choice(
        namespaces=fields["namespaces"].texts() if "namespaces" in fields else (),
        namespace_labels=fields["namespace_labels"].labels()
        if "namespace_labels" in fields
        else (),
        labels=fields["labels"].labels() if "labels" in fields else (),
        names=names,
    )


def _cidrs(node: Node | None) -> IPSet:
    found = IPSet()
    for entry in node.several() if node else ():
        try:
            found |= IPSet.of(entry.text())
        except ModelError as error:
            entry.fail(error.message, "write addresses as in 203.0.113.0/24")
    return found


def parse_ports(node: Node) -> PortSet:
    """Ports as people write them: ``443``, ``TCP/443``, ``UDP/8000-8100``, ``SCTP``.

    Raises:
        ReviewFileError: One is none.
    """
    found = PortSet()
    for entry in node.several():
        match = _PORT.fullmatch(entry.text().strip().upper())
        if match is None or not match.group():
            entry.fail("not a port", "write 443, TCP/443, UDP/8000-8100 or SCTP")
        protocol, low, high = match.groups()
        first = int(low) if low else MIN_PORT
        last = int(high) if high else first if low else MAX_PORT
        if not MIN_PORT <= first <= last <= MAX_PORT:
            entry.fail(f"ports lie between {MIN_PORT} and {MAX_PORT}")
        found |= PortSet.of(protocol or PROTOCOLS[0], first, last)
    return found


class _Reader:
    """Goals and exceptions of one file; knows its groups and the ids that are taken."""

    def __init__(self, groups: dict[str, Group]) -> None:
        self._groups = groups
        self._ids: dict[str, int] = {}

    def sensitive(self, node: Node) -> Goal:
        fields = node.mapping("id", "text", "group", "reachable_from", "ports")
        guarded = self._named(_required(node, fields, "group"))
        if len(guarded) > 1:
            fields["group"].fail("one group, please", "define a group that holds them all")
        allowed = fields.get("reachable_from")
        sources = self._named(allowed) if allowed else ()
        ports = parse_ports(fields["ports"]) if "ports" in fields else None
        ways = (Way(sources, guarded, ports),) if sources else ()
        goal = self._goal(node, fields, Kind.SENSITIVE, *ways)
        return replace(goal, guarded=guarded[0], ports=ports)

    def forbidden(self, node: Node) -> Goal:
        fields = node.mapping("id", "text", "from", "to", "both_ways", "ports")
        way = self._way(node, fields)
        ways = [way]
        if "both_ways" in fields and fields["both_ways"].flag():
            ways.append(Way(way.targets, way.sources, way.ports))
        return self._goal(node, fields, Kind.FORBIDDEN, *ways)

    def must_allow(self, node: Node) -> Goal:
        fields = node.mapping("id", "text", "from", "to", "ports")
        _required(node, fields, "ports")
        return self._goal(node, fields, Kind.MUST_ALLOW, self._way(node, fields))

    def internet(self, node: Node) -> Goal:
        fields = node.mapping("id", "text", "allow")
        ways = []
        for entry in _entries(fields, "allow"):
            inner = entry.mapping("from", "to", "ports")
            targets = self._named(inner["to"]) if "to" in inner else ("internet",)
            ports = parse_ports(inner["ports"]) if "ports" in inner else None
            ways.append(Way(self._named(_required(entry, inner, "from")), targets, ports))
        return self._goal(node, fields, Kind.INTERNET, *ways)

    def waiver(self, node: Node, goals: Iterable[Goal]) -> Waiver:
        fields = node.mapping("goal", "from", "to", "ports", "owner", "reason", "expires")
        name = _required(node, fields, "goal")
        kinds = {goal.id: goal.kind for goal in goals}
        if name.text() not in kinds:
            name.fail(f"no goal is called {name.text()!r}", f"there are {', '.join(kinds)}")
        if kinds[name.text()] is Kind.MUST_ALLOW:
            name.fail("what must be allowed needs no exception")
        expires = _required(node, fields, "expires")
        try:
            day = date.fromisoformat(expires.text())
        except ValueError:
            expires.fail("not a date", "write it as 2026-12-31")
        return Waiver(
            goal=name.text(),
            way=self._way(node, fields),
            owner=_required(node, fields, "owner").text(),
            reason=fields["reason"].text() if "reason" in fields else "",
            expires=day,
            line=node.line,
        )

    def _goal(self, node: Node, fields: dict[str, Node], kind: Kind, *ways: Way) -> Goal:
        name = _required(node, fields, "id")
        if _ID.fullmatch(name.text()) is None:
            name.fail("an id has small letters, digits and dashes, 63 at most")
        if name.text() in self._ids:
            name.fail(f"the id stands twice, first in line {self._ids[name.text()]}")
        self._ids[name.text()] = name.line
        text = fields["text"].text() if "text" in fields else ""
        return Goal(name.text(), kind, text, ways, line=node.line)

    def _way(self, node: Node, fields: dict[str, Node]) -> Way:
        sources = self._named(_required(node, fields, "from"))
        targets = self._named(_required(node, fields, "to"))
        return Way(sources, targets, parse_ports(fields["ports"]) if "ports" in fields else None)

    def _named(self, node: Node) -> tuple[str, ...]:
        """Names of groups that exist."""
        known = (*self._groups, *WORDS)
        for entry in node.several():
            if entry.text() not in known:
                hint = f"define it under groups; there are {', '.join(known)}"
                entry.fail(f"no group is called {entry.text()!r}", hint)
        return node.texts()


def _required(node: Node, fields: dict[str, Node], name: str) -> Node:
    if name not in fields:
        node.fail(f"{name} is missing")
    return fields[name]
