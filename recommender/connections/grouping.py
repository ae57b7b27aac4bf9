"""One block of a log becomes groups of like records: the SQL, and what runs it.

A sound block is parsed as a file in memory and grouped in the same pass. Where a line is no JSON,
or a flow stands there without its envelope, every line is looked at by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import duckdb

from recommender.connections.icmp import REASON, pairs_of
from recommender.connections.locating import Span, glance, locate, span_of
from recommender.model.accounting import Quarantined
from recommender.model.edges import Record
from recommender.model.text import clean
from recommender.sources.canonical import NO_RECORD, Sign
from recommender.sources.formats import format_of

if TYPE_CHECKING:
    from recommender.connections.drawing import Drawn
    from recommender.connections.icmp import Pair
    from recommender.sources.blocks import Block
    from recommender.sources.layout import Layout
    from recommender.sources.memory import BlockFiles

_EXCERPT: Final = 120

# Signs that tell who opened a connection are never or-ed with records that lack them, where no
# reply flag tells it: else the place where a log is cut into blocks could change the answer.
_OPENERS: Final = int(Sign.SYN | Sign.FORWARDED | Sign.NO_LEGACY_REPLY)
_ANSWERS: Final = int(Sign.SYN_ACK | Sign.RESPONSE)
_TELLING: Final = f"""CASE WHEN reply THEN 0 WHEN reply = false THEN signs & {_ANSWERS}
    ELSE signs & {_OPENERS | _ANSWERS} END"""

# What like records share.
_SHARED: Final = (
    *("malformed", "aside", "kept", "observer", "lost_source", "src_ip", "dst_ip", "src_port"),
    *("dst_port", "protocol", "verdict", "reply", "direction", "hour", "telling"),
    *("names_of_src", "names_of_dst", "dns_query", "dns_answers"),
)


# The statements of a block are planned anew for each: what these optimizers find costs more than
# it saves, since every block is small and every join is one with a handful of ends.
_SKIPPED: Final = (
    *("join_order", "statistics_propagation", "compressed_materialization", "in_clause"),
    *("deliminator", "build_side_probe_side", "duplicate_groups", "reorder_filter"),
    *("join_filter_pushdown", "common_aggregate", "materialized_cte", "common_subplan"),
    *("aggregate_function_rewriter", "late_materialization", "join_elimination"),
    *("distinct_aggregate_rewrite", "partial_aggregate_pushdown", "aggregate_reuse"),
)
#: Set while blocks are grouped.
PLAIN_PLANS: Final = f"SET disabled_optimizers = '{','.join(_SKIPPED)}'"
#: Set from then on: an edge counts distinct values of much, each of which this one makes a join of.
WIDE_PLANS: Final = "SET disabled_optimizers = 'distinct_aggregate_rewrite'"


def _grouped_sql(flows: str) -> str:
    """SQL that makes the table ``grouped`` of canonical flows, in one pass over the text.

    Ends that the store knows stand in it by number, new ones by their text.
    """
    return f"""
        CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT {", ".join(_SHARED)},
            s.id AS src_id, CASE WHEN kept AND s.id IS NULL THEN src END AS new_src,
            d.id AS dst_id, CASE WHEN kept AND d.id IS NULL THEN dst END AS new_dst,
            bit_or(signs) AS signs, count(*) AS records, sum(count) AS flows,
            sum(bytes) AS bytes, min(start) AS first, max(coalesce(until, start)) AS last,
            min(line) AS line, sum(lost) AS lost
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


def _make(cursor: duckdb.DuckDBPyConnection, layout: Layout, flows: str, span: Span | None) -> None:
    """Make the table ``grouped`` of a file's canonical flows.

    Args:
        cursor: The connection.
        layout: How the file writes records.
        flows: SQL of the flows.
        span: The time that the flows are probably of; None where it is not known.
    """
    known = format_of(layout)
    if known.platform:
        locate(cursor, flows, bare=known.bare, span=span)
    else:
        cursor.execute(_grouped_sql(flows))


# How many lines a block gave, and whether one of them is malformed.
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
    WHERE lost IS NOT NULL GROUP BY ALL
