"""Reading: every block of every file becomes groups of like records in the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import duckdb

from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.errors import InputError
from recommender.model.text import clean
from recommender.sources import hubble
from recommender.sources.blocks import Block
from recommender.sources.reader import FileEnd, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from recommender.connections.store import Store
    from recommender.sources.discovery import InputFile

#: Quarantined lines kept with their text; the counts hold all of them.
MAX_QUARANTINED: Final = 1000

_EXCERPT: Final = 120

_CREATE: Final = "CREATE OR REPLACE TEMP TABLE flow AS "
_FLOW: Final = _CREATE + hubble.canonical_sql(hubble.parse_sql("lines", careful=False))
_FLOW_CAREFUL: Final = _CREATE + hubble.canonical_sql(hubble.parse_sql("lines", careful=True))
_MALFORMED: Final = f"""
    SELECT line, malformed, rtrim(left(text, {_EXCERPT}), chr(10) || chr(13)) FROM flow JOIN lines USING (line)
    WHERE malformed IS NOT NULL ORDER BY line LIMIT ?
"""
_COUNTS: Final = """
    SELECT malformed, aside, count(*), min(start), max(start), sum(lost) FROM flow
    GROUP BY malformed, aside
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
_GROUPS: Final = """
    INSERT INTO flow_group
    SELECT ? AS file, s.id, d.id, src_ip, dst_ip, src_port, dst_port, protocol, verdict, reply,
        observer, direction, coalesce(epoch(start), 0)::BIGINT // 3600 AS hour, bit_or(signs),
        count(*), sum(count), sum(bytes), min(start), max(start), min(line)
    FROM flow
    JOIN endpoint s ON s.text = coalesce(src, '')
    JOIN endpoint d ON d.text = coalesce(dst, '')
    WHERE malformed IS NULL AND aside IS NULL
    GROUP BY ALL
"""
# Names are kept with the end whose DNS answers told them: the client of the connection.
_NAMES: Final = """
    INSERT INTO dns_name SELECT DISTINCT e.id, ip, rtrim(name, '.') FROM (
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
    for part in read_parts(files):
        if current is None or current.file != part.file.name:
            current = FileTally(part.file.name, part.format)
            result.files.append(current)
        if isinstance(part.part, Block):
            _take_block(store.connection, len(result.files) - 1, current, part.part, result)
            if progress:
                progress(current.file, part.part.size)
        else:
            _take_end(part.part, current, result)
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


def _take_block(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    tally: FileTally,
    block: Block,
    result: Ingested,
) -> None:
    tally.bytes += block.size
    tally.records += block.table.num_rows + len(block.quarantined)
    _quarantine(tally, block.quarantined, result)
    if not block.table.num_rows:
        return
    connection.register("lines", block.table)
    try:
        connection.execute(_FLOW)
    except duckdb.InvalidInputException:
        # Some line is no JSON: find out which, row by row, at the price of a second parse.
        connection.execute(_FLOW_CAREFUL)
    for malformed, aside, count, *_ in connection.execute(_COUNTS).fetchall():
        if malformed:
            tally.malformed[malformed] += count
        elif aside:
            tally.set_aside[aside] += count
    if tally.malformed:
        rows = connection.execute(_MALFORMED, [MAX_QUARANTINED]).fetchall()
        found = [
            Quarantined(Record(tally.file, line), reason, clean(text, limit=_EXCERPT))
            for line, reason, text in rows
        ]
        _keep(found, result)
    if tally.set_aside["lost-events"]:
        for observer, source, lost in connection.execute(_LOST).fetchall():
            result.lost[(observer or "", source or "")] += int(lost)
    connection.execute(_ENDPOINTS)
    connection.execute(_GROUPS, [number])
    connection.execute(_NAMES)
    connection.unregister("lines")


def _quarantine(tally: FileTally, found: list[Quarantined], result: Ingested) -> None:
    tally.malformed.update(item.reason for item in found)
    _keep(found, result)


def _keep(found: list[Quarantined], result: Ingested) -> None:
    room = MAX_QUARANTINED - len(result.quarantined)
    result.quarantined.extend(found[: max(0, room)])
