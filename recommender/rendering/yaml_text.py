"""YAML text that every reader reads alike: all data double-quoted, comments where asked for.

A plain scalar such as ``y``, ``5e7``, ``0o17`` or ``08`` is a string to one YAML reader and a
boolean or a number to the next. Here only words of the Kubernetes API and integers are plain;
every string that comes from data, key or value, stands in double quotes.

PyYAML writes no comments and takes milliseconds a document, so the text is put together here:
block mappings, block sequences and one-line scalars are all that a manifest takes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recommender.model.errors import ModelError
from recommender.model.text import comment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: What a manifest is made of; the keys of every mapping are strings.
Value = None | bool | int | str | list["Value"] | dict[str, "Value"]
#: Where a value stands in a document: keys and positions from its root.
Path = tuple[str | int, ...]

#: Mappings whose keys are data and not words of the API.
_DATA_MAPPINGS: Final = frozenset({"annotations", "labels", "matchLabels"})
# Letters alone are a string to every reader, save for the words of YAML 1.1 and 1.2 below.
_API_WORD: Final = re.compile(r"[a-z][A-Za-z]+")
_NOT_WORDS: Final = frozenset({"no", "null", "false", "off", "on", "true", "yes", "inf", "nan"})

_ESCAPED: Final = re.compile(r'["\\]|[^ -~]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BYTE: Final = 0x100
_PLANE: Final = 0x10000
_COMMENT_LIMIT: Final = 300
# YAML 1.2, 7.4.2: a key that starts a line ends within 1024 characters, or stands behind "? ".
_MAX_PLAIN_KEY: Final = 1000


def quote(text: str) -> str:
    """A double-quoted YAML scalar in ASCII that every reader reads back as this very string.

    JSON's form will not do: YAML readers take the halves of a surrogate pair for two letters.

    Raises:
        ModelError: The text has a lone surrogate, which no YAML can hold.
    """
    return f'"{_ESCAPED.sub(_escape, text)}"'


def dump(value: dict[str, Value], comments: Mapping[Path, Sequence[str]] | None = None) -> str:
    """One YAML document in block style.

    Args:
        value: The document; mappings keep their order.
        comments: Lines to write above a mapping's key or a sequence's item, by its path; the
            empty path stands for the head of the document. Each is cleaned to one line.

    Raises:
        ModelError: A string holds a lone surrogate.
    """
    notes = {} if comments is None else comments
    body = _mapping(value, (), "", notes) if value else [_scalar(value)]
    lines = [*_notes(notes, (), ""), *body]
    return "\n".join(lines) + "\n"


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the surrogates
        message = f"a lone surrogate cannot be written as YAML: U+{code:04X}"
        raise ModelError(message)
    if code < _BYTE:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < _PLANE else f"\\U{code:08X}"


def _key(key: str, path: Path) -> str:
    is_data = bool(path) and path[-1] in _DATA_MAPPINGS
    is_word = _API_WORD.fullmatch(key) is not None and key.lower() not in _NOT_WORDS
    return key if is_word and not is_data else quote(key)


def _notes(notes: Mapping[Path, Sequence[str]], path: Path, indent: str) -> Iterator[str]:
    for note in notes.get(path, ()):
        yield f"{indent}# {comment(note, limit=_COMMENT_LIMIT)}".rstrip()


def _scalar(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return quote(value)
        case list():
            return "[]"
        case dict():
            return "{}"


def _mapping(
    value: dict[str, Value],
    path: Path,
    indent: str,
    notes: Mapping[Path, Sequence[str]],
) -> Iterator[str]:
    for key, item in value.items():
        here = (*path, key)
        yield from _notes(notes, here, indent)
        written = _key(key, path)
        simple = len(written) <= _MAX_PLAIN_KEY
        head = f"{indent}{written}:" if simple else f"{indent}? {written}\n{indent}:"
        if isinstance(item, dict) and item:
            yield head
            yield from _mapping(item, here, f"{indent}  ", notes)
        elif isinstance(item, list) and item:
            yield head
            yield from _sequence(item, here, indent, notes)
        else:
            yield f"{head} {_scalar(item)}"


def _sequence(
    value: list[Value],
    path: Path,
    indent: str,
    notes: Mapping[Path, Sequence[str]],
) -> Iterator[str]:
    for position, item in enumerate(value):
        here = (*path, position)
        yield from _notes(notes, here, indent)
        if isinstance(item, dict) and item:
            nested = _mapping(item, here, f"{indent}  ", notes)
        elif isinstance(item, list) and item:
            nested = _sequence(item, here, f"{indent}  ", notes)
        else:
            yield f"{indent}- {_scalar(item)}"
            continue
        yield from _dashed(nested, indent)


def _dashed(lines: Iterator[str], indent: str) -> Iterator[str]:
    """Put the dash of a sequence's item before its first line that is no comment."""
    start = len(indent)
    for line in lines:
        if line.startswith("#", start + 2):
            yield line
            continue
        yield f"{indent}- {line[start + 2 :]}"
        break
    yield from lines
