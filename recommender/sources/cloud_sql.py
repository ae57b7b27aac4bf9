"""From the fields of a cloud's flow log to the canonical flow: what several clouds share."""

from __future__ import annotations

from typing import Final

from recommender.sources.canonical import NO_RECORD, Sign

_ADDRESS: Final = r"'^[0-9]{1,3}(\.[0-9]{1,3}){3}$|^[0-9a-fA-F]*:[0-9a-fA-F:.]*$'"
_WORD: Final = """CASE number WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' WHEN 132 THEN 'SCTP'
    WHEN 1 THEN 'ICMP' WHEN 58 THEN 'ICMPv6' END"""
_MALFORMED: Final = f"""CASE
    WHEN malformed IS NOT NULL OR aside IS NOT NULL THEN malformed
    WHEN src_ip IS NULL OR dst_ip IS NULL
        OR NOT regexp_matches(src_ip, {_ADDRESS}) OR NOT regexp_matches(dst_ip, {_ADDRESS})
        OR coalesce(sport, 0) NOT BETWEEN 0 AND 65535 OR coalesce(dport, 0) NOT BETWEEN 0 AND 65535
        OR coalesce(number, 0) NOT BETWEEN 0 AND 255 OR coalesce(bytes, 0) < 0
        THEN 'malformed-value' END"""
_ASIDE: Final = """CASE
    WHEN aside IS NOT NULL THEN aside
    WHEN verdict = 'unknown' THEN 'unknown-verdict'
    WHEN number IS NULL THEN 'no-protocol'
    WHEN number = 1 OR number = 58 THEN 'icmp-without-type'
    WHEN word IS NULL THEN 'other-protocol'
    WHEN coalesce(sport, 0) = 0 AND coalesce(dport, 0) = 0 THEN 'no-port' END"""
_TIMES: Final = "BETWEEN TIMESTAMP '1970-01-02' AND TIMESTAMP '9999-12-31'"


def bit(condition: str, sign: Sign) -> str:
    """SQL for a sign where a condition holds, else 0."""
    return f"CASE WHEN {condition} THEN {int(sign)} ELSE 0 END"


def number(text: str) -> str:
    """SQL for a whole number out of text, also of a float; null where it is none."""
    return f"coalesce(TRY_CAST({text} AS BIGINT), TRY_CAST(TRY_CAST({text} AS DOUBLE) AS BIGINT))"


def moment(text: str) -> str:
    """SQL for a time out of text in RFC 3339, or as BigQuery writes it; null where it is none."""
    plain = f"replace({text}, ' UTC', 'Z')"
    return f"""CASE WHEN ends_with({plain}, 'Z') THEN TRY_CAST({plain} AS TIMESTAMP)
        ELSE TRY_CAST({plain} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"""


def canonical_sql(rows: str) -> str:
    """SQL that turns rows into canonical flows.

    Args:
        rows: SQL with the columns ``line``, ``malformed`` (why it is no record, or null),
            ``aside`` (why it makes no edge, or null), ``start``, ``until``, ``src_ip``,
            ``dst_ip``, ``sport``, ``dport``, ``number`` (the protocol's), ``verdict``,
            ``reply``, ``signs``, ``src``, ``dst``, ``observer``, ``direction``, ``bytes`` and
            ``count`` (connections that begin in it).
    """
    return f"""
        SELECT line, {_MALFORMED} AS malformed, start, until, src_ip, dst_ip,
            coalesce(sport, 0)::INTEGER AS src_port, coalesce(dport, 0)::INTEGER AS dst_port,
            word AS protocol, verdict, {_ASIDE} AS aside, reply,
            signs + {int(Sign.PLATFORM)} + {bit("start IS NULL", Sign.NO_TIME)} AS signs,
            src, dst, coalesce(observer, '') AS observer, direction,
            coalesce(count, 1)::BIGINT AS count,
            coalesce(bytes, 0)::BIGINT AS bytes, NULL::BIGINT AS lost,
            NULL::VARCHAR AS lost_source, NULL::JSON AS names_of_src, NULL::JSON AS names_of_dst,
            NULL::VARCHAR AS dns_query, NULL::VARCHAR[] AS dns_answers
        FROM (
            SELECT * REPLACE (
                CASE WHEN start {_TIMES} THEN start END AS start,
                CASE WHEN until {_TIMES} THEN until END AS until,
                CASE WHEN sport BETWEEN -1 AND 65536 THEN sport WHEN sport IS NULL THEN NULL
                    ELSE -1 END AS sport,
                CASE WHEN dport BETWEEN -1 AND 65536 THEN dport WHEN dport IS NULL THEN NULL
                    ELSE -1 END AS dport), {_WORD} AS word
            FROM ({rows})
        )
    """


def no_record_sql(relation: str, condition: str) -> str:
    """SQL for the rows of lines that hold no record at all."""
    return f"SELECT line, '{NO_RECORD}' AS aside FROM {relation} WHERE {condition}"