"""


@dataclass(slots=True)
class Counts:
    """Counts of one block.

    Attributes:
        records: Records read.
        set_aside: Records that make no edge, by reason.
        malformed: Records that could not be read, by reason.
        lost: Lost events by (observer, where they were lost).
        pings: ICMP between pairs of addresses, where nobody knows who asked.
        quarantined: The first malformed lines, in order.
    """

    records: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    malformed: Counter[str] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    pings: Counter[Pair] = field(default_factory=Counter)
    quarantined: list[Quarantined] = field(default_factory=list)


def group(
    cursor: duckdb.DuckDBPyConnection,
    files: BlockFiles,
    layout: Layout,
    block: Block,
    *,
    most: int,
) -> Counts | None:
    """Make the table ``grouped`` of a block, whose lines have their numbers in it.

    Args:
        cursor: A connection with the tables of the store.
        files: The file system that the connection reads blocks from.
        layout: How its file writes records.
        block: The block.
        most: Malformed lines to keep with their text.

    Returns:
        Its counts; None where it has to be taken in pieces, since its lines must be looked at
        one by one and nobody has counted them yet, or they do not fit.
    """
    tally = Counts()
    if block.sound is False or not _group_whole(cursor, files, layout, block):
        if block.lines is None:
            return None
        try:
            tally.quarantined = _group_lines(cursor, layout, block, tally, most)
        except duckdb.OutOfMemoryException:
            if block.is_small:
                raise
            return None
    _count(cursor, tally)
    return tally


def group_drawn(cursor: duckdb.DuckDBPyConnection, drawn: Drawn) -> Counts:
    """The counts of a block whose records were drawn together, but for those in ``grouped``."""
    tally = Counts(drawn.records - drawn.left)
    if drawn.left:
        _count(cursor, tally)
    return tally


def _count(cursor: duckdb.DuckDBPyConnection, tally: Counts) -> None:
    """Count the records in the table ``grouped``."""
    ((records, _),) = cursor.execute(_SOUND).fetchall()
    tally.records += int(records or 0)
    for reason, aside, count in cursor.execute(_COUNTS).fetchall():
        if reason:
            tally.malformed[reason] += int(count)
        elif aside:
            tally.set_aside[aside] += int(count)
    tally.records -= tally.set_aside.pop(NO_RECORD, 0)
    if tally.set_aside[REASON]:
        tally.pings += pairs_of(cursor)
    if tally.set_aside["lost-events"] or tally.set_aside["skipped-data"]:
        for observer, source, number in cursor.execute(_LOST).fetchall():
            tally.lost[(observer or "", source or "")] += int(number)


def _group_whole(
    cursor: duckdb.DuckDBPyConnection, files: BlockFiles, layout: Layout, block: Block
) -> bool:
    """Group a block at once; whether it is sound and every line of it was understood so."""
    whole_sql = format_of(layout).whole_sql
    if whole_sql is None:
        return False
    with files.hold(block.text) as file:
        flows = whole_sql(layout, file, block.first_line)
        if flows is None:
            return False
        try:
            _make(cursor, layout, flows, glance(cursor, layout, block))
        except (
            duckdb.InvalidInputException,
            duckdb.ConversionException,
            duckdb.OutOfMemoryException,
        ):
            # Some line is of another form, or the reader's buffers do not fit beside the rest.
            return False
    return cursor.execute(_SOUND).fetchall() == [(block.sound_lines, 0)]


def _group_lines(
    cursor: duckdb.DuckDBPyConnection,
    layout: Layout,
    block: Block,
    tally: Counts,
    most: int,
) -> list[Quarantined]:
    """Look at each line of a block by itself, and at other envelopes."""
    table, quarantined = block.examine()
    tally.records += len(quarantined)
    tally.malformed.update(item.reason for item in quarantined)
    flows = format_of(layout).lines_sql(layout, "lines")
    cursor.register("lines", table)
    try:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE flow AS {flows}")
        _make(cursor, layout, "SELECT * FROM flow", span_of(cursor, "flow"))
        rows = cursor.execute(_MALFORMED, [most]).fetchall()
    finally:
        cursor.unregister("lines")
    found = [
        Quarantined(Record(block.name, line), reason, clean(text, limit=_EXCERPT))
        for line, reason, text in rows
    ]
    return sorted(quarantined + found, key=lambda item: item.record)[:most]
