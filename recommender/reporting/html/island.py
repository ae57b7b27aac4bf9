"""The data of the page: the document as columns of numbers and texts that are fit to be shown.

Every text goes through ``recommender.model.text.clean``. The one exception are the keys of
questions to decide, which a decisions file has to repeat letter by letter; they are not shown.
"""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from recommender.model.text import clean
from recommender.reporting.html.index import NAME, Numbers, sentence
from recommender.reporting.html.places import places

if TYPE_CHECKING:
    from collections.abc import Iterable

Part = dict[str, Any]

#: Samples and names that stand in the page for one edge; the document has them all.
_MOST: Final = 3
#: Pairs that stand in the page for one block; the document has them all.
_LISTED: Final = 50
#: Stands for a draft in reports of version 1.0.
_NO_TEXT: Final = "# This report does not hold the text of the draft: see its file.\n"
#: What a decisions file repeats of a question.
_SAID: Final = (
    *("key", "client", "server", "protocol", "port"),
    *("decision_reason", "decision_by", "evidence"),
)
_ESCAPED: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def to_island(data: Part) -> str:
    """Data as JSON in ASCII that ends no script element and starts no markup."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").translate(_ESCAPED)


def data_of(document: Part) -> Part:
    """What the scripts of the page work on."""
    ends = Numbers(entity["id"] for entity in document["entities"])
    edges = Numbers(edge["id"] for edge in document["edges"])
    policies = Numbers(f"{each['namespace']}/{each['name']}" for each in document["policies"])
    return {
        "groupings": [
            {
                "name": grouping.name,
                "groups": [clean(name, limit=NAME) for name in grouping.groups],
                "of": grouping.of,
            }
            for grouping in places(document)
        ],
        "ends": _ends(document, policies),
        "edges": _edges(document, ends, edges),
        "policies": [_policy(policy, edges) for policy in document["policies"]],
        "yaml": _packed(policy.get("yaml", _NO_TEXT) for policy in document["policies"]),
        "reach": _reach(document.get("exposure"), ends),
        "review_settings": {
            "threshold": document["settings"].get("doubt_threshold", 0),
            "accept_all": bool(document["settings"].get("accept_all")),
        },
        "review": [_item(item, ends, edges) for item in document.get("review") or ()],
        "segments": [_segment(segment, ends) for segment in document.get("segments") or ()],
        "blocks": [_block(block) for block in document.get("blocks") or ()],
        "findings": _findings(document),
    }


def _ends(document: Part, policies: Numbers) -> Part:
    entities = document["entities"]
    workloads = [entity["workload"] or {} for entity in entities]
    return {
        "id": [clean(entity["id"], limit=NAME) for entity in entities],
        "name": [clean(entity["name"] or entity["kind"], limit=NAME) for entity in entities],
        "kind": [clean(each["workload_kind"] or each["kind"], limit=NAME) for each in entities],
        "workload": [int(entity["workload"] is not None) for entity in entities],
        "pods": [each.get("pods", 0) for each in workloads],
        "known_from": [clean(each.get("known_from", "")) for each in workloads],
        "observed": [[clean(side) for side in each.get("observed", ())] for each in workloads],
        "policies": [
            [policies.get(name) for name in each.get("policies", ())] for each in workloads
        ],
    }


def _edges(document: Part, ends: Numbers, numbers: Numbers) -> Part:
    edges = document["edges"]
    words = {name: Numbers() for name in ("protocol", "verdict", "marks", "files")}
    found: Part = {
        "client": [ends.get(edge["client"]) for edge in edges],
        "server": [ends.get(edge["server"]) for edge in edges],
        "protocol": [words["protocol"].of(edge["protocol"]) for edge in edges],
        "verdict": [words["verdict"].of(edge["verdict"]) for edge in edges],
        "marks": [[words["marks"].of(mark) for mark in edge["marks"]] for edge in edges],
        "samples": [
            [[words["files"].of(at["file"]), at["line"]] for at in edge["samples"][:_MOST]]
            for edge in edges
        ],
        "names": [
            [clean(name, limit=NAME) for name in (edge["names"] or edge["addresses"])[:_MOST]]
            for edge in edges
        ],
        "first": [_seconds(edge["first_seen"]) for edge in edges],
        "last": [_seconds(edge["last_seen"]) for edge in edges],
    }
    for name in ("port", "flows", "client_pods", "server_pods", "days", "hours"):
        found[name] = [edge[name] for edge in edges]
    found["drafted"] = _drafted(document, numbers)
    found["words"] = {name: each.shown for name, each in words.items()}
    return found


def _drafted(document: Part, numbers: Numbers) -> list[int]:
    """The edges that justify a rule."""
    found = {
        numbers.get(item["edge"])
        for policy in document["policies"]
        for side in ("ingress", "egress")
        for rule in policy[side]
        for item in rule["evidence"]
    }
    return sorted(found - {-1})


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())


def _policy(policy: Part, edges: Numbers) -> Part:
    return {
        "name": clean(f"{policy['namespace']}/{policy['name']}", limit=NAME),
        "file": clean(policy["file"], limit=NAME),
        "deny": int(policy["default_deny"]),
        "types": [clean(name) for name in policy["policy_types"]],
        "rules": [
            [
                int(side == "egress"),
                [edges.get(item["edge"]) for item in rule["evidence"]],
                sentence(rule["reason"]),
                [sentence(mark) for mark in rule["marks"]],
            ]
            for side in ("ingress", "egress")
            for rule in policy[side]
        ],
    }


def _packed(texts: Iterable[str]) -> str:
    """Texts in a row with a zero byte between them, deflated: drafts repeat themselves a lot."""
    content = "\0".join(texts).encode()
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def _reach(exposure: Part | None, ends: Numbers) -> Part | None:
    if exposure is None:
        return None
    return {
        side: {
            "units": [[ends.get(name) for name in unit] for unit in exposure[side]["units"]],
            "ports": [clean(text, limit=NAME) for text in exposure[side]["ports"]],
            "allowed": exposure[side]["allowed"],
        }
        for side in ("before", "after")
    }


def _item(item: Part, ends: Numbers, edges: Numbers) -> Part:
    return {
        # Letter by letter, for the decisions file; nothing shows it.
        "raw": {name: item.get(name) for name in _SAID},
        "edge": edges.get(item["edge"]),
        "client": ends.get(item["client"]),
        "server": ends.get(item["server"]),
        "protocol": clean(item["protocol"], limit=NAME),
        "port": item["port"],
        "score": item["score"],
        "reasons": [[clean(each["code"]), sentence(each["text"])] for each in item["reasons"]],
        "decision": item["decision"],
        "decision_reason": sentence(item["decision_reason"]),
        "stale": int(item.get("stale", False)),
        "forbidden": int(item.get("forbidden", False)),
        "drafted": int(item.get("drafted", False)),
        "file": clean(item.get("file") or "", limit=NAME),
    }


def _segment(segment: Part, ends: Numbers) -> Part:
    """What the page says of a segment beside its members, which are the group of that name."""
    return {
        "name": clean(segment["name"], limit=NAME),
        "stability": segment.get("stability"),
        "hub": int(bool(segment.get("hub"))),
        "fits_badly": [ends.get(name) for name in segment.get("fits_badly", ())],
        "shares": int(bool(segment.get("shares_policy"))),
        "waits": clean(segment.get("waits_for_label") or "", limit=NAME),
    }


def _block(block: Part) -> Part:
    """A rule between whole segments, with the first pairs that it allows and nobody saw."""
    pairs = block["pairs"]
    return {
        **{name: clean(block[name], limit=NAME) for name in ("source", "destination")},
        "port": clean(f"{block['protocol']}/{block['port']}", limit=NAME),
        "edges": block["edges"],
        "added": block["added"],
        "pairs": [clean(f"{client} → {server}", limit=NAME) for client, server in pairs[:_LISTED]],
    }


def _findings(document: Part) -> list[list[str]]:
    return [
        [
            clean(each["severity"]),
            clean(each["code"]),
            *(sentence(each[name]) for name in ("subject", "message", "hint", "where")),
        ]
        for each in (*document["findings"], *document["coverage"])
    ]
