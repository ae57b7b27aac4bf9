"""From the fields of an AWS flow log to the canonical flow: the same SQL for every form."""

from __future__ import annotations

from typing import Final

from recommender.sources.canonical import NO_RECORD, SKIPPED, Sign

# TCP flags are or-ed over the capture window; ACK is reported with SYN alone.
_SYN: Final = "(tcp_flags & 18) = 2"
_SYN_ACK: Final = "(tcp_flags & 18) = 18"
_FIN: Final = "(tcp_flags & 1) = 1"
_RST: Final = "(tcp_flags & 4) = 4"
_TCP: Final = "protocol = 6 AND tcp_flags IS NOT NULL"

_PROTOCOL: Final = """CASE protocol WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' WHEN 132 THEN 'SCTP'
    WHEN 1 THEN 'ICMP' WHEN 58 THEN 'ICMPv6' END"""

# What a row with data must have, where its file has the field at all.
_MALFORMED: Final = """CASE
    WHEN malformed IS NOT NULL OR is_header THEN malformed
    WHEN log_status <> 'OK' AND no_data IS NULL OR action <> 'ACCEPT' AND action <> 'REJECT'
        OR srcport NOT BETWEEN 0 AND 65535 OR dstport NOT BETWEEN 0 AND 65535
        OR protocol NOT BETWEEN 0 AND 255 OR tcp_flags NOT BETWEEN 0 AND 255
        OR packets < 0 OR bytes < 0 OR "start" < 0 OR "end" < 0
        OR no_data IS NULL
            AND (src_ip IS NULL OR dst_ip IS NULL OR NOT ({src}) OR NOT ({dst}))
        THEN 'malformed-value' END""".format(
    **{
        # The shape of an address: a pattern would be exact, and slower than all the rest. What
        # only looks like one names nobody.
        side: f"{side}_ip BETWEEN '0' AND ':' AND contains({side}_ip, '.') "
        f"OR contains({side}_ip, ':')"
        for side in ("src", "dst")
    },
)

_ASIDE: Final = f"""CASE
    WHEN is_header THEN '{NO_RECORD}'
    WHEN no_data IS NOT NULL THEN no_data
    WHEN verdict = 'unknown' THEN 'unknown-verdict'
    WHEN protocol IS NULL THEN 'no-protocol'
    WHEN protocol IN (1, 58) THEN 'icmp-without-type'
    WHEN word IS NULL THEN 'other-protocol'
    WHEN coalesce(srcport, 0) = 0 AND coalesce(dstport, 0) = 0 THEN 'no-port' END"""


def _bit(condition: str, sign: Sign) -> str:
    return f"CASE WHEN {condition} THEN {int(sign)} ELSE 0 END"


_SIGNS: Final = " + ".join(
    (
        str(int(Sign.PLATFORM)),
        _bit(f"{_TCP} AND {_SYN}", Sign.SYN),
        _bit(f"{_TCP} AND {_SYN_ACK}", Sign.SYN_ACK),
        # A window without SYN is of an open connection, and who closes one had it open.
        _bit(
            f"protocol <> 6 OR {_TCP} AND ((tcp_flags & 6) = 0 OR {_FIN} AND NOT {_RST})",
            Sign.DATA,
        ),
        # Without the packet's own addresses a node stands for any of its pods.
        _bit("pkt_srcaddr IS NULL OR pkt_dstaddr IS NULL", Sign.FORWARDED),
        _bit("protocol = 6 AND tcp_flags IS NULL AND coalesce(packets, 2) > 1", Sign.SEVERAL),
        _bit(f"{_TCP} AND {_RST}", Sign.RESET),
        _bit(_TCP, Sign.TRACE),
        _bit('"start" IS NULL', Sign.NO_TIME),
    ),
)


# The way at the interface. Where the log does not say: on its own side the interface shows its own
# address in place of the packet's.
_WAY: Final = """CASE
    WHEN flow_direction = 'ingress' THEN 'INGRESS' WHEN flow_direction = 'egress' THEN 'EGRESS'
    WHEN pkt_srcaddr <> srcaddr AND pkt_dstaddr = dstaddr THEN 'EGRESS'
    WHEN pkt_dstaddr <> dstaddr AND pkt_srcaddr = srcaddr THEN 'INGRESS'
    ELSE '' END"""


#: The last moment that a log can mean, that of the year 9999.
LAST_SECOND: Final = 253_402_300_799


def _time(seconds: str) -> str:
    moment = f"make_timestamp({seconds} * 1000000)"
    return f"CASE WHEN {seconds} BETWEEN 86400 AND {LAST_SECOND} THEN {moment} END"


def canonical_sql(rows: str) -> str:
    """SQL that turns the fields of AWS flow logs into canonical flows.

    Args:
        rows: SQL with ``line``, ``malformed`` (why a line is no record, or null), ``is_header``
            and the columns of :data:`recommender.sources.aws_fields.READ`.
    """
    return f"""
        SELECT line, {_MALFORMED} AS malformed, {_time('"start"')} AS start,
            {_time('"end"')} AS until, src_ip, dst_ip,
            coalesce(srcport, 0) AS src_port, coalesce(dstport, 0) AS dst_port,
            word AS protocol, verdict, {_ASIDE} AS aside, NULL::BOOLEAN AS reply,
            {_SIGNS} AS signs, '' AS src, '' AS dst, coalesce(interface_id, '') AS observer,
            {_WAY} AS direction,
            1::BIGINT AS count, coalesce(bytes, 0) AS bytes,
            CASE WHEN no_data = 'skipped-data' THEN 1 END AS lost,
            CASE WHEN no_data = 'skipped-data' THEN '{SKIPPED}' END AS lost_source,
            NULL::JSON AS names_of_src, NULL::JSON AS names_of_dst,
            NULL::VARCHAR AS dns_query, NULL::VARCHAR[] AS dns_answers
        FROM (
            SELECT *, coalesce(pkt_srcaddr, srcaddr) AS src_ip,
                coalesce(pkt_dstaddr, dstaddr) AS dst_ip, {_PROTOCOL} AS word,
                CASE log_status WHEN 'NODATA' THEN 'no-data' WHEN 'SKIPDATA' THEN 'skipped-data'
                    END AS no_data,
                CASE action WHEN 'ACCEPT' THEN 'accepted' WHEN 'REJECT' THEN 'denied'
                    ELSE 'unknown' END AS verdict
            FROM ({rows})
        )
    """


def header_sql(line: int) -> str:
    """SQL for the row that stands for a header line."""
    return f"""
        SELECT {line}, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, '{NO_RECORD}', NULL, 0,
            '', '', '', '', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL
    """
