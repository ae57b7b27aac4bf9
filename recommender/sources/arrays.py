"""JSON arrays and documents of records, turned into lines: element 1 is line 1.

They are read as a stream: no more is held than a few elements, however large the file is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import orjson

from recommender.model.errors import InputError, PartialInputError
from recommender.sources.lines import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

#: Largest single value that is read; it has to be in memory as a whole.
MAX_VALUE: Final = 512 << 20

# Bytes that are looked at together ...
_WINDOW: Final = 1 << 20
# ... and how many of their last objects may be an inner part of one that goes on behind them.
_TRIES: Final = 4
_SPACE: Final = " \t\r\n"
_SHOWN: Final = 1 << 20
# No key is longer, so that one which the end of a window cuts is found.
_OVERLAP: Final = 64


def array_lines(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The elements of one JSON array as lines of JSON.

    Raises:
        InputError: An element is larger than 512 MiB.
        PartialInputError: The array breaks off or is malformed; raised after the elements
            before that place have been handed on.
    """
    source = _Source(name, chunks)
    source.fill(_WINDOW)
    source.drop(source.held.index(b"[") + 1)
    yield from source.elements()
    while not source.held.strip() and not source.ended:
        source.drop(len(source.held))
        source.fill(_WINDOW)
    if source.held.strip():
        yield from source.give_up()
    source.end()


def document_lines(name: str, chunks: Iterable[bytes], keys: tuple[str, ...]) -> Iterator[bytes]:
    """The elements of an array inside a JSON document as lines of JSON.

    Args:
        name: The file as the user named it.
        chunks: Its unpacked content; several documents may follow each other.
        keys: Names under which a document may hold its array.

    Raises:
        InputError: An element is larger than 512 MiB.
        PartialInputError: A document breaks off or is malformed; what its array holds before
            that place has been handed on.
    """
    source = _Source(name, chunks)
    opening = re.compile(rf'"({"|".join(keys)})"\s*:\s*\['.encode())
    while source.fill(len(source.held) + _WINDOW) or source.held:
        found = opening.search(source.held)
        if found:
            source.drop(found.end())
            yield from source.elements()
        else:
            source.drop(max(0, len(source.held) - (0 if source.ended else _OVERLAP)))
    source.end()


class _Source:
    """Bytes that are read as far as somebody looks.

    Attributes:
        held: What was read and not passed yet.
        ended: Whether nothing comes after it.
    """

    def __init__(self, name: str, chunks: Iterable[bytes]) -> None:
        self._name = name
        self._chunks = iter(chunks)
        self._passed = 0
        self._broken: PartialInputError | None = None
        self.held = b""
        self.ended = False

    def fill(self, size: int) -> bool:
        """Hold so many bytes, if there are as many; whether any came."""
        pieces, have = [self.held], len(self.held)
        while have < size and not self.ended:
            try:
                piece = next(self._chunks, None)
            except PartialInputError as error:
                self._broken, piece = error, None
            if piece is None:
                self.ended = True
            else:
                pieces.append(piece)
                have += len(piece)
        grown = have > len(self.held)
        self.held = b"".join(pieces)
        return grown

    def drop(self, size: int) -> None:
        """Pass so many bytes."""
        self.held = self.held[size:]
        self._passed += size

    def end(self) -> None:
        """Say what broke the content off, if anything did."""
        if self._broken is not None:
            raise self._broken

    def elements(self) -> Iterator[bytes]:
        """The elements up to the end of the array that is held from its first element on."""
        size = _WINDOW
        while True:
            self.fill(size)
            found = self._many()
            if found:
                yield from (orjson.dumps(element) + b"\n" for element in found)
                size = _WINDOW
                continue
            before = self._passed
            closed, sound = yield from self._one_by_one()
            if closed:
                return
            if self.ended or not sound:
                yield from self.give_up()
            # One value goes on behind what is held. Twice as much each time, so that it is not
            # looked at too often.
            size = max(_WINDOW, 2 * len(self.held)) if self._passed == before else _WINDOW
            if size > MAX_VALUE:
                hint = "turn it into lines first, with jq"
                raise InputError(
                    "a JSON value is too large to be read", where=self._name, hint=hint
                )

    def _many(self) -> list[object]:
        """As many whole elements as a fast parser takes at once; none where it takes no such."""
        end = len(self.held)
        for _ in range(_TRIES):
            end = self.held.rfind(b"},", 0, end)
            if end < 0:
                break
            try:
                found: list[object] = orjson.loads(b"[" + self.held[: end + 1] + b"]")
            except orjson.JSONDecodeError:
                continue
            self.drop(end + 2)
            return found
        return []

    def _one_by_one(self) -> Generator[bytes, None, tuple[bool, bool]]:
        """The elements that are whole; whether the array ends, and whether it is sound so far."""
        # What is no UTF-8 spoils its own element alone.
        text = self.held.decode("utf-8", "surrogateescape")
        decoder, position, sound = json.JSONDecoder(), 0, True
        while True:
            while position < len(text) and text[position] in _SPACE + ",":
                position += 1
            if text[position : position + 1] == "]":
                self.drop(len(text[: position + 1].encode("utf-8", "surrogateescape")))
                return True, True
            try:
                element, end = decoder.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                # What is cut off fails near its end.
                sound = len(text) - getattr(error, "pos", position) <= MAX_LINE
                break
            if end == len(text) and not self.ended:
                break  # a number may go on
            yield json.dumps(element).encode() + b"\n"
            position = end
        self.drop(len(text[:position].encode("utf-8", "surrogateescape")))
        return False, sound

    def give_up(self) -> Iterator[bytes]:
        """What is left as one malformed record, so that nothing disappears.

        Raises:
            PartialInputError: In any case.
        """
        rest = re.sub(rb"[\r\n]", b" ", self.held[:_SHOWN].strip())
        if rest:
            yield rest.decode("utf-8", "replace").encode() + b"\n"
        while not self.ended:
            self.held = b""
            self.fill(_WINDOW)
        self.end()
        message = f"the JSON array is malformed from byte {self._passed:,} on"
        hint = "fetch it again, or pass --allow-partial to use what could be read"
        raise PartialInputError(message, where=self._name, hint=hint)
