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
from recommender.sources.memory import BlockFiles
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

# Signs that tell who opened a connection are never or-ed with records that lack them, where no
# reply flag tells it: else the place where a log is cut into blocks could change the answer.
_OPENERS: Final = int(Sign.SYN | Sign.FORWARDED | Sign.NO_LEGACY_REPLY)
_ANSWERS: Final = int(Sign.SYN_ACK | Sign.RESPONSE)
_TELLING: Final = f"""CASE WHEN reply THEN 0 WHEN reply = false THEN signs & {_ANSWERS}
    ELSE signs & {_OPENERS | _ANSWERS} END"""

# What like records share. A record that makes no edge shares only its reason.
_SHARED: Final = (
    *("src_ip", "dst_ip", "src_port", "dst_port", "protocol", "verdict", "reply", "direction"),
    *("hour", "telling", "names_of_src", "names_of_dst", "dns_query", "dns_answers"),
)
_KEPT: Final = ", ".join(f"CASE WHEN kept THEN {name} END AS {name}" for name in _SHARED)


# The statements of a block are planned anew for each: what these optimizers find costs more than
# it saves, since every block is small and every join is one with a handful of ends.
_SKIPPED: Final = (
    *("join_order", "statistics_propagation", "compressed_materialization", "in_clause"),
    *("deliminator", "build_side_probe_side", "duplicate_groups", "reorder_filter"),
    *("join_filter_pushdown", "common_aggregate", "materialized_cte", "common_subplan"),
    *("aggregate_function_rewriter", "late_materialization", "join_elimination"),
    *("distinct_aggregate_rewrite", "partial_aggregate_pushdown", "aggregate_reuse"),
)
_PLAIN_PLANS: Final = f"SET disabled_optimizers = '{','.join(_SKIPPED)}'"


def _grouped_sql(flows: str) -> str:
    """SQL that makes the table ``grouped`` of canonical flows, in one pass over the text.

    Ends that the store knows stand in it by number, new ones by their text.
    """
    return f"""
        CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT malformed, aside, observer, lost_source, kept, {_KEPT},
            s.id AS src_id, CASE WHEN kept AND s.id IS NULL THEN src END AS new_src,
            d.id AS dst_id, CASE WHEN kept AND d.id IS NULL THEN dst END AS new_dst,
            bit_or(signs) AS signs, count(*) AS records, sum(count) AS flows,
            sum(bytes) AS bytes, min(start) AS first, max(start) AS last, min(line) AS line,
            sum(lost) AS lost
        FROM (
            SELECT * REPLACE (
                    CASE WHEN kept THEN coalesce(src, '') END AS src,
                    CASE WHEN kept THEN coalesce(dst, '') END AS dst),
                coalesce(epoch_us(start), 0) // 3600000000 AS hour, {_TELLING} AS telling
            FROM (SELECT *, malformed IS NULL AND aside IS NULL AS kept FROM ({flows}))
        ) AS flow
        LEFT JOIN endpoint s ON s.text = flow.src LEFT JOIN endpoint d ON d.text = flow.dst
        GROUP BY ALL
    """


_FLOW: Final = (
    f"CREATE OR REPLACE TEMP TABLE flow AS {hubble.canonical_sql(hubble.parse_sql('lines'))}"
)
_GROUPED_CAREFULLY: Final = _grouped_sql("SELECT * FROM flow")

