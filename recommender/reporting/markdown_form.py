"""The document as Markdown: a comment for a pull request that leads with what changes.

Hosts cut long comments, so that the text stays under ``MOST`` characters: sections come in the
order of what a reviewer needs first, and what does not fit is counted, never cut off silently.
Every string from the document is escaped; see ``model/text.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recommender.reporting.document import Document

#: Characters of the whole text at most: GitHub takes 65,536.
MOST: Final = 60_000

#: Set aside for the note about what was left out.
_ROOM_FOR_NOTE: Final = 200
_ICONS: Final = {"error": "🛑", "warning": "⚠️", "note": "ℹ️"}  # noqa: RUF001 - the letter is the icon
_CELL: Final = 120

Row = dict[str, Any]


def to_markdown(document: Document) -> str:
    """The document as a comment: what changes, what to decide, what to know, what was drafted.

    Raises:
        KeyError: A part that every report has is missing.
    """
    text = _head(document)
    left: list[str] = []
    for title, lines in _sections(document):
        text, missing = _fit(text, title, list(lines))
        left += [f"{missing} of {title.lower()}"] if missing else []
    if left:
        text += f"\n_Left out for length: {'; '.join(left)}. All of it is in report.json._\n"
    return text


def _fit(text: str, title: str, lines: list[str]) -> tuple[str, int]:
    """Add as many lines of a section as fit; how many rows did not."""
    if not lines:
        return text, 0
    head = f"\n### {title}\n\n"
    room = MOST - _ROOM_FOR_NOTE - len(text) - len(head)
    taken: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    if not taken:
        return text, len(lines)
    return text + head + "\n".join(taken) + "\n", len(lines) - len(taken)


def _head(document: Document) -> str:
    exposure, accounting = document.get("exposure"), document["accounting"]
    replay, review = document.get("replay"), document.get("review", [])
    if exposure:
        title = f"{100 * exposure['removed']:.1f} % of what may talk today is closed"
    else:
        title = f"{len(document['policies'])} draft policies"
    asked = sum(item["decision"] is None and not item["drafted"] for item in review)
    broken = [goal for goal in document.get("goals", []) if goal["status"] == "broken"]
    rows = [("Policies", f"{len(document['policies']):,} drafted")]
    if exposure:
        pairs = f"{exposure['pairs_before']:,} → {exposure['pairs_after']:,} allowed"
        rows.append(("Pairs of workloads", pairs))
    if replay:
        rows.append(("Accepted traffic", _replay(replay)))
    rows += [
        ("To decide", f"{asked:,} edges" if asked else "nothing"),
        ("Goals", _goals(document.get("goals", []), len(broken))),
        ("Window", _window(document)),
        ("Records", _records(accounting)),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"## {title}\n\n|  |  |\n|---|---|\n{table}\n"


def _replay(replay: Row) -> str:
    if replay["denied"]:
        return f"🛑 {replay['denied']:,} edges would break"
    return f"all {replay['allowed']:,} edges stay allowed"


def _goals(goals: list[Row], broken: int) -> str:
    if not goals:
        return "none given"
    return f"🛑 {broken} of {len(goals)} broken" if broken else f"{len(goals)} kept"


def _window(document: Document) -> str:
    first, last = document["window"]["first_seen"], document["window"]["last_seen"]
    if not first or not last:
        return "no times in the log"
    text = f"{_day(first)} to {_day(last)}"
    found = document.get("window_coverage")
    cluster = found["cluster"] if found else None
    if cluster and cluster["coverage"] is not None and not cluster["too_early"]:
        text += f", shows {100 * cluster['coverage']:.1f} % of a day to come"
    return text


def _day(moment: str) -> str:
    return markdown(moment[:10])


def _records(accounting: Row) -> str:
    aside = sum(accounting["set_aside"].values())
    bad = sum(accounting["malformed"].values())
    text = f"{accounting['records']:,} read: {accounting['accepted']:,} accepted, "
    return text + f"{aside:,} set aside, {bad:,} malformed"


def _sections(document: Document) -> Iterator[tuple[str, Iterator[str]]]:
    findings = [*document["findings"], *document["coverage"]]
    findings = [one for one in findings if one["code"] != "edge-in-review"]  # said above
    yield "Broken goals", _broken(document.get("goals", []))
    yield "To decide", _table(_ASKED, _asked(document))
    yield "What to know", _findings(findings)
    yield "Pairs allowed though never seen", _table(_ADDED, _adding(document))
    yield "Drafts", _table(_DRAFTS, document["policies"])


def _broken(goals: list[Row]) -> Iterator[str]:
    for goal in goals:
        if goal["status"] == "broken":
            yield f"- 🛑 **{_text(goal['id'])}** {_text(goal['text'])}"


def _findings(findings: list[Row]) -> Iterator[str]:
    rank = list(_ICONS)
    for finding in sorted(findings, key=lambda one: rank.index(one["severity"])):
        hint = f" — {_text(finding['hint'])}" if finding["hint"] else ""
        icon = _ICONS[finding["severity"]]
        subject, message = _text(finding["subject"]), _text(finding["message"], 400)
        yield f"- {icon} **{_text(finding['code'])}** {subject}: {message}{hint}"


def _asked(document: Document) -> list[Row]:
    return [
        item
        for item in document.get("review", [])
        if item["decision"] is None and not item["drafted"]
    ]


def _adding(document: Document) -> list[Row]:
    return [block for block in document.get("blocks", []) if block["added"]]


def _edge(item: Row) -> str:
    port = f"{item['protocol']}/{item['port']}"
    return f"{_text(item['client'])} → {_text(item['server'])} {_text(port)}"


def _side(policy: Row, direction: str) -> str:
    if direction not in policy["policy_types"]:
        return "open"
    count = len(policy[direction.lower()])
    return f"{count} rule{'' if count == 1 else 's'}" if count else "denied"


#: Columns of a table: the heading, and the cell of a row.
Columns = dict[str, "Callable[[Row], str]"]

_ASKED: Final[Columns] = {
    "Doubt": lambda item: f"{item['score']:.2f}",
    "Edge": _edge,
    "Why": lambda item: _text(item["reasons"][0]["text"]) if item["reasons"] else "",
    "File": lambda item: _text(item["file"] or ""),
}
_ADDED: Final[Columns] = {
    "From": lambda block: _text(block["source"]),
    "To": lambda block: _text(block["destination"]),
    "Port": lambda block: _text(f"{block['protocol']}/{block['port']}"),
    "Seen": lambda block: f"{block['edges']:,}",
    "Added": lambda block: f"{block['added']:,}",
}
_DRAFTS: Final[Columns] = {
    "Policy": lambda policy: _text(f"{policy['namespace']}/{policy['name']}"),
    "Ingress": lambda policy: _side(policy, "Ingress"),
    "Egress": lambda policy: _side(policy, "Egress"),
    "File": lambda policy: _text(policy["file"]),
}


def _table(columns: Columns, rows: list[Row]) -> Iterator[str]:
    """A table of which the head and the first row are one line: neither makes sense alone."""
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    for number, row in enumerate(rows):
        line = f"| {' | '.join(cell(row) for cell in columns.values())} |"
        yield line if number else head + line


def _text(value: object, limit: int = _CELL) -> str:
    return markdown(value, limit=limit)
