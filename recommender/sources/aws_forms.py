"""The forms in which AWS flow logs are written, each as SQL that gives the fields that are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from recommender.sources.aws_fields import NOTHING, READ
from recommender.sources.aws_rows import canonical_sql, header_sql

if TYPE_CHECKING:
    from recommender.sources.layout import Layout

#: Fields with spaces between them.
TEXT: Final = "text"
#: Fields with commas between them.
CSV: Final = "csv"
#: CSV of CloudWatch Logs Insights, whose last column holds the text.
INSIGHTS: Final = "insights"
#: A JSON object a line: a key a field, or the text in a message.
JSON: Final = "json"
#: One JSON document over several lines.
DOCUMENT: Final = "document"

_CELL: Final = '"(?:[^"]|"")*"|[^,]*'
_EVENTS: Final = [{"message": "VARCHAR"}]


def lines_sql(layout: Layout, relation: str) -> str:
    """SQL for the canonical flows of single lines."""
    if layout.form in (JSON, DOCUMENT):
        return canonical_sql(_from_json(layout, relation))
    return canonical_sql(_from_lists(layout, _split(layout, relation)))


def whole_sql(layout: Layout, file: str, first_line: int) -> str | None:
    """SQL for a whole file at once, where the engine's own reader of CSV can read it."""
    delimiter, quote = split_by(layout)
    if not delimiter:
        return None
    skipped = int(layout.header and first_line == 1)
    fields = ", ".join(f"'{name}': '{READ.get(name, 'VARCHAR')}'" for name in columns_of(layout))
    columns = ", ".join(
        f'"{name}"' if name in layout.fields else f'NULL::{kind} AS "{name}"'
        for name, kind in READ.items()
    )
    raw = f"""
        SELECT row_number() OVER () + {first_line - 1 + skipped} AS line,
            NULL::VARCHAR AS malformed, false AS is_header, {columns}
        FROM read_csv('{file}', auto_detect = false, delim = '{delimiter}', quote = '{quote}',
            escape = '{quote}', header = false, skip = {skipped}, nullstr = ['{NOTHING}', ''],
            columns = {{{fields}}}, compression = 'none')
    """
    flows = canonical_sql(raw)
    return f"{flows} UNION ALL {header_sql(first_line)}" if skipped else flows


def split_by(layout: Layout) -> tuple[str, str]:
    """What stands between the fields of a line and around them; nothing where it has none."""
    return {TEXT: (" ", ""), CSV: (",", '"')}.get(layout.form, ("", ""))


def columns_of(layout: Layout) -> list[str]:
    """Names that differ, for columns; the first of several alike keeps its name."""
    return [
        name if name not in layout.fields[:place] else f"{name}.{place}"
        for place, name in enumerate(layout.fields)
    ]


def _split(layout: Layout, relation: str) -> str:
    """SQL for ``line``, ``problem``, ``header`` and the list ``f`` of the fields of each line."""
    text = "rtrim(text, chr(10) || chr(13))"
    if layout.form == CSV:
        cells = f"""list_transform(
            regexp_extract_all({text} || ',', '({_CELL}),', 1),
            lambda c: CASE WHEN starts_with(c, '"')
                THEN replace(c[2:-2], '""', '"') ELSE c END)"""
    else:
        inner = text
        if layout.form == INSIGHTS:
            inner = f"""rtrim(regexp_extract({text}, '(^|,)("[^"]*"|[^,]*)$', 2), '"')"""
            inner = f"""ltrim({inner}, '"')"""
        cells = f"list_filter(string_split(replace({inner}, chr(9), ' '), ' '), lambda c: c <> '')"
    return f"SELECT line, {cells} AS f FROM {relation}"


def _from_lists(layout: Layout, relation: str) -> str:
    """SQL for the fields that are read of lists of fields."""
    header = _header(layout)
    return f"""
        SELECT line, CASE WHEN {header} THEN NULL
                WHEN len(f) <> {len(layout.fields)} THEN 'wrong-field-count' END AS malformed,
            {header} AS is_header, {_columns_of_list(layout)}
        FROM ({relation})
    """


def _header(layout: Layout) -> str:
    """SQL that says whether a list of fields is a header, which may come again in a stream."""
    place = next(i for i, name in enumerate(layout.fields, 1) if name.endswith("addr"))
    name = layout.fields[place - 1]
    first = f"coalesce(replace(lower(f[{place}]), '-', '_') = '{name}', false)"
    return f"({first} OR coalesce(starts_with(f[1], '@'), false))"


def _columns_of_list(layout: Layout) -> str:
    return ", ".join(
        f'{_value(layout.fields, name, kind)} AS "{name}"' for name, kind in READ.items()
    )


def _value(fields: tuple[str, ...], name: str, kind: str) -> str:
    if name not in fields:
        return f"NULL::{kind}"
    return _typed(f"f[{fields.index(name) + 1}]", kind)


def _typed(text: str, kind: str) -> str:
    """SQL for a value of text; a number may be written as a float, or be beyond all bounds."""
    # Tables that Python wrote may say None.
    value = f"nullif(nullif(nullif({text}, '{NOTHING}'), ''), 'None')"
    if kind == "VARCHAR":
        return value
    # What is no number is told from what is not there by the number -1, which no log has.
    number = f"TRY_CAST({value} AS {kind}), TRY_CAST(TRY_CAST({value} AS DOUBLE) AS {kind})"
    return f"CASE WHEN {value} IS NOT NULL THEN coalesce({number}, -1) END"


def _from_json(layout: Layout, relation: str) -> str:
    """SQL for the fields of JSON records: keyed by field, or text in one or several messages."""
    keys = dict.fromkeys((*READ, *(name.replace("_", "-") for name in READ)), "VARCHAR")
    shape = keys | {
        "message": "VARCHAR",
        "messageType": "VARCHAR",
        "logEvents": _EVENTS,
        "events": _EVENTS,
    }
    structure = json.dumps(shape, separators=(",", ":")).replace("'", "''")
    parsed = f"SELECT line, TRY(from_json(text, '{structure}')) AS j FROM {relation}"
    single = "CASE WHEN j.message IS NOT NULL THEN [{'message': j.message}] END"
    told = f"coalesce(j.logEvents, j.events, {single})"
    keyed = ", ".join(f'{_typed(_key(name), kind)} AS "{name}"' for name, kind in READ.items())
    fields = f"""
        SELECT line, list_filter(string_split(m, ' '), lambda c: c <> '') AS f
        FROM (SELECT line, unnest({told}).message AS m FROM parsed
            WHERE j.messageType IS DISTINCT FROM 'CONTROL_MESSAGE')
    """
    return f"""
        WITH parsed AS ({parsed})
        SELECT line, CASE WHEN j IS NULL THEN 'malformed-json' END AS malformed,
            coalesce(j.messageType = 'CONTROL_MESSAGE', false) AS is_header, {keyed}
        FROM parsed WHERE j IS NULL OR {told} IS NULL OR j.messageType = 'CONTROL_MESSAGE'
        UNION ALL BY NAME {_from_lists(layout, fields)}
    """


def _key(name: str) -> str:
    hyphens = name.replace("_", "-")
    return f'j."{name}"' if hyphens == name else f'coalesce(j."{name}", j."{hyphens}")'
