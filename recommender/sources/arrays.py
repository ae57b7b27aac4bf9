"""JSON arrays of records, turned into lines: element 1 is line 1."""

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
    data = bytearray()
    broken: PartialInputError | None = None
    try:
        for chunk in chunks:
            data += chunk
            if len(data) > MAX_ARRAY:
                message = "the JSON array is too large to be read as a whole"
                hint = "turn it into lines first: jq -c '.[]' FILE"
                raise InputError(message, where=name, hint=hint)
    except PartialInputError as error:
        broken = error
    try:
        yield from (orjson.dumps(element) + b"\n" for element in orjson.loads(data))
    except orjson.JSONDecodeError:
        yield from _salvage(name, data.decode("utf-8", "replace"), broken)
    else:
        if broken is not None:
            raise broken


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
