"""JSON arrays and documents of records, turned into lines: element 1 is line 1."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import orjson

from recommender.model.errors import InputError, PartialInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Largest array that is read; it has to be in memory as a whole.
MAX_ARRAY: Final = 512 << 20
_SPACE: Final = " \t\r\n"


def array_lines(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The elements of one JSON array as lines of JSON.

    Raises:
        InputError: The array is larger than 512 MiB.
        PartialInputError: The array breaks off or is malformed; raised after the elements
            before that place have been handed on.
    """
    data, broken = _whole(name, chunks, "array", "jq -c '.[]' FILE")
    try:
        yield from (orjson.dumps(element) + b"\n" for element in orjson.loads(data))
    except orjson.JSONDecodeError:
        yield from _salvage(name, data.decode("utf-8", "replace"), broken)
    else:
        if broken is not None:
            raise broken


def document_lines(name: str, chunks: Iterable[bytes], keys: tuple[str, ...]) -> Iterator[bytes]:
    """The elements of one array inside a JSON document as lines of JSON.

    Args:
        name: The file as the user named it.
        chunks: Its unpacked content.
        keys: Names under which the document may hold its array at the top; the first that is
            there counts.

    Raises:
        InputError: The document is larger than 512 MiB.
        PartialInputError: It breaks off or is malformed; what its array holds before that place
            has been handed on.
    """
    data, broken = _whole(name, chunks, "document", f"jq -c '.{keys[0]}[]' FILE")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        text = data.decode("utf-8", "replace")
        start = re.search(rf'"({"|".join(keys)})"\s*:\s*\[', text)
        yield from _salvage(name, text[start.end() - 1 :] if start else "[", broken)
        return
    found = [document[key] for key in keys if isinstance(document.get(key), list)]
    yield from (orjson.dumps(element) + b"\n" for element in (found[0] if found else ()))
    if broken is not None:
        raise broken


def _whole(
    name: str, chunks: Iterable[bytes], what: str, instead: str
) -> tuple[bytearray, PartialInputError | None]:
    """All of a file, and what broke it off."""
    data = bytearray()
    try:
        for chunk in chunks:
            data += chunk
            if len(data) > MAX_ARRAY:
                message = f"the JSON {what} is too large to be read as a whole"
                raise InputError(message, where=name, hint=f"turn it into lines first: {instead}")
    except PartialInputError as error:
        return data, error
    return data, None


def _salvage(name: str, text: str, broken: PartialInputError | None) -> Iterator[bytes]:
    """The elements before the place where an array stops being JSON."""
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    while True:
        while position < len(text) and text[position] in _SPACE + ",":
            position += 1
        if text[position : position + 1] == "]":
            break
        try:
            element, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        yield json.dumps(element).encode("utf-8", "replace") + b"\n"
    rest = text[position:].strip()
    if rest and rest != "]":
        # What is left counts as one malformed record, so that nothing disappears.
        yield re.sub(r"[\r\n]", " ", rest).encode("utf-8", "replace")[: 1 << 20] + b"\n"
    if broken is not None:
        raise broken
    if rest == "]":
        return  # One element was more than the fast parser takes; it is quarantined by itself.
    message = f"the JSON array is malformed from character {position:,} on"
    hint = "fetch it again, or pass --allow-partial to use what could be read"
    raise PartialInputError(message, where=name, hint=hint)