# How many lines a block gave, and whether one of them is no wrapped record.
_SOUND: Final = "SELECT sum(records), count(malformed) FROM grouped"
_MALFORMED: Final = f"""
    SELECT line, malformed, rtrim(left(text, {_EXCERPT}), chr(10) || chr(13))
    FROM flow JOIN lines USING (line)
    WHERE malformed IS NOT NULL ORDER BY line LIMIT ?
"""
_COUNTS: Final = """
    SELECT malformed, aside, sum(records) FROM grouped WHERE NOT kept GROUP BY malformed, aside
"""
_LOST: Final = """
    SELECT observer, lost_source, sum(coalesce(lost, 0)) FROM grouped
    WHERE aside = 'lost-events' GROUP BY ALL
"""
_NEWS: Final = """
    SELECT count(new_src) + count(new_dst),
        count(names_of_src) + count(names_of_dst) + count(dns_query) FROM grouped
"""
_ENDPOINTS: Final = """
    INSERT INTO endpoint SELECT nextval('endpoint_id'), text FROM (
        SELECT new_src AS text FROM grouped WHERE new_src IS NOT NULL
        UNION SELECT new_dst FROM grouped WHERE new_dst IS NOT NULL
    ) AS seen WHERE text NOT IN (SELECT text FROM endpoint)
"""
_NUMBERED: Final = """
    SELECT grouped.* REPLACE (
        coalesce(src_id, s.id) AS src_id, coalesce(dst_id, d.id) AS dst_id)
    FROM grouped
    LEFT JOIN endpoint s ON s.text = new_src LEFT JOIN endpoint d ON d.text = new_dst
    WHERE kept
"""
_GROUPS: Final = f"""
    INSERT INTO flow_group
    SELECT ? AS file, src_id, dst_id, src_ip, dst_ip, src_port, dst_port, protocol, verdict,
        reply, observer, direction, hour, signs, records, flows, bytes, first, last, line + ?
    FROM ({_NUMBERED})
"""
# Names are kept with the end whose DNS answers told them: the client of the connection.
_NAMES: Final = f"""
    INSERT INTO dns_name SELECT DISTINCT client, ip, lower(rtrim(name, '.')) FROM (
        WITH named AS ({_NUMBERED})
        SELECT src_id AS client, dst_ip AS ip,
            unnest(from_json(names_of_dst, '["VARCHAR"]')) AS name
        FROM named WHERE names_of_dst IS NOT NULL
        UNION ALL
        SELECT dst_id, src_ip, unnest(from_json(names_of_src, '["VARCHAR"]'))
        FROM named WHERE names_of_src IS NOT NULL
        UNION ALL
        SELECT dst_id, unnest(dns_answers), dns_query
        FROM named WHERE dns_query IS NOT NULL AND dns_answers IS NOT NULL
    ) AS seen
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
                    progress(current.file, len(part.part.data))
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
        self._files = BlockFiles()
        self._store = store.connection
        self._store.register_filesystem(self._files)
        self._store.execute(_PLAIN_PLANS)
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
        self._store.execute("RESET disabled_optimizers")

    def submit(self, number: int, tally: FileTally, block: Block) -> Future[None]:
        """Work on one block of the file of this number."""
        return self._pool.submit(self._work, number, tally, block)

    def _work(self, number: int, tally: FileTally, block: Block) -> None:
        cursor = self._cursors.get()
        try:
            offset = block.first_line - 1
            sound = block.sound and self._group_whole(cursor, block)
            if not sound:
                self._group_lines(cursor, tally, block)
                offset = 0
            self._count(cursor, tally, block)
            ((new, named),) = cursor.execute(_NEWS).fetchall()
            if new:
                with self._lock:
                    # One at a time, so that no end gets two numbers.
                    cursor.execute(_ENDPOINTS)
            cursor.execute(_GROUPS, [number, offset])
            if named:
                cursor.execute(_NAMES)
        finally:
            self._cursors.put(cursor)

    def _group_whole(self, cursor: duckdb.DuckDBPyConnection, block: Block) -> bool:
        """Group a sound block at once; whether every line of it was a wrapped record."""
        with self._files.hold(block.data) as file:
            try:
                cursor.execute(_grouped_sql(hubble.canonical_sql(hubble.read_sql(file))))
            except duckdb.InvalidInputException:
                return False  # some line is no JSON
        return cursor.execute(_SOUND).fetchall() == [(block.lines, 0)]

    def _group_lines(
        self,
        cursor: duckdb.DuckDBPyConnection,
        tally: FileTally,
        block: Block,
    ) -> None:
        """Look at each line of a block by itself, and at other envelopes."""
        table, quarantined = block.examine()
        cursor.register("lines", table)
        cursor.execute(_FLOW)
        cursor.execute(_GROUPED_CAREFULLY)
        rows = cursor.execute(_MALFORMED, [MAX_QUARANTINED]).fetchall()
        cursor.unregister("lines")
        found = [
            Quarantined(Record(tally.file, line), reason, clean(text, limit=_EXCERPT))
            for line, reason, text in rows
        ]
        with self._lock:
            tally.records += len(quarantined)
            tally.malformed.update(item.reason for item in quarantined)
            _keep(quarantined + found, self._result)

    def _count(self, cursor: duckdb.DuckDBPyConnection, tally: FileTally, block: Block) -> None:
        ((records, _),) = cursor.execute(_SOUND).fetchall()
        counts = cursor.execute(_COUNTS).fetchall()
        lost = any(aside == "lost-events" for _, aside, _ in counts)
        losses = cursor.execute(_LOST).fetchall() if lost else []
        with self._lock:
            tally.bytes += len(block.data)
            tally.records += int(records or 0)
            for reason, aside, count in counts:
                if reason:
                    tally.malformed[reason] += int(count)
                elif aside:
                    tally.set_aside[aside] += int(count)
            for observer, source, number in losses:
                self._result.lost[(observer or "", source or "")] += int(number)


def _keep(found: list[Quarantined], result: Ingested) -> None:
    """Keep the first malformed lines by file and line, whichever block came first."""
    if found:
        ordered = sorted((*result.quarantined, *found), key=lambda item: item.record)
        result.quarantined = ordered[:MAX_QUARANTINED]
