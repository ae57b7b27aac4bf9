"""The document as JUnit XML, for pipelines that show tests: what has to hold, and what does not.

A case fails where a person has to act before the drafts may be applied: an input that was cut
short, accepted traffic that would break, a broken goal, a finding that is an error. What waits for
a decision and warnings are skipped cases, so that a pipeline shows and does not stop at them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.reporting.document import Document

_LONGEST: Final = 1_000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    failure: str = ""
    skipped: str = ""


def to_junit(document: Document) -> str:
    """The document as test suites.

    Raises:
        KeyError: A part that every report has is missing.
    """
    suites = {
        "accounting": list(_accounting(document["accounting"])),
        "replay": list(_replay(document.get("replay"))),
        "goals": list(_goals(document.get("goals", []))),
        "review": list(_review(document.get("review", []))),
        "findings": list(_findings([*document["findings"], *document["coverage"]])),
    }
    root = ET.Element("testsuites", {"name": "recommender"})
    for name, cases in suites.items():
        if cases:
            _suite(root, name, cases)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    # In ASCII, what is left of other scripts cannot be taken for markup by any reader.
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_ascii(text)}\n'


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _suite(root: ET.Element, name: str, cases: list[_Case]) -> None:
    counts = {
        "tests": len(cases),
        "failures": sum(bool(case.failure) for case in cases),
        "skipped": sum(bool(case.skipped) and not case.failure for case in cases),
        "errors": 0,
    }
    suite = ET.SubElement(
        root, "testsuite", {"name": name, **{key: str(value) for key, value in counts.items()}}
    )
    for case in cases:
        attributes = {"classname": f"recommender.{name}", "name": _text(case.name), "time": "0"}
        element = ET.SubElement(suite, "testcase", attributes)
        if case.failure:
            ET.SubElement(element, "failure", {"message": _text(case.failure)})
        elif case.skipped:
            ET.SubElement(element, "skipped", {"message": _text(case.skipped)})


def _text(value: str) -> str:
    return clean(value, limit=_LONGEST)


def _accounting(accounting: Row) -> Iterator[_Case]:
    parts = (accounting["set_aside"], accounting["malformed"])
    total = accounting["accepted"] + sum(sum(part.values()) for part in parts)
    wrong = "" if total == accounting["records"] else f"{total} of {accounting['records']} records"
    yield _Case("every record is accounted for", wrong)
    for file in accounting["files"]:
        yield _Case(f"{file['file']} was read to its end", file["problem"])


def _replay(replay: Row | None) -> Iterator[_Case]:
    if replay is not None:
        denied = replay["denied"]
        wrong = f"{denied} accepted edges would be denied" if denied else ""
        yield _Case("the drafts allow all accepted traffic", wrong)


def _goals(goals: list[Row]) -> Iterator[_Case]:
    for goal in goals:
        broken = goal["text"] if goal["status"] == "broken" else ""
        unknown = "it cannot be told" if goal["status"] == "unknown" else ""
        yield _Case(f"goal {goal['id']}", broken, unknown)


def _review(items: list[Row]) -> Iterator[_Case]:
    for item in items:
        waits = item["decision"] is None and not item["drafted"]
        why = item["reasons"][0]["text"] if item["reasons"] else "it is doubtful"
        yield _Case(item["key"], "", f"waits for a decision: {why}" if waits else "")


def _findings(findings: list[Row]) -> Iterator[_Case]:
    for finding in findings:
        name = f"{finding['code']} {finding['subject']}"
        wrong = finding["message"] if finding["severity"] == "error" else ""
        yield _Case(name, wrong, finding["message"] if finding["severity"] == "warning" else "")
