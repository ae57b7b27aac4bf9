"""Every input as blocks of lines, read one step ahead of whoever consumes them."""

from __future__ import annotations

import queue
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from recommender.model.errors import BombError, InputError, PartialInputError
from recommender.sources.arrays import array_lines
from recommender.sources.cutting import cut_blocks, join_blocks
from recommender.sources.fetching import Fetcher
from recommender.sources.formats import format_of, recognise
from recommender.sources.layout import UNKNOWN
from recommender.sources.options import AS_FOUND
from recommender.sources.scanning import cut_file
from recommender.sources.streams import open_plain, read_bytes
from recommender.sources.tables import MAGIC, table_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recommender.sources.blocks import Block
    from recommender.sources.cutting import Lines
    from recommender.sources.discovery import InputFile
    from recommender.sources.layout import Layout
    from recommender.sources.options import ReadOptions

#: Blocks that wait to be consumed; with the one in work and the one being read they bound memory.
_AHEAD: Final = 1
_HEAD_LINES: Final = 1000
_HEAD_BYTES: Final = 8 << 20
_BOM: Final = b"\xef\xbb\xbf"
# A line of text may begin with a bracket as well; an array of records has an object in it.
_ARRAY: Final = re.compile(rb"\s*\[\s*(\{|\]|$)")
# How long to wait for a reader that is stuck in standard input when the run is stopped.
_PATIENCE: Final = 1.0


@dataclass(slots=True)
class FileEnd:
    """The end of one file.

    Attributes:
        problem: Why the file is not complete; None where it is.
        skipped: Why a file of a folder was passed over; None where it was read.
    """

    problem: PartialInputError | None = None
    skipped: InputError | None = None


@dataclass(slots=True)
class FilePart:
    """One step of reading: a block of a file, or its end.

    Attributes:
        file: Which file.
        layout: How it writes its records from here on; of no format where it was skipped.
        part: The block, or the end.
    """

    file: InputFile
    layout: Layout
    part: Block | FileEnd


def read_parts(files: tuple[InputFile, ...], options: ReadOptions = AS_FOUND) -> Iterator[FilePart]:
    """All files in order, block by block, each followed by its end.

    Args:
        files: The files.
        options: What the user said about them.

    Raises:
        InputError: A file that the user named cannot be used.
    """
    with reading(files, options) as parts:
        yield from parts


