"""GCP VPC flow logs: entries of Cloud Logging, as lines, arrays, documents or BigQuery rows.

An entry is of one direction. Both sides report it where both are in subnets with flow logs, and
it says neither flags nor who opened the connection. Pods of GKE stand in it by name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.sources import gcp_endpoint as end
from recommender.sources.canonical import Sign
from recommender.sources.cloud_sql import bit, canonical_sql, moment, number
from recommender.sources.documents import values
from recommender.sources.layout import Layout, LogFormat
from recommender.sources.memory import IN_PIECES
from recommender.sources.platforms import remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recommender.sources.options import ReadOptions

#: Name of the format in accounts and for ``--format``.
NAME: Final = "gcp"

#: An entry a line.
_LINES: Final = "lines"
#: Entries over several lines, perhaps with prose in front.
_TEXT: Final = "text"

# Also within a text, where quotes are escaped.
_TELLING: Final = (re.compile(rb'"src_ip\\?"\s*:'), re.compile(rb'"dest_ip\\?"\s*:'))
_PAYLOADS: Final = ("jsonPayload", "json_payload")
_MAX_OBJECT: Final = 5 << 20

_DETAILS: Final = {
    "cluster": {"cluster_name": "VARCHAR"},
    "pod": {
        "pod_name": "VARCHAR",
        "pod_namespace": "VARCHAR",
        "pod_workload": {"workload_name": "VARCHAR", "workload_type": "VARCHAR"},
    },
}
_SIDE: Final = {
    "gke_details": _DETAILS,
    "instance": {"vm_name": "VARCHAR"},
    "google_service": {"service_name": "VARCHAR"},
    "location": "JSON",
}
_PAYLOAD: Final[dict[str, Any]] = {
    "connection": dict.fromkeys(
        ("src_ip", "dest_ip", "src_port", "dest_port", "protocol"), "VARCHAR"
    ),
    **dict.fromkeys(("reporter", "bytes_sent", "start_time", "end_time", "disposition"), "VARCHAR"),
    **{f"{side}_{name}": kind for side in ("src", "dest") for name, kind in _SIDE.items()},
}
_ENTRY: Final = {"logName": "VARCHAR", "timestamp": "VARCHAR"}


def recognise(lines: Sequence[bytes], _: ReadOptions) -> Layout | None:
    """How a file writes GCP flow logs, or None where it does not look like one."""
    if any(map(_is_entry, lines)) and lines[0].lstrip().startswith(b"{"):
        return Layout(NAME, _LINES)
    text = b"\n".join(lines)
    return Layout(NAME, _TEXT) if all(sign.search(text) for sign in _TELLING) else None


def _is_entry(line: bytes) -> bool:
    if not all(sign.search(line) for sign in _TELLING):
        return False
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and "entries" not in found


def unwrap(layout: Layout, name: str, chunks: Iterator[bytes]) -> Iterator[bytes] | None:
    """The entries of a text as lines; None where the file has lines already."""
    return (line.encode() for line in values(name, chunks)) if layout.form == _TEXT else None


def lines_sql(_: Layout, relation: str) -> str:
    """SQL for the canonical flows of single lines."""
    envelope = _structure(_ENTRY | dict.fromkeys(_PAYLOADS, "JSON"))
    payload = f"coalesce({', '.join(f'j.{name}' for name in _PAYLOADS)})"
    # A linked data set of BigQuery has the payload as a text.
    inner = f"""CASE WHEN {payload} IS NULL THEN text
        WHEN json_type({payload}) = 'VARCHAR' THEN {payload} ->> '$' ELSE {payload}::VARCHAR END"""
    return _canonical(f"""
        SELECT line, j IS NOT NULL AS ok, j.logName IS NOT NULL AS is_entry,
            j.timestamp AS written, TRY(from_json({inner}, '{_structure(_PAYLOAD)}')) AS p
        FROM (SELECT line, text, TRY(from_json(text, '{envelope}')) AS j FROM {relation})
    """)


def whole_sql(layout: Layout, file: str, first_line: int) -> str | None:
    """SQL for a whole file of entries at once."""
    if layout.form != _LINES:
        return None
    return _canonical(f"""
        SELECT row_number() OVER () + {first_line - 1} AS line, true AS ok,
            logName IS NOT NULL AS is_entry, "timestamp" AS written, jsonPayload AS p
        FROM read_json('{file}{IN_PIECES}', format = 'newline_delimited', compression = 'none',
            columns = {{"jsonPayload": '{_type(_PAYLOAD)}', "logName": 'VARCHAR',
                "timestamp": 'VARCHAR'}}, maximum_object_size = {_MAX_OBJECT})
    """)


def _structure(kind: object) -> str:
    return json.dumps(kind, separators=(",", ":"))


def _type(kind: object) -> str:
    if not isinstance(kind, dict):
        return str(kind)
    return f"STRUCT({', '.join(f'{name} {_type(inner)}' for name, inner in kind.items())})"


def _end(side: str, other: str, reporter: str) -> str:
    """SQL for the text of an end: a pod, a service of Google's, something outside, or nothing.

    A machine is outside where the entry tells of the other side's cluster and not of its own:
    where it tells of neither, its subnet may log without metadata.
    """
    details, service = f"p.{side}_gke_details", f"p.{side}_google_service.service_name"
    pod = {
        end.POD: f"{details}.pod.pod_name",
        end.NAMESPACE: f"{details}.pod.pod_namespace",
        end.CLUSTER: f"{details}.cluster.cluster_name",
        end.WORKLOAD: f"{details}.pod.pod_workload.workload_name",
        end.KIND: f"{details}.pod.pod_workload.workload_type",
        end.LOCAL: f"coalesce(p.reporter = '{reporter}', false)",
    }
    known = ", ".join(f"'{key}', {value}" for key, value in pod.items())
    outside = f"""p.{side}_location IS NOT NULL
        OR p.{side}_instance.vm_name IS NOT NULL AND {details}.cluster.cluster_name IS NULL
            AND p.{other}_gke_details.cluster.cluster_name IS NOT NULL"""
    return f"""CASE
        WHEN {details}.pod.pod_name IS NOT NULL THEN '{NAME}:' || json_object({known})::VARCHAR
        WHEN {service} IS NOT NULL
            THEN '{NAME}:' || json_object('{end.SERVICE}', {service})::VARCHAR
        WHEN {outside} THEN '{NAME}:{{"{end.OUTSIDE}":true}}' ELSE '' END"""


_SIGNS: Final = " + ".join(
    (
        # Without flags, packets without payload may be of a handshake that nobody answered.
        bit("number = 6 AND coalesce(bytes, 0) = 0", Sign.QUIET),
        bit("number <> 6 OR bytes > 0", Sign.DATA),
    )
)


def _canonical(entries: str) -> str:
    """SQL for canonical flows of entries: ``ok``, ``is_entry``, ``written``, payload ``p``."""
    return canonical_sql(f"""
        SELECT line, CASE WHEN NOT ok THEN 'malformed-json'
                WHEN no_flow AND NOT is_entry THEN 'not-a-flow' END AS malformed,
            CASE WHEN no_flow AND is_entry THEN 'other-log' END AS aside,
            coalesce({moment("begun")}, {moment("written")}) AS start, {moment("ended")} AS until,
            src_ip, dst_ip, sport, dport, number, verdict, NULL::BOOLEAN AS reply,
            {_SIGNS} AS signs, src, dst, observer, direction, bytes, 1 AS count
        FROM (
            SELECT line, ok, is_entry, written, p.start_time AS begun, p.end_time AS ended,
                coalesce(p.connection.src_ip IS NULL AND p.connection.dest_ip IS NULL, true)
                    AS no_flow,
                p.connection.src_ip AS src_ip, p.connection.dest_ip AS dst_ip,
                {number("p.connection.src_port")} AS sport,
                {number("p.connection.dest_port")} AS dport,
                {number("p.connection.protocol")} AS number, {number("p.bytes_sent")} AS bytes,
                CASE WHEN p.disposition IN ('DROPPED', 'DENIED') THEN 'denied' ELSE 'accepted'
                    END AS verdict,
                {_end("src", "dest", "SRC")} AS src, {_end("dest", "src", "DEST")} AS dst,
                CASE p.reporter WHEN 'SRC' THEN p.src_instance.vm_name
                    WHEN 'DEST' THEN p.dest_instance.vm_name END AS observer,
                CASE WHEN starts_with(p.reporter, 'SRC') THEN 'EGRESS'
                    WHEN starts_with(p.reporter, 'DEST') THEN 'INGRESS' ELSE '' END AS direction
            FROM ({entries})
        )
    """)


FORMAT: Final = LogFormat(
    name=NAME,
    title="a GCP flow log",
    recognise=recognise,
    lines_sql=lines_sql,
    whole_sql=whole_sql,
    unwrap=unwrap,
    remarks=remarks,
    decode=end.decode,
)
