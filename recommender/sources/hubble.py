"""Hubble and Cilium flow logs: one JSON object a line, in any of their envelopes.

Sources: ``flow.proto`` and ``observer.proto`` of Cilium; protojson writes enums as strings,
64-bit integers as strings, and leaves out zero values.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import orjson

from recommender.sources.canonical import Sign
from recommender.sources.hubble_endpoint import decode
from recommender.sources.layout import Layout, LogFormat
from recommender.sources.memory import IN_PIECES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.sources.options import ReadOptions

#: Name of the format in accounts and for ``--format``.
NAME: Final = "hubble"

_WRAPPERS: Final = frozenset(
    {"flow", "lost_events", "node_status", "agent_event", "debug_event"},
)
_FLOW_KEYS: Final = frozenset(
    {"IP", "l4", "source", "destination", "verdict", "traffic_direction", "event_type", "Type"},
)
_FEW: Final = 2
# Other JSON logs have a source and a destination as well; one of these makes it a flow.
_TELLING: Final = _FLOW_KEYS - {"source", "destination", "Type"}

_PORTS: Final = {"source_port": "INTEGER", "destination_port": "INTEGER"}
_FLOW: Final = {
    "time": "VARCHAR",
    "verdict": "VARCHAR",
    "drop_reason": "INTEGER",
    "drop_reason_desc": "VARCHAR",
    "IP": {"source": "VARCHAR", "source_xlated": "VARCHAR", "destination": "VARCHAR"},
    "l4": {
        "TCP": _PORTS | {"flags": {"SYN": "BOOLEAN", "ACK": "BOOLEAN", "RST": "BOOLEAN"}},
        "UDP": _PORTS,
        "SCTP": _PORTS,
        "ICMPv4": {"type": "INTEGER"},
        "ICMPv6": {"type": "INTEGER"},
    },
    "source": "JSON",
    "destination": "JSON",
    "Type": "VARCHAR",
    "node_name": "VARCHAR",
    "source_names": "JSON",
    "destination_names": "JSON",
    "l7": {"type": "VARCHAR", "dns": {"query": "VARCHAR", "ips": ["VARCHAR"], "rcode": "INTEGER"}},
    "reply": "BOOLEAN",
    "is_reply": "BOOLEAN",
    "event_type": {"type": "INTEGER", "sub_type": "INTEGER"},
    "traffic_direction": "VARCHAR",
    "trace_observation_point": "VARCHAR",
    "trace_reason": "VARCHAR",
    "aggregate": {
        "ingress_flow_count": "BIGINT",
        "egress_flow_count": "BIGINT",
        "unknown_direction_flow_count": "BIGINT",
    },
}
_LOST: Final = {"source": "VARCHAR", "num_events_lost": "BIGINT"}
_ENVELOPE: Final = {
    "flow": _FLOW,
    "lost_events": _LOST,
    "node_status": "JSON",
    "agent_event": "JSON",
    "debug_event": "JSON",
    "node_name": "VARCHAR",
    "time": "VARCHAR",
}

# DropReason of Cilium: POLICY_DENIED, POLICY_DENY and AUTH_REQUIRED; all others are faults of
# the datapath and say nothing about policy.
_POLICY_DROPS: Final = "('POLICY_DENIED', 'POLICY_DENY', 'AUTH_REQUIRED')"
_POLICY_DROP_CODES: Final = "(133, 181, 189)"

_TIME: Final = """
    CASE WHEN ends_with({0}, 'Z') THEN TRY_CAST({0} AS TIMESTAMP)
         ELSE TRY_CAST({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END
"""
# A time outside is the zero value of a program or forged; protojson ends with the year 9999.
_TIMES: Final = "BETWEEN TIMESTAMP '1970-01-02' AND TIMESTAMP '9999-12-31'"
_OUTER: Final = 'lost_events, node_status, agent_event, debug_event, node_name, "time"'
# A line of acceptable length must fit. The reader's buffers are twice as large; it takes them in
# order, since the line numbers are counted over the stream of rows.
_MAX_OBJECT: Final = 5 << 20
# No exporter counts further; more would overflow the sums.
_MOST: Final = 2**32


def recognises(lines: Iterable[bytes]) -> bool:
    """Whether any of these first lines of a file is a Hubble record."""
    for line in lines:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict) and (
            _WRAPPERS & record.keys()
            or (_TELLING & record.keys() and len(_FLOW_KEYS & record.keys()) >= _FEW)
        ):
            return True
    return False


def read_sql(file: str, first_line: int) -> str:
    """SQL that reads a whole file of sound lines at once.

    Every line must be a wrapped record: a line that is not JSON makes the statement fail, and a
    bare flow looks like no flow at all. That is much faster than :func:`parse_sql`. The lines
    are numbered from ``first_line`` on.
    """
    return f"""
        SELECT row_number() OVER () + {first_line - 1} AS line, true AS ok, flow AS f, {_OUTER}
        FROM read_json('{file}{IN_PIECES}', format = 'newline_delimited', columns = {columns_sql()},
            maximum_object_size = {_MAX_OBJECT}, compression = 'none')
    """


def parse_sql(relation: str) -> str:
    """SQL that reads the columns ``line`` and ``text`` of a relation, each line by itself.

    The result has the columns ``line``, ``ok`` (whether the line is JSON), ``f`` (the flow,
    wrapped or bare) and those of the envelope.
    """
    envelope, bare = _structure(_ENVELOPE), _structure(_FLOW)
    known = " AND ".join(f"j.{key} IS NULL" for key in sorted(_WRAPPERS))
    return f"""
        SELECT line, j IS NOT NULL AS ok, CASE
            WHEN j IS NOT NULL AND {known} THEN TRY(from_json(text, '{bare}'))
            ELSE j.flow END AS f,
            j.lost_events AS lost_events, j.node_status AS node_status,
            j.agent_event AS agent_event, j.debug_event AS debug_event,
            j.node_name AS node_name, j.time AS "time"
        FROM (SELECT line, text, TRY(from_json(text, '{envelope}')) AS j FROM {relation})
    """


def columns_sql() -> str:
    """The columns that are read of a record, with their types, as ``read_json`` takes them."""
    columns = (f"{_quoted(name)}: '{_type(kind)}'" for name, kind in _ENVELOPE.items())
    return f"{{{', '.join(columns)}}}"


def leaf_paths() -> tuple[str, ...]:
    """Every single value that is read of a record, as a dotted path."""
    return tuple(_paths(_ENVELOPE, ""))


def _paths(structure: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, kind in structure.items():
        path = f"{prefix}{_quoted(name)}"
        if isinstance(kind, dict):
            yield from _paths(kind, f"{path}.")
        else:
            yield path


def _quoted(name: str) -> str:
    return f'"{name}"'


def _type(kind: object) -> str:
    """The SQL type of a JSON structure."""
    if isinstance(kind, dict):
        fields = ", ".join(f"{_quoted(name)} {_type(inner)}" for name, inner in kind.items())
        return f"STRUCT({fields})"
    return f"{_type(kind[0])}[]" if isinstance(kind, list) else str(kind)


def _structure(structure: object) -> str:
    return json.dumps(structure, separators=(",", ":"))


def _bit(condition: str, sign: Sign) -> str:
    return f"CASE WHEN {condition} THEN {int(sign)} ELSE 0 END"


# The leaves of a record, each read once. Everything below speaks of these names alone.
_TCP: Final = "f.l4.TCP.flags"
_LEAVES: Final = f"""
    line, ok, f.source::VARCHAR AS src, f.destination::VARCHAR AS dst,
    coalesce(f.time, "time") AS said, f.verdict AS word, f.drop_reason AS drop_code,
    f.drop_reason_desc AS drop_word, f.IP.source AS src_ip, f.IP.destination AS dst_ip,
    coalesce(f.IP.source_xlated <> f.IP.source AND coalesce(f.is_reply, f.reply), false)
        AS from_service,
    CASE WHEN f.l4.TCP IS NOT NULL THEN 'TCP' WHEN f.l4.UDP IS NOT NULL THEN 'UDP'
         WHEN f.l4.SCTP IS NOT NULL THEN 'SCTP' WHEN f.l4.ICMPv4 IS NOT NULL THEN 'ICMP'
         WHEN f.l4.ICMPv6 IS NOT NULL THEN 'ICMPv6' END AS protocol,
    coalesce(f.l4.TCP.source_port, f.l4.UDP.source_port, f.l4.SCTP.source_port, 0) AS sport,
    coalesce(f.l4.TCP.destination_port, f.l4.UDP.destination_port,
        f.l4.SCTP.destination_port, 0) AS dport,
    coalesce({_TCP}.SYN, false) AS syn, coalesce({_TCP}.ACK, false) AS ack,
    coalesce({_TCP}.RST, false) AS rst,
    coalesce(f.l4.ICMPv4.type, f.l4.ICMPv6.type, 0) AS icmp,
    f.Type AS layer, f.event_type.type AS event, f.event_type.sub_type AS sub_event,
    f.traffic_direction AS way, f.trace_observation_point AS point, f.trace_reason AS tracked,
    f.is_reply AS is_reply, f.reply AS old_reply, f.l7.type AS l7_type,
    f.l7.dns.query AS query, coalesce(f.l7.dns.rcode, 0) AS rcode, f.l7.dns.ips AS dns_answers,
    f.aggregate AS total, f.source_names AS names_of_src, f.destination_names AS names_of_dst,
    coalesce(f.node_name, node_name, '') AS observer,
    lost_events.num_events_lost AS lost, lost_events.source AS lost_source,
    coalesce(f.verdict IS NOT NULL OR f.IP IS NOT NULL OR f.l4 IS NOT NULL OR f.source IS NOT NULL
        OR f.destination IS NOT NULL, false) AS is_flow,
    CASE WHEN lost_events IS NOT NULL THEN 'lost-events'
         WHEN node_status IS NOT NULL THEN 'node-status'
         WHEN agent_event IS NOT NULL THEN 'agent-event'
         WHEN debug_event IS NOT NULL THEN 'debug-event' END AS no_flow
"""

# Why a line is not a record at all (it is quarantined then), or null.
_MALFORMED: Final = """CASE
    WHEN NOT ok THEN 'malformed-json'
    WHEN no_flow IS NULL AND NOT is_flow THEN 'not-a-flow' END"""

_VERDICT: Final = f"""CASE
    WHEN word = 'FORWARDED' OR word = 'REDIRECTED' THEN 'accepted'
    WHEN word = 'DROPPED' AND drop_word IS NULL AND drop_code IS NULL
         AND coalesce(event, 0) <> 1 THEN 'denied'
    WHEN word = 'DROPPED' AND (drop_word IN {_POLICY_DROPS} OR drop_word IS NULL
         AND coalesce(drop_code, sub_event, 133) IN {_POLICY_DROP_CODES}) THEN 'denied'
    WHEN word = 'AUDIT' THEN 'audit'
    ELSE 'unknown' END"""

_ASIDE: Final = """CASE
    WHEN no_flow IS NOT NULL THEN no_flow
    WHEN event = 130 THEN 'agent-event'
    WHEN event = 2 OR event = 3 THEN 'debug-event'
    WHEN layer = 'SOCK' OR event = 7 OR word = 'TRANSLATED' THEN 'socket-translation'
    WHEN word = 'TRACED' THEN 'debug-event'
    WHEN word = '15' THEN 'retransmission'
    WHEN word = 'ERROR' THEN 'error-verdict'
    WHEN word = 'DROPPED' AND verdict = 'unknown' THEN 'dropped-not-by-policy'
    WHEN verdict = 'unknown' THEN 'unknown-verdict'
    WHEN protocol IS NULL THEN 'no-protocol'
    -- An answer from a Service's address names the Service's port; other records name the pod's.
    WHEN from_service AND verdict = 'accepted' THEN 'service-address'
    WHEN sport = 0 AND dport = 0 AND protocol <> 'ICMP' AND protocol <> 'ICMPv6' THEN 'no-port'
    END"""

_SIGNS: Final = " + ".join(
    (
        _bit("syn AND NOT ack", Sign.SYN),
        _bit("syn AND ack", Sign.SYN_ACK),
        _bit("NOT syn AND NOT rst", Sign.DATA),
        _bit("rst", Sign.RESET),
        _bit(
            "protocol = 'ICMP' AND (icmp = 8 OR icmp = 13) OR protocol = 'ICMPv6' AND icmp = 128",
            Sign.REQUEST,
        ),
        _bit(
            # An echo reply is type 0, which protojson leaves out.
            "protocol = 'ICMP' AND (icmp = 0 OR icmp BETWEEN 3 AND 5 OR icmp BETWEEN 11 AND 12 "
            "OR icmp = 14) OR protocol = 'ICMPv6' AND (icmp BETWEEN 1 AND 4 OR icmp = 129)",
            Sign.RESPONSE,
        ),
        _bit("coalesce(event, 4) = 4 AND word <> 'DROPPED'", Sign.TRACE),
        _bit("event = 5", Sign.VERDICT),
        _bit("layer = 'L7' OR event = 129", Sign.LAYER7),
        _bit("way IS NULL AND is_reply IS NULL AND point = 'TO_OVERLAY'", Sign.FORWARDED),
        _bit("total IS NOT NULL", Sign.AGGREGATED),
        _bit(
            "is_reply IS NULL AND old_reply IS NULL AND way IS NOT NULL AND event = 4",
            Sign.NO_LEGACY_REPLY,
        ),
        _bit("start IS NULL", Sign.NO_TIME),
        _bit("is_reply = false AND syn AND ack", Sign.CONTRADICTION),
    ),
)


def canonical_sql(records: str) -> str:
    """SQL that turns raw Hubble records into canonical flows.

    Beside the canonical columns it has ``malformed`` (why a line is no record, or null; then
    nothing else is set), ``lost`` and ``lost_source`` (lost events), ``names_of_src`` and
    ``names_of_dst`` (JSON lists of DNS names, or null), ``dns_query`` and ``dns_answers``.

    Args:
        records: SQL of :func:`read_sql` or :func:`parse_sql`.
    """
    return f"""
        WITH leaf AS (SELECT {_LEAVES} FROM ({records})),
        dated AS (SELECT *, {_TIME.format("said")} AS moment, {_VERDICT} AS verdict FROM leaf),
        typed AS (
            SELECT *, CASE WHEN moment {_TIMES} THEN moment END AS start FROM dated
        )
        SELECT line, {_MALFORMED} AS malformed, start, NULL::TIMESTAMP AS until, src_ip, dst_ip,
            CASE WHEN sport BETWEEN 0 AND 65535 THEN sport ELSE 0 END AS src_port,
            CASE WHEN dport BETWEEN 0 AND 65535 THEN dport ELSE 0 END AS dst_port,
            protocol, verdict, {_ASIDE} AS aside,
            coalesce(is_reply, CASE WHEN old_reply THEN true END,
                CASE l7_type WHEN 'REQUEST' THEN false WHEN 'RESPONSE' THEN true END,
                CASE tracked WHEN 'NEW' THEN false WHEN 'REPLY' THEN true END) AS reply,
            {_SIGNS} AS signs, src, dst, observer, coalesce(way, '') AS direction,
            CASE WHEN total IS NULL THEN 1 ELSE least({_MOST}, greatest(1,
                coalesce(total.ingress_flow_count, 0)::HUGEINT
                + coalesce(total.egress_flow_count, 0)
                + coalesce(total.unknown_direction_flow_count, 0)))::BIGINT END AS count,
            0 AS bytes, lost, lost_source, names_of_src, names_of_dst,
            CASE WHEN l7_type = 'RESPONSE' AND rcode = 0 THEN query END AS dns_query, dns_answers
        FROM typed
    """


def _recognise(lines: Sequence[bytes], _: ReadOptions) -> Layout | None:
    return Layout(NAME) if recognises(lines) else None


def _lines_sql(_: Layout, relation: str) -> str:
    return canonical_sql(parse_sql(relation))


def _whole_sql(_: Layout, file: str, first_line: int) -> str:
    return canonical_sql(read_sql(file, first_line))


FORMAT: Final = LogFormat(
    name=NAME,
    title="a Hubble flow log",
    recognise=_recognise,
    lines_sql=_lines_sql,
    whole_sql=_whole_sql,
    decode=decode,
    platform=False,
)
