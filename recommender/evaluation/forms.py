"""Forms of reach: the row form of netpol-analyzer as text, JSON and CSV, a table, a matrix.

People compare tools by these rows: ``ns/name[Kind]``, ``a-b[External]``, ``All Connections``,
``TCP 80,8000-8010,UDP 53``.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from recommender.evaluation.wording import end_text, ports_text
from recommender.model.text import clean, csv_cell

if TYPE_CHECKING:
    from recommender.evaluation.exposure import Exposure
    from recommender.evaluation.reach import Reach, ReachEnd
    from recommender.model.entities import Entity

#: How a cell of the matrix shows "everything" and "nothing".
_ALL: Final = "all"
_NONE: Final = "."


def triples(reach: Reach, focus: str | None = None) -> list[tuple[str, str, str]]:
    """Pairs with anything allowed for certain as texts: source, destination, ports; sorted."""
    return _texts(reach, focus)[0]


def _texts(reach: Reach, focus: str | None) -> tuple[list[tuple[str, str, str]], list[str]]:
    """What is allowed for certain as texts, and what is not settled as lines; both sorted."""
    # Rows share their ends and port sets: each is put into words once.
    ends: dict[int, str] = {}
    kept: list[ReachEnd] = []
    ports: dict[int, str] = {}
    certain, unsettled = [], []
    for source, destination, sure, possible in reach.numbered(focus):
        for end in (source, destination):
            if id(end) not in ends:
                ends[id(end)] = end_text(end)
                kept.append(end)
        left, right = ends[id(source)], ends[id(destination)]
        if sure:
            if sure not in ports:
                ports[sure] = ports_text(reach.table.ports(sure))
            certain.append((left, right, ports[sure]))
        if sure != possible:
            found = ports_text(reach.unsettled(sure, possible))
            unsettled.append(f"{left} => {right} : {found}")
    return sorted(certain), sorted(unsettled)


def as_text(reach: Reach, exposure: Exposure | None = None, focus: str | None = None) -> str:
    """One line a pair: ``source => destination : ports``."""
    certain, unsettled = _texts(reach, focus)
    lines = [f"{src} => {dst} : {ports}" for src, dst, ports in certain]
    lines += _unsettled(unsettled)
    if exposure is not None:
        lines += ["", *exposure.lines(focus)]
    return "\n".join(lines) + "\n" if lines else ""


def as_json(reach: Reach, exposure: Exposure | None = None, focus: str | None = None) -> str:
    """A list of ``{"src", "dst", "conn"}``; with exposure an object of both."""
    rows = [{"src": src, "dst": dst, "conn": ports} for src, dst, ports in triples(reach, focus)]
    if exposure is None:
        return json.dumps(rows, indent=2) + "\n"
    document = {"connlist_results": rows, "exposure_results": exposure.document(focus)}
    return json.dumps(document, indent=2) + "\n"


def as_csv(reach: Reach, focus: str | None = None) -> str:
    """A table with the columns ``src,dst,conn``."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("src", "dst", "conn"))
    for row in triples(reach, focus):
        writer.writerow([csv_cell(cell) for cell in row])
    return stream.getvalue()


def as_table(reach: Reach, focus: str | None = None) -> str:
    """Aligned columns for a terminal."""
    certain, unsettled = _texts(reach, focus)
    rows = [("SOURCE", "DESTINATION", "PORTS"), *certain]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{src:<{widths[0]}}  {dst:<{widths[1]}}  {ports}" for src, dst, ports in rows]
    return "\n".join([*lines, *_unsettled(unsettled)]) + "\n"


def as_matrix(reach: Reach, focus: str | None = None) -> str:
    """Workloads against workloads; the cells hold ports, ``all`` or a dot for none."""
    shown = list(reach.workloads)
    if focus:
        ends = {end for row in reach.rows(focus) for end in (row.source, row.destination)}
        shown = [workload for workload in shown if workload in ends]
    names = [clean(f"{each.namespace}/{each.name}") for each in shown]
    table = [["", *(str(number) for number in range(1, len(names) + 1))]]
    for number, source in enumerate(shown, 1):
        cells = [_cell(reach, source, destination) for destination in shown]
        table.append([f"{number} {names[number - 1]}", *cells])
    widths = [max(len(row[column]) for row in table) for column in range(len(names) + 1)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join(lines) + "\n"


def _cell(reach: Reach, source: Entity, destination: Entity) -> str:
    ports = reach.between(source, destination)
    if ports.is_every:
        return _ALL
    return ports_text(ports).replace("TCP ", "") if ports else _NONE


def _unsettled(lines: list[str]) -> list[str]:
    """What depends on a question that the specification leaves open, apart from the rest."""
    return ["", "Not specified, differs between network plugins:", *lines] if lines else []
