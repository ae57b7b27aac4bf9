"""YAML files that people write, read with the line of every value for errors that lead there."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

import yaml

from recommender.model.errors import InputError
from recommender.model.text import clean

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

#: Most bytes of a file that a person writes.
MAX_BYTES: Final = 4 << 20
#: Most values in it, aliases followed.
MAX_VALUES: Final = 200_000
#: Most levels of it.
MAX_DEPTH: Final = 20

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXTS: Final = frozenset({"str", "timestamp", "int", "float"})
_KINDS: Final = {"null": "nothing", "bool": "true or false", "str": "text"}

Content: TypeAlias = "dict[str, Node] | list[Node] | str | None"


class ReviewFileError(InputError):
    """A file about the review, such as goals, does not say what such a file may say."""

    code = "invalid-review-file"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file and where it stands.

    Attributes:
        content: A mapping or a list of nodes, a text as it was written, or None.
        kind: ``mapping``, ``list``, or the kind of scalar: ``str``, ``int``, ``bool`` ...
        file: The file as the user named it.
        line: Its line, from 1.
        path: The way to it: ``goals[0].from``.
    """

    content: Content
    kind: str
    file: str
    line: int
    path: str = ""

    @property
    def where(self) -> str:
        """File, line and path as one text."""
        place = f"{self.file}:{self.line}"
        return f"{place}, {self.path}" if self.path else place

    def fail(self, message: str, hint: str = "") -> NoReturn:
        """Refuse the file because of this value.

        Raises:
            ReviewFileError: Always.
        """
        raise ReviewFileError(message, where=self.where, hint=hint)

    def mapping(self, *known: str) -> dict[str, Node]:
        """The fields of a mapping that may have these and no other; none are given for any.

        Raises:
            ReviewFileError: It is no mapping, or has another field.
        """
        if not isinstance(self.content, dict):
            self.fail(f"expected a mapping, found {self._shown()}")
        for key, value in self.content.items():
            if known and key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
                value.fail("unknown field", hint)
        return self.content

    def items(self) -> list[Node]:
        """The entries of a list.

        Raises:
            ReviewFileError: It is no list.
        """
        if not isinstance(self.content, list):
            self.fail(f"expected a list, found {self._shown()}")
        return self.content

    def text(self) -> str:
        """A text, not an empty one; dates and numbers are taken as they were written.

        Raises:
            ReviewFileError: It is something else.
        """
        if not isinstance(self.content, str) or self.kind not in _TEXTS:
            self.fail(f"expected text, found {self._shown()}", "put it in quotes")
        if not self.content.strip():
            self.fail("expected text, found nothing")
        return self.content

    def texts(self) -> tuple[str, ...]:
        """One text or a list of them, at least one.

        Raises:
            ReviewFileError: It is something else, or empty.
        """
        return tuple(node.text() for node in self.several())

    def several(self) -> list[Node]:
        """The entries of a list, or the value itself where it is none; at least one.

        Raises:
            ReviewFileError: The list is empty.
        """
        if isinstance(self.content, list):
            if not self.content:
                self.fail("the list is empty", "leave the field out, or name something")
            return self.content
        return [self]

    def flag(self) -> bool:
        """True or false.

        Raises:
            ReviewFileError: It is something else.
        """
        if self.kind != "bool" or not isinstance(self.content, str):
            self.fail(f"expected true or false, found {self._shown()}")
        return self.content.lower() in {"true", "yes", "on"}

    def labels(self) -> tuple[tuple[str, str], ...]:
        """A mapping of labels, as sorted pairs, at least one.

        Raises:
            ReviewFileError: It is something else, or empty.
        """
        pairs = tuple(sorted((key, node.text()) for key, node in self.mapping().items()))
        if not pairs:
            self.fail("no label is named")
        return pairs

    def _shown(self) -> str:
        if self.kind in {"mapping", "list"}:
            return f"a {self.kind}"
        return _KINDS.get(self.kind, clean(self.content, limit=40))


def read_nodes(path: str | os.PathLike[str], what: str) -> Node:
    """Read a YAML or JSON file.

    Args:
        path: The file.
        what: What the file holds, for errors: ``goals``.

    Raises:
        ReviewFileError: It cannot be read, is no YAML, or expands to far too much.
    """
    name = str(path)
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReviewFileError(f"the {what} cannot be read: {reason}", where=name) from error
    if len(raw) > MAX_BYTES:
        raise ReviewFileError(f"the {what} are larger than 4 MiB", where=name)
    return parse_nodes(raw, name, what)


def parse_nodes(raw: bytes | str, name: str, what: str) -> Node:
    """The nodes of a YAML document; arguments and errors are those of :func:`read_nodes`."""
    try:
        root = yaml.compose(raw, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "it cannot be decoded"
        raise ReviewFileError(f"not YAML: {clean(problem)}", where=where) from error
    if root is None:
        raise ReviewFileError(f"there are no {what} in it", where=name)
    return _Reader(name).read(root, "", 0)


@dataclass(slots=True)
class _Reader:
    name: str
    values: int = field(default=0)

    def read(self, node: yaml.Node, path: str, depth: int) -> Node:
        line = node.start_mark.line + 1
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            message = "it expands to far too much"
            raise ReviewFileError(message, where=f"{self.name}:{line}", hint="leave aliases out")
        if isinstance(node, yaml.MappingNode):
            return Node(dict(self._pairs(node, path, depth)), "mapping", self.name, line, path)
        if isinstance(node, yaml.SequenceNode):
            entries = [
                self.read(entry, f"{path}[{position}]", depth + 1)
                for position, entry in enumerate(node.value)
            ]
            return Node(entries, "list", self.name, line, path)
        kind = node.tag.rpartition(":")[2]
        content = None if kind == "null" else str(node.value)
        return Node(content, kind, self.name, line, path)

    def _pairs(self, node: yaml.MappingNode, path: str, depth: int) -> Iterator[tuple[str, Node]]:
        seen: set[str] = set()
        for key, value in node.value:
            where = f"{self.name}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise ReviewFileError("a key must be text", where=where)
            name = str(key.value)
            if name in seen:
                raise ReviewFileError(f"the key {clean(name)!r} stands twice", where=where)
            seen.add(name)
            shown = clean(name, limit=60)
            yield name, self.read(value, f"{path}.{shown}" if path else shown, depth + 1)
