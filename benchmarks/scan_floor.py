"""The floor: DuckDB reads the columns that the main job reads, and counts them. Nothing else."""

from __future__ import annotations

import sys
from typing import Final

import duckdb

_END: Final = "JSON"
_PORTS: Final = "source_port INTEGER, destination_port INTEGER"
_COLUMNS: Final = f"""STRUCT(
    "time" VARCHAR, verdict VARCHAR, drop_reason INTEGER, drop_reason_desc VARCHAR,
    IP STRUCT(source VARCHAR, destination VARCHAR),
    l4 STRUCT(
        TCP STRUCT({_PORTS},
            flags STRUCT(SYN BOOLEAN, ACK BOOLEAN, FIN BOOLEAN, RST BOOLEAN)),
        UDP STRUCT({_PORTS}), SCTP STRUCT({_PORTS}),
        ICMPv4 STRUCT("type" INTEGER), ICMPv6 STRUCT("type" INTEGER)),
    source {_END}, destination {_END}, "Type" VARCHAR, node_name VARCHAR,
    source_names JSON, destination_names JSON,
    l7 STRUCT("type" VARCHAR, dns STRUCT(query VARCHAR, ips VARCHAR[], rcode INTEGER)),
    reply BOOLEAN, is_reply BOOLEAN, event_type STRUCT("type" INTEGER, sub_type INTEGER),
    traffic_direction VARCHAR, trace_observation_point VARCHAR, trace_reason VARCHAR,
    aggregate STRUCT(ingress_flow_count BIGINT, egress_flow_count BIGINT,
        unknown_direction_flow_count BIGINT)
)"""
_PATHS: Final = (
    *("time", "verdict", "drop_reason", "drop_reason_desc", "IP.source", "IP.destination"),
    *("l4.TCP.source_port", "l4.TCP.destination_port", "l4.TCP.flags.SYN", "l4.TCP.flags.ACK"),
    *("l4.UDP.source_port", "l4.UDP.destination_port", "l4.SCTP.destination_port"),
    *("l4.ICMPv4.type", "l4.ICMPv6.type", "source", "destination", "Type", "node_name"),
    *("source_names", "destination_names", "l7.type", "l7.dns.query", "reply", "is_reply"),
    *("event_type.type", "event_type.sub_type", "traffic_direction"),
    *("trace_observation_point", "trace_reason", "aggregate.ingress_flow_count"),
)


def main() -> None:
    """Count every column of the log named on the command line."""
    counts = ", ".join(f"count(flow.{path})" for path in _PATHS)
    query = f"""
        SELECT count(*), count("time"), count(node_name), {counts} FROM read_json(
            ?, format = 'newline_delimited', maximum_object_size = 8388608,
            columns = {{flow: '{_COLUMNS}', node_name: 'VARCHAR', "time": 'VARCHAR'}})
    """
    print(*duckdb.execute(query, [sys.argv[1]]).fetchall())


if __name__ == "__main__":
    main()
