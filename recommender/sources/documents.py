"""JSON documents that are no lines: values written over several lines, arrays inside of blobs.

They are read as a stream: no more is held than the value that is being read.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Final

from recommender.model.errors import InputError, PartialInputError
from recommender.sources.arrays import MAX_VALUE
from recommender.sources.lines import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SPACE: Final = re.compile(r"[\s,]*")
# An array of objects, or an object that wraps one and says so first.
_OPENING: Final = re.compile(r'(\{\s*"entries"\s*:\s*)?\[(?=\s*[{\]])')
_OPENING_LENGTH: Final = 256
_VALUE: Final = re.compile(r"(?m)^[ \t]*(?=[{\[])")
_BREAKS: Final = re.compile(r"[\r\n]+")
_REST: Final = re.compile(r"[\s\]},]*")
_SHOWN: Final = 1 << 20


def values(name: str, chunks: Iterable[bytes]) -> Iterator[str]:
    """The JSON values of a text one after the other, each on a line of its own.

    What stands in front of the first one is prose and passed over. An array stands for its
    elements, and so does an object that only wraps ``entries``.

    Args:
        name: The file as the user named it.
        chunks: Its unpacked content.

    Yields:
        A line a value, with its line feed. A part that is no JSON is handed on as a line.

    Raises:
        PartialInputError: The text breaks off within a value.
    """
    text = _Text(name, chunks)
    begun = text.seek(_VALUE)
    while begun:
        opening = text.past_here(_OPENING)
        if opening:
            yield from _inner(name, text, wrapped=opening.startswith("{"))
            text.skip(_SPACE)
            begun = not text.at_end()
            continue
        found = text.value()
        if found is None:
            yield text.bad_part()
            if text.cut_off():
                raise _broken(name)
            begun = text.seek(_VALUE)
            continue
        written, value = found
        inner = value.get("entries") if isinstance(value, dict) else value
        if isinstance(inner, list):
            yield from (_line(json.dumps(element)) for element in inner)
        else:
            yield _line(written)
        text.skip(_SPACE)
        begun = not text.at_end()


def _inner(name: str, text: _Text, *, wrapped: bool) -> Iterator[str]:
    """The elements of an array that was opened; what its object says behind it is passed over.

    Raises:
        PartialInputError: The text breaks off within it.
    """
    text.skip(_SPACE)
    while not text.next_is("]"):
        if text.at_end():
            raise _broken(name)
        found = text.value()
        if found is not None:
            yield _line(found[0])
        else:
            yield text.bad_part()
            if text.cut_off():
                raise _broken(name)
        text.skip(_SPACE)
    text.skip(_SPACE)
    if wrapped and not text.next_is("}"):
        text.put_back("{")
        if text.value() is None:
            yield text.bad_part()


def elements(name: str, chunks: Iterable[bytes], key: str) -> Iterator[tuple[str, str]]:
    """The elements of every array under a key, wherever it stands in a document.

    Args:
        name: The file as the user named it.
        chunks: Its unpacked content.
        key: Name under which the document holds its array.

    Yields:
        What stands before the array in its document, and an element as one line without a line
        feed. A part that is no JSON is handed on as an element.

    Raises:
        PartialInputError: The document breaks off within its array.
    """
    text = _Text(name, chunks)
    opening = re.compile(rf'"{re.escape(key)}"\s*:\s*\[')
    while (head := text.past(opening)) is not None:
        while True:
            text.skip(_SPACE)
            if text.next_is("]"):
                break
            found = text.value()
            if found is None:
                yield head, text.bad_part().rstrip("\n")
                raise _broken(name)
            yield head, _BREAKS.sub(" ", found[0])
    text.skip(_REST)
    if not text.at_end():
        rest = text.rest()
        # The document may say more behind its array.
        if not _is_json(f"{{{rest}"):
            yield "", _line(rest[:_SHOWN]).rstrip("\n")


def _broken(name: str) -> PartialInputError:
    message = "the JSON document breaks off or is malformed"
    hint = "fetch it again, or pass --allow-partial to use what could be read"
    return PartialInputError(message, where=name, hint=hint)


def _is_json(text: str) -> bool:
    """Whether a text begins with a JSON value."""
    try:
        json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text) + "\n"


class _Text:
    """Text that is read as far as somebody looks."""

    def __init__(self, name: str, chunks: Iterable[bytes]) -> None:
        self._name = name
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._json = json.JSONDecoder()
        self._held = ""
        self._place = 0
        self._ended = False
        self._failure: PartialInputError | None = None

    def value(self) -> tuple[str, object] | None:
        """The next value, written and read; None where there is none."""
        while True:
            try:
                value, end = self._json.raw_decode(self._held, self._place)
            except (ValueError, RecursionError) as error:
                # What is cut off fails near its end. Twice as much each time, so that a large
                # value is not looked at too often.
                behind = len(self._held) - getattr(error, "pos", self._place)
                if behind > MAX_LINE or not self._more(max(1, len(self._held) - self._place)):
                    return None
                continue
            # A number may go on; anything else shows its end.
            written = self._held[self._place : end]
            self._place = end
            return written, value

    def seek(self, pattern: re.Pattern[str]) -> bool:
        """Go to the next place that a pattern matches; whether there is one."""
        while True:
            found = pattern.search(self._held, self._place)
            if found:
                self._place = found.end()
                return True
            # The last line may go on.
            self._place = max(self._place, self._held.rfind("\n") + 1)
            if not self._more(1):
                return False

    def past_here(self, pattern: re.Pattern[str]) -> str:
        """Go behind what a pattern matches here, and return it; empty where it does not."""
        if len(self._held) - self._place < _OPENING_LENGTH:
            self._more(_OPENING_LENGTH)
        found = pattern.match(self._held, self._place)
        if not found:
            return ""
        self._place = found.end()
        return found.group()

    def put_back(self, letter: str) -> None:
        """Read on as if a letter stood here."""
        self._held, self._place = letter + self._held[self._place :], 0

    def past(self, pattern: re.Pattern[str]) -> str | None:
        """Go behind what a pattern matches, and return what came before it."""
        while True:
            found = pattern.search(self._held, self._place)
            if found:
                before = self._held[self._place : found.start()]
                self._place = found.end()
                return before
            if not self._more(max(1, len(self._held) - self._place)):
                return None

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind all that a pattern matches here."""
        while True:
            found = pattern.match(self._held, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._held) or not self._more(1):
                return

    def next_is(self, letter: str) -> bool:
        """Whether a letter comes next; goes behind it."""
        if self._held[self._place : self._place + 1] != letter:
            return False
        self._place += 1
        return True

    def at_end(self) -> bool:
        """Whether nothing is left.

        Raises:
            PartialInputError: The content broke off, and everything before has been handed on.
        """
        if self._place < len(self._held) or self._more(1):
            return False
        if self._failure is not None:
            raise self._failure
        return True

    def cut_off(self) -> bool:
        """Whether the text ended within the part that was no JSON."""
        return self._ended and self._place >= len(self._held)

    def rest(self) -> str:
        """All that is left."""
        while self._more(1):
            pass
        return self._held[self._place :].strip()

    def bad_part(self) -> str:
        """What is no JSON, up to the next line that may begin a value, as one line."""
        following = _VALUE.search(self._held, self._place + 1)
        end = following.start() if following else len(self._held)
        part = self._held[self._place : end]
        self._place = end
        return _line(part[:_SHOWN].strip())

    def _more(self, least: int) -> bool:
        """Read on; whether there was anything."""
        if self._ended:
            return False
        self._held = self._held[self._place :]
        self._place = 0
        read: list[str] = []
        while not self._ended and sum(map(len, read)) < least:
            try:
                chunk = next(self._chunks, None)
            except PartialInputError as error:
                self._failure, chunk = error, None
            self._ended = chunk is None
            read.append(self._decoder.decode(chunk or b"", final=self._ended))
        self._held += "".join(read)
        if len(self._held) > MAX_VALUE:
            message = "a JSON value is too large to be read"
            raise InputError(message, where=self._name, hint="turn it into lines first, with jq")
        return any(read)
