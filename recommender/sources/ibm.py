"""IBM Cloud VPC flow logs: objects of one interface and interval, with a flow a connection.

A record is a flow: it names who opened the connection and counts both ways.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.sources.canonical import NO_RECORD, Sign
from recommender.sources.cloud_sql import bit, canonical_sql, moment, number
from recommender.sources.documents import elements
from recommender.sources.layout import Layout, LogFormat
from recommender.sources.platforms import remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.sources.options import ReadOptions

#: Name of the format in accounts and for ``--format``.
NAME: Final = "ibm"

#: An object, or a flow, a line.
_LINES: Final = "lines"
#: One object over the whole file.
_OBJECT: Final = "object"
_KEY: Final = "flow_logs"
_TELLING: Final = re.compile(rb'"(initiator_ip|collector_crn)"\s*:')
_ABOUT: Final = re.compile(r'"(network_interface_id|capture_start_time)"\s*:\s*("[^"\\]*")')

_FLOW: Final[dict[str, Any]] = dict.fromkeys(
    (
        *("start_time", "end_time", "connection_start_time", "direction", "action"),
        *("initiator_ip", "target_ip", "initiator_port", "target_port", "transport_protocol"),
        *("bytes_from_initiator", "bytes_from_target", "packets_from_target"),
        *("cumulative_packets_from_target", "was_initiated"),
    ),
    "VARCHAR",
)
_HEAD: Final = {
    "network_interface_id": "VARCHAR",
    "capture_start_time": "VARCHAR",
    "collector_crn": "VARCHAR",
}

_SIGNS: Final = " + ".join(
    (
        bit("number = 6", Sign.TRACE),
        bit("number = 6 AND answers = 0", Sign.SYN),
        bit("number <> 6 OR answers > 0", Sign.DATA),
    )
)
_WORDS: Final = "direction IN ('I', 'O') AND action IN ('accepted', 'rejected')"


def recognise(lines: Sequence[bytes], _: ReadOptions) -> Layout | None:
    """How a file writes IBM Cloud flow logs, or None where it does not look like one."""
    if not any(_TELLING.search(line) for line in lines):
        return None
    several = len(lines) > 1
    return Layout(NAME, _LINES if several and _is_record(lines[0]) else _OBJECT)


def _is_record(line: bytes) -> bool:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and bool(found.keys() & {_KEY, "initiator_ip"})


def unwrap(layout: Layout, name: str, chunks: Iterator[bytes]) -> Iterator[bytes] | None:
    """The flows of objects as lines, each in an object; None where the file has lines already."""
    return _flows(name, chunks) if layout.form == _OBJECT else None


def _flows(name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for head, element in elements(name, chunks, _KEY):
        about = "".join(f'"{key}":{value},' for key, value in _ABOUT.findall(head))
        # What is no object by itself stays malformed.
        whole = f'{{{about}"{_KEY}":[{element}]}}' if element.startswith("{") else element
        yield whole.encode() + b"\n"


def lines_sql(_: Layout, relation: str) -> str:
    """SQL for the canonical flows of single lines."""
    shape = json.dumps(_HEAD | _FLOW | {_KEY: [_FLOW]}, separators=(",", ":"))
    single = ", ".join(f"'{name}': j.{name}" for name in _FLOW)
    answers = (
        f"greatest(coalesce({number('l.packets_from_target')}, 0), "
        f"coalesce({number('l.cumulative_packets_from_target')}, 0))"
    )
    size = (
        f"coalesce({number('l.bytes_from_initiator')}, 0)"
        f" + coalesce({number('l.bytes_from_target')}, 0)"
    )
    begun = "coalesce(nullif(l.start_time, ''), nullif(l.connection_start_time, ''), captured)"
    return canonical_sql(f"""
        SELECT * EXCLUDE (action, answers, direction, why),
            CASE WHEN why IS NOT NULL THEN nullif(why, '{NO_RECORD}')
                WHEN NOT coalesce({_WORDS}, false) THEN 'malformed-value' END AS malformed,
            CASE WHEN why = '{NO_RECORD}' THEN why END AS aside,
            CASE action WHEN 'accepted' THEN 'accepted' WHEN 'rejected' THEN 'denied'
                ELSE 'unknown' END AS verdict,
            false AS reply, {_SIGNS} AS signs, '' AS src, '' AS dst,
            CASE direction WHEN 'I' THEN 'INGRESS' ELSE 'EGRESS' END AS direction, 1 AS count
        FROM (
            SELECT line, observer, why, l.initiator_ip AS src_ip, l.target_ip AS dst_ip,
                {number("l.initiator_port")} AS sport, {number("l.target_port")} AS dport,
                {number("l.transport_protocol")} AS number, l.direction AS direction,
                l.action AS action, {answers} AS answers, {size} AS bytes,
                {moment(begun)} AS start, {moment("l.end_time")} AS until
            FROM (
                -- A line without flows gives one row, which says what it is.
                SELECT line, j.network_interface_id AS observer, j.capture_start_time AS captured,
                    CASE WHEN len(j.{_KEY}) > 0 OR j.initiator_ip IS NOT NULL THEN NULL
                        WHEN j IS NULL THEN 'malformed-json'
                        WHEN j.{_KEY} IS NULL AND j.collector_crn IS NULL THEN 'not-a-flow'
                        ELSE '{NO_RECORD}' END AS why,
                    unnest(CASE WHEN len(j.{_KEY}) > 0 THEN j.{_KEY} ELSE [{{{single}}}] END) AS l
                FROM (SELECT line, TRY(from_json(text, '{shape}')) AS j FROM {relation})
            )
        )
    """)


FORMAT: Final = LogFormat(
    name=NAME,
    title="an IBM Cloud flow log",
    recognise=recognise,
    lines_sql=lines_sql,
    unwrap=unwrap,
    remarks=remarks,
)