@contextmanager
def reading(
    files: tuple[InputFile, ...], options: ReadOptions = AS_FOUND
) -> Iterator[Iterator[FilePart]]:
    """Begin to read all files, and give their parts as :func:`read_parts` does.

    A thread reads ahead, so that unpacking and parsing overlap, and what is done before the first
    part is asked for.

    Args:
        files: The files.
        options: What the user said about them.
    """
    parts: queue.Queue[FilePart | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def offer(item: FilePart | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                parts.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def taken() -> Iterator[FilePart]:
        while (item := parts.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    worker = threading.Thread(target=_work, args=(files, options, offer), daemon=True)
    worker.start()
    try:
        yield taken()
    finally:
        stopped.set()
        worker.join(_PATIENCE)


def _work(
    files: tuple[InputFile, ...], options: ReadOptions, offer: Callable[[object], bool]
) -> None:
    try:
        with Fetcher(files) as fetcher:
            for file in files:
                for part in _read_file(file, options, fetcher):
                    if not offer(part):
                        return
    except BaseException as error:  # noqa: BLE001 - handed on and raised by the consumer
        offer(error)
    else:
        offer(None)


@dataclass(slots=True)
class _Begun:
    """A file of which the beginning was read.

    Attributes:
        first: Its first lines, or records.
        lines: The content from its beginning on.
        ready: Whether the content was turned into lines of records already.
        rows: The rows of a table, in place of lines.
        named: Whether the first line names the columns of a table and is not among its rows.
        early: What broke it off within its beginning.
    """

    first: list[bytes]
    lines: Iterator[bytes] = field(default_factory=lambda: iter(()))
    ready: bool = False
    rows: Iterator[Lines] | None = None
    named: bool = False
    early: PartialInputError | None = None


def _begin(file: InputFile, fetcher: Fetcher) -> _Begun:
    """Read the beginning of a file."""
    try:
        content = fetcher.take(file)
    except PartialInputError as error:
        return _Begun([], early=error)
    chunks = read_bytes(file, content)
    head, early = _peek(chunks)
    data = b"".join(head).removeprefix(_BOM)
    if data.startswith(MAGIC):
        whole = chain(head, _raise_after(early) if early else chunks)
        return _begin_table(table_rows(file, whole, at_hand=content is not None))
    lines: Iterator[bytes] = chain([data], _raise_after(early) if early else chunks)
    start = data[:_HEAD_BYTES]
    if _ARRAY.match(start):
        first, lines = _take(array_lines(file.name, lines), _HEAD_LINES)
        return _Begun(first, lines, ready=True, early=early)
    return _Begun(start.split(b"\n")[:_HEAD_LINES], lines, early=early)


def _begin_table(rows: Iterator[Lines]) -> _Begun:
    try:
        names, named = next(rows)
        if named:
            return _Begun([names], rows=rows, named=True)
        head = next(rows, (b"", 0))
    except PartialInputError as error:
        return _Begun([], rows=iter(()), early=error)
    return _Begun(head[0].split(b"\n")[:_HEAD_LINES], rows=chain([head], rows))


def _read_file(file: InputFile, options: ReadOptions, fetcher: Fetcher) -> Iterator[FilePart]:
    try:
        begun = _begin(file, fetcher)
        if begun.early and not any(line.strip() for line in begun.first):
            yield FilePart(file, UNKNOWN, FileEnd(begun.early))
            return
        # What is left of a broken archive may end within its first record.
        layout = _recognise(file.name, begun.first, options, broken=begun.early is not None)
        layout = replace(layout, header=layout.header and not begun.named)
    except (PartialInputError, BombError):
        raise
    except InputError as error:
        if file.named:
            raise
        yield FilePart(file, UNKNOWN, FileEnd(skipped=error))
        return
    problem: PartialInputError | None = None
    try:
        for block in _blocks(file, layout, begun):
            yield FilePart(file, layout, block)
            layout = replace(layout, header=False)
    except PartialInputError as error:
        problem = error
    yield FilePart(file, layout, FileEnd(problem))


def _blocks(file: InputFile, layout: Layout, begun: _Begun) -> Iterator[Block]:
    if begun.rows is not None:
        return join_blocks(file.name, begun.rows)
    if begun.ready:
        return cut_blocks(file.name, begun.lines)
    unwrap = format_of(layout).unwrap
    inner = unwrap(layout, file.name, begun.lines) if unwrap else None
    if inner is not None:
        return cut_blocks(file.name, inner)
    plain = open_plain(file)
    if plain is None:
        return cut_blocks(file.name, begun.lines)
    begin = len(_BOM) if plain.read(len(_BOM)) == _BOM else 0
    return cut_file(file.name, plain, begin, cloud=format_of(layout).platform)


def _recognise(name: str, first: list[bytes], options: ReadOptions, *, broken: bool) -> Layout:
    """The layout; of no format where what is left of a broken archive does not tell it."""
    try:
        return recognise(name, first, options)
    except InputError:
        if not broken:
            raise
        return UNKNOWN


def _peek(chunks: Iterator[bytes]) -> tuple[list[bytes], PartialInputError | None]:
    """The first chunks of a stream, and what broke it off while they were read."""
    head: list[bytes] = []
    try:
        for chunk in chunks:
            head.append(chunk)
            if sum(map(len, head)) >= _HEAD_BYTES or chunk.count(b"\n") >= _HEAD_LINES:
                break
    except PartialInputError as error:
        return head, error
    return head, None


def _raise_after(error: PartialInputError) -> Iterator[bytes]:
    yield from ()
    raise error


def _take(lines: Iterator[bytes], count: int) -> tuple[list[bytes], Iterator[bytes]]:
    taken: list[bytes] = []
    broken: PartialInputError | None = None
    try:
        for line in lines:
            taken.append(line)
            if len(taken) >= count:
                break
    except PartialInputError as error:
        broken = error
    rest = chain(taken, _raise_after(broken)) if broken else chain(taken, lines)
    return taken, rest
