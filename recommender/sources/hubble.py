"""Hubble and Cilium flow logs: one JSON object a line, in any of their envelopes.

Sources: ``flow.proto`` and ``observer.proto`` of Cilium; protojson writes enums as strings,
64-bit integers as strings, and leaves out zero values.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import orjson

from recommender.sources.canonical import Sign

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    "IP": {"source": "VARCHAR", "destination": "VARCHAR"},
    "l4": {
        "TCP": _PORTS
        | {"flags": {"SYN": "BOOLEAN", "ACK": "BOOLEAN", "FIN": "BOOLEAN", "RST": "BOOLEAN"}},
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


def parse_sql(relation: str, *, careful: bool) -> str:
    """SQL that reads the columns ``line`` and ``text`` of a relation into raw Hubble records.

    The result has the columns ``line``, ``j`` (the envelope; null where the line is not JSON)
    and ``f`` (the flow, wrapped or bare). Where ``careful`` is false, a line that is not JSON
    makes the whole statement fail, which costs nothing on a sound log.
    """
    envelope, bare = _structure(_ENVELOPE), _structure(_FLOW)
    read = "TRY(from_json(text, '{}'))" if careful else "from_json(text, '{}')"
    known = " AND ".join(f"j.{key} IS NULL" for key in sorted(_WRAPPERS))
    return f"""
        WITH wrapped AS (
            SELECT line, text, {read.format(envelope)} AS j FROM {relation}
        )
        SELECT line, j, CASE
            WHEN j IS NOT NULL AND {known} THEN {read.format(bare)}
            ELSE j.flow END AS f
        FROM wrapped
    """


def _structure(structure: object) -> str:
    return json.dumps(structure, separators=(",", ":"))


def _bit(condition: str, sign: Sign) -> str:
    return f"CASE WHEN {condition} THEN {int(sign)} ELSE 0 END"


_IS_FLOW: Final = """(f.verdict IS NOT NULL OR f.IP IS NOT NULL OR f.l4 IS NOT NULL
    OR f.source IS NOT NULL OR f.destination IS NOT NULL OR f.time IS NOT NULL)"""

# Why a line is not a flow at all (it is quarantined then), or null.
_MALFORMED: Final = f"""CASE
    WHEN j IS NULL THEN 'malformed-json'
    WHEN j.lost_events IS NULL AND j.node_status IS NULL AND j.agent_event IS NULL
         AND j.debug_event IS NULL AND NOT coalesce({_IS_FLOW}, false) THEN 'not-a-flow'
    END"""

_VERDICT: Final = f"""CASE
    WHEN f.verdict IN ('FORWARDED', 'REDIRECTED') THEN 'accepted'
    WHEN f.verdict = 'DROPPED' AND f.drop_reason_desc IS NULL AND f.drop_reason IS NULL
         AND coalesce(f.event_type.type, 0) <> 1 THEN 'denied'
    WHEN f.verdict = 'DROPPED' AND (f.drop_reason_desc IN {_POLICY_DROPS}
         OR f.drop_reason_desc IS NULL
            AND coalesce(f.drop_reason, f.event_type.sub_type, 133) IN {_POLICY_DROP_CODES})
         THEN 'denied'
    WHEN f.verdict = 'AUDIT' THEN 'audit'
    ELSE 'unknown' END"""

_ASIDE: Final = """CASE
    WHEN j.lost_events IS NOT NULL THEN 'lost-events'
    WHEN j.node_status IS NOT NULL THEN 'node-status'
    WHEN j.agent_event IS NOT NULL OR f.event_type.type = 130 THEN 'agent-event'
    WHEN j.debug_event IS NOT NULL OR f.event_type.type IN (2, 3) THEN 'debug-event'
    WHEN f.Type = 'SOCK' OR f.event_type.type = 7 OR f.verdict = 'TRANSLATED'
         THEN 'socket-translation'
    WHEN f.verdict = 'TRACED' THEN 'debug-event'
    WHEN f.verdict = '15' THEN 'retransmission'
    WHEN f.verdict = 'ERROR' THEN 'error-verdict'
    WHEN f.verdict = 'DROPPED' AND verdict = 'unknown' THEN 'dropped-not-by-policy'
    WHEN verdict = 'unknown' THEN 'unknown-verdict'
    WHEN protocol IS NULL THEN 'no-protocol'
    WHEN protocol NOT LIKE 'ICMP%' AND src_port = 0 AND dst_port = 0 THEN 'no-port'
    END"""

_TCP: Final = "f.l4.TCP.flags"
_SIGNS: Final = " + ".join(
    (
        _bit(f"{_TCP}.SYN AND NOT coalesce({_TCP}.ACK, false)", Sign.SYN),
        _bit(f"{_TCP}.SYN AND {_TCP}.ACK", Sign.SYN_ACK),
        _bit(f"NOT coalesce({_TCP}.SYN, false) AND NOT coalesce({_TCP}.RST, false)", Sign.DATA),
        _bit(f"{_TCP}.RST", Sign.RESET),
        _bit("f.l4.ICMPv4.type IN (8, 13) OR f.l4.ICMPv6.type = 128", Sign.REQUEST),
        _bit(
            # An echo reply is type 0, which protojson leaves out.
            "f.l4.ICMPv4 IS NOT NULL AND coalesce(f.l4.ICMPv4.type, 0) IN (0, 3, 4, 5, 11, 12, 14)"
            " OR f.l4.ICMPv6.type IN (1, 2, 3, 4, 129)",
            Sign.RESPONSE,
        ),
        _bit("coalesce(f.event_type.type, 4) = 4 AND f.verdict <> 'DROPPED'", Sign.TRACE),
        _bit("f.event_type.type = 5", Sign.VERDICT),
        _bit("f.Type = 'L7' OR f.event_type.type = 129", Sign.LAYER7),
        _bit(
            "f.traffic_direction IS NULL AND f.is_reply IS NULL "
            "AND f.trace_observation_point = 'TO_OVERLAY'",
            Sign.FORWARDED,
        ),
        _bit("f.aggregate IS NOT NULL", Sign.AGGREGATED),
        _bit(
            "f.is_reply IS NULL AND f.reply IS NULL AND f.traffic_direction IS NOT NULL "
            "AND f.event_type.type = 4",
            Sign.NO_LEGACY_REPLY,
        ),
        _bit("start IS NULL", Sign.NO_TIME),
        _bit(f"f.is_reply = false AND {_TCP}.SYN AND {_TCP}.ACK", Sign.CONTRADICTION),
    ),
)


def canonical_sql(parsed: str) -> str:
    """SQL that turns raw Hubble records (of :func:`parse_sql`) into canonical flows.

    Beside the canonical columns it has ``malformed`` (why a line is no record, or null; then
    nothing else is set), ``lost`` and ``lost_source`` (lost events), ``names_of_src`` and
    ``names_of_dst`` (JSON lists of DNS names, or null), ``dns_query`` and ``dns_answers``.
    """
    l4 = "f.l4"
    return f"""
        WITH typed AS (
            SELECT *,
                {_TIME.format("coalesce(f.time, j.time)")} AS moment,
                CASE WHEN moment {_TIMES} THEN moment END AS start,
                {_MALFORMED} AS malformed,
                {_VERDICT} AS verdict,
                CASE WHEN {l4}.TCP IS NOT NULL THEN 'TCP' WHEN {l4}.UDP IS NOT NULL THEN 'UDP'
                     WHEN {l4}.SCTP IS NOT NULL THEN 'SCTP'
                     WHEN {l4}.ICMPv4 IS NOT NULL THEN 'ICMP'
                     WHEN {l4}.ICMPv6 IS NOT NULL THEN 'ICMPv6' END AS protocol,
                coalesce({l4}.TCP.source_port, {l4}.UDP.source_port, {l4}.SCTP.source_port, 0)
                    AS src_port,
                coalesce({l4}.TCP.destination_port, {l4}.UDP.destination_port,
                         {l4}.SCTP.destination_port, 0) AS dst_port
            FROM ({parsed})
        )
        SELECT line, malformed, start, f.IP.source AS src_ip, f.IP.destination AS dst_ip,
            CASE WHEN src_port BETWEEN 0 AND 65535 THEN src_port ELSE 0 END AS src_port,
            CASE WHEN dst_port BETWEEN 0 AND 65535 THEN dst_port ELSE 0 END AS dst_port,
            protocol, verdict, {_ASIDE} AS aside,
            coalesce(f.is_reply, CASE WHEN f.reply THEN true END,
                CASE f.l7.type WHEN 'REQUEST' THEN false WHEN 'RESPONSE' THEN true END,
                CASE f.trace_reason WHEN 'NEW' THEN false WHEN 'REPLY' THEN true END) AS reply,
            {_SIGNS} AS signs,
            f.source::VARCHAR AS src, f.destination::VARCHAR AS dst,
            coalesce(f.node_name, j.node_name, '') AS observer,
            coalesce(f.traffic_direction, '') AS direction,
            CASE WHEN f.aggregate IS NULL THEN 1 ELSE least({_MOST}, greatest(1,
                coalesce(f.aggregate.ingress_flow_count, 0)::HUGEINT
                + coalesce(f.aggregate.egress_flow_count, 0)
                + coalesce(f.aggregate.unknown_direction_flow_count, 0)))::BIGINT END AS count,
            0 AS bytes,
            j.lost_events.num_events_lost AS lost, j.lost_events.source AS lost_source,
            f.source_names AS names_of_src, f.destination_names AS names_of_dst,
            CASE WHEN f.l7.type = 'RESPONSE' AND coalesce(f.l7.dns.rcode, 0) = 0
                 THEN f.l7.dns.query END AS dns_query,
            f.l7.dns.ips AS dns_answers
        FROM typed
    """
