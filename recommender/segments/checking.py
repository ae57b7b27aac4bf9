"""Whether tables of edges and workloads hold what they must, said with column and line."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Final

from recommender.model.errors import InputError
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

EDGE_COLUMNS: Final = (
    *("src", "dst", "protocol", "port", "flows", "days_active", "first_day", "last_day"),
)
WORKLOAD_COLUMNS: Final = (
    *("workload", "namespace", "kind", "replicas", "service_account", "image", "labels"),
)
_PROTOCOLS: Final = frozenset({"TCP", "UDP", "SCTP"})
_MOST_PORTS: Final = 65_535
# The first line of a file is its header, and people count from one.
_FIRST_LINE: Final = 2


def checked_edges(edges: pd.DataFrame) -> pd.DataFrame:
    """One row an edge: ``src``, ``dst``, ``protocol``, ``port``, ``flows``, ``days``, ``window``.

    Rows of one edge are drawn together: its days are added up, but are no more than lie between
    its first and its last day.

    Raises:
        InputError: A column is missing, or a value cannot be used.
    """
    import numpy as np
    import pandas as pd

    where = _place(edges, "edges")
    _require(edges, EDGE_COLUMNS, where)
    out = pd.DataFrame(index=edges.index)
    for name in ("src", "dst"):
        out[name] = _text(edges, name)
        _refuse(edges, out[name] == "", where, name, "is empty")
    out["protocol"] = _text(edges, "protocol").str.upper()
    _refuse(edges, ~out["protocol"].isin(_PROTOCOLS), where, "protocol", "is not TCP, UDP or SCTP")
    out["port"] = _whole(edges, "port", where)
    wrong = (out["port"] < 1) | (out["port"] > _MOST_PORTS)
    _refuse(edges, wrong, where, "port", f"is not in 1 to {_MOST_PORTS}")
    for name in ("flows", "days_active"):
        out[name] = _whole(edges, name, where)
        _refuse(edges, out[name] < 1, where, name, "is less than 1")
    for name in ("first_day", "last_day"):
        out[name] = _days(edges, name, where)
    span = out["last_day"] - out["first_day"] + 1
    _refuse(edges, span < 1, where, "last_day", "is before first_day")
    _refuse(edges, out["days_active"] > span, where, "days_active", "is more than the days between")
    keys = ["src", "dst", "protocol", "port"]
    grouped = out.groupby(keys, sort=True, as_index=False).agg(
        flows=("flows", "sum"),
        days=("days_active", "sum"),
        first_day=("first_day", "min"),
        last_day=("last_day", "max"),
    )
    span = grouped["last_day"] - grouped["first_day"] + 1
    grouped["days"] = np.minimum(grouped["days"], span)
    grouped["window"] = grouped["last_day"].max() - grouped["first_day"].min() + 1
    return grouped


def checked_workloads(workloads: pd.DataFrame) -> pd.DataFrame:
    """One row a workload, sorted by its text; labels as dictionaries.

    Raises:
        InputError: A column is missing, a workload is there twice, or labels are not JSON.
    """
    import pandas as pd

    where = _place(workloads, "workloads")
    _require(workloads, WORKLOAD_COLUMNS, where)
    out = pd.DataFrame(index=workloads.index)
    for name in ("workload", "namespace", "kind", "service_account", "image"):
        out[name] = _text(workloads, name)
    _refuse(workloads, out["workload"] == "", where, "workload", "is empty")
    _refuse(workloads, out["workload"].duplicated(), where, "workload", "is there twice")
    labels = [
        _labels(value, f"{where}, line {line}")
        for line, value in zip(_lines(workloads), workloads["labels"], strict=True)
    ]
    out["labels"] = pd.Series(labels, index=out.index, dtype=object)
    none: dict[str, str] = {}
    around = workloads.get("namespace_labels", [none] * len(out))
    out["namespace_labels"] = pd.Series(around, index=out.index, dtype=object)
    out["cluster"] = _text(workloads, "cluster") if "cluster" in workloads else ""
    if out.empty:
        raise InputError("there are no workloads", where=where)
    return out.sort_values("workload", ignore_index=True)


def _place(frame: pd.DataFrame, what: str) -> str:
    """The file that a frame was read from, or what it is."""
    return str(frame.attrs.get("file", what))


def _require(frame: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if not missing:
        return
    there = [str(name) for name in frame.columns]
    near = difflib.get_close_matches(missing[0], there, n=1)
    hint = f"did you mean {clean(near[0])}?" if near else f"wanted: {', '.join(columns)}"
    plural = "s" if len(missing) > 1 else ""
    raise InputError(f"missing column{plural} {', '.join(missing)}", where=where, hint=hint)


def _text(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    return frame[name].fillna("").astype(str).str.strip()


def _whole(frame: pd.DataFrame, name: str, where: str) -> pd.Series[int]:
    import pandas as pd

    numbers = pd.to_numeric(frame[name], errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers.abs() > 2**53)
    _refuse(frame, wrong, where, name, "is not a whole number")
    return numbers.astype("int64")


def _days(frame: pd.DataFrame, name: str, where: str) -> pd.Series[int]:
    """Days as numbers: either they are, or they are dates."""
    import pandas as pd

    numbers = pd.to_numeric(frame[name], errors="coerce")
    if not numbers.isna().any():
        return _whole(frame, name, where)
    texts = frame[name].where(numbers.isna())
    dates = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
    wrong = numbers.isna() & dates.isna()
    _refuse(frame, wrong, where, name, "is neither a day's number nor a date")
    _refuse(frame, numbers.notna(), where, name, "is a number where others are dates")
    return (dates - pd.Timestamp(0, tz="UTC")).dt.days.astype("int64")


def _labels(value: object, where: str) -> dict[str, str]:
    """Labels from JSON text, or as they are."""
    if isinstance(value, dict):
        return {str(key): str(text) for key, text in value.items()}
    if value is None or value != value or not str(value).strip():  # noqa: PLR0124 - NaN
        return {}
    try:
        parsed = json.loads(str(value))
    except ValueError as error:
        hint = "write them as a JSON object of texts"
        raise InputError("labels are not JSON", where=where, hint=hint) from error
    if not isinstance(parsed, dict) or not all(isinstance(v, str) for v in parsed.values()):
        raise InputError("labels are no JSON object of texts", where=where)
    return parsed


def _lines(frame: pd.DataFrame) -> list[int]:
    """Line of each row: in its file, or as if a frame were one."""
    rows = frame.index.tolist() if "file" in frame.attrs else range(len(frame))
    return [int(row) + _FIRST_LINE for row in rows]


def _refuse(
    frame: pd.DataFrame, wrong: pd.Series[bool], where: str, column: str, problem: str
) -> None:
    """Raise where a row is wrong, with the first such line."""
    import numpy as np

    rows = np.flatnonzero(wrong.to_numpy(dtype=bool))
    if len(rows):
        value = clean(frame[column].iloc[rows[0]], limit=60)
        line = _lines(frame)[rows[0]]
        raise InputError(f"{column} {value!r} {problem}", where=f"{where}, line {line}")
