"""Who held one address when, as text for a terminal and as a JSON document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from recommender.inventory.holdings import (
    LATE,
    MARGIN,
    OPEN_FROM,
    OPEN_UNTIL,
    REASONS,
    timeline,
)
from recommender.model.addresses import parse_address
from recommender.model.errors import ModelError, UsageError
from recommender.model.text import clean
from recommender.reporting.layout import Style, fit
from recommender.reporting.times import rfc3339

if TYPE_CHECKING:
    from recommender.inventory.holdings import Timeline
    from recommender.inventory.types import Inventory

#: Version of the JSON document; raised when a field changes its meaning or goes away.
VERSION: Final = 1

_GAP: Final = 2


def to_document(inventory: Inventory, address: str) -> dict[str, Any]:
    """Who held one address when, as a record with that time would be attributed.

    Args:
        inventory: The cluster.
        address: The address, in any form.

    Raises:
        UsageError: It is no address.
    """
    try:
        ip = str(parse_address(address))
    except ModelError as error:
        raise UsageError(error.message, hint="as in 10.0.0.7 or fd00::7") from None
    spans = timeline([held for held in inventory.holdings if held.ip == ip], late=LATE)
    return {
        "kind": "address-history",
        "version": VERSION,
        "address": ip,
        "margin_seconds": int(MARGIN.total_seconds()),
        "spans": [_span(spans, row) for row in range(len(spans))],
    }


def _span(spans: Timeline, row: int) -> dict[str, Any]:
    held = spans.holdings[int(spans.holder[row])] if not spans.reason[row] else None
    return {
        "from": _moment(int(spans.from_us[row])),
        "until": _moment(int(spans.until_us[row])),
        "holder": held.entity.id if held else None,
        "pod": held.pod if held and held.pod else None,
        "role": held.role.value if held else None,
        "reason": REASONS[int(spans.reason[row])] or None,
    }


def _moment(microseconds: int) -> str | None:
    """A bound of a span; None where it is open."""
    if microseconds in {OPEN_FROM, OPEN_UNTIL}:
        return None
    return rfc3339(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds))


def to_json(inventory: Inventory, address: str) -> str:
    """The history of one address as a versioned document."""
    return json.dumps(to_document(inventory, address), indent=2) + "\n"


def to_text(inventory: Inventory, address: str, *, width: int = 100, colour: bool = False) -> str:
    """The history of one address, a line a span of time."""
    style, about = Style(colour), to_document(inventory, address)
    if not about["spans"]:
        return f"{about['address']} was never seen with anybody of this cluster\n"
    rows = [("FROM", "UNTIL", "WHO")]
    for span in about["spans"]:
        pod = f", pod {clean(span['pod'])}" if span["pod"] else ""
        who = f"{clean(span['holder'])}{pod}" if span["holder"] else f"nobody: {span['reason']}"
        rows.append((span["from"] or "ever", span["until"] or "open", who))
    first, second = (max(len(row[place]) for row in rows) + _GAP for place in (0, 1))
    lines = [fit(row[0].ljust(first) + row[1].ljust(second) + row[2], width) for row in rows]
    return "\n".join([style("bold", lines[0]), *lines[1:]]) + "\n"
