"""YAML and JSON text to plain values, safely: no tags, no alias bombs, doubled keys noticed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from recommender.model.errors import BombError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Most values that one document may expand to through its aliases.
MAX_EXPANDED: Final = 2_000_000

#: A document of this size or less may always expand to ``MAX_EXPANDED``; a larger one to ten
#: times the values that are written in it.
_EXPANSION_FACTOR: Final = 10

_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_LOG_START: Final = "==== START logs"
_LOG_END: Final = "==== END logs"


@dataclass(frozen=True, slots=True)
class Parsed:
    """One document as plain values.

    Attributes:
        value: Mappings, lists, texts, numbers, booleans and None.
        line: Line where it begins, from 1; 0 where unknown.
        item_lines: Lines of the entries of its top-level ``items``.
        duplicates: Keys that stand twice in one mapping, each with its line.
    """

    value: Any
    line: int = 0
    item_lines: tuple[int, ...] = ()
    duplicates: tuple[tuple[str, int], ...] = ()


class _Loader(yaml.CSafeLoader):
    """The safe C loader; dates stay text, as in Kubernetes."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own protocol
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def parse_yaml(raw: bytes, *, where: str) -> list[Parsed]:
    """Every document of a YAML stream.

    Raises:
        ManifestError: The text is not YAML, or uses tags beyond the JSON types.
        BombError: Aliases expand a document beyond ``MAX_EXPANDED`` values.
    """
    parsed: list[Parsed] = []
    try:
        loader = _Loader(raw)
    except yaml.YAMLError as error:
        raise ManifestError(f"not YAML: {_problem(error)}", where=where) from None
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                parsed.append(_document(loader, node, where))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}:{mark.line + 1}" if mark else where
        raise ManifestError(
            f"not YAML: {_problem(error)}",
            where=f"{place}, document {len(parsed) + 1}",
            hint="nothing of this file was read",
        ) from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(
            f"not YAML: {error}",
            where=f"{where}, document {len(parsed) + 1}",
        ) from None
    finally:
        loader.dispose()
    return parsed


def parse_json(raw: bytes, *, where: str) -> list[Parsed]:
    """Every document of a JSON text, of concatenated JSON or of a ``cluster-info dump``.

    Raises:
        ManifestError: The text is not JSON.
    """
    try:
        return [Parsed(orjson.loads(raw))]
    except orjson.JSONDecodeError:
        pass
    text = raw.decode("utf-8-sig", "replace")
    return [Parsed(value, line) for value, line in _values(text, where)]


def _values(text: str, where: str) -> Iterator[tuple[Any, int]]:
    """Values one behind the other; the pod logs between them in a dump are left out."""
    decoder = json.JSONDecoder()
    position, line = 0, 1
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        current = text[position:end]
        if not current.strip():
            position, line = end + 1, line + 1
        elif current.startswith(_LOG_START):
            closing = text.find(f"\n{_LOG_END}", position)
            after = text.find("\n", closing + 1) if closing >= 0 else -1
            after = len(text) if after < 0 else after + 1
            line += text.count("\n", position, after)
            position = after
        else:
            begin = position + len(current) - len(current.lstrip())
            try:
                value, stop = decoder.raw_decode(text, begin)
            except (json.JSONDecodeError, RecursionError) as error:
                number = line + text.count("\n", position, getattr(error, "pos", position))
                raise ManifestError(
                    f"not JSON: {getattr(error, 'msg', 'nested too deeply')}",
                    where=f"{where}:{number}",
                ) from None
            yield value, line
            line += text.count("\n", position, stop)
            position = stop


def _document(loader: _Loader, node: yaml.Node, where: str) -> Parsed:
    line = node.start_mark.line + 1
    duplicates = _survey(node, f"{where}:{line}")
    value = loader.construct_document(node)
    return Parsed(value, line, _item_lines(node), tuple(duplicates))


def _survey(root: yaml.Node, where: str) -> list[tuple[str, int]]:
    """Doubled keys of a node graph; refuses cycles and alias bombs without expanding them."""
    sizes: dict[int, int] = {}
    duplicates: list[tuple[str, int]] = []
    path: set[int] = set()
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        key = id(node)
        children = _children(node)
        if done:
            path.discard(key)
            sizes[key] = 1 + sum(sizes[id(child)] for child in children)
            continue
        if key in sizes:
            continue
        if key in path:
            raise BombError("a YAML alias refers to itself", where=where)
        path.add(key)
        if isinstance(node, yaml.MappingNode):
            duplicates.extend(_doubled(node))
        stack.append((node, True))
        stack.extend((child, False) for child in children if id(child) not in sizes)
    written = len(sizes)
    if sizes[id(root)] > max(MAX_EXPANDED, _EXPANSION_FACTOR * written):
        message = f"YAML aliases expand {written:,} values to {sizes[id(root)]:,}"
        raise BombError(message, where=where, hint="the document was refused")
    return duplicates


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _doubled(node: yaml.MappingNode) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)


def _item_lines(node: yaml.Node) -> tuple[int, ...]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "items" and isinstance(value, yaml.SequenceNode):
                return tuple(child.start_mark.line + 1 for child in value.value)
    return ()


def _problem(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or str(error)
    return " ".join(str(problem).split())
