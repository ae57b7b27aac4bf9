"""Azure flow logs: VNet flow logs (version 4) and NSG flow logs (versions 1 and 2).

A record is a tuple: time, addresses, ports, protocol, direction, and the decision or state. Its
source is who opened the connection, and its counters are of both ways.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.sources.canonical import NO_RECORD, Sign
from recommender.sources.cloud_sql import bit, canonical_sql
from recommender.sources.documents import elements
from recommender.sources.layout import Layout, LogFormat
from recommender.sources.platforms import remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.sources.options import ReadOptions

#: Name of the format in accounts and for ``--format``.
NAME: Final = "azure"

#: A blob or a record a line.
_LINES: Final = "lines"
#: Whole blobs, which hold all records of an hour.
_BLOB: Final = "blob"
_KEY: Final = "records"

_MARKS: Final = frozenset({"flowRecords", "flowTuples", "flow.0"})
_TELLING: Final = re.compile(
    rb'"(flowTuples|flow\.0)"\s*:|"category"\s*:\s*"(NetworkSecurityGroup|FlowLog)FlowEvent"'
)
_RECORD: Final[dict[str, Any]] = {
    "category": "VARCHAR",
    "operationName": "VARCHAR",
    "macAddress": "VARCHAR",
    "flow.0": "VARCHAR",
    "flowTuples": ["VARCHAR"],
    "properties": {"flows": [{"flows": [{"mac": "VARCHAR", "flowTuples": ["VARCHAR"]}]}]},
    "flowRecords": {"flows": [{"flowGroups": [{"flowTuples": ["VARCHAR"]}]}]},
}


def _entry(mac: str) -> str:
    return f"lambda t: {{'mac': {mac}, 'text': t}}"


#: All tuples of a record ``r``, each with the interface that saw it.
_TUPLES: Final = f"""list_concat(
    coalesce(flatten(list_transform(r.properties.flows, lambda f: flatten(list_transform(f.flows,
        lambda g: list_transform(g.flowTuples, {_entry("coalesce(g.mac, r.macAddress)")}))))), []),
    coalesce(flatten(list_transform(r.flowRecords.flows, lambda f: flatten(list_transform(
        f.flowGroups, lambda g: list_transform(g.flowTuples, {_entry("r.macAddress")}))))), []),
    coalesce(list_transform(r.flowTuples, {_entry("r.macAddress")}), []),
    CASE WHEN r."flow.0" IS NOT NULL THEN [{{'mac': r.macAddress, 'text': r."flow.0"}}]
        ELSE [] END)"""

#: Whether a record ``r`` is of a flow log, with tuples or without.
_OURS: Final = """(r.category IN ('NetworkSecurityGroupFlowEvent', 'FlowLogFlowEvent')
    OR r.operationName IN ('NetworkSecurityGroupFlowEvents', 'FlowLogFlowEvent')
    OR r.properties.flows IS NOT NULL OR r.flowRecords IS NOT NULL)"""

# Azure names a protocol by its letter in NSG flow logs and by its number in VNet flow logs.
_NSG: Final = "(f[6] = 'T' OR f[6] = 'U')"
_FIELDS: Final = f"""
    SELECT line, why, mac, TRY_CAST(f[1] AS BIGINT) AS epoch, trim(f[2]) AS src_ip,
        trim(f[3]) AS dst_ip, TRY_CAST(f[4] AS BIGINT) AS sport, TRY_CAST(f[5] AS BIGINT) AS dport,
        CASE f[6] WHEN 'T' THEN 6 WHEN 'U' THEN 17 ELSE TRY_CAST(f[6] AS INTEGER) END AS number,
        f[7] AS way, CASE WHEN {_NSG} THEN f[8] WHEN f[8] = 'D' THEN 'D' ELSE 'A' END AS decision,
        CASE WHEN {_NSG} THEN nullif(f[9], '') ELSE f[8] END AS state,
        len(f) AS width, {_NSG} AS nsg, TRY_CAST(f[12] AS BIGINT) AS answers,
        coalesce(TRY_CAST(f[11] AS BIGINT), 0) + coalesce(TRY_CAST(f[13] AS BIGINT), 0) AS bytes
