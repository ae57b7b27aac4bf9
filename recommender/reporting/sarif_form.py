"""The document as SARIF 2.1.0, for code hosts that show findings beside the files.

Source: the OASIS standard, ``sarif-schema-2.1.0.json``. A finding about a drafted policy points to
its file; every other one has a logical location.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from recommender.model.text import clean, short_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.reporting.document import Document

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LONGEST: Final = 1_000

Part = dict[str, Any]


def to_sarif(document: Document) -> str:
    """Findings, questions for a person and broken goals as results of one run.

    Raises:
        KeyError: A part that every report has is missing.
    """
    results = list(_results(document))
    rules = sorted({result["ruleId"] for result in results})
    run: Part = {
        "tool": {
            "driver": {
                "name": clean(document["tool"]["name"]),
                "version": clean(document["tool"]["version"]),
                "rules": [{"id": rule} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    whole = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=2, ensure_ascii=True) + "\n"


def _results(document: Document) -> Iterator[Part]:
    files = {f"{p['namespace']}/{p['name']}": p["file"] for p in document["policies"]}
    for goal in document.get("goals", []):
        if goal["status"] == "broken":
            yield _result("goal-broken", "error", goal["id"], goal["text"], None)
    for item in document.get("review", []):
        if item["decision"] is None and not item["drafted"]:
            why = item["reasons"][0]["text"] if item["reasons"] else "it is doubtful"
            text = f"{item['key']} waits for a decision (doubt {item['score']:.2f}): {why}"
            yield _result("edge-in-review", "warning", item["key"], text, item["file"])
    for finding in (*document["findings"], *document["coverage"]):
        if finding["code"] == "edge-in-review":
            continue  # said once, with its file
        text = finding["message"]
        if finding["hint"]:
            text += f" To mend it: {finding['hint']}"
        file = files.get(finding["subject"])
        yield _result(finding["code"], finding["severity"], finding["subject"], text, file)


def _result(rule: str, level: str, subject: str, text: str, file: str | None) -> Part:
    location: Part = {"logicalLocations": [{"fullyQualifiedName": clean(subject, limit=_LONGEST)}]}
    if file:
        location["physicalLocation"] = {"artifactLocation": {"uri": quote(file)}}
    return {
        "ruleId": clean(rule),
        "level": level,
        "message": {"text": clean(f"{subject}: {text}", limit=_LONGEST)},
        "locations": [location],
        # Stable from run to run, so that a host knows a finding again.
        "partialFingerprints": {"recommender/v1": short_hash(f"{rule}\n{subject}", 32)},
    }
