"""AWS VPC flow logs, version 2 and later, in every form in which they are handed on.

Forms: text with or without a header line, also with CloudWatch's time in front; CSV of Athena or
Logs Insights; JSON with a key a field, or with the text in a ``message``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson

from recommender.model.findings import Finding, Severity
from recommender.model.text import clean
from recommender.sources.arrays import document_lines
from recommender.sources.aws_columns import can_read, fields_sql, read_columns
from recommender.sources.aws_fields import KNOWN, assumed, fits, is_header, normal
from recommender.sources.aws_forms import CSV, DOCUMENT, INSIGHTS, JSON, TEXT, lines_sql, whole_sql
from recommender.sources.layout import ColumnReader, Layout, LogFormat
from recommender.sources.platforms import remarks as gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recommender.sources.options import ReadOptions

#: Name of the format in accounts and for ``--format``.
NAME: Final = "aws"

#: The time that CloudWatch puts before each line of an export.
STAMP: Final = "@timestamp"
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_MESSAGE: Final = "@message"
# A document of CloudWatch that is written over several lines.
_EVENTS: Final = re.compile(r'"(logEvents|events)"\s*:\s*\[')
_IN_TEXT: Final = re.compile(r'"message"\s*:\s*"([^"\\]*)"')


def recognise(lines: Sequence[bytes], options: ReadOptions) -> Layout | None:
    """How a file writes AWS flow logs, or None where it does not look like one."""
    first = lines[0].decode("utf-8", "replace").strip()
    if first.startswith(("{", "[")):
        return _of_json(lines, options)
    if is_header(first.split()):
        return Layout(NAME, TEXT, tuple(normal(name) for name in first.split()), header=True)
    if is_header(first.split(",")):
        return Layout(NAME, CSV, tuple(normal(name) for name in first.split(",")), header=True)
    texts = [line.decode("utf-8", "replace") for line in lines]
    columns = [name.strip().strip('"').lower() for name in first.split(",")]
    if columns[-1] == _MESSAGE and columns[0].startswith("@"):
        messages = (text.rstrip().rpartition(",")[2].strip('"') for text in texts[1:])
        fields = _of_lines(messages, options)
        return Layout(NAME, INSIGHTS, fields, header=True) if fields else None
    fields = _of_lines(texts, options)
    return Layout(NAME, TEXT, fields) if fields else None


def _of_json(lines: Sequence[bytes], options: ReadOptions) -> Layout | None:
    for line in lines:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(record, dict):
            continue
        if is_header(list(record)):
            return Layout(NAME, JSON, tuple(normal(name) for name in record))
        fields = _of_lines(_messages(record), options)
        if fields:
            return Layout(NAME, JSON, fields)
    text = b"\n".join(lines).decode("utf-8", "replace")
    if _EVENTS.search(text):
        fields = _of_lines((found.group(1) for found in _IN_TEXT.finditer(text)), options)
        return Layout(NAME, DOCUMENT, fields) if fields else None
    return None


def _messages(record: dict[str, object]) -> list[str]:
    """The lines of text in a record of CloudWatch or Firehose."""
    events = record.get("logEvents", record.get("events"))
    inner = events if isinstance(events, list) else [record]
    texts = (event.get("message") for event in inner if isinstance(event, dict))
    return [text for text in texts if isinstance(text, str)]


def _of_lines(texts: Iterable[str], options: ReadOptions) -> tuple[str, ...]:
    """The fields of lines without header, by what the user said or by what they look like."""
    for text in texts:
        values = text.split()
        stamp = (STAMP,) if values and _STAMP.fullmatch(values[0]) else ()
        rest = values[len(stamp) :]
        named = tuple(normal(name) for name in options.aws_fields)
        if named and (options.format == NAME or fits(rest, named)):
            return (*stamp, *named)
        fields = assumed(rest)
        if fields and not named:
            return (*stamp, *fields)
    return ()


def remarks(layout: Layout, /, *, cluster_known: bool) -> tuple[Finding, ...]:
    """What the fields of a log say of what it can show."""
    fields = set(layout.fields)
    strangers = sorted(name for name in fields - set(KNOWN) if name and not name.startswith("@"))
    found = []
    if strangers:
        message = f"fields that are not known were passed over: {clean(', '.join(strangers))}"
        found.append(Finding("unknown-fields", Severity.NOTE, NAME, message))
    if cluster_known and not {"pkt_srcaddr", "pkt_dstaddr"} <= fields:
        found.append(
            Finding(
                "pod-identity-lost",
                Severity.WARNING,
                NAME,
                "the log lacks pkt-srcaddr or pkt-dstaddr: on EKS it then shows addresses of nodes "
                "where pods were meant, and these pods' traffic is missing from the drafts",
                "log both fields, see docs/getting-flows.md",
            )
        )
    if "action" not in fields:
        message = "the log lacks action: what was let through cannot be told, so it makes no rule"
        found.append(Finding("fields-missing", Severity.WARNING, NAME, message, "log action"))
    if "tcp_flags" not in fields:
        message = "the log lacks tcp-flags: listeners and ports tell who opened a connection"
        found.append(Finding("fields-missing", Severity.NOTE, NAME, message, "log tcp-flags"))
    return (*found, *gaps(layout, cluster_known=cluster_known))


def unwrap(layout: Layout, name: str, chunks: Iterator[bytes]) -> Iterator[bytes] | None:
    """The events of a document of CloudWatch as lines; None where the file has lines already."""
    if layout.form != DOCUMENT:
        return None
    return document_lines(name, chunks, ("logEvents", "events"))


FORMAT: Final = LogFormat(
    name=NAME,
    title="an AWS VPC flow log",
    recognise=recognise,
    lines_sql=lines_sql,
    whole_sql=whole_sql,
    columns=ColumnReader(can_read, read_columns, fields_sql),
    unwrap=unwrap,
    remarks=remarks,
)
