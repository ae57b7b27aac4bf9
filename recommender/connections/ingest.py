"""Reading: every block of every file becomes groups of like records in the store."""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

import duckdb

from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.errors import InputError
from recommender.model.text import clean
from recommender.sources import hubble
from recommender.sources.blocks import Block
from recommender.sources.canonical import Sign
from recommender.sources.reader import FileEnd, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType

    from recommender.connections.store import Store
    from recommender.sources.discovery import InputFile

#: Quarantined lines kept with their text; the counts hold all of them.
MAX_QUARANTINED: Final = 1000

_EXCERPT: Final = 120

_CREATE: Final = "CREATE OR REPLACE TEMP TABLE flow AS "
_FLOW: Final = _CREATE + hubble.canonical_sql(hubble.parse_sql("lines", careful=False))
_FLOW_CAREFUL: Final = _CREATE + hubble.canonical_sql(hubble.parse_sql("lines", careful=True))
_MALFORMED: Final = f"""
    SELECT line, malformed, rtrim(left(text, {_EXCERPT}), chr(10) || chr(13))
    FROM flow JOIN lines USING (line)
    WHERE malformed IS NOT NULL ORDER BY line LIMIT ?
"""
_COUNTS: Final = """
    SELECT malformed, aside, count(*) FROM flow GROUP BY malformed, aside
"""
_LOST: Final = """
    SELECT observer, lost_source, sum(coalesce(lost, 0)) FROM flow WHERE lost_source IS NOT NULL
    OR lost IS NOT NULL GROUP BY ALL
"""
_ENDPOINTS: Final = """
    INSERT INTO endpoint SELECT nextval('endpoint_id'), text FROM (
        SELECT coalesce(src, '') AS text FROM flow WHERE malformed IS NULL AND aside IS NULL
        UNION SELECT coalesce(dst, '') FROM flow WHERE malformed IS NULL AND aside IS NULL
    ) AS seen WHERE text NOT IN (SELECT text FROM endpoint)
"""
# Signs that tell who opened a connection are never or-ed with records that lack them, where no
# reply flag tells it: else the place where a log is cut into blocks could change the answer.
_OPENERS: Final = int(Sign.SYN | Sign.FORWARDED | Sign.NO_LEGACY_REPLY)
_ANSWERS: Final = int(Sign.SYN_ACK | Sign.RESPONSE)
_GROUPS: Final = f"""
    INSERT INTO flow_group
    SELECT ? AS file, s.id, d.id, src_ip, dst_ip, src_port, dst_port, protocol, verdict, reply,
        observer, direction, coalesce(epoch_us(start), 0) // 3600000000 AS hour, bit_or(signs),
        count(*), sum(count), sum(bytes), min(start), max(start), min(line)
    FROM flow
    JOIN endpoint s ON s.text = coalesce(src, '')
    JOIN endpoint d ON d.text = coalesce(dst, '')
    WHERE malformed IS NULL AND aside IS NULL
    GROUP BY s.id, d.id, src_ip, dst_ip, src_port, dst_port, protocol, verdict, reply, observer,
        direction, hour, CASE WHEN reply THEN 0 WHEN reply = false THEN signs & {_ANSWERS}
            ELSE signs & {_OPENERS | _ANSWERS} END
"""
# Names are kept with the end whose DNS answers told them: the client of the connection.
_NAMES: Final = """
    INSERT INTO dns_name SELECT DISTINCT e.id, ip, lower(rtrim(name, '.')) FROM (
        SELECT src AS client, dst_ip AS ip,
            unnest(from_json(names_of_dst, '["VARCHAR"]')) AS name
        FROM flow WHERE names_of_dst IS NOT NULL AND aside IS NULL
        UNION ALL
        SELECT dst, src_ip, unnest(from_json(names_of_src, '["VARCHAR"]'))
        FROM flow WHERE names_of_src IS NOT NULL AND aside IS NULL
        UNION ALL
        SELECT dst, unnest(dns_answers), dns_query
        FROM flow WHERE dns_query IS NOT NULL AND dns_answers IS NOT NULL
    ) AS seen JOIN endpoint e ON e.text = coalesce(client, '')
    WHERE ip IS NOT NULL AND name IS NOT NULL AND name <> ''
"""


