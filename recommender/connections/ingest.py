"""Reading: every block of every file becomes groups of like records in the store."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from recommender.connections.drawing import keep_drawn
from recommender.connections.grouping import PLAIN_PLANS, WIDE_PLANS, group, group_drawn
from recommender.connections.ingested import MAX_QUARANTINED, BlockTally, FileTally, Ingested
from recommender.connections.keeping import keep
from recommender.model.errors import InputError
from recommender.sources.blocks import Block
from recommender.sources.cutting import cut_block
from recommender.sources.engine import MEMORY_AFTER_READING, WORKERS, memory_for
from recommender.sources.memory import BlockFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

    import duckdb

    from recommender.connections.drawing import Drawer
    from recommender.connections.grouping import Counts
    from recommender.connections.store import Store
    from recommender.sources.layout import Layout
    from recommender.sources.reader import FileEnd, FilePart


def ingest(
    store: Store,
    parts: Iterator[FilePart],
    *,
    drawer: Drawer | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Ingested:
    """Read every file into the store.

    Blocks are independent of each other, so that several are worked on at a time; what comes of
    them does not depend on their order.

    Args:
        store: An empty store.
        parts: The blocks and ends of the files, in the order in which these are numbered.
        drawer: What draws records of clouds together, where the cluster's history is known.
        progress: Called after each block with the file's name and the bytes of the block.

    Returns:
        The tallies; every record is counted in exactly one of them.

    Raises:
        InputError: A named file cannot be used, or no file of a folder is a flow log.
    """
    result = Ingested()
    current: FileTally | None = None
    warm = False
    pending: deque[Future[None]] = deque()
    with _Workers(store, result, drawer, WORKERS) as work:
        for part in parts:
            if current is None or current.file != part.file.name:
                current = FileTally(part.file.name, part.layout.format, layout=part.layout)
                result.files.append(current)
            if isinstance(part.part, Block):
                while len(pending) >= WORKERS:
                    pending.popleft().result()
                pending.append(work.submit(current, part.layout, part.part))
                if not warm:
                    # The ends that it tells are numbers to those that are read beside each other.
                    pending.popleft().result()
                    warm = True
                if progress:
                    progress(current.file, part.part.text.size)
            else:
                _take_end(part.part, current, result)
        for future in pending:
            future.result()
    result.number_lines()
    if not result.files:
        message = "none of the files is a flow log"
        raise InputError(message, where=result.skipped[0][0], hint=result.skipped[0][1])
    return result


def _take_end(end: FileEnd, tally: FileTally, result: Ingested) -> None:
    if end.skipped is not None:
        result.files.remove(tally)
        result.skipped.append((tally.file, end.skipped.message))
    elif end.problem is not None:
        tally.problem = end.problem.message


class _Workers:
    """Threads that turn blocks into groups, each with a cursor of its own."""

    def __init__(self, store: Store, result: Ingested, drawer: Drawer | None, count: int) -> None:
        self._result = result
        self._drawer = drawer
        self._lock = threading.Lock()
        self._files = BlockFiles()
        self._store = store.connection
        self._store.register_filesystem(self._files)
        self._store.execute(PLAIN_PLANS)
        # Each worker is a thread of its own. Left to share out one block's text as well, the engine
        # would take a new buffer for every part of it, and pages that the system has to clear.
        self._store.execute("SET threads = 1")
        self._cursors: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for _ in range(count):
            self._cursors.put(store.connection.cursor())
        self._pool = ThreadPoolExecutor(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._cursors.empty():
            self._cursors.get().close()
        self._store.unregister_filesystem(self._files.protocol)
        self._store.execute(WIDE_PLANS)
        self._store.execute(f"SET threads = {WORKERS}")
        # However much was read: what follows takes no more memory than reading did.
        ((intervals,),) = self._store.execute("SELECT count(*) FROM held").fetchall()
        limit = MEMORY_AFTER_READING + memory_for(intervals)
        self._store.execute(f"SET memory_limit = '{limit}MB'")

    def submit(self, tally: FileTally, layout: Layout, block: Block) -> Future[None]:
        """Work on the next block of the file that is read."""
        number = len(self._result.blocks)
        self._result.blocks.append(
            BlockTally(len(self._result.files) - 1, counted=block.lines is not None)
        )
        tally.bytes += block.text.size
        return self._pool.submit(self._work, number, tally, layout, block)

    def _work(self, number: int, tally: FileTally, layout: Layout, block: Block) -> None:
        cursor = self._cursors.get()
        waiting = [iter([block])]
        try:
            while waiting:
                part = next(waiting[-1], None)
                if part is None:
                    waiting.pop()
                    continue
                drawn = self._drawer.draw(cursor, layout, part) if self._drawer else None
                if drawn is not None:
                    keep_drawn(cursor, drawn, number)
                    counts: Counts | None = group_drawn(cursor, drawn)
                else:
                    counts = group(cursor, self._files, layout, part, most=MAX_QUARANTINED)
                if counts is None:
                    waiting.append(cut_block(part))
                    # What ran out of memory leaves a connection that alters its tables no more.
                    cursor.close()
                    with self._lock:
                        cursor = self._store.cursor()
                    continue
                if drawn is None or drawn.left:
                    keep(cursor, layout, number, self._lock)
                self._count(number, tally, part, counts)
        finally:
            self._cursors.put(cursor)

    def _count(self, number: int, tally: FileTally, part: Block, counts: Counts) -> None:
        lines = part.lines if part.lines is not None else part.sound_lines or 0
        with self._lock:
            place = self._result.blocks[number]
            place.lines = max(place.lines, part.first_line - 1 + lines)
            tally.records += counts.records
            tally.set_aside += counts.set_aside
            tally.malformed += counts.malformed
            self._result.lost += counts.lost
            self._result.pings.add(counts.pings)
            self._result.quarantine(number, counts.quarantined)
