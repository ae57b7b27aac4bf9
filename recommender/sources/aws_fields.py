"""The fields of AWS VPC flow logs: their names, versions, and what of them is read.

Names are kept with underscores, as Parquet and Athena have them; text writes hyphens.
Source: the AWS documentation "Flow log records" and its history.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The fields of the default format, version 2, in their fixed order.
DEFAULT: Final = (
    *("version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport"),
    *("protocol", "packets", "bytes", "start", "end", "action", "log_status"),
)
# What each later version added, in the order in which the console lists it.
_LATER: Final = (
    (  # 3
        *("vpc_id", "subnet_id", "instance_id", "tcp_flags", "type", "pkt_srcaddr"),
        "pkt_dstaddr",
    ),
    ("region", "az_id", "sublocation_type", "sublocation_id"),  # 4
    ("pkt_src_aws_service", "pkt_dst_aws_service", "flow_direction", "traffic_path"),  # 5
    (  # 7
        *("ecs_cluster_arn", "ecs_cluster_name", "ecs_container_instance_arn"),
        *("ecs_container_instance_id", "ecs_container_id", "ecs_second_container_id"),
        *("ecs_service_name", "ecs_task_definition_arn", "ecs_task_arn", "ecs_task_id"),
    ),
    ("reject_reason",),  # 8
    ("resource_id",),  # 9
    ("encryption_status",),  # 10
)
#: Every field that AWS describes, in the order of versions.
KNOWN: Final = (*DEFAULT, *(name for added in _LATER for name in added))

#: What is read of a record, with its type.
READ: Final = {
    "interface_id": "VARCHAR",
    "srcaddr": "VARCHAR",
    "dstaddr": "VARCHAR",
    "pkt_srcaddr": "VARCHAR",
    "pkt_dstaddr": "VARCHAR",
    "srcport": "INTEGER",
    "dstport": "INTEGER",
    "protocol": "INTEGER",
    "tcp_flags": "INTEGER",
    "packets": "BIGINT",
    "bytes": "BIGINT",
    "start": "BIGINT",
    "end": "BIGINT",
    "action": "VARCHAR",
    "log_status": "VARCHAR",
    "flow_direction": "VARCHAR",
}

#: Text that AWS writes for what does not apply.
NOTHING: Final = "-"

_ADDRESS: Final = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|-")
_NUMBER: Final = re.compile(r"\d+|-")
_WORDS: Final = {
    "action": ("ACCEPT", "REJECT", NOTHING),
    "log_status": ("OK", "NODATA", "SKIPDATA"),
}
_FEW: Final = 4


def normal(name: str) -> str:
    """A field's name as it is kept, however a log writes it."""
    return name.strip().strip('"').strip("${}").lower().replace("-", "_")


def is_header(names: Sequence[str]) -> bool:
    """Whether some words are the names of fields: a flow log names at least its addresses."""
    known = [normal(name) for name in names]
    addresses = {"srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"} & set(known)
    return len(addresses) > 1 and len(set(known) & set(KNOWN)) >= _FEW


def fits(values: Sequence[str], fields: Sequence[str]) -> bool:
    """Whether the values of a line can be those of some fields in this order."""
    if len(values) != len(fields):
        return False
    return all(_fits(value, field) for value, field in zip(values, fields, strict=True))


def _fits(value: str, field: str) -> bool:
    if field in _WORDS:
        return value in _WORDS[field]
    if field.endswith("addr"):
        return _ADDRESS.fullmatch(value) is not None
    numeric = field in READ and READ[field] != "VARCHAR"
    return _NUMBER.fullmatch(value) is not None if numeric else True


def assumed(values: Sequence[str]) -> tuple[str, ...]:
    """The fields of a line without header: the default ones, and those of whole later versions.

    Returns:
        The fields, or none where the line does not look like one of these orders.
    """
    fields: tuple[str, ...] = DEFAULT
    for added in ((), *_LATER):
        fields = (*fields, *added)
        if fits(values, fields):
            return fields
    return ()