@dataclass(slots=True)
class FileTally:
    """Counts of one file while it is read.

    Attributes:
        file: The file as the user named it.
        format: Name of its format.
        records: Records read.
        set_aside: Records set aside while reading, by reason.
        malformed: Records that could not be read, by reason.
        bytes: Unpacked size.
        problem: Why it is not complete; empty where it is.
    """

    file: str
    format: str = ""
    records: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    malformed: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    problem: str = ""


@dataclass(slots=True)
class Ingested:
    """What reading told beside the groups in the store.

    Attributes:
        files: Tallies in the order of the file numbers in the store.
        quarantined: The first malformed lines of each file, in order.
        lost: Lost events by (observer, where they were lost).
        skipped: Files of folders that are no flow logs, as (name, why).
    """

    files: list[FileTally] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def ingest(
    store: Store,
    files: tuple[InputFile, ...],
    *,
    progress: Callable[[str, int], None] | None = None,
) -> Ingested:
    """Read every file into the store.

    Blocks are independent of each other, so that several are worked on at a time; what comes of
    them does not depend on their order.

    Args:
        store: An empty store.
        files: The files, in the order in which they are numbered.
        progress: Called after each block with the file's name and the bytes of the block.

    Returns:
        The tallies; every record is counted in exactly one of them.

    Raises:
        InputError: A named file cannot be used, or no file of a folder is a flow log.
    """
    result = Ingested()
    current: FileTally | None = None
    workers = os.cpu_count() or 1
    pending: deque[Future[None]] = deque()
    with _Workers(store, result, workers) as work:
        for part in read_parts(files):
            if current is None or current.file != part.file.name:
                current = FileTally(part.file.name, part.format)
                result.files.append(current)
            if isinstance(part.part, Block):
                while len(pending) >= workers:
                    pending.popleft().result()
                pending.append(work.submit(len(result.files) - 1, current, part.part))
                if progress:
                    progress(current.file, part.part.size)
            else:
                _take_end(part.part, current, result)
        for future in pending:
            future.result()
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

    def __init__(self, store: Store, result: Ingested, count: int) -> None:
        self._result = result
        self._lock = threading.Lock()
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

    def submit(self, number: int, tally: FileTally, block: Block) -> Future[None]:
        """Work on one block of the file of this number."""
        return self._pool.submit(self._work, number, tally, block)

    def _work(self, number: int, tally: FileTally, block: Block) -> None:
        with self._lock:
            tally.bytes += block.size
            tally.records += block.table.num_rows + len(block.quarantined)
            tally.malformed.update(item.reason for item in block.quarantined)
            _keep(block.quarantined, self._result)
        if not block.table.num_rows:
            return
        cursor = self._cursors.get()
        try:
            cursor.register("lines", block.table)
            _canonical(cursor)
            self._count(cursor, tally)
            with self._lock:
                # One at a time, so that no end gets two numbers.
                cursor.execute(_ENDPOINTS)
            cursor.execute(_GROUPS, [number])
            cursor.execute(_NAMES)
            cursor.unregister("lines")
        finally:
            self._cursors.put(cursor)

    def _count(self, cursor: duckdb.DuckDBPyConnection, tally: FileTally) -> None:
        counts = cursor.execute(_COUNTS).fetchall()
        malformed = any(reason for reason, *_ in counts)
        lost = any(aside == "lost-events" for _, aside, *_ in counts)
        rows = cursor.execute(_MALFORMED, [MAX_QUARANTINED]).fetchall() if malformed else []
        losses = cursor.execute(_LOST).fetchall() if lost else []
        with self._lock:
            for reason, aside, count in counts:
                if reason:
                    tally.malformed[reason] += count
                elif aside:
                    tally.set_aside[aside] += count
            for observer, source, number in losses:
                self._result.lost[(observer or "", source or "")] += int(number)
            found = [
                Quarantined(Record(tally.file, line), reason, clean(text, limit=_EXCERPT))
                for line, reason, text in rows
            ]
            _keep(found, self._result)


def _canonical(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.execute(_FLOW)
    except duckdb.InvalidInputException:
        # Some line is no JSON: find out which, row by row, at the price of a second parse.
        cursor.execute(_FLOW_CAREFUL)


def _keep(found: list[Quarantined], result: Ingested) -> None:
    """Keep the first malformed lines by file and line, whichever block came first."""
    if found:
        ordered = sorted((*result.quarantined, *found), key=lambda item: item.record)
        result.quarantined = ordered[:MAX_QUARANTINED]