"""
_MALFORMED: Final = """CASE WHEN epoch IS NULL OR sport IS NULL OR dport IS NULL OR number IS NULL
    OR way NOT IN ('I', 'O') OR decision NOT IN ('A', 'D')
    OR coalesce(state, 'B') NOT IN ('B', 'C', 'E', 'D')
    OR NOT (width = 13 OR nsg AND width BETWEEN 8 AND 12) THEN 'malformed-tuple' END"""
_OPEN: Final = "state IN ('C', 'E')"
_SIGNS: Final = " + ".join(
    (
        bit("number = 6 AND state IS NOT NULL", Sign.TRACE),
        # What begins, and what went on without an answer; version 1 does not tell the two apart.
        bit(f"number = 6 AND (state = 'B' OR {_OPEN} AND coalesce(answers, 0) = 0)", Sign.SYN),
        bit(f"number <> 6 OR state IS NULL OR {_OPEN} AND answers > 0", Sign.DATA),
    )
)
# Seconds in NSG flow logs, milliseconds in VNet flow logs: told apart by their size.
_TIME: Final = """CASE WHEN epoch BETWEEN 86400 AND 99999999999
    THEN make_timestamp(epoch * 1000000)
    WHEN epoch BETWEEN 100000000000 AND 253402300799999 THEN make_timestamp(epoch * 1000) END"""


def recognise(lines: Sequence[bytes], _: ReadOptions) -> Layout | None:
    """How a file writes Azure flow logs, or None where it does not look like one."""
    if not any(_TELLING.search(line) for line in lines):
        return None
    several = len(lines) > 1
    return Layout(NAME, _LINES if several and _is_record(lines[0]) else _BLOB)


def _is_record(line: bytes) -> bool:
    """Whether a line holds whole records by itself."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and bool(found.keys() & {_KEY, "category", *_MARKS})


def unwrap(layout: Layout, name: str, chunks: Iterator[bytes]) -> Iterator[bytes] | None:
    """The records of blobs as lines; None where the file has lines already."""
    if layout.form != _BLOB:
        return None
    return (element.encode() + b"\n" for _, element in elements(name, chunks, _KEY))


def lines_sql(_: Layout, relation: str) -> str:
    """SQL for the canonical flows of single lines."""
    shape = json.dumps(_RECORD | {_KEY: [_RECORD]}, separators=(",", ":"))
    single = ", ".join(f"'{name}': j.\"{name}\"" for name in _RECORD)
    return canonical_sql(f"""
        SELECT line, CASE WHEN why IS NOT NULL THEN nullif(why, '{NO_RECORD}')
                ELSE {_MALFORMED} END AS malformed,
            CASE WHEN why = '{NO_RECORD}' THEN why END AS aside, {_TIME} AS start,
            NULL::TIMESTAMP AS until, src_ip, dst_ip, sport, dport, number,
            CASE decision WHEN 'A' THEN 'accepted' WHEN 'D' THEN 'denied' ELSE 'unknown'
                END AS verdict,
            false AS reply, {_SIGNS} AS signs, '' AS src, '' AS dst, mac AS observer,
            CASE way WHEN 'I' THEN 'INGRESS' ELSE 'EGRESS' END AS direction, bytes,
            CASE WHEN number = 6 AND {_OPEN} THEN 0 ELSE 1 END AS count
        FROM (
            {_FIELDS}
            FROM (
                SELECT line, why, entry.mac AS mac, string_split(entry.text, ',') AS f
                FROM (
                    -- A line without tuples gives one row, which says what it is.
                    SELECT line, CASE WHEN len(entries) = 0 THEN what END AS why,
                        unnest(CASE WHEN len(entries) > 0 THEN entries
                            ELSE [{{'mac': NULL::VARCHAR, 'text': NULL::VARCHAR}}] END) AS entry
                    FROM (
                        SELECT line, CASE WHEN j IS NULL THEN 'malformed-json'
                                WHEN len(records) = 0
                                    OR len(list_filter(records, lambda r: {_OURS})) > 0
                                THEN '{NO_RECORD}' ELSE 'not-a-flow' END AS what,
                            flatten(list_transform(records, lambda r: {_TUPLES})) AS entries
                        FROM (
                            SELECT line, j, coalesce(j.{_KEY}, [{{{single}}}]) AS records
                            FROM (SELECT line, TRY(from_json(text, '{shape}')) AS j FROM {relation})
                        )
                    )
                )
            )
        )
    """)


FORMAT: Final = LogFormat(
    name=NAME,
    title="an Azure flow log",
    recognise=recognise,
    lines_sql=lines_sql,
    unwrap=unwrap,
    remarks=remarks,
)
