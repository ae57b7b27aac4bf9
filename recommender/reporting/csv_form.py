"""The document as CSV: one row a rule, peer and port, for spreadsheets.

Every cell that is text goes through ``csv_cell``: a spreadsheet takes none of it for a formula.
Machines that need the very strings read the JSON.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.reporting.document import Document

#: The columns, in order.
COLUMNS: Final = (
    *("namespace", "policy", "selector", "direction", "peer", "protocol", "port"),
    *("flows", "days", "client_pods", "first_seen", "last_seen", "edges", "reason", "marks"),
)

Row = dict[str, Any]


def to_csv(document: Document) -> str:
    """The drafts; a direction that is isolated without any rule has one row with the peer none.

    Raises:
        KeyError: A part that every report has is missing.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for policy in document["policies"]:
        for row in _rows(policy):
            writer.writerow(row)
    return text.getvalue()


def _rows(policy: Row) -> Iterator[list[str | int]]:
    for direction in policy["policy_types"]:
        rules = policy[direction.lower()]
        head = [policy["namespace"], policy["name"], policy["selector"]["text"], direction]
        if not rules:
            yield _cells([*head, "none", "", "", 0, 0, 0, "", "", 0, "", ""])
        for rule in rules:
            for peer in rule["peers"] or [None]:
                for port in rule["ports"] or [None]:
                    yield _cells([*head, _peer(peer), *_port(port), *_evidence(rule)])


def _cells(values: list[Any]) -> list[str | int]:
    """Counts stay numbers; everything else is text that starts no formula."""
    return [value if isinstance(value, int) else csv_cell(value) for value in values]


def _peer(peer: Row | None) -> str:
    if peer is None:
        return "*"
    if peer["kind"] == "pods":
        where = f"{peer['namespaces']['text']}/" if peer["namespaces"] else ""
        return f"{where}{peer['pods']['text']}"
    return str(peer["cidr"])


def _port(port: Row | None) -> tuple[str, str]:
    if port is None:
        return "*", "*"
    number = "*" if port["port"] is None else str(port["port"])
    return port["protocol"], f"{number}-{port['end_port']}" if port["end_port"] else number


def _evidence(rule: Row) -> list[Any]:
    edges = rule["evidence"]
    return [
        sum(edge["flows"] for edge in edges),
        max((edge["days"] for edge in edges), default=0),
        sum(edge["client_pods"] for edge in edges),
        min((edge["first_seen"] for edge in edges if edge["first_seen"]), default=""),
        max((edge["last_seen"] for edge in edges if edge["last_seen"]), default=""),
        len(edges),
        rule["reason"],
        " ".join(rule["marks"]),
    ]
